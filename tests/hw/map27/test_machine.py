"""hw.map27.machine against the bench radio: safety in every history, then one story at a time."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hw.map27.calls import CLEAR_WAIT, OFF_LIMIT
from hw.map27.messages import (
    CallArrived,
    CallConnected,
    CallEnded,
    Dial,
    HangUp,
    OrderRefused,
    RegistrationChanged,
    SelectGroup,
    SendStatus,
    TalkerEnded,
    TalkerStarted,
    TerminalReady,
    TransmitEnded,
    TransmitGranted,
    TransmitQueued,
    TransmitRefused,
)
from tests.hw.map27.rig import Loop

SLOW = (HealthCheck.too_slow,)  # the machine may be busy
UNKEYED_WITHIN = 4.5
"""Longest time on the air without a demand: three lost frames, a link made anew, the cable."""

steps = st.one_of(
    st.tuples(st.just("key"), st.sampled_from([0.3, 3.0, 90.0]), st.integers(0, 3)),
    st.tuples(st.just("release")),
    st.tuples(st.just("run"), st.sampled_from([0.0, 0.01, 0.05, 0.2, 0.5, 2.0, 7.0])),
    st.tuples(st.just("verb"), st.sampled_from(["grant_ms:0", "grant_ms:1500", "refuse:0C", "queue:3000"])),
    st.tuples(
        st.just("verb"), st.sampled_from(["accept", "split_bytes", "duplicate", "lose:3", "lose_in:3"])
    ),
    st.tuples(st.just("verb"), st.sampled_from(["corrupt:3", "wrong_sequence", "silent", "speak", "reboot"])),
    st.tuples(st.just("verb"), st.sampled_from(["stuck", "drop_cleared", "normal", "lie_transmit"])),
    st.tuples(
        st.just("verb"), st.sampled_from(["two_callers", "talk:0/2001", "call:0/2002", "emergency:1/7"])
    ),
    st.tuples(st.just("verb"), st.sampled_from(["hush", "clear", "disable", "warn", "longest:0A"])),
    st.tuples(st.just("verb"), st.sampled_from(["out_of_range", "in_range", "status:0/5:3", "text:0/5:hi"])),
    st.tuples(st.just("dial")),
    st.tuples(st.just("hang")),
    st.tuples(st.just("status")),
    st.tuples(st.just("pull")),
)


class Watch:
    """The promises, looked at after every frame and every step."""

    def __init__(self) -> None:
        self.alone_since: float | None = None

    def __call__(self, loop: Loop) -> None:
        line, radio = loop.line, loop.radio
        if line.transmitting:
            assert loop.plugged
            assert line.demand is not None
            assert line.on_air, "it believes what the radio never said"
            assert loop.now <= line.demand.until + 0.01
            assert line.demand.granted_at is not None
            assert loop.now <= line.demand.granted_at + line.profile.longest_talk + 0.01
        elif line.demand is not None:
            wait = line.profile.queue_wait if line.demand.queued else line.profile.grant_wait
            assert loop.now <= line.demand.asked_at + wait + 0.01
        assert len(line.posts) <= 32
        assert len(line.link.waiting) <= 64
        deaf = radio.trouble.silent or radio.trouble.stuck or not loop.plugged
        if radio.on_air and line.demand is None and not deaf:
            self.alone_since = loop.now if self.alone_since is None else self.alone_since
            assert loop.now - self.alone_since <= UNKEYED_WITHIN, "left on the air"
        else:
            self.alone_since = None


def act(loop: Loop, step: tuple[Any, ...]) -> None:
    match step:
        case ("key", seconds, priority):
            loop.key(seconds, priority)
        case ("release",):
            loop.release()
            assert not loop.line.transmitting
        case ("run", seconds):
            loop.run(seconds)
        case ("verb", verb):
            loop.verb(verb)
        case ("dial",):
            loop.tell(Dial("0/2005"))
        case ("hang",):
            loop.tell(HangUp(1))
        case ("status",):
            loop.tell(SendStatus("k", "0/2001", 7))
        case ("pull",):
            loop.pull()
            loop.run(0.1)
            loop.plug()


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.integers(0, 2**32), st.lists(steps, max_size=30), st.sampled_from([0.0, 1.0]))
def test_in_every_history_it_transmits_only_on_demand_and_always_lets_go(
    seed: int, history: list[Any], hang: float
) -> None:
    loop = Loop(seed, changes={"own_call_hang": hang})
    loop.ready()
    loop.watch = Watch()
    for step in history:
        act(loop, step)
        loop.check()
    loop.release()
    loop.verb("normal")
    loop.run(60.0)
    assert not loop.line.transmitting
    assert not loop.radio.on_air, "the end of it all: nobody transmits"
    assert loop.line.ready
    assert loop.steps < 20_000


def test_the_first_word_to_a_radio_is_to_stop() -> None:
    loop = Loop()
    loop.radio.on_air = True
    loop.plug()
    loop.run(1.0)
    assert not loop.radio.on_air
    assert loop.said()[0] == b"\xb2\x00"
    assert loop.told(TerminalReady) == [TerminalReady()]
    assert [fact.word for fact in loop.told(RegistrationChanged)] == [
        "assumed until the radio tells",
        "in contact",
    ]


def test_a_radio_that_never_tells_of_contact_can_be_used_all_the_same() -> None:
    loop = Loop(changes={"grant_by": "ack"})
    loop.verb("drop_condition")
    loop.plug()
    loop.run(1.0)
    assert [fact.registered for fact in loop.told(RegistrationChanged)] == [True]
    loop.key()
    loop.run(0.5)
    assert loop.line.transmitting


@pytest.mark.parametrize("late_ms", [0, 300, 1500])
def test_a_demand_sets_the_call_up_and_then_transmits(late_ms: int) -> None:
    loop = Loop().ready()
    loop.verb(f"grant_ms:{late_ms}")
    loop.key()
    loop.run(late_ms / 1000)
    assert not loop.line.transmitting
    loop.run(0.3)
    assert loop.line.transmitting
    assert loop.radio.on_air
    (granted,) = loop.told(TransmitGranted)
    assert late_ms / 1000 <= granted.after <= late_ms / 1000 + 0.2
    assert loop.said()[-2:] == [b"\xa4\x00\x03\xe8\x00\x08", b"\xb2\x03"]
    assert not loop.told(TalkerStarted)
    loop.release()
    loop.run(0.2)
    assert not loop.radio.on_air
    assert loop.said()[-1] == b"\xb2\x02", "off the air, the call stands"
    assert [fact.why for fact in loop.told(TransmitEnded)] == ["released"]
    assert loop.safe == []
    loop.key()
    loop.run(0.3)
    assert loop.line.transmitting
    assert len(loop.radio.set_ups) == 1, "the call stands: no second set-up"


@pytest.mark.parametrize(
    ("priority", "kind"), [(0, "a40003e80008"), (1, "a40003e80000"), (3, "a50003e80000")]
)
def test_priority_and_emergency_calls(priority: int, kind: str) -> None:
    loop = Loop().ready()
    loop.key(priority=priority)
    loop.run(0.5)
    assert bytes.fromhex(kind) in loop.said()
    assert loop.line.transmitting


def test_a_refused_call_says_why() -> None:
    loop = Loop().ready()
    loop.verb("refuse:0C")
    loop.key()
    loop.run(1.0)
    assert loop.told(TransmitRefused) == [TransmitRefused("engaged or refuses")]
    assert loop.line.call is None
    assert loop.line.state == "idle"


def test_a_queued_call_is_told_and_waits_longer() -> None:
    loop = Loop().ready()
    loop.verb("queue:9000")
    loop.key(30.0)
    loop.run(8.0)
    assert loop.told(TransmitQueued) == [TransmitQueued(1, "the system is busy, wait")]
    assert loop.line.state == "queued"
    loop.run(2.0)
    assert loop.line.transmitting


def test_a_demand_that_is_given_up_takes_its_call_back_and_the_next_one_waits_for_that() -> None:
    loop = Loop().ready()
    loop.verb("grant_ms:800")
    loop.key()
    loop.run(0.2)
    loop.release()
    loop.key()
    loop.run(1.5)
    assert loop.told(TransmitRefused) == [TransmitRefused("released")]
    assert len(loop.told(TransmitGranted)) == 1
    kinds = [data[0] for data in loop.said()[2:]]
    assert kinds == [0xA4, 0xA6, 0xA4, 0xB2]


def test_a_radio_that_never_says_it_has_cleared_costs_a_second() -> None:
    loop = Loop().ready()
    loop.verb("drop_cleared")
    loop.verb("grant_ms:0")
    loop.key()
    loop.run(0.5)
    loop.tell(HangUp(1))
    assert loop.told(CallEnded) == [CallEnded(1, "hung up")]
    loop.key()
    loop.run(CLEAR_WAIT - 0.1)
    assert not loop.line.transmitting
    loop.run(0.4)
    assert loop.line.transmitting


@pytest.mark.parametrize("hang", [0.0, 4.0])
def test_our_own_call_hangs_as_long_as_the_profile_says(hang: float) -> None:
    loop = Loop(changes={"own_call_hang": hang}).ready()
    for _ in range(2):
        loop.key()
        loop.run(1.0)
        loop.release()
        loop.run(3.5)
    assert len(loop.radio.set_ups) == 1
    assert loop.radio.call is not None
    loop.run(1.0)
    assert loop.told(CallEnded) == ([CallEnded(1, "nobody talks")] if hang else [])
    assert (loop.radio.call is None) == bool(hang)
    assert len(loop.told(TalkerEnded)) == 1 + bool(hang)


def test_a_call_comes_in_and_names_who_talks() -> None:
    loop = Loop().ready()
    loop.verb("talk:3/2001")
    loop.run(0.1)
    assert loop.told(CallArrived) == [CallArrived(1, "3/2001", "0/1000", True, None, False)]
    assert loop.told(CallConnected) == [CallConnected(1)]
    assert loop.told(TalkerStarted) == [TalkerStarted(1, "3/2001")]
    assert loop.line.state == "receiving"
    loop.key()
    loop.run(0.2)
    assert loop.line.transmitting
    assert loop.told(TalkerEnded) == [TalkerEnded(1)]
    loop.release()
    loop.run(0.2)
    assert loop.told(TalkerStarted)[1:] == [TalkerStarted(1, None)], "whoever answers is not told"
    loop.verb("hush")
    loop.run(0.2)
    assert loop.told(CallEnded) == [CallEnded(1, "cleared")]
    assert len(loop.told(TalkerEnded)) == 2
    assert loop.said()[-1] == b"\xb2\x00", "the hook is put down"


def test_an_emergency_call_is_one() -> None:
    loop = Loop().ready()
    loop.verb("emergency:0/7")
    loop.run(0.1)
    assert [fact.emergency for fact in loop.told(CallArrived)] == [True]


def test_a_demand_ends_with_its_lease_and_with_the_longest_talk() -> None:
    for seconds, why in ((2.0, "time over"), (90.0, "time over")):
        loop = Loop().ready()
        loop.key(seconds)
        loop.run(70.0)
        (ended,) = loop.told(TransmitEnded)
        assert ended.why == why
        assert ended.seconds == pytest.approx(min(seconds, 60.0), abs=0.3)
        assert loop.safe == [why]
        assert not loop.radio.on_air


def test_a_renewed_demand_goes_on() -> None:
    loop = Loop().ready()
    for _ in range(10):
        loop.key(1.0)
        loop.run(0.8)
    assert len(loop.told(TransmitGranted)) == 1
    assert loop.line.transmitting


def test_orders_that_cannot_be_carried_out_are_refused() -> None:
    loop = Loop()
    loop.key()
    loop.ready()
    loop.tell(SelectGroup("nonsense"))
    loop.tell(HangUp(1))
    loop.tell(Dial("0/0"))
    loop.verb("out_of_range")
    loop.run(0.1)
    loop.key()
    assert [(fact.order, fact.why) for fact in loop.told(OrderRefused)] == [
        ("SelectGroup", "no such call or address"),
        ("HangUp", "no such call or address"),
        ("Dial", "no such call or address"),
        ("Key", "not registered"),
    ]
    assert loop.line.group == "0/1000"
    assert OFF_LIMIT > 0
