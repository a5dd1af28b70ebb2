"""Talk lane: one session for each gateway, frames its gate accepts, and silence for those without one."""

import random

import pytest

from central.talk_lane import TalkLane
from link.contract.envelope import EnvelopeError
from link.contract.profile import PROFILES, LinkProfile
from link.contract.realtime import KEEP_EVERY, LEASE_MS, Keep, TalkFrame, TalkGate, Up, encode_frame


class Air:
    """What was published, and a gate at each gateway that has a session."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.lane = TalkLane(lambda gateway, payload: self.sent.append((gateway, payload)))
        self.gates: dict[str, TalkGate] = {}

    def open(self, gateway: str, profile: LinkProfile = PROFILES["4g"]) -> None:
        key = random.randbytes(32)
        self.gates[gateway] = TalkGate(key)
        self.lane.open(gateway, key, profile)

    def heard(self) -> list[tuple[str, TalkFrame]]:
        """The frames since the last look; EnvelopeError when a gateway's gate refuses one."""
        frames = []
        for gateway, payload in self.sent:
            self.gates[gateway], frame = self.gates[gateway].accept(payload)
            frames.append((gateway, frame))
        self.sent.clear()
        return frames


@pytest.fixture
def air() -> Air:
    return Air()


def keep(line: str, talker: str = "north") -> Keep:
    return Keep(line=line, lease_ms=LEASE_MS, talker=talker)


def test_lines_are_keyed_with_one_frame_for_each_gateway(air: Air):
    air.open("gw-a")
    air.open("gw-b")
    air.lane.keep(("gw-a/r1", "gw-b/r1", "gw-a/r2"), "north")
    assert air.heard() == [
        ("gw-a", TalkFrame(seq=1, keep=(keep("r1"), keep("r2")))),
        ("gw-b", TalkFrame(seq=1, keep=(keep("r1"),))),
    ]


def test_lines_are_released(air: Air):
    air.open("gw-a")
    air.lane.release(("gw-a/r1", "gw-a/r2"))
    assert air.heard() == [("gw-a", TalkFrame(seq=1, up=(Up(line="r1"), Up(line="r2"))))]


def test_the_sequence_rises_over_all_frames_of_a_session(air: Air):
    air.open("gw-a")
    for _ in range(3):
        air.lane.keep(("gw-a/r1",), "")
        air.lane.release(("gw-a/r1",))
    assert [frame.seq for _, frame in air.heard()] == [1, 2, 3, 4, 5, 6]


def test_a_frame_names_the_report_of_its_gateway_on_which_it_rests():
    sent: list[TalkFrame] = []
    heard = {"gw-a": 7, "gw-b": -1}
    gates: dict[str, TalkGate] = {}
    lane = TalkLane(
        lambda gateway, payload: sent.append(gates[gateway].accept(payload)[1]), heard.__getitem__
    )
    for number, gateway in enumerate(heard):
        gates[gateway] = TalkGate(bytes([number] * 32))
        lane.open(gateway, bytes([number] * 32))
    lane.keep(("gw-a/r1", "gw-b/r1"), "north")
    heard["gw-a"] = 8
    lane.release(("gw-a/r1",))
    assert [frame.heard for frame in sent] == [7, 0, 8]


def test_a_gateway_without_a_session_is_told_nothing(air: Air):
    air.lane.keep(("gw-a/r1",), "north")
    air.lane.release(("gw-a/r1",))
    assert air.sent == []


def test_a_session_that_was_closed_is_silent(air: Air):
    air.open("gw-a")
    air.lane.close("gw-a")
    air.lane.close("gw-never")
    air.lane.keep(("gw-a/r1",), "north")
    assert air.sent == []


def test_a_new_session_has_a_new_key_and_begins_anew(air: Air):
    air.open("gw-a")
    air.lane.keep(("gw-a/r1",), "north")
    old = air.gates["gw-a"]
    air.heard()
    air.open("gw-a")
    air.lane.keep(("gw-a/r1",), "north")
    ((_, payload),) = air.sent
    with pytest.raises(EnvelopeError, match="forged"):
        old.accept(payload)
    assert air.heard()[0][1].seq == 1


