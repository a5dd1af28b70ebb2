"""central.authority.counting, making and ring: whose signature counts, in words when it does not."""

import pytest

from central.authority.counting import Counting
from central.authority.making import broadcast_authority, standing_authority, stands_for
from central.authority.ring import RingError, read_ring
from link.contract.authority import decode_authority
from link.contract.documents import Condition, DesiredTrigger
from link.contract.signed import Signature
from tests.central.key_rig import Seats, sign_ring

SEATS = Seats("wang", "li")
WALL = 1_700_000_000.0


def raw_for(channel: str, window: float = 300) -> bytes:
    return broadcast_authority(
        "b-1", channel, ("a" * 64, "flood"), ("north",), "Leave now.", "wang", WALL, window
    )


def objection(counting: Counting, channel: str, use: str, by: str = "wang", at: float = WALL) -> str:
    raw = raw_for(channel)
    made = SEATS.sign("wang", use, "sw-auth-v1", raw)
    return counting.authority(by, made, raw, decode_authority(raw), at)


@pytest.mark.parametrize(
    ("channel", "use", "said"),
    [
        ("live", "live", ""),
        ("drill", "drill", ""),
        ("test", "drill", ""),
        ("live", "drill", "is for drill: live is signed by a key for live"),
        ("drill", "live", "is for live: drill is signed by a key for drill"),
    ],
)
def test_a_key_signs_its_own_channel_only(channel: str, use: str, said: str):
    assert said in objection(SEATS.counting(), channel, use)
    assert bool(said) == bool(objection(SEATS.counting(), channel, use))


def test_another_s_key_a_revoked_one_a_leaver_s_and_a_strange_one_do_not_count():
    counting = SEATS.counting()
    assert "is wang's, and li asks" in objection(counting, "live", "live", "li")
    kid = SEATS.keys["wang", "live"].head.kid
    assert f"key {kid} is revoked" in objection(SEATS.counting(revoked=(kid,)), "live", "live")
    assert "no longer among" in objection(SEATS.counting(left=("wang",)), "live", "live")
    assert "not in the key ring" in objection(Seats("wang").counting(), "live", "live")
    assert "revoked" in objection(Counting(SEATS.ring(revoked=(kid,))), "live", "live")
    made = SEATS.sign("wang", "live", "sw-auth-v1", b"raw")
    late = counting.objection("wang", made, "sw-auth-v1", b"raw", WALL + 10**10)
    assert "does not count at this time" in late


def test_a_signature_over_other_octets_or_for_another_purpose_does_not_fit():
    raw, counting = raw_for("live"), SEATS.counting()
    authority = decode_authority(raw)
    other = SEATS.sign("wang", "live", "sw-auth-v1", raw + b"x")
    stop = SEATS.sign("wang", "live", "sw-stop-v1", raw)
    for made in (other, stop, Signature(kid=other.kid, sig=bytes(64))):
        assert "does not fit these bytes" in counting.authority("wang", made, raw, authority, WALL)


def test_after_its_time_nobody_signs_it():
    assert objection(SEATS.counting(), "live", "live", at=WALL + 302) == "its time is over; ask again"


def test_a_live_key_stops_everything_and_a_drill_key_nothing_live():
    counting = SEATS.counting()
    for use, channel, counts in (("live", "drill", True), ("drill", "test", True), ("drill", "live", False)):
        made = SEATS.sign("li", use, "sw-stop-v1", b"stop")
        assert (counting.stop("li", made, b"stop", channel, WALL) == "") is counts


def test_a_ring_holds_by_its_root_and_only_rises():
    first = read_ring(SEATS.signed_ring(3))
    assert first.ring.rev == 3 and read_ring(first.octets, first.ring) == first
    with pytest.raises(RingError, match="the present one 3"):
        read_ring(SEATS.signed_ring(2), first.ring)
    with pytest.raises(RingError, match="the present one 3"):
        read_ring(SEATS.signed_ring(3, revoked=("0" * 16,)), first.ring)
    with pytest.raises(RingError, match="not signed by the root"):
        read_ring(sign_ring(SEATS.ring(4), Seats().root))
    with pytest.raises(RingError, match="no signed key ring"):
        read_ring(b"rubbish")


def test_another_root_takes_both_signatures():
    before, after = read_ring(SEATS.signed_ring(1)).ring, Seats("wang")
    with pytest.raises(RingError, match="sign with both"):
        read_ring(after.signed_ring(2), before)
    assert read_ring(sign_ring(after.ring(2), after.root, SEATS.root), before).ring.rev == 2


def test_a_standing_authority_stands_for_exactly_one_content():
    rain, level = (Condition(kind="above", source=name, value=3) for name in ("rain", "level"))
    trigger = DesiredTrigger(
        trigger="dam",
        channel="live",
        conditions=(rain, level),
        lines=("pa1",),
        sha="a" * 64,
        size=99,
        seconds=2,
    )
    made = standing_authority("gw-a", trigger, "Dam", "wang", WALL)
    assert stands_for(made, "gw-a", trigger, WALL) and not stands_for(made, "gw-b", trigger, WALL)
    assert not stands_for(made, "gw-a", trigger, WALL + 400 * 86_400)
    for change in (
        {"sha": "b" * 64},
        {"lines": ("pa2",)},
        {"most": 9},
        {"stop": "key"},
        {"conditions": (level, rain)},
    ):
        assert not stands_for(made, "gw-a", trigger.model_copy(update=change), WALL), change
