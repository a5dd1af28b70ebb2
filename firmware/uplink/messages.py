"""What the uplink is told and what it asks for. Plain frozen values."""

import math
from dataclasses import dataclass

from firmware.authority.messages import TalkOffer
from firmware.stamp import Stamp
from link.bus.port import Message
from link.contract import facts, orders
from link.contract.profile import ProfileName
from link.contract.realtime import TalkFrame
from link.contract.topics import Row
from link.contract.wire import Wire


@dataclass(frozen=True)
class Identity:
    """Who this gateway is; `boot` is `<start of the computer>.<start of the process>`."""

    gateway: str
    realm: str
    fw: str
    boot: str
    lines: tuple[facts.LineDescription, ...]
    profile: ProfileName = "broad"


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Connected:
    """The bus is up with a new session. `offer`: none when the town is plain, or our own certificate cannot be read."""

    session: str
    stamp: Stamp
    offer: TalkOffer | None = None


@dataclass(frozen=True)
class Arrived:
    """A message from the bus, with the wall clock (Unix s) and the monotonic clock at its arrival.

    `trusted`: the wall clock is right. If not it is behind at most: it never goes below its floor.
    """

    message: Message
    wall: float
    at: float
    trusted: bool = True


@dataclass(frozen=True)
class LineTold:
    """A line's realtime facts as they are now."""

    report: facts.LineReport


@dataclass(frozen=True)
class HealthTold:
    """Something became well or ill: it stands in the snapshot."""

    fact: facts.HealthChanged


@dataclass(frozen=True)
class CommandEnded:
    """What became of an accepted command."""

    result: facts.CommandResult


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Publish:
    """Hand a message to the bus."""

    row: Row
    topic: str
    payload: bytes


@dataclass(frozen=True)
class Talk:
    """A genuine and new talk-path frame. Its leases count from `at`, its arrival, and end by `until`."""

    frame: TalkFrame
    at: float
    until: float = math.inf


@dataclass(frozen=True)
class Obey:
    """A command that was accepted."""

    command: orders.Command
    order: Wire


@dataclass(frozen=True)
class Refused:
    """The first message of this kind that was dropped, for the log; more are only counted."""

    where: str
    reason: str
    detail: str