def test_a_renewed_key_leaves_what_is_keyed_as_it_is(air: Air):
    thin = PROFILES["thin"]
    air.open("gw-a", thin)
    air.lane.keep(("gw-a/r1",), "north", now=1.0)
    air.heard()
    old, key = air.gates["gw-a"], bytes(range(32))
    air.lane.renew("gw-a", key)
    air.lane.keep(("gw-a/r1",), "north", now=1.1)
    assert air.sent == [], "its lease is young"
    air.lane.release(("gw-a/r1",))
    gate, frame = old.renewed(key).accept(air.sent[0][1])
    assert (frame.seq, gate.seen, gate.old) == (1, 1, None)


def test_a_gate_takes_what_was_under_way_with_the_old_key_until_the_new_one_comes():
    first, second, third = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32)
    frame = lambda seq, key: encode_frame(TalkFrame(seq=seq), key)  # noqa: E731
    gate, _ = TalkGate(first).accept(frame(5, first))
    gate = gate.renewed(second)
    with pytest.raises(EnvelopeError, match="replayed"):
        gate.accept(frame(5, first))
    with pytest.raises(EnvelopeError, match="forged"):
        gate.accept(frame(6, third))
    gate, _ = gate.accept(frame(6, first))
    with pytest.raises(EnvelopeError, match="replayed"):
        gate.accept(frame(6, first))
    gate, _ = gate.accept(frame(1, second))
    with pytest.raises(EnvelopeError, match="forged"):
        gate.accept(frame(7, first))


def test_a_name_that_is_too_long_is_cut_and_keys_all_the_same(air: Air):
    air.open("gw-a")
    air.lane.keep(("gw-a/r1",), "n" * 500)
    assert air.heard()[0][1].keep[0].talker == "n" * 200


def renewed(air: Air, seconds: float) -> list[tuple[float, int]]:
    """When the group's renewals reach r1, and the lease they give."""
    times = []
    for turn in range(int(seconds / KEEP_EVERY) + 1):
        air.lane.keep(("gw-a/r1",), "north", turn * KEEP_EVERY)
        times += [(round(turn * KEEP_EVERY, 1), k.lease_ms) for _, frame in air.heard() for k in frame.keep]
    return times


def test_a_thin_link_is_given_longer_leases_and_renewed_less_often(air: Air):
    thin = PROFILES["thin"]
    air.open("gw-a", thin)
    assert renewed(air, 4.0) == [(round(n * thin.keep, 1), thin.lease_ms) for n in range(6)]
    air.open("gw-a")
    assert len(renewed(air, 4.0)) == 11


def test_what_is_new_on_a_thin_link_waits_for_no_renewal(air: Air):
    air.open("gw-a", PROFILES["thin"])
    air.lane.keep(("gw-a/r1",), "north", 0.0)
    air.lane.keep(("gw-a/r1", "gw-a/r2"), "north", 0.1)
    air.lane.keep(("gw-a/r1",), "south", 0.2)
    air.lane.release(("gw-a/r1",))
    air.lane.keep(("gw-a/r1",), "south", 0.3)
    lines = [[k.line for k in frame.keep] for _, frame in air.heard()]
    assert lines == [["r1"], ["r2"], ["r1"], [], ["r1"]]


def test_a_new_session_on_a_thin_link_is_keyed_at_once(air: Air):
    air.open("gw-a", PROFILES["thin"])
    air.lane.keep(("gw-a/r1",), "north", 0.0)
    air.heard()
    air.open("gw-a", PROFILES["thin"])
    air.lane.keep(("gw-a/r1",), "north", 0.1)
    assert len(air.heard()) == 1
    air.lane.close("gw-a")
    air.lane.keep(("gw-a/r1",), "north", 0.2)
    assert air.heard() == []
