"""What a broadcast promises over all courses of events, however they interleave."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from central.broadcasts.machine import Broadcast
from central.broadcasts.messages import (
    Approve,
    Cancel,
    Deliver,
    GatewayOffline,
    GatewayOnline,
    Keep,
    RecordEnd,
    RecordFrom,
    Stop,
)
from central.broadcasts.view import view
from tests.central.broadcasts.bench import LINES, SHA, Bench

# ---- what must hold over all courses -----------------------------------------------------------------------

_PERSONS = st.sampled_from(["wang", "li", " WANG", ""])
_GATEWAYS = st.sampled_from(["gw-a", "gw-b"])
_LINE = st.sampled_from(LINES)
_STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.4, 1.0, 3.0, 9.9, 31.0, 120.0])),
    st.tuples(st.just("approve"), _PERSONS),
    st.tuples(st.just("stop"), _PERSONS),
    st.tuples(st.just("online"), _GATEWAYS),
    st.tuples(st.just("offline"), _GATEWAYS),
    st.tuples(st.just("answer"), st.tuples(_LINE, st.sampled_from(["accepted", "rejected", "dup", "done"]))),
    st.tuples(st.just("answer"), st.tuples(_LINE, st.sampled_from(["failed", "unknown", "expired"]))),
    st.tuples(st.just("started"), st.tuples(_LINE, st.sampled_from([SHA, SHA, "b" * 64]))),
    st.tuples(st.just("finished"), st.tuples(_LINE, st.sampled_from(["played", "stopped", "failed"]))),
    st.tuples(st.just("stop-answer"), _LINE),
)


class Watched(Bench):
    """A bench that checks every promise at every step."""

    def __init__(self, channel: str, online: tuple[str, ...]) -> None:
        self.yes: set[str] = set()
        self.stopped = False
        self.said_played: set[str] = set()
        self.ends: Counter[str] = Counter()
        self.commands: set[tuple[type, str, str]] = set()
        super().__init__(channel, online, window=60.0)

    def tell(self, event: object) -> tuple[object, ...]:
        before = self.machine
        if isinstance(event, Approve) and not self.stopped:
            self.yes |= {event.by.strip().casefold()} - {"", "wang"}
        effects = super().tell(event)
        if isinstance(event, Stop) and not before.settled:
            self.stopped = True
            self.check_stop(before, effects)
        if isinstance(event, GatewayOnline):
            self.check_return(before, event.gateway, effects)
        for effect in effects:
            if isinstance(effect, Deliver | Cancel):
                same = (type(effect), effect.gateway, effect.id)
                assert isinstance(effect, Deliver) or same not in self.commands, "a stop's id came twice"
                self.commands.add(same)
            if isinstance(effect, Deliver):
                assert not self.stopped, "delivered after a stop"
                assert self.now + effect.ttl <= self.machine.not_after, "may be obeyed after its time"
                assert before.asked.channel != "live" or self.yes, "live without a second person"
            if isinstance(effect, Keep) and effect.kind == "broadcast.target-ended":
                self.ends[str(effect.payload["line"])] += 1
        self.check_targets(before)
        return effects

    def check_stop(self, before: Broadcast, effects: tuple[object, ...]) -> None:
        told = {(e.gateway, e.order.play) for e in effects if isinstance(e, Cancel)}
        for target in before.targets.values():
            if target.ordered and not target.confirmed:
                assert (target.gateway, target.play) in told, "a stop did not reach a delivered target"

    def check_return(self, before: Broadcast, gateway: str, effects: tuple[object, ...]) -> None:
        if not self.stopped:
            return
        told = {(e.gateway, e.order.play) for e in effects if isinstance(e, Cancel)}
        for target in before.targets.values():
            if target.gateway == gateway and target.ordered and not target.confirmed:
                assert (target.gateway, target.play) in told, "a stop was not repeated at the birth"

    def check_targets(self, before: Broadcast) -> None:
        for line, target in self.machine.targets.items():
            assert self.ends[line] == int(target.ended), "a target ends exactly once"
            old = before.targets[line]
            assert not old.ended or old.result == target.result, "an end was changed"
            assert target.result != "played" or line in self.said_played, "played without the gateway's word"
        assert self.machine.over == all(t.ended for t in self.machine.targets.values())

    def step(self, step: tuple[str, object]) -> None:
        match step:
            case ("wait", float(seconds)):
                self.wait(seconds)
            case ("approve", str(by)):
                self.tell(Approve(by))
            case ("stop", str(by)):
                self.tell(Stop(by))
            case ("online", str(gateway)):
                self.tell(GatewayOnline(gateway))
            case ("offline", str(gateway)):
                self.tell(GatewayOffline(gateway))
            case ("answer", (str(line), str(s))):
                self.answer(line, s)
            case ("started", (str(line), str(sha))):
                self.started(line, sha)
            case ("finished", (str(line), str(result))):
                self.said_played |= {line} if result == "played" else set()
                self.finished(line, result)
            case ("stop-answer", str(line)):
                self.stop_answer(line)


@settings(max_examples=400, deadline=None)
@given(
    channel=st.sampled_from(["live", "live", "drill", "test"]),
    online=st.sampled_from([(), ("gw-a",), ("gw-a", "gw-b")]),
    steps=st.lists(_STEPS, max_size=25),
)
def test_promises_hold_over_all_interleavings(
    channel: str, online: tuple[str, ...], steps: list[tuple[str, object]]
) -> None:
    bench = Watched(channel, online)
    for step in steps:
        bench.step(step)
    bench.wait(1000.0)
    assert bench.machine.over, "a broadcast must end by itself"
    assert all(count == 1 for count in bench.ends.values()) and len(bench.ends) == len(LINES)
    assert len(bench.of(RecordFrom)) == len(bench.of(RecordEnd))
    assert bench.machine.deadline is None
    view(bench.machine)
