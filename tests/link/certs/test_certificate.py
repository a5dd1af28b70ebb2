from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.certs.authority import Authority, Issue, new_authority
from link.certs.certificate import (
    from_der,
    issued_by,
    load_certificates,
    read_certificate,
    read_certificates,
    split,
    to_der,
)
from link.certs.errors import CertError
from link.certs.keys import new_key, public_pem

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD, NEW = (Authority(*new_authority(name, NOW)) for name in ("spillway-old", "spillway-new"))
ONE = OLD.issue(Issue("gw-north", public_pem(new_key())), NOW)


def test_a_file_may_hold_several_authorities():
    both = OLD.pem + NEW.pem
    assert [facts.name for facts in read_certificates(both)] == ["spillway-old", "spillway-new"]
    assert read_certificate(both).name == "spillway-old"
    assert split(both) == [OLD.pem, NEW.pem]
    assert issued_by(ONE, both)
    assert issued_by(ONE, NEW.pem + OLD.pem)
    assert not issued_by(ONE, NEW.pem)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.integers(0, len(to_der(ONE)) - 1), st.integers(1, 255))
def test_a_changed_certificate_is_a_cert_error_or_not_of_the_authority(place, change):
    bent = bytearray(to_der(ONE))
    bent[place] ^= change
    try:
        pem = from_der(bytes(bent))
        facts = read_certificate(pem)
    except CertError as error:
        assert error.advice
    else:  # the count of unused bits before the signature is looked at by nobody
        assert not issued_by(pem, OLD.pem) or facts == read_certificate(ONE)


def test_a_certificate_of_no_known_version_is_refused():
    der = bytearray(to_der(ONE))
    der[12] ^= 1
    for read in (from_der, lambda octets: read_certificate(b"-----BEGIN CERTIFICATE-----\n" + octets)):
        with pytest.raises(CertError):
            read(bytes(der))


def test_too_many_are_refused():
    with pytest.raises(CertError, match="at most 16"):
        split(OLD.pem * 17)


def test_pem_and_der_are_one_certificate():
    assert from_der(to_der(ONE)) == ONE
    for damaged in (b"", b"\x30\x82", to_der(ONE)[:-1]):
        with pytest.raises(CertError, match="cut or damaged"):
            from_der(damaged)


@pytest.mark.parametrize("pem", [b"", b"text", ONE[:300], ONE.replace(b"M", b"N", 3)])
def test_what_is_no_certificate_is_said_to_be_none(pem):
    with pytest.raises(CertError):
        read_certificate(pem)


def test_a_certificate_file_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(CertError, match=r"gone\.pem cannot be read"):
        load_certificates(tmp_path / "gone.pem")
    (tmp_path / "empty.pem").write_bytes(b"")
    with pytest.raises(CertError, match=r"empty\.pem: this holds no certificate"):
        load_certificates(tmp_path / "empty.pem")
