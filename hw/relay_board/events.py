"""Orders to a relay board, facts about it, and what its machine wants done."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SwitchOn:
    """Order: `channel` closed for `seconds` from now; a later order prolongs, never shortens."""

    channel: int
    seconds: float


@dataclass(frozen=True)
class SwitchOff:
    """Order: `channel` open, now; None: all of them."""

    channel: int | None = None


@dataclass(frozen=True)
class BoardFound:
    """The board answers and has timed pulses; `version` 200 is V2.00."""

    board: str
    version: int


@dataclass(frozen=True)
class BoardUnsuited:
    """The board answers but must not be used to switch amplifiers."""

    board: str
    version: int | None
    advice: str


@dataclass(frozen=True)
class BoardLost:
    """The board does not answer; its pulses run out by themselves."""

    board: str
    why: str


@dataclass(frozen=True)
class RelayRead:
    """The read-back of one relay changed."""

    board: str
    channel: int
    closed: bool


@dataclass(frozen=True)
class RelayFault:
    """The read-back contradicts the orders. what: did-not-close | dropped-early | closed-unasked | "" (mended)."""

    board: str
    channel: int
    what: str


@dataclass(frozen=True)
class OrderRefused:
    """A SwitchOn was not obeyed. why: no-such-relay | not-answering | unsuited | bad-time."""

    board: str
    channel: int
    why: str


Fact = BoardFound | BoardUnsuited | BoardLost | RelayRead | RelayFault | OrderRefused


@dataclass(frozen=True)
class MakeSafe:
    """Effect: what hangs on this relay is not under control; None: on all of this board."""

    board: str
    channel: int | None
    reason: str
