import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from link.certs.errors import CertError
from link.certs.keys import (
    fingerprint,
    load_key,
    load_pass_phrase,
    locked,
    new_key,
    private,
    public_pem,
    same_fingerprint,
    save_key,
    sign,
    verify,
)
from link.certs.requests import make_csr

RSA = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
P384 = ec.generate_private_key(ec.SECP384R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)


def test_key_request_and_public_key_have_one_fingerprint_and_another_key_has_another():
    key = new_key()
    one = fingerprint(key)
    assert one == fingerprint(make_csr(key, "gw-north")) == fingerprint(public_pem(key))
    assert one != fingerprint(new_key())
    assert [len(group) for group in one.split()] == [4] * 8


def test_a_fingerprint_is_compared_as_it_was_read_out_and_never_in_part():
    one = fingerprint(new_key())
    assert same_fingerprint(one, one.upper().replace(" ", "-"))
    assert same_fingerprint(one.replace(" ", ""), one)
    assert not same_fingerprint(one, one[:-1])
    assert not same_fingerprint(one[:9], one[:9])
    assert not same_fingerprint("", "")
    assert not same_fingerprint(one, fingerprint(new_key()))


def test_a_signature_is_of_one_key_and_one_text():
    key = new_key()
    signed = sign(key, b"ptt.open")
    assert verify(public_pem(key), b"ptt.open", signed)
    assert not verify(public_pem(key), b"ptt.close", signed)
    assert not verify(public_pem(new_key()), b"ptt.open", signed)
    assert not verify(public_pem(key), b"ptt.open", b"junk")
    assert not verify(public_pem(key), b"ptt.open", b"")


def test_a_locked_key_opens_with_its_pass_phrase_only():
    key = new_key()
    closed = locked(key, b"red kite")
    assert b"ENCRYPTED" in closed
    assert private(closed, b"red kite").private_numbers() == private(key).private_numbers()
    for wrong in (b"red kit", None):
        with pytest.raises(CertError, match="pass-phrase") as seen:
            private(closed, wrong)
        assert "red k" not in str(seen.value)
    with pytest.raises(CertError, match="empty"):
        locked(key, b"")


@pytest.mark.parametrize("pem", [RSA, P384])
def test_keys_of_another_kind_are_refused(pem):
    with pytest.raises(CertError, match="only P-256"):
        sign(pem, b"x")


@pytest.mark.parametrize(
    "pem", [b"", b"\xff" * 100, b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"]
)
def test_what_holds_no_key_is_said_to_hold_none(pem):
    with pytest.raises(CertError):
        fingerprint(pem)


def test_a_key_file_is_for_its_owner_alone(tmp_path):
    path, key = tmp_path / "tls" / "own.key", new_key()
    save_key(path, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert load_key(path) == key
    path.chmod(0o640)
    with pytest.raises(CertError, match="chmod 600"):
        load_key(path)


def test_a_left_over_part_that_others_may_read_does_not_become_the_key(tmp_path):
    path = tmp_path / "own.key"
    (tmp_path / "own.key.part").write_bytes(b"")
    (tmp_path / "own.key.part").chmod(0o666)
    save_key(path, new_key())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(CertError, match=r"gone\.key cannot be read \(No such file"):
        load_key(tmp_path / "gone.key")
    with pytest.raises(CertError, match="cannot be written"):
        (tmp_path / "file").write_text("")
        save_key(tmp_path / "file" / "own.key", new_key())


def test_a_pass_phrase_is_the_first_line_of_a_file_for_its_owner_alone(tmp_path):
    path = tmp_path / "word"
    path.write_bytes(b"red kite\r\nmore")
    path.chmod(0o600)
    assert load_pass_phrase(path) == b"red kite"
    path.chmod(0o604)
    with pytest.raises(CertError, match="may be read by others") as seen:
        load_pass_phrase(path)
    assert "kite" not in str(seen.value)
    path.chmod(0o600)
    path.write_bytes(b"\n")
    with pytest.raises(CertError, match="is empty"):
        load_pass_phrase(path)
