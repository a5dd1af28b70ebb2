"""The guard's logic: which output may be on, and until when. Pure; times are nanoseconds of CLOCK_MONOTONIC.

An output is on exactly while it holds a live lease. A lease comes from a feed and ends at the feed's own
`at_ns` + `left_ms`, whenever the feed arrived: one that lay in a frozen process has aged there.
A feed counts only if it was computed after the newest one heard, so a heartbeat that repeats the last feed
word for word extends nothing. An output that has run for its longest on-time (0: without limit) is locked until an
explicit safe order; lapses shorter than REST_NS do not start that count anew. An output whose device does not take
its value cannot be switched on until it does again. It reads no clock, logs nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, Self

LEFT_LIMIT_MS = 5000
REST_NS = 1_000_000_000

Why = Literal[
    "feed", "expired", "longest", "peer-lost", "start", "stop", "locked", "pin-failed", "works-again"
]


@dataclass(frozen=True)
class Feed:
    """The gateway asks that `out` be on until `at_ns` + `left_ms`; `at_ns` is when it worked that out."""

    out: str
    left_ms: int
    at_ns: int
    why: str = ""


@dataclass(frozen=True)
class Safe:
    """The gateway orders `out` safe; feeds computed up to `at_ns` (None: now) are void. Ends a lock."""

    out: str
    at_ns: int | None = None


@dataclass(frozen=True)
class Hello:
    """The gateway asks for the state of every output."""


@dataclass(frozen=True)
class PeerLost:
    """The gateway's connection is gone."""


@dataclass(frozen=True)
class PinFailed:
    """The pin or device of `out` did not take its value."""

    out: str


@dataclass(frozen=True)
class PinWorks:
    """The pin or device of `out` takes its value again."""

    out: str


@dataclass(frozen=True)
class Stop:
    """The guard is about to end."""


@dataclass(frozen=True)
class Drive:
    """Effect: drive `out` on or to its safe value.

    `ordered`: the gateway itself said so, alive and well; what its own driver keyed, its driver has let go.
    """

    out: str
    on: bool
    ordered: bool = False


@dataclass(frozen=True)
class Report:
    """Effect: tell the gateway, and the log, how `out` is since `at_ns`, and why."""

    out: str
    on: bool
    at_ns: int
    why: Why


@dataclass(frozen=True)
class Refused:
    """Effect: an order was not obeyed; for the counters and, once, the log."""

    out: str
    reason: str


Effect = Drive | Report | Refused


@dataclass(frozen=True)
class Held:
    """What is known of one output."""

    name: str
    longest_ns: int
    changed_ns: int
    why: Why = "start"
    lease_until_ns: int | None = None
    newest_ns: int = -1
    run_since_ns: int = 0
    rested: bool = True
    locked: bool = False
    broken: bool = False

    @property
    def on(self) -> bool:
        """On is having a lease; `GuardMachine` takes it away the moment it ends."""
        return self.lease_until_ns is not None

    @property
    def ends_ns(self) -> int | None:
        """When it must go safe: end of lease or of the longest on-time; None while safe."""
        if self.lease_until_ns is None or self.spent_ns is None:
            return self.lease_until_ns
        return min(self.lease_until_ns, self.spent_ns)

    @property
    def spent_ns(self) -> int | None:
        """When its longest on-time is over, counted from where it last rested; None: never."""
        return self.run_since_ns + self.longest_ns if self.longest_ns else None

    @property
    def report(self) -> Report:
        """Its state as told to the gateway."""
        return Report(self.name, self.on, self.changed_ns, self.why)

    def off(self, now_ns: int, why: Why, *, rested: bool = False, locked: bool | None = None) -> Self:
        """The same output, safe."""
        lock = self.locked if locked is None else locked
        return replace(self, lease_until_ns=None, changed_ns=now_ns, why=why, rested=rested, locked=lock)


Step = tuple[Held, tuple[Effect, ...]]
Steps = tuple[tuple[Held, ...], tuple[Effect, ...]]


