import pytest

from firmware.enrolment.keyring import Keyring, tls_of
from link.certs.authority import Authority, Issue, new_authority
from link.certs.certificate import read_certificate
from link.certs.errors import CertError
from link.certs.keys import fingerprint, load_key, new_key, public_pem
from link.certs.requests import read_csr
from tests.firmware.enrolment.conftest import NOW


@pytest.fixture
def ring(tmp_path):
    return Keyring(tmp_path, "gw-north")


def brought(centre, asking):
    told = centre.told(asking.csr, "approved")
    return told.certificate.encode(), told.ca.encode()


def test_a_request_is_the_same_until_the_token_is_another(ring, tmp_path):
    first = ring.asking("token-1")
    assert read_csr(first.csr.encode()).name == "gw-north"
    assert Keyring(tmp_path, "gw-north").asking("token-1").fingerprint == first.fingerprint
    assert ring.asking("token-2").fingerprint != first.fingerprint
    assert ring.asking(None).fingerprint != first.fingerprint
    held = b"".join(path.read_bytes() for path in (tmp_path / "tls").rglob("*") if path.is_file())
    assert b"token-" not in held


def test_nobody_else_may_read_the_key(ring, centre, tmp_path):
    ring.use(ring.accept(*brought(centre, ring.asking("t"))))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls" / "current").iterdir()}
    assert modes == {"own.key": 0o600, "token": 0o600, "ca.pem": 0o600, "own.pem": 0o600}
    assert (tmp_path / "tls" / "1").stat().st_mode & 0o777 == 0o700


def test_what_came_is_in_use_after_one_step(ring, centre, tmp_path):
    assert ring.facts() is None
    assert not ring.enrolled_with("t")
    asking = ring.asking("t")
    place = ring.accept(*brought(centre, asking))
    assert ring.facts() is None  # laid there, not in use
    ring.use(place)
    assert ring.facts().fingerprint == asking.fingerprint == fingerprint(load_key(ring.tls.key))
    assert ring.tls.ca.read_bytes() == centre.authority.pem
    assert not (tmp_path / "tls" / "asking").exists()


def test_only_a_new_token_asks_for_a_new_certificate(ring, centre):
    ring.use(ring.accept(*brought(centre, ring.asking("t1"))))
    assert ring.enrolled_with("t1")
    assert ring.enrolled_with("")
    assert not ring.enrolled_with("t2")


def test_a_renewal_needs_no_new_token_at_the_next_start(ring, centre):
    ring.use(ring.accept(*brought(centre, ring.asking("t1"))))
    for _ in range(2):
        ring.use(ring.accept(*brought(centre, ring.asking(None))))
        assert ring.enrolled_with("t1")
        assert not ring.enrolled_with("t2")


def test_the_generation_before_stays_until_the_next(ring, centre, tmp_path):
    keys = []
    for _ in range(3):
        asking = ring.asking(None)
        ring.use(ring.accept(*brought(centre, asking)))
        keys.append(asking.fingerprint)
    assert len(set(keys)) == 3
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == ["2", "3", "current"]
    assert fingerprint(load_key(tls_of(tmp_path / "tls" / "2").key)) == keys[1]


def test_what_does_not_belong_here_is_not_taken(ring, centre, tmp_path):
    asking = ring.asking("t")
    right = read_csr(asking.csr.encode()).public_key
    other = Authority(*new_authority("spillway-other", NOW))
    wrong = [
        (centre.authority.issue(Issue("gw-south", right), NOW), centre.authority.pem),
        (centre.authority.issue(Issue("gw-north", public_pem(new_key())), NOW), centre.authority.pem),
        (other.issue(Issue("gw-north", right), NOW), centre.authority.pem),
        (b"junk", centre.authority.pem),
    ]
    for certificate, ca in wrong:
        with pytest.raises(CertError):
            ring.accept(certificate, ca)
    assert [path.name for path in (tmp_path / "tls").iterdir()] == ["asking"]


def test_a_generation_that_did_not_work_goes_and_the_one_in_use_never(ring, centre):
    first = ring.accept(*brought(centre, ring.asking("t")))
    ring.use(first)
    second = ring.accept(*brought(centre, ring.asking(None)))
    ring.drop(second)
    ring.drop(first)
    assert (second.exists(), first.exists()) == (False, True)
    assert read_certificate(ring.tls.certificate.read_bytes()).name == "gw-north"


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "tls").write_text("")
    with pytest.raises(CertError, match="cannot be written"):
        Keyring(tmp_path, "gw-north").asking("t")


def test_a_key_that_others_may_read_is_not_used(ring, tmp_path):
    ring.asking("t")
    (tmp_path / "tls" / "asking" / "own.key").chmod(0o644)
    with pytest.raises(CertError, match="may be read by others"):
        ring.asking("t")
