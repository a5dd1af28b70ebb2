"""What the machines of a gateway ask to be done outside. Plain frozen values; the build performs them."""

from dataclasses import dataclass

from link.contract.wire import Wire


@dataclass(frozen=True)
class FeedOutput:
    """Key `out` until `until` (monotonic s)."""

    out: str
    until: float
    why: str


@dataclass(frozen=True)
class SafeOutput:
    """Make `out` safe now."""

    out: str
    why: str


@dataclass(frozen=True)
class TellVoice:
    """An order for the voice process."""

    order: Wire


@dataclass(frozen=True)
class Record:
    """A fact for the evidence lane."""

    fact: Wire


@dataclass(frozen=True)
class TellHealth:
    """`what` is the trouble with `subject`, or empty when all is well; `advice`: what to do."""

    subject: str
    what: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """The line's realtime facts changed: publish them."""
