import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from link.certs.authority import Authority, Issue, Revoked, new_authority, read_crl
from link.certs.certificate import read_certificate
from link.certs.errors import CertError
from link.certs.keys import locked, new_key, public_pem

NOW = datetime.now(UTC).replace(microsecond=0)
PUBLIC = public_pem(new_key())


def authority(now=NOW, days=7300):
    pem, key = new_authority("spillway-test", now, days)
    return Authority(pem, key)


def openssl(tmp_path, ca, certificate, *more):
    """What a strict outsider says."""
    (tmp_path / "ca.pem").write_bytes(ca)
    (tmp_path / "one.pem").write_bytes(certificate)
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        *more,
        "-CAfile",
        tmp_path / "ca.pem",
        tmp_path / "one.pem",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip().rpartition(": ")[2] if done.returncode == 0 else done.stderr


def test_a_gateways_certificate_is_for_calling_and_lives_825_days(tmp_path):
    ca = authority()
    pem = ca.issue(Issue("gw-north", PUBLIC), NOW)
    facts = read_certificate(pem)
    assert (facts.name, facts.issuer, facts.authority) == ("gw-north", "spillway-test", False)
    assert facts.not_after == NOW + timedelta(days=825)
    assert NOW - facts.not_before >= timedelta(days=1)
    assert facts.renew_at == facts.not_before + (facts.not_after - facts.not_before) * 2 / 3
    assert facts.left(NOW) == timedelta(days=825)
    assert openssl(tmp_path, ca.pem, pem, "-purpose", "sslclient") == "OK"
    assert "unsuitable certificate purpose" in openssl(tmp_path, ca.pem, pem, "-purpose", "sslserver")


def test_a_servers_certificate_names_where_it_is_called(tmp_path):
    ca = authority()
    pem = ca.issue(Issue("broker", PUBLIC, "server", ("localhost", "127.0.0.1")), NOW)
    assert openssl(tmp_path, ca.pem, pem, "-purpose", "sslserver", "-verify_ip", "127.0.0.1") == "OK"
    assert "hostname mismatch" in openssl(tmp_path, ca.pem, pem, "-verify_hostname", "elsewhere").lower()
    both = ca.issue(Issue("voice", PUBLIC, "both", ("localhost",)), NOW)
    assert openssl(tmp_path, ca.pem, both, "-purpose", "sslclient") == "OK"
    with pytest.raises(CertError, match="no host name"):
        ca.issue(Issue("broker", PUBLIC, "server"), NOW)
    with pytest.raises(CertError, match="no host name and no address"):
        ca.issue(Issue("broker", PUBLIC, "server", ("ümlaut",)), NOW)


def test_nothing_that_was_issued_can_issue(tmp_path):
    ca = authority()
    key = new_key()
    pem = ca.issue(Issue("gw-north", public_pem(key)), NOW)
    forged = Authority(pem, key)
    with pytest.raises(CertError, match="not belong"):
        Authority(ca.pem, key)
    fake = forged.issue(Issue("svc-centre", PUBLIC), NOW)
    (tmp_path / "between.pem").write_bytes(pem)
    assert "error" in openssl(tmp_path, ca.pem, fake, "-untrusted", str(tmp_path / "between.pem"))


def test_a_revoked_certificate_is_refused_and_the_list_carries_number_and_end(tmp_path):
    ca = authority()
    good, bad = (ca.issue(Issue(name, PUBLIC), NOW) for name in ("gw-north", "gw-south"))
    serial = read_certificate(bad).serial
    crl = ca.crl([Revoked(serial, NOW)], 7, NOW)
    number, until, serials = read_crl(crl)
    assert (number, until, serials) == (7, NOW + timedelta(days=825), {serial})
    (tmp_path / "crl.pem").write_bytes(crl)
    asked = ("-crl_check", "-CRLfile", str(tmp_path / "crl.pem"))
    assert openssl(tmp_path, ca.pem, good, *asked) == "OK"
    assert "certificate revoked" in openssl(tmp_path, ca.pem, bad, *asked)
    with pytest.raises(CertError, match="no list"):
        read_crl(good)


def test_serials_are_never_the_same():
    ca = authority()
    assert len({read_certificate(ca.issue(Issue("gw-north", PUBLIC), NOW)).serial for _ in range(20)}) == 20


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 2, tzinfo=UTC), NOW - timedelta(days=30)])
def test_a_clock_that_was_stepped_back_signs_nothing(wrong):
    ca = authority()
    for work in (lambda: ca.issue(Issue("gw-north", PUBLIC), wrong), lambda: ca.crl([], 1, wrong)):
        with pytest.raises(CertError, match="set the clock first"):
            work()
    if wrong.year == 1970:
        with pytest.raises(CertError, match="set the clock first"):
            new_authority("spillway-test", wrong)


def test_an_authority_that_is_over_signs_nothing_and_nothing_outlives_it():
    ca = authority(days=100)
    assert read_certificate(ca.issue(Issue("gw-north", PUBLIC), NOW)).not_after == NOW + timedelta(days=100)
    with pytest.raises(CertError, match="ended on"):
        ca.issue(Issue("gw-north", PUBLIC), NOW + timedelta(days=101))


def test_the_authoritys_key_is_locked():
    pem, key = new_authority("spillway-test", NOW)
    closed = locked(key, b"red kite")
    assert Authority(pem, closed, b"red kite").facts.authority
    with pytest.raises(CertError, match="pass-phrase"):
        Authority(pem, closed, b"blue kite")
