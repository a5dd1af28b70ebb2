"""What a gateway's machine at the centre is told and what it wants done. Frozen; decides nothing."""

from dataclasses import dataclass

from link.contract.profile import PROFILES, LinkProfile

# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NodeUp:
    """The voice node is there with these legs standing."""

    legs: tuple[str, ...]


@dataclass(frozen=True)
class NodeGone:
    """The voice node is gone, and every leg with it."""


@dataclass(frozen=True)
class LegStands:
    """The voice node answered this line's leg."""

    line: str


@dataclass(frozen=True)
class LegFell:
    """The voice node lost this line's leg."""

    line: str


@dataclass(frozen=True)
class Heard:
    """The gateway said something that is not for this machine."""


@dataclass(frozen=True)
class TalkStands:
    """The gateway has the talk-path key that it was given last."""


@dataclass(frozen=True)
class BrokerLost:
    """The centre itself is off the bus: nothing is known any more."""


# ---- effects ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TalkOffer:
    """The gateway's half of a talk-path key as its birth brought it, not yet believed; empty in a plain town."""

    talk: bytes = b""
    cert: bytes = b""
    proof: bytes = b""


@dataclass(frozen=True)
class OpenTalk:
    """Give the gateway a talk-path key for session `sid`, over a link of this profile."""

    gateway: str
    sid: str
    profile: LinkProfile = PROFILES["4g"]
    offer: TalkOffer = TalkOffer()


@dataclass(frozen=True)
class IssueLeg:
    """Make a token, tell the voice node to expect it and the gateway to dial."""

    gateway: str
    line: str


@dataclass(frozen=True)
class LineBelieved:
    """What is believed of a line changed."""

    gateway: str
    line: str
    carrier: bool
    ptt: bool
    leg: bool
    online: bool
    talker: str


@dataclass(frozen=True)
class PresenceChanged:
    """The gateway came or went."""

    gateway: str
    online: bool
    why: str


@dataclass(frozen=True)
class LatenessChanged:
    """An online gateway has not been heard when it should have been, or was heard again."""

    gateway: str
    late: bool
