"""What a broadcast is told (events) and what it asks for (effects). Plain frozen values, nothing else."""

from dataclasses import dataclass

from link.contract import facts, orders
from link.contract.field_facts import SoundProved
from link.contract.signed import Signature

# ---- events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Approve:
    """A person says yes; with his signature, which was checked, unless the mode is plain."""

    by: str
    signature: Signature | None = None


@dataclass(frozen=True)
class Stop:
    """A person says stop. `doc`: his word as he signed it (link.contract.authority.Stop); checked."""

    by: str
    doc: bytes = b""


@dataclass(frozen=True)
class Result:
    """What a gateway answered to a command."""

    gateway: str
    result: facts.CommandResult


@dataclass(frozen=True)
class ClipTold:
    """What a gateway reported of a clip."""

    gateway: str
    fact: facts.ClipStarted | facts.ClipFinished | SoundProved


@dataclass(frozen=True)
class GatewayOnline:
    """The gateway was born (again): whatever was sent to it before may be lost."""

    gateway: str


@dataclass(frozen=True)
class GatewayOffline:
    """The gateway is gone for now."""

    gateway: str


# ---- effects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deliver:
    """Send the order as command `id`, good for `ttl` seconds from now."""

    broadcast: str
    gateway: str
    order: orders.PlayClip
    id: str
    ttl: int
    channel: orders.Channel
    doc: bytes = b""
    nonce: str = ""


@dataclass(frozen=True)
class Cancel:
    """Send the stop as command `id`, good for `ttl` seconds from now."""

    broadcast: str
    gateway: str
    order: orders.StopClip
    id: str
    ttl: int
    channel: orders.Channel
    doc: bytes = b""
    nonce: str = ""


@dataclass(frozen=True)
class Changed:
    """Something a screen shows has changed: save and announce the view."""

    broadcast: str


@dataclass(frozen=True)
class Keep:
    """An entry for the journal; stands before the orders that follow from it."""

    kind: str
    broadcast: str
    payload: dict[str, object]


@dataclass(frozen=True)
class RecordFrom:
    """Record what these loudspeakers sound."""

    broadcast: str
    legs: tuple[str, ...]
    channel: orders.Channel


@dataclass(frozen=True)
class RecordEnd:
    """The broadcast is over: close its recording."""

    broadcast: str
