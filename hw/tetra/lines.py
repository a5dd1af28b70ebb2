"""What a terminal can say, typed, with its numbers in words. Pure data.

Fields that a terminal leaves out are None.
"""

import re
from dataclasses import dataclass

GRANTED, NOT_GRANTED, QUEUED, OTHER_TALKS = 0, 1, 2, 3
"""TxGrant."""
HOME, VISITED = 1, 5
REGISTRATION = {0: "searching", 1: "home", 2: "no network", 3: "rejected", 4: "unknown", 5: "visited"}
CAUSES = (
    "unknown",
    "user request",
    "called party busy",
    "not reachable",
    "called party has no encryption",
    "network congestion",
    "not allowed traffic",
    "incompatible traffic",
    "service not available",
    "pre-emption",
    "invalid call",
    "called party rejection",
    "no idle call entity",
    "timer expiry",
    "network disconnect",
    "no acknowledgement",
    "unknown identity",
    "supplementary service",
    "unknown external number",
    "call restoration failed",
    "called party requires encryption",
    "concurrent set-up not supported",
    "same gateway",
)


@dataclass(frozen=True)
class Ok:
    """OK."""


@dataclass(frozen=True)
class Failed:
    """ERROR, +CME ERROR or +CMS ERROR, with its number if it has one."""

    code: int | None = None


@dataclass(frozen=True)
class IncomingCall:
    """+CTICN."""

    instance: int
    status: int | None = None
    service: int | None = None
    calling: str | None = None
    simplex: bool | None = None
    group: bool = False
    called: str | None = None
    priority: int | None = None


@dataclass(frozen=True)
class OutgoingProgress:
    """+CTOCP."""

    instance: int
    status: int | None = None


@dataclass(frozen=True)
class Connected:
    """+CTCC."""

    instance: int
    simplex: bool | None = None
    group: bool | None = None


@dataclass(frozen=True)
class Grant:
    """+CTXG: who may talk on a call; `talker` is the talking party, `may_ask` whether a demand is allowed."""

    instance: int
    grant: int
    may_ask: bool | None = None
    talker: str | None = None


@dataclass(frozen=True)
class Ceased:
    """+CDTXC: nobody talks on the call any more."""

    instance: int
    may_ask: bool | None = None


@dataclass(frozen=True)
class Held:
    """+CTXI, +CTXN, +CTXW: interrupt, continue, wait. Only the first field is sure; none of them is a grant."""

    instance: int
    name: str
    rest: str = ""


@dataclass(frozen=True)
class Cleared:
    """+CTCR: the call is over."""

    instance: int
    cause: int | None = None


@dataclass(frozen=True)
class Registration:
    """+CREG, with TETRA's meanings (see REGISTRATION), not GSM's."""

    status: int


@dataclass(frozen=True)
class Signal:
    """+CSQ in dBm; None = unknown."""

    dbm: int | None


@dataclass(frozen=True)
class Group:
    """+CTGS: the selected group."""

    address: str


@dataclass(frozen=True)
class Mode:
    """+CTOM: 0 trunked, 1 direct, 6 direct repeater."""

    mode: int


@dataclass(frozen=True)
class OwnNumber:
    """+CNUMF."""

    number: str


@dataclass(frozen=True)
class SdsData:
    """+CTSDSR and its data; `service` 12 is SDS type 4, 13 a status."""

    service: int
    data: bytes
    calling: str | None = None
    called: str | None = None


@dataclass(frozen=True)
class SdsSent:
    """+CMGS: the terminal took a message."""

    instance: int
    status: int | None = None
    reference: int | None = None


@dataclass(frozen=True)
class Text:
    """A line that is nothing of the above: part of an answer, or noise."""

    text: str


Line = (
    Ok | Failed | IncomingCall | OutgoingProgress | Connected | Grant | Ceased | Held | Cleared
) | (Registration | Signal | Group | Mode | OwnNumber | SdsData | SdsSent | Text)  # fmt: skip


def ssi(identity: str | None) -> int | None:
    """The short subscriber or group identity in a 17-digit or short identity; None for anything else."""
    if identity is None or not re.fullmatch(r"[0-9]{1,8}|[0-9]{17}", identity):
        return None
    return int(identity[-8:])


def cause_word(cause: int | None) -> str:
    """A disconnect cause for people."""
    if cause is None or not 0 <= cause < len(CAUSES):
        return f"cause {cause}" if cause is not None else "no cause given"
    return CAUSES[cause]
