"""The gateway's end of the talk path: which orders open it, and what its birth says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware.authority.messages import TalkOffer
from firmware.uplink.offer import make_offer
from firmware.uplink.talk import TalkEnd
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.certificate import to_der
from link.certs.keys import new_key, public_pem, save_key, verify
from link.contract.envelope import EnvelopeError
from link.contract.orders import OpenSession
from link.contract.realtime import TalkFrame, encode_frame
from link.hosting.tls_settings import TlsSettings
from link.sealing.agreement import new_pair
from link.sealing.talk import key_at_centre, talk_claim

NOW = datetime(2026, 6, 1, tzinfo=UTC)

KEY = bytes(range(32))
OFFER = TalkOffer(b"t" * 32, b"cert", b"proof", lambda public: public[::-1])
BY_PUBLIC, BY_KEY = OpenSession(sid="s1", public=KEY.hex()), OpenSession(sid="s1", key=KEY.hex())


def frame(seq: int, key: bytes) -> bytes:
    return encode_frame(TalkFrame(seq=seq), key)


def test_nothing_passes_before_the_centre_has_answered():
    with pytest.raises(EnvelopeError, match="no-session"):
        TalkEnd(OFFER).accept(frame(1, KEY))


def test_the_key_is_drawn_from_both_halves():
    end = TalkEnd(OFFER).opened(BY_PUBLIC, plain=False)
    assert end.accept(frame(1, KEY[::-1]))[1].seq == 1
    with pytest.raises(EnvelopeError, match="forged"):
        end.accept(frame(1, KEY))


def test_a_key_in_the_clear_opens_plain_towns_only():
    with pytest.raises(ValueError, match="in the clear"):
        TalkEnd(OFFER).opened(BY_KEY, plain=False)
    assert TalkEnd().opened(BY_KEY, plain=True).accept(frame(1, KEY))[1].seq == 1


@pytest.mark.parametrize(("end", "plain"), [(TalkEnd(), False), (TalkEnd(OFFER), True)])
def test_without_a_half_of_ours_there_is_no_key(end: TalkEnd, plain: bool):
    with pytest.raises(ValueError, match="no half"):
        end.opened(BY_PUBLIC, plain)


def test_a_renewal_lets_what_is_under_way_pass():
    end = TalkEnd(OFFER).opened(BY_PUBLIC, plain=False)
    end = end.opened(OpenSession(sid="s1", public=bytes(32).hex()), plain=False)
    end, _ = end.accept(frame(3, KEY[::-1]))
    end, _ = end.accept(frame(1, bytes(32)))
    with pytest.raises(EnvelopeError, match="forged"):
        end.accept(frame(4, KEY[::-1]))


def test_the_birth_carries_the_half_and_who_vouches_for_it():
    assert TalkEnd().in_birth() == {}
    assert TalkEnd(OFFER).in_birth() == {"talk": b"t" * 32, "cert": b"cert", "proof": b"proof"}


def test_a_half_is_signed_by_the_key_of_the_certificate(tmp_path: Path):
    key = new_key()
    tls = TlsSettings(ca=tmp_path / "ca.pem", certificate=tmp_path / "own.pem", key=tmp_path / "own.key")
    save_key(tls.key, key)
    issue = Issue("gw-a", public_pem(key), days=30)
    tls.certificate.write_bytes(Ca.init(tmp_path / "ca", b"word", NOW).issue(issue, NOW))
    offer = make_offer("gw-a", tls, "s1")
    assert offer is not None and offer.cert == to_der(tls.certificate.read_bytes())
    assert verify(tls.certificate.read_bytes(), talk_claim("gw-a", "s1", offer.talk), offer.proof)
    private, public = new_pair()
    assert offer.key_with(public) == key_at_centre(private, "gw-a", "s1", public, offer.talk)
    with pytest.raises(ValueError, match="the centre's half"):
        offer.key_with(bytes(32))
    again = make_offer("gw-a", tls, "s1")
    assert again is not None and again.talk != offer.talk


def test_a_town_without_certificates_offers_nothing_and_neither_does_a_lost_key(tmp_path: Path, caplog):
    assert make_offer("gw-a", None, "s1") is None
    tls = TlsSettings(ca=tmp_path / "ca.pem", certificate=tmp_path / "own.pem", key=tmp_path / "own.key")
    assert make_offer("gw-a", tls, "s1") is None
    assert "own.pem" in caplog.text
