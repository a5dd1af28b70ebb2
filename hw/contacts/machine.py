"""A dry contact: what a pair of wires says, debounced, and whether the wires can be believed.

Three ways of seeing it: one bit (open or closed), the voltage over an end-of-line resistor as a share of full
scale, or two bits of a converter that measures the resistor. The last two tell a cut and a shorted wire from
the contact. A contact that chatters is locked out, told once, and believed again after it has been calm.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from hw.terminal import Told

Wire = Literal["closed", "open", "cut", "short"]
TAMPERED: tuple[Wire, ...] = ("cut", "short")
HISTORY = 64


@dataclass(frozen=True)
class Band:
    """`state` when the share of full scale is at least `low` and less than `high`."""

    state: Wire
    low: float
    high: float


END_OF_LINE = (
    Band("short", 0.0, 0.10),
    Band("closed", 0.15, 0.42),
    Band("open", 0.46, 0.80),
    Band("cut", 0.88, 1.01),
)
"""Resistors of 1× in series with the loop and 1.5× over the contact, pulled up by 2×: 0.33 and 0.56 of full
scale. Between the bands nothing is decided: the last state stands, and it is told if that lasts."""
TWO_BITS: tuple[Wire, Wire, Wire, Wire] = ("cut", "closed", "open", "short")
"""State for the values 00, 01, 10, 11 of (first bit, second bit)."""


@dataclass(frozen=True)
class ContactSettings:
    """`normal` is the state at rest. More than `chatter_most` changes in `chatter_within` s lock it until it has
    been calm for `calm` s. A reading outside all bands for `undecided` s is told as tampering."""

    name: str
    normal: Literal["open", "closed"] = "open"
    debounce: float = 0.03
    tamper_debounce: float = 0.3
    bands: tuple[Band, ...] = END_OF_LINE
    two_bits: tuple[Wire, Wire, Wire, Wire] = TWO_BITS
    chatter_most: int = 10
    chatter_within: float = 10.0
    calm: float = 30.0
    undecided: float = 2.0


@dataclass(frozen=True)
class OneBit:
    """The input's edge or level."""

    closed: bool


@dataclass(frozen=True)
class TwoBits:
    """Both bits of the converter, read together."""

    first: bool
    second: bool


@dataclass(frozen=True)
class Share:
    """The voltage at the input as a share of full scale."""

    value: float


@dataclass(frozen=True)
class ContactChanged:
    """The contact is active (not at rest) or at rest; `first` when it was not known before."""

    contact: str
    active: bool
    first: bool = False


@dataclass(frozen=True)
class ContactTampered:
    """The wires cannot be believed. what: cut | short | undecided."""

    contact: str
    what: str


@dataclass(frozen=True)
class ContactMended:
    """The wires can be believed again."""

    contact: str


@dataclass(frozen=True)
class ContactChatters:
    """Too many changes: locked out; what it says is not told until it is calm."""

    contact: str
    changes: int


@dataclass(frozen=True)
class ContactCalm:
    """The lock-out is over."""

    contact: str


Step = tuple["Contact", tuple[object, ...]]


@dataclass(frozen=True)
class Contact:
    """See the module. `raw` is what the wires say now, `settled` what they said for the debounce time."""

    settings: ContactSettings
    raw: Wire | None = None
    raw_since: float = 0.0
    settled: Wire | None = None
    told: bool | None = None
    tampered: str = ""
    lost_since: float | None = None
    changes: tuple[float, ...] = ()
    locked: bool = False

    @property
    def active(self) -> bool | None:
        """Not at rest; None when not known."""
        if self.settled is None or self.settled in TAMPERED:
            return None
        return self.settled != self.settings.normal

    @property
    def deadline(self) -> float | None:
        """End of a debounce time, of the patience with an undecided reading, or of the lock-out."""
        moments = []
        if self.raw is not None and self.raw != self.settled:
            moments.append(self.raw_since + self._debounce)
        if self.lost_since is not None and self.tampered != "undecided":
            moments.append(self.lost_since + self.settings.undecided)
        if self.locked and self.changes:
            moments.append(self.changes[-1] + self.settings.calm)
        return min(moments, default=None)

    @property
    def _debounce(self) -> float:
        s = self.settings
        return s.tamper_debounce if self.raw in TAMPERED else s.debounce

    def handle(self, event: object, now: float) -> Step:
        """The contact after `event` and what must be told."""
        contact, effects = self._mature(now)  # what has lasted long enough until now counts first
        match event:
            case OneBit(closed=closed):
                contact = contact._says("closed" if closed else "open", now)
            case TwoBits(first=first, second=second):
                contact = contact._says(self.settings.two_bits[2 * first + second], now)
            case Share(value=value):
                contact = contact._shared(value, now)
        contact, more = contact._mature(now)
        return contact, (*effects, *more)

    def _shared(self, value: float, now: float) -> "Contact":
        if math.isfinite(value):
            for band in self.settings.bands:
                if band.low <= value < band.high:
                    return self._says(band.state, now)
        since = now if self.lost_since is None else self.lost_since
        # What has not been settled by now was a passage through the band, not a state.
        return replace(self, raw=self.settled, lost_since=since)

    def _says(self, state: Wire, now: float) -> "Contact":
        contact = replace(self, lost_since=None)
        if state == self.raw:
            return contact
        changes = (*self.changes, now)[-HISTORY:] if self.raw is not None else self.changes
        return replace(contact, raw=state, raw_since=now, changes=changes)

    def _mature(self, now: float) -> Step:
        contact, effects = self._lock(now)
        ripe = now >= contact.raw_since + contact._debounce
        if contact.raw is not None and contact.raw != contact.settled and ripe:
            contact = replace(contact, settled=contact.raw)
        if contact.lost_since is not None and now >= contact.lost_since + contact.settings.undecided:
            contact, more = contact._wires("undecided")
        elif contact.lost_since is None and contact.settled is not None:
            contact, more = contact._wires(contact.settled if contact.settled in TAMPERED else "")
        else:
            more = ()
        contact, news = contact._news()
        return contact, (*effects, *more, *news)

    def _lock(self, now: float) -> Step:
        s = self.settings
        if self.locked:
            if self.changes and now < self.changes[-1] + s.calm:
                return self, ()
            return replace(self, locked=False, changes=()), (Told(ContactCalm(s.name)),)
        recent = tuple(at for at in self.changes if at > now - s.chatter_within)
        if len(recent) <= s.chatter_most:
            return replace(self, changes=recent), ()
        return replace(self, changes=recent, locked=True), (Told(ContactChatters(s.name, len(recent))),)

    def _wires(self, what: str) -> Step:
        if what == self.tampered or self.locked:
            return self, ()
        name = self.settings.name
        fact = ContactTampered(name, what) if what else ContactMended(name)
        return replace(self, tampered=what), (Told(fact),)

    def _news(self) -> Step:
        active = self.active
        if active is None or active == self.told or self.locked or self.tampered:
            return self, ()
        fact = ContactChanged(self.settings.name, active, first=self.told is None)
        return replace(self, told=active), (Told(fact),)
