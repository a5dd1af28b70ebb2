"""What every device at the end of a cable has in common: its port comes and goes, its driver writes and tells.

Drivers are pure machines; whoever hosts one turns the port into these events and performs these effects.
"""

from dataclasses import dataclass

# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PortUp:
    """The port is open."""


@dataclass(frozen=True)
class PortDown:
    """The port is gone."""

    reason: str = ""


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Write:
    """Effect: these bytes to the port."""

    data: bytes


@dataclass(frozen=True)
class Told:
    """Effect: a fact of this driver, for whoever hosts it."""

    fact: object


@dataclass(frozen=True)
class MakeSafe:
    """Effect: nothing may sound or radiate through this device: let go by every way there is; why."""

    reason: str
