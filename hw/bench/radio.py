"""One analog radio with an accessory port: PTT in, carrier sense (COS) and audio out. A pure machine.

It keeps raw facts (pin, carrier, times) and derives transmitter, squelch and COS from them. It is half
duplex: while keyed it hears nothing. It never touches sound, sockets or clocks; times are monotonic
nanoseconds.
"""

from dataclasses import dataclass, field, replace

from hw.bench.trouble import Trouble

MS = 1_000_000
BOUNCE_NS = (2 * MS, 4 * MS, 7 * MS, 9 * MS)
"""When a bouncing COS contact flips back and forth after a change; the last flip settles it."""


@dataclass(frozen=True)
class PttPin:
    """The accessory port's PTT input became active or inactive."""

    on: bool


@dataclass(frozen=True)
class Heard:
    """Somebody else's carrier rose or dropped on this radio's frequency."""

    on: bool


@dataclass(frozen=True)
class Troubled:
    """Something broke or was mended."""

    trouble: Trouble


@dataclass(frozen=True)
class Elapsed:
    """Time went by; sent at the machine's deadline."""


RadioEvent = PttPin | Heard | Troubled | Elapsed


@dataclass(frozen=True)
class Change:
    """An effect: something outside changed. what: ptt | carrier | squelch | cos | relay | sounding."""

    what: str
    value: bool


Levels = tuple[tuple[str, bool], ...]
AT_REST: Levels = (("ptt", False), ("carrier", False), ("squelch", False), ("cos", False))


@dataclass(frozen=True)
class Radio:
    """Facts of one radio; durations in nanoseconds."""

    attack_ns: int = 0
    squelch_ns: int = 0
    tail_ns: int = 0
    timeout_ns: int = 180_000 * MS
    trouble: Trouble = field(default_factory=Trouble)
    pin: bool = False
    keyed_since: int | None = None
    carrier: bool = False
    receivable_since: int = 0
    was_open: bool = False
    squelch_since: int | None = None
    seen_ns: int = -1
    told: Levels = AT_REST

    @property
    def receivable(self) -> bool:
        """A carrier stands at the receiver and the receiver is not muted by the own transmitter."""
        return self.carrier and self.keyed_since is None and not self.trouble.deaf

    @property
    def air_from(self) -> int | None:
        """When the keyed transmitter's attack is over; None when it is not keyed or dead."""
        if self.keyed_since is None or self.trouble.mute:
            return None
        return self.keyed_since + self.attack_ns + int(self.trouble.late_ms * MS)

    def on_air(self, now: int) -> bool:
        """The transmitter radiates: after its attack, until its own time-out."""
        start = self.air_from
        return start is not None and start <= now < start + self.timeout_ns

    def squelch_open(self, now: int) -> bool:
        """The receiver lets sound through: after the squelch delay; noise for the tail after a carrier.

        Keyed or deaf it is closed: then it is not receivable, and `was_open` is forgotten.
        """
        age = now - self.receivable_since
        if self.receivable:
            return self.was_open or age >= self.squelch_ns
        return self.was_open and age < self.tail_ns

    def cos(self, now: int) -> bool:
        """What the COS pin says (active = True), trouble included."""
        if self.trouble.stick_cos:
            return True
        level = self.squelch_open(now)
        if self.trouble.bounce_cos and self.squelch_since is not None:
            flips = sum(now - self.squelch_since >= at for at in BOUNCE_NS)
            level ^= bool(flips % 2)
        return level

    @property
    def deadline(self) -> int | None:
        """When the next change may come by time alone, or None."""
        times: list[int] = []
        if self.air_from is not None:
            times += [self.air_from, self.air_from + self.timeout_ns]
        if self.receivable and not self.was_open:
            times.append(self.receivable_since + self.squelch_ns)
        elif not self.receivable and self.was_open:
            times.append(self.receivable_since + self.tail_ns)
        if self.trouble.bounce_cos and self.squelch_since is not None:
            times += [self.squelch_since + at for at in BOUNCE_NS]
        return min((at for at in times if at > self.seen_ns), default=None)

    def handle(self, event: RadioEvent, now: int) -> tuple["Radio", tuple[Change, ...]]:
        """The radio after an event and what changed outside; time is always settled first."""
        radio, before = _settle(self, now)
        match event:
            case PttPin(on):
                radio = _rekey(replace(radio, pin=on), now)
            case Heard(on):
                radio = _aged(radio, replace(radio, carrier=on), now)
            case Troubled(trouble):
                radio = _rekey(_aged(radio, replace(radio, trouble=trouble), now), now)
            case Elapsed():
                pass
        radio, after = _settle(radio, now)
        return radio, before + after


def _rekey(radio: Radio, now: int) -> Radio:
    """Keys or unkeys by the pin; a welded PTT relay opens only when the trouble is cleared."""
    closed = radio.pin or (radio.trouble.stick_ptt and radio.keyed_since is not None)
    if closed == (radio.keyed_since is not None):
        return radio
    return _aged(radio, replace(radio, keyed_since=now if closed else None), now)


def _aged(old: Radio, new: Radio, now: int) -> Radio:
    """When the receiver gained or lost its carrier by a change of facts, its age starts anew."""
    if new.keyed_since is not None or new.trouble.deaf:
        return replace(new, receivable_since=now, was_open=False)
    if new.receivable != old.receivable:
        return replace(new, receivable_since=now, was_open=old.squelch_open(now))
    return new


def _settle(radio: Radio, now: int) -> tuple[Radio, tuple[Change, ...]]:
    """Tells what differs from what was told last."""
    told = dict(radio.told)
    is_open = radio.squelch_open(now)
    if is_open != told["squelch"]:
        radio = replace(radio, squelch_since=now)
    levels = (
        ("ptt", radio.pin),
        ("carrier", radio.on_air(now)),
        ("squelch", is_open),
        ("cos", radio.cos(now)),
    )
    changes = tuple(Change(what, value) for what, value in levels if told[what] != value)
    return replace(radio, told=levels, seen_ns=max(now, radio.seen_ns)), changes
