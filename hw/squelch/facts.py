"""What the ear tells: that somebody began or ceased to speak, and which digit was keyed. Plain values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SquelchChange:
    """It opened or closed. `since_ns` (monotonic): open, where the speech began, so that a pre-roll gives the
    first syllable; closed, the end of the frame that closed it (its hang is over by then)."""

    on: bool
    since_ns: int


@dataclass(frozen=True)
class Digit:
    """A DTMF digit, told once, as soon as it is sure. `key`: one of 0-9 A-D * #; `since_ns`: its first sound."""

    key: str
    since_ns: int
