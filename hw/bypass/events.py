"""What the power-failure bypass is told, its orders, facts and effects."""

from dataclasses import dataclass
from typing import Literal

Why = Literal["power", "service", "ordered", "drill", "start", "read-back"]


@dataclass(frozen=True)
class Mains:
    """The mains-present contact."""

    present: bool


@dataclass(frozen=True)
class Volts:
    """The battery or supply voltage."""

    value: float


@dataclass(frozen=True)
class Service:
    """The gateway can serve the trunk: line registered, voice process up."""

    up: bool


@dataclass(frozen=True)
class TrunkBusy:
    """A call runs over the gateway on this trunk."""

    busy: bool


@dataclass(frozen=True)
class DirectCall:
    """Loop current flows over the bypass: somebody speaks there."""

    busy: bool


@dataclass(frozen=True)
class ReadBack:
    """The auxiliary contact: the relay has fallen (bypassed) or is held."""

    bypassed: bool


@dataclass(frozen=True)
class Driven:
    """The guard's word on the output: it powers the relay, or does not."""

    on: bool


@dataclass(frozen=True)
class Bypass:
    """Order: bypass the trunk until it is ordered back."""

    on: bool


@dataclass(frozen=True)
class Drill:
    """Order: let the relay fall for `seconds`, hold it again, and say how it went."""

    drill: str
    seconds: float = 5.0


@dataclass(frozen=True)
class EndDrill:
    """Order: end the drill now."""


@dataclass(frozen=True)
class Hold:
    """Effect: power on the relay until `until` (feed the guard)."""

    name: str
    until: float


@dataclass(frozen=True)
class LetFall:
    """Effect: no power on the relay (tell the guard: safe)."""

    name: str
    why: Why


@dataclass(frozen=True)
class BypassChanged:
    """The trunk is bypassed, or back at the gateway."""

    bypass: str
    on: bool
    why: Why


@dataclass(frozen=True)
class SupplyChanged:
    """supply: mains | battery | low. `volts` None: not measured."""

    bypass: str
    supply: Literal["mains", "battery", "low"]
    volts: float | None


@dataclass(frozen=True)
class BypassFault:
    """what: stays-held | stays-fallen | "" (mended). Held though let go: a power failure would cut the trunk."""

    bypass: str
    what: str
    advice: str = ""


@dataclass(frozen=True)
class DrillDone:
    """`fell` and `back` in s from command to read-back; None: not seen. why: "" when ok, or what was wrong."""

    bypass: str
    drill: str
    ok: bool
    fell: float | None
    back: float | None
    why: str = ""
