"""Talk-path keys at the centre: agreed with the certificate's owner for this session, and with nobody else."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.fleet.messages import OpenTalk, TalkOffer
from central.talk_keys import AgreedKeys, PlainKeys, TalkRefused
from firmware.authority.messages import TalkOffer as Half
from firmware.uplink.offer import make_offer
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.keys import new_key, public_pem, save_key
from link.hosting.tls_settings import TlsSettings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Machines:
    """An authority, and gateways with certificates of it."""

    folder: Path
    ca: Ca

    def files(self, name: str, ca: Ca | None = None) -> TlsSettings:
        """Its certificate and key, made at the first look."""
        ca = ca or self.ca
        own = self.folder / f"{name}-{ca.certificate_file.parent.name}"
        found = TlsSettings(ca=ca.certificate_file, certificate=own / "own.pem", key=own / "own.key")
        if not own.exists():
            key = new_key()
            save_key(found.key, key)
            found.certificate.write_bytes(ca.issue(Issue(name, public_pem(key), days=30), NOW))
        return found

    def half(self, name: str, sid: str = "s1", ca: Ca | None = None) -> Half:
        """Its half of a key for this session."""
        made = make_offer(name, self.files(name, ca), sid)
        assert made is not None
        return made


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    folder = tmp_path_factory.mktemp("pki")
    return Machines(folder, Ca.init(folder / "ca", b"word", NOW))


@pytest.fixture
def keys(machines: Machines) -> AgreedKeys:
    return AgreedKeys(machines.ca.certificate_file, machines.ca.crl_file, lambda: NOW + timedelta(days=1))


def wanted(half: Half, name: str = "gw-a", sid: str = "s1") -> OpenTalk:
    return OpenTalk(name, sid, offer=TalkOffer(half.talk, half.cert, half.proof))


def test_both_ends_have_the_same_key_and_what_is_told_does_not_show_it(machines: Machines, keys: AgreedKeys):
    half = machines.half("gw-a")
    order, key = keys.agree(wanted(half))
    assert order.sid == "s1" and order.key == ""
    assert half.key_with(bytes.fromhex(order.public)) == key
    assert key.hex() not in order.model_dump_json()


def test_each_answer_makes_another_key(machines: Machines, keys: AgreedKeys):
    half = machines.half("gw-a")
    assert len({keys.agree(wanted(half))[1] for _ in range(5)}) == 5


def refused(keys: AgreedKeys, asked: OpenTalk) -> str:
    with pytest.raises(TalkRefused) as caught:
        keys.agree(asked)
    return str(caught.value)


def test_who_is_refused_and_why(machines: Machines, keys: AgreedKeys, tmp_path: Path):
    half, other = machines.half("gw-a"), machines.half("gw-b")
    asked = wanted(half)
    foreign = machines.half("gw-a", ca=Ca.init(tmp_path / "other", b"word", NOW))
    assert "no talk-path key" in refused(keys, OpenTalk("gw-a", "s1"))
    assert "another authority" in refused(keys, wanted(foreign))
    assert "that of gw-b" in refused(keys, wanted(other))
    assert "not signed" in refused(keys, replace(asked, sid="s2"))
    assert "not signed" in refused(keys, replace(asked, offer=replace(asked.offer, talk=other.talk)))
    assert "not signed" in refused(keys, replace(asked, offer=replace(asked.offer, proof=other.proof)))
    assert "DER" in refused(keys, replace(asked, offer=replace(asked.offer, cert=b"junk")))
    assert refused(keys, replace(asked, offer=replace(asked.offer, proof=b"junk")))
    keys.now = lambda: NOW + timedelta(days=31)
    assert "valid from" in refused(keys, asked)
    keys.now = lambda: datetime(1960, 1, 1, tzinfo=UTC)
    assert "valid from" in refused(keys, asked)


def test_a_key_of_low_order_is_refused_though_it_is_signed(machines: Machines, keys: AgreedKeys, mocker):
    mocker.patch("firmware.uplink.offer.new_pair", return_value=(b"\1" * 32, bytes(32)))
    assert refused(keys, wanted(machines.half("gw-a")))


def test_who_is_revoked_gets_no_key_any_more(machines: Machines, keys: AgreedKeys):
    half = machines.half("gw-thief")
    keys.agree(wanted(half, "gw-thief"))
    machines.ca.revoke("gw-thief", NOW)
    assert "revoked" in refused(keys, wanted(half, "gw-thief"))
    keys.agree(wanted(machines.half("gw-a")))


def test_while_one_authority_takes_over_from_another_both_lists_count(
    machines: Machines, keys: AgreedKeys, tmp_path: Path
):
    second = Ca.init(tmp_path / "second", b"word", NOW)
    good, thief = machines.half("gw-a", ca=second), machines.half("gw-thief-2", ca=second)
    second.revoke("gw-thief-2", NOW)
    keys.ca, keys.crl = tmp_path / "both.pem", tmp_path / "both-crl.pem"
    keys.ca.write_bytes(machines.ca.certificate_file.read_bytes() + second.certificate_file.read_bytes())
    keys.crl.write_bytes(machines.ca.crl_file.read_bytes() + second.crl_file.read_bytes())
    keys.agree(wanted(good))
    keys.agree(wanted(machines.half("gw-a")))
    assert "revoked" in refused(keys, wanted(thief, "gw-thief-2"))
    keys.crl.write_bytes(b"nothing")
    assert "no list" in refused(keys, wanted(good)), "a list that cannot be read lets nobody in"


def test_an_authority_that_cannot_be_read_lets_nobody_in(
    machines: Machines, keys: AgreedKeys, tmp_path: Path
):
    keys.ca = tmp_path / "gone.pem"
    assert "gone.pem" in refused(keys, wanted(machines.half("gw-a")))


def test_a_plain_key_is_told_as_it_is_and_is_fresh():
    asked = OpenTalk("gw-a", "s1")
    order, key = PlainKeys().agree(asked)
    assert bytes.fromhex(order.key) == key and order.public == ""
    assert PlainKeys().agree(asked)[1] != key
