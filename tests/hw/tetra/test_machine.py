"""hw.tetra.machine against the bench terminal: safety in every history, then one story at a time."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hw.tetra import messages
from hw.tetra.lines import Grant, IncomingCall
from hw.tetra.messages import (
    CallArrived,
    CallConnected,
    CallEnded,
    DeviceLied,
    Dial,
    HangUp,
    OrderRefused,
    SendText,
    TalkerEnded,
    TalkerStarted,
    TerminalReady,
    TransmitEnded,
    TransmitGranted,
    TransmitQueued,
    TransmitRefused,
)
from tests.hw.tetra.rig import Loop

SLOW = (HealthCheck.too_slow,)  # the machine may be busy
UNKEYED_WITHIN = 3.5
"""Longest time on the air without a demand: HASTE, four upset answers and the cable."""

steps = st.one_of(
    st.tuples(st.just("key"), st.sampled_from([0.3, 3.0, 90.0]), st.integers(0, 3)),
    st.tuples(st.just("release")),
    st.tuples(st.just("run"), st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5, 2.0, 7.0])),
    st.tuples(
        st.just("verb"), st.sampled_from(["grant_ms:0", "grant_ms:1500", "grant:0", "grant:1", "grant:2"])
    ),
    st.tuples(
        st.just("verb"), st.sampled_from(["grant:3", "crossing", "interleave", "cme35:4", "split_bytes"])
    ),
    st.tuples(st.just("verb"), st.sampled_from(["drop_release", "silent", "speak", "reboot", "normal"])),
    st.tuples(
        st.just("verb"), st.sampled_from(["lie_grant", "two_callers", "talk:2001", "talk:2002", "hush"])
    ),
    st.tuples(st.just("verb"), st.sampled_from(["clear", "call:2003", "emergency:2004", "text:2001:hi"])),
    st.tuples(st.just("verb"), st.sampled_from(["out_of_range", "in_range", "refuse_cease"])),
    st.tuples(st.just("dial")),
    st.tuples(st.just("text")),
    st.tuples(st.just("hang"), st.integers(1, 3)),
    st.tuples(st.just("pull")),
)


class Watch:
    """The promises, looked at after every line and every step."""

    def __init__(self) -> None:
        self.alone_since: float | None = None

    def __call__(self, loop: Loop) -> None:
        line, terminal = loop.line, loop.terminal
        if line.transmitting:
            assert loop.plugged
            assert line.demand is not None
            assert line.demand.instance in loop.granted, "it believes in a grant that no line gave"
            assert loop.now <= line.demand.until + 0.01
            if not (loop.up or loop.down or terminal.trouble.drop_release):
                assert terminal.on_air or terminal.trouble.silent or terminal.deadline is not None
        if line.demand is not None:
            wait = line.profile.queue_wait if line.demand.queued else line.profile.grant_wait
            if line.demand.granted_at is None:
                assert loop.now <= line.demand.asked_at + wait + 0.01
            else:
                assert loop.now <= line.demand.granted_at + line.profile.longest_talk + 0.01
        assert len(line.calls) <= 16
        loop.unheard &= terminal.on_air
        deaf = loop.unheard or terminal.trouble.silent or terminal.trouble.refuse_cease or not loop.plugged
        if terminal.on_air and line.demand is None and not deaf and not terminal.trouble.drop_release:
            self.alone_since = loop.now if self.alone_since is None else self.alone_since
            assert loop.now - self.alone_since <= UNKEYED_WITHIN, "left on the air"
        else:
            self.alone_since = None


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(st.integers(0, 2**32), st.lists(steps, max_size=30))
def test_in_every_history_it_transmits_only_by_a_live_grant_and_always_lets_go(
    seed: int, history: list[Any]
) -> None:
    loop = Loop(seed)
    loop.ready()
    loop.watch = Watch()
    for step in history:
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
                loop.tell(Dial("2005"))
            case ("text",):
                loop.tell(SendText("k", "2001", "水位"))
            case ("hang", instance):
                loop.tell(HangUp(instance))
            case ("pull",):
                loop.pull()
                loop.run(0.1)
                loop.plug()
        loop.check()
    loop.release()
    loop.verb("normal")
    loop.run(30.0)
    assert not loop.line.transmitting
    assert loop.unheard or not loop.terminal.on_air, "the end of it all: nobody transmits"
    assert loop.line.ready


def test_it_initialises_and_never_resets() -> None:
    loop = Loop().ready()
    wanted = [*loop.line.profile.initialise, "AT+CTGS=1,1000", "AT+CSQ?"]
    assert loop.commands()[:2] == ["AT", "ATE0"]
    assert loop.commands()[1:] == wanted
    assert loop.line.registered
    assert loop.terminal.group == "1000"
    assert not any(command.startswith("ATZ") for command in loop.commands())


def test_one_refused_command_stops_nothing() -> None:
    loop = Loop()
    profile = loop.line.profile.model_copy(update={"initialise": ("ATE0", "AT+NONE=1", "AT+CREG?")})
    loop.line = replace(loop.line, profile=profile)
    loop.plug()
    loop.run(1.0)
    assert [fact.command for fact in loop.told(messages.CommandRefused)] == ["AT+NONE=1"]
    assert loop.told(TerminalReady)


@pytest.mark.parametrize("late_ms", [0, 300, 1500])
def test_a_demand_sets_the_call_up_and_waits_for_its_grant(late_ms: int) -> None:
    loop = Loop().ready()
    loop.verb(f"grant_ms:{late_ms}")
    loop.key()
    loop.run(late_ms / 1000 * 0.9)
    assert late_ms == 0 or not loop.line.transmitting
    loop.run(0.3)
    assert loop.line.transmitting
    (granted,) = loop.told(TransmitGranted)
    assert late_ms / 1000 <= granted.after <= late_ms / 1000 + 0.05
    assert loop.commands()[-2:] == ["AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0", "ATD1000"]
    loop.release()
    loop.run(0.2)
    assert not loop.terminal.on_air
    assert loop.commands()[-1] == "AT+CUTXC=1"
    (ended,) = loop.told(TransmitEnded)
    assert ended.why == "released"
    assert loop.safe == []
    loop.key()
    loop.run(2.0)
    assert "AT+CTXD=1,0" in loop.commands(), "the call stands: no second set-up"


@pytest.mark.parametrize(("grant", "why"), [("1", "not granted"), ("3", "time over")])
def test_a_refused_demand_ends_with_a_cease(grant: str, why: str) -> None:
    loop = Loop().ready()
    loop.verb(f"grant:{grant}")
    loop.key()
    loop.run(8.0)
    assert [fact.why for fact in loop.told(TransmitRefused)] == [why]
    assert "AT+CUTXC=1" in loop.commands()
    assert not loop.told(TransmitGranted)


def test_a_queued_demand_waits_longer() -> None:
    loop = Loop().ready()
    loop.verb("grant:2")
    loop.verb("grant_ms:9000")
    loop.key(30.0)
    loop.run(8.0)
    assert loop.told(TransmitQueued)
    assert loop.line.state == "queued"
    loop.run(2.0)
    assert loop.line.transmitting


def test_a_grant_after_the_release_is_let_go_at_once_and_is_no_lie() -> None:
    loop = Loop().ready()
    loop.verb("crossing")
    loop.verb("grant_ms:1500")
    loop.key()
    loop.run(0.5)
    loop.release()
    loop.run(0.9)
    assert not loop.terminal.on_air
    loop.run(0.5)
    assert not loop.terminal.on_air
    assert ("on-air" in {what for _, what in loop.terminal.seen}) is True
    assert not loop.told(DeviceLied)
    assert not loop.told(TransmitGranted)


def test_a_grant_that_nobody_asked_for_makes_safe_is_named_and_let_go() -> None:
    loop = Loop().ready()
    loop.verb("lie_grant")
    loop.run(0.2)
    assert loop.told(DeviceLied) == [DeviceLied("grant without request", 1)]
    assert loop.safe == ["grant without request"]
    assert not loop.terminal.on_air
    assert not loop.line.transmitting


def test_two_callers_at_once_make_safe() -> None:
    loop = Loop().ready()
    loop.verb("grant_ms:0")
    loop.key()
    loop.run(0.2)
    assert loop.line.transmitting
    loop.verb("two_callers")
    loop.run(0.2)
    assert [fact.what for fact in loop.told(DeviceLied)] == ["two callers at once"]
    assert loop.safe
    assert not loop.terminal.on_air


def test_two_grants_at_once_make_safe() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    assert loop.line.transmitting
    loop.tell(IncomingCall(5, calling="2001", group=True))
    loop.tell(Grant(5, 0))
    assert loop.told(DeviceLied) == [DeviceLied("two grants at once", 5)]
    assert not loop.line.transmitting


def test_a_cease_that_is_refused_ends_in_hanging_up() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    loop.verb("refuse_cease")
    loop.release()
    loop.run(0.5)
    assert [fact.what for fact in loop.told(DeviceLied)] == ["cease refused"]
    assert "cease refused" in loop.safe
    assert loop.commands()[-1] == "ATH"
    assert not loop.terminal.on_air


def test_talkers_are_heard_with_their_identity() -> None:
    loop = Loop().ready()
    loop.verb("talk:09011638300023404")
    loop.run(0.1)
    loop.verb("talk:09011638300023405")
    loop.run(0.1)
    assert loop.line.state == "receiving"
    loop.verb("hush")
    loop.run(0.1)
    heard = [fact for _, fact in loop.facts if isinstance(fact, TalkerStarted | TalkerEnded)]
    first, second = "09011638300023404", "09011638300023405"
    assert heard == [TalkerStarted(1, first), TalkerStarted(1, second), TalkerEnded(1)]


def test_another_talker_takes_the_transmitter_away() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    loop.verb("talk:2001")
    loop.run(0.1)
    assert not loop.line.transmitting
    assert [fact.why for fact in loop.told(TransmitEnded)] == ["another talker"]
    assert loop.safe == ["another talker"]


def test_emergency_goes_out_and_comes_in_as_such() -> None:
    loop = Loop().ready()
    loop.key(priority=3)
    loop.run(0.5)
    assert "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,15" in loop.commands()
    loop.release()
    loop.run(0.2)
    loop.key(priority=3)
    loop.run(0.2)
    assert "AT+CTXD=1,3" in loop.commands()
    loop.verb("clear")
    loop.verb("emergency:2004")
    loop.run(0.1)
    assert [fact.emergency for fact in loop.told(CallArrived)] == [True]


def test_several_calls_keep_their_instances() -> None:
    loop = Loop().ready()
    loop.verb("call:2003")
    loop.run(0.1)
    loop.key()
    loop.run(0.5)
    assert loop.line.transmitting
    assert [fact.instance for fact in loop.told(TransmitGranted)] == [2]
    loop.release()
    loop.run(0.1)
    assert loop.commands()[-1] == "AT+CUTXC=2"
    loop.tell(messages.Answer(1))
    loop.run(0.1)
    assert loop.commands()[-1] == "ATA"


def test_a_dialled_call_connects_and_hangs_up() -> None:
    loop = Loop().ready()
    loop.tell(Dial("2005"))
    loop.run(0.2)
    assert loop.told(CallConnected) == [CallConnected(1)]
    loop.tell(HangUp(1))
    loop.run(0.2)
    assert loop.told(CallEnded) == [CallEnded(1, "user request")]
    loop.tell(Dial("20;05"))
    assert loop.told(OrderRefused)
    assert not any(";" in command for command in loop.commands())