@dataclass(frozen=True)
class GuardMachine:
    """Every output of the board. `start` makes one, together with the effects that drive all outputs safe."""

    outputs: tuple[Held, ...]

    @classmethod
    def start(cls, outputs: Iterable[tuple[str, float]], now_ns: int) -> tuple[Self, tuple[Effect, ...]]:
        """From (name, longest on-time in seconds, 0 = without limit) of each output."""
        held = tuple(Held(name, int(longest * 1e9), now_ns) for name, longest in outputs)
        return cls(held), tuple(e for h in held for e in (Drive(h.name, False), h.report))

    @property
    def deadline(self) -> int | None:
        """Monotonic ns at which the next output must go safe, or None."""
        return min((end for h in self.outputs if (end := h.ends_ns) is not None), default=None)

    def handle(self, event: object, now_ns: int) -> tuple[Self, tuple[Effect, ...]]:
        """The machine after `event`. What has ended by `now_ns` goes safe first, whatever the event is."""
        held, ended = _each(self.outputs, lambda h: _end(h, now_ns))
        match event:
            case Feed():
                held, effects = _one(held, event.out, lambda h: _feed(h, event, now_ns))
            case Safe():
                held, effects = _one(held, event.out, lambda h: _safe(h, event, now_ns))
            case PinFailed():
                held, effects = _one(held, event.out, lambda h: _fail(h, now_ns))
            case PinWorks():
                held, effects = _one(held, event.out, lambda h: _mend(h, now_ns))
            case PeerLost():
                held, effects = _each(held, lambda h: _void(h, now_ns, "peer-lost"))
            case Stop():
                held, effects = _each(held, lambda h: _void(h, now_ns, "stop"))
            case Hello():
                effects = tuple(h.report for h in held)
            case _:  # a Tick has done its work above
                effects = ()
        return replace(self, outputs=held), ended + effects


def _each(outputs: tuple[Held, ...], step: Callable[[Held], Step]) -> Steps:
    steps = [step(held) for held in outputs]
    return tuple(held for held, _ in steps), tuple(e for _, effects in steps for e in effects)


def _one(outputs: tuple[Held, ...], name: str, step: Callable[[Held], Step]) -> Steps:
    if all(held.name != name for held in outputs):
        return outputs, (Refused(name, "no such output on this board"),)
    return _each(outputs, lambda held: step(held) if held.name == name else (held, ()))


def _end(held: Held, now_ns: int) -> Step:
    """Safe if its lease or its longest on-time is over."""
    if held.ends_ns is None or now_ns < held.ends_ns:
        return held, ()
    if held.spent_ns is None or held.ends_ns < held.spent_ns:
        return _switch_off(held.off(now_ns, "expired"))
    return _switch_off(held.off(now_ns, "longest", locked=True))


def _feed(held: Held, feed: Feed, now_ns: int) -> Step:
    if not 0 < feed.left_ms <= LEFT_LIMIT_MS:
        return held, (Refused(held.name, f"left_ms outside 1 to {LEFT_LIMIT_MS}"),)
    if feed.at_ns > now_ns:
        return held, (Refused(held.name, "at_ns lies in the future"),)
    if feed.at_ns <= held.newest_ns:
        return held, ()  # a repetition, or older than what is known
    held = replace(held, newest_ns=feed.at_ns)
    if held.broken:
        return held, ()
    if held.locked:
        if held.why == "locked":
            return held, ()
        held = replace(held, why="locked", changed_ns=now_ns)
        return held, (held.report,)
    until = feed.at_ns + feed.left_ms * 1_000_000
    if held.on:
        return _end(replace(held, lease_until_ns=until), now_ns)
    if until <= now_ns:
        return held, ()
    return _switch_on(held, until, now_ns)


def _switch_on(held: Held, until_ns: int, now_ns: int) -> Step:
    fresh = held.rested or now_ns - held.changed_ns >= REST_NS
    since = now_ns if fresh else held.run_since_ns
    held = replace(held, lease_until_ns=until_ns, run_since_ns=since, rested=False)
    held = replace(held, changed_ns=now_ns, why="feed")
    if held.spent_ns is not None and now_ns >= held.spent_ns:  # ran out during the lapse
        held = held.off(now_ns, "longest", locked=True)
        return held, (held.report,)
    return held, (Drive(held.name, True), held.report)


def _safe(held: Held, order: Safe, now_ns: int) -> Step:
    at_ns = now_ns if order.at_ns is None else min(order.at_ns, now_ns)
    changed = held.on or held.locked
    held = replace(held, newest_ns=max(held.newest_ns, at_ns), rested=True)
    if not changed:
        return held, ()
    held = held.off(now_ns, "stop", rested=True, locked=False)
    return held, (Drive(held.name, False, ordered=True), held.report)


def _void(held: Held, now_ns: int, why: Why) -> Step:
    """Safe whatever it holds; every feed computed until now is void. The pin is written even when safe."""
    void = replace(held, newest_ns=max(held.newest_ns, now_ns))
    if not held.on:
        return void, (Drive(held.name, False),)
    return _switch_off(void.off(now_ns, why))


def _fail(held: Held, now_ns: int) -> Step:
    if held.broken:
        return held, ()
    return _switch_off(replace(held.off(now_ns, "pin-failed"), broken=True))


def _mend(held: Held, now_ns: int) -> Step:
    if not held.broken:
        return held, ()
    held = replace(held, broken=False, why="works-again")
    return held, (held.report,)


def _switch_off(held: Held) -> Step:
    return held, (Drive(held.name, False), held.report)
