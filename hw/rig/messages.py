"""What a shortwave radio is told, its facts, and the one effect of its own."""

from dataclasses import dataclass
from typing import Literal

What = Literal["did-not-key", "let-go", "stays-on", "on-unasked", "unreadable", ""]


@dataclass(frozen=True)
class Tune:
    """Order: stand there. `mode` USB, LSB, AM, CW, FM …; 0 and "" leave as it is; `passband_hz` 0 = normal."""

    frequency_hz: int
    mode: str = ""
    passband_hz: int = 0


@dataclass(frozen=True)
class Keyed:
    """The guard was told to key the transmitter (on) or to let it go: the reading of PTT is held against it."""

    on: bool


@dataclass(frozen=True)
class Reopen:
    """Effect: take the connection down and make it anew; nothing sensible comes over it any more."""

    reason: str


@dataclass(frozen=True)
class RigReady:
    """The radio answers; where it stands follows as Tuned."""


@dataclass(frozen=True)
class RigLost:
    """rigctld, or the radio behind it, does not answer. Told once until the next RigReady."""

    reason: str
    advice: str


@dataclass(frozen=True)
class Tuned:
    """The radio stands here by its own reading, as ordered or because somebody turned the knob.

    `in_plan` False: the band plan does not allow talking here.
    """

    frequency_hz: int
    mode: str
    passband_hz: int
    in_plan: bool = True


@dataclass(frozen=True)
class TuneRefused:
    """A Tune was not carried out; `why` says what is allowed, or what the radio said."""

    why: str


@dataclass(frozen=True)
class MeterRead:
    """strength in dB over S9 while receiving, swr and power (0 to 1) on the air; None = not known now."""

    strength_db: float | None = None
    swr: float | None = None
    power: float | None = None


@dataclass(frozen=True)
class DcdChanged:
    """The radio's own squelch opened or closed."""

    on: bool


@dataclass(frozen=True)
class PttRead:
    """The radio says that it transmits, or does not any more."""

    on: bool


@dataclass(frozen=True)
class PttFault:
    """The transmitter is not as ordered. "let-go": it keyed and fell off by itself; "" = mended."""

    what: What
    advice: str = ""


Fact = RigReady | RigLost | Tuned | TuneRefused | MeterRead | DcdChanged | PttRead | PttFault
