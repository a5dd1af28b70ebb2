"""Who is at the other end of TLS connections: believed, known by address, revoked; files that are not good."""

from datetime import timedelta
from pathlib import Path

import pytest

from link.voice.peers import Peers
from link.voice.port import VoiceError, VoiceTls
from tests.link.voice.pki import NOW, Pki

HERE, THERE = "10.0.0.7:40001", "10.0.0.8:40002"


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


def pem(tls: VoiceTls) -> bytes:
    return tls.certificate.read_bytes()


def test_a_connection_has_the_name_of_its_certificate(pki: Pki) -> None:
    peers = Peers(pki.node())
    assert peers.came(1, HERE, pem(pki.tls("gw-a"))) == ""
    assert peers.came(2, THERE, pem(pki.tls("gw-b"))) == ""
    assert (peers.name(HERE), peers.name(THERE), peers.name("10.0.0.9:1")) == ("gw-a", "gw-b", None)
    peers.gone(1)
    assert (peers.name(HERE), peers.name(THERE)) == (None, "gw-b")


def test_the_end_of_an_old_connection_does_not_take_a_new_one_from_the_same_address(pki: Pki) -> None:
    peers = Peers(pki.node())
    peers.came(1, HERE, pem(pki.tls("gw-a")))
    peers.came(2, HERE, pem(pki.tls("gw-b")))
    peers.gone(1)
    assert peers.name(HERE) == "gw-b"


def test_a_handle_that_is_used_again_has_no_past(pki: Pki, tmp_path: Path) -> None:
    peers = Peers(pki.node())
    peers.came(1, HERE, pem(pki.tls("gw-a")))
    assert peers.came(1, THERE, pem(Pki(tmp_path / "evil").tls("gw-a"))) != ""
    assert (peers.name(HERE), peers.name(THERE)) == (None, None)


def test_who_is_not_believed_has_no_name(pki: Pki, tmp_path: Path) -> None:
    evil = Pki(tmp_path / "evil")
    peers = Peers(pki.node())
    over = pki.tls("gw-old", at=NOW - timedelta(days=100), days=30)
    early = pki.tls("gw-early", at=NOW + timedelta(days=60))
    for bad, words in (
        (pem(evil.tls("gw-a")), "is not from our authority"),
        (pem(over), "of gw-old has expired"),
        (pem(early), "of gw-early is not valid yet"),
        ((evil.folder / "ca.pem").read_bytes(), "is not from our authority"),
        ((pki.folder / "ca.pem").read_bytes(), "is not one of a gateway or of the centre"),
        (b"", "cannot be read"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
    ):
        assert peers.came(1, HERE, bad) == words
        assert peers.name(HERE) is None


def test_an_authority_of_the_same_name_is_another(pki: Pki, tmp_path: Path) -> None:
    evil = Pki(tmp_path / "evil", "test-authority")
    assert Peers(pki.node()).came(1, HERE, pem(evil.tls("gw-a"))) == "is not from our authority"


def test_a_certificate_that_is_revoked_falls_at_once_and_does_not_come_again(pki: Pki) -> None:
    peers, bad, good = Peers(pki.node()), pki.tls("gw-a"), pki.tls("gw-b")
    peers.came(1, HERE, pem(bad))
    peers.came(2, THERE, pem(good))
    assert peers.fallen() == frozenset()
    pki.revoke(bad)
    assert peers.name(HERE) is None
    assert peers.fallen() == {HERE}, "also when somebody else saw the new list first"
    assert peers.fallen() == frozenset()
    assert peers.name(THERE) == "gw-b"
    assert peers.came(3, HERE, pem(bad)) == "of gw-a is revoked"
    assert peers.came(4, HERE, pem(pki.tls("gw-a"))) == "", "a new certificate of the same gateway is another"


def test_a_list_that_is_damaged_or_gone_leaves_the_old_one_in_force(
    pki: Pki, caplog: pytest.LogCaptureFixture
) -> None:
    bad = pki.tls("gw-a")
    pki.revoke(bad)
    peers = Peers(pki.node())
    (pki.folder / "crl.pem").write_text("nonsense")
    assert peers.came(1, HERE, pem(bad)) == "of gw-a is revoked"
    (pki.folder / "crl.pem").unlink()
    assert peers.came(1, HERE, pem(bad)) == "of gw-a is revoked"
    assert peers.came(1, HERE, pem(bad)) == "of gw-a is revoked"
    assert caplog.text.count("event=crl-unreadable") == 2, "once for each of its states"
    pki.write_crl()
    assert peers.came(1, HERE, pem(bad)) == "of gw-a is revoked"


def test_without_a_list_nothing_is_revoked(pki: Pki) -> None:
    node, bad = pki.node(), pki.tls("gw-a")
    pki.revoke(bad)
    assert Peers(VoiceTls(node.ca, node.certificate, node.key)).came(1, HERE, pem(bad)) == ""


@pytest.mark.parametrize("missing", ["ca.pem", "voice.pem", "voice.key", "crl.pem"])
def test_a_file_that_is_missing_or_nonsense_is_named_with_advice(pki: Pki, missing: str) -> None:
    tls = pki.node()
    (pki.folder / missing).write_text("nonsense")
    with pytest.raises(VoiceError, match=";|give a PEM file"):
        Peers(tls)
    (pki.folder / missing).unlink()
    with pytest.raises(VoiceError, match=f"{missing} cannot be read"):
        Peers(tls)


def test_a_key_that_others_may_read_is_refused(pki: Pki) -> None:
    tls = pki.node()
    tls.key.chmod(0o644)
    with pytest.raises(VoiceError, match="may be read by others"):
        Peers(tls)


def test_files_that_do_not_belong_together_are_told(pki: Pki, tmp_path: Path) -> None:
    node, other, evil = pki.node(), pki.tls("gw-a"), Pki(tmp_path / "evil")
    with pytest.raises(VoiceError, match="does not belong to the certificate"):
        Peers(VoiceTls(node.ca, node.certificate, other.key))
    with pytest.raises(VoiceError, match="is not from the authority in"):
        Peers(VoiceTls(evil.folder / "ca.pem", node.certificate, node.key))


def test_an_own_certificate_that_is_over_is_told_and_the_engine_starts(
    pki: Pki, caplog: pytest.LogCaptureFixture
) -> None:
    Peers(pki.node(at=NOW - timedelta(days=100), days=30))
    assert "event=own-certificate-expired" in caplog.text
    caplog.clear()
    Peers(pki.node(at=NOW + timedelta(days=60)))
    assert "event=own-certificate-not-valid-yet" in caplog.text
