"""What an edge says in an INVITE: who calls, from where, and whom. Pure.

An edge is a registrar or proxy of ours that has checked who calls; it is believed because of the address it sends
from, and over TLS because of the name in its certificate as well. It must never be believed for its headers alone.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

from link.voice.call_port import (
    CALLER_HEADER,
    KIND_HEADER,
    NUMBER_SHAPE,
    SRTP_HEADER,
    TRUNK_HEADER,
    Kind,
)
from link.voice.port import TOKEN_HEADER
from link.voice.screen import header_values

EDGE_NAME = "edge"
"""The name in an edge's certificate."""
_REQUEST = re.compile(r"INVITE sips?:([^@;>\s]+)@\S+ SIP/2\.0")
_SOUND = re.compile(r"^m=audio \d+ (\S+) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class EdgeCall:
    """One INVITE of an edge. `offers_srtp`: its sound is; `needs_srtp`: it must be."""

    caller: str
    kind: Kind
    number: str
    trunk: str
    needs_srtp: bool
    offers_srtp: bool


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why not, and the SIP status for it."""

    code: int
    why: str


class Edges:
    """Knows the edges by address; `name_of` gives the name in a connection's certificate, None is plain."""

    def __init__(self, addresses: tuple[str, ...], name_of: Callable[[str], str | None] | None) -> None:
        self._addresses = frozenset(str(ipaddress.ip_address(each)) for each in addresses)
        self._name_of = name_of

    def judge(self, source: str, message: str) -> EdgeCall | NotTaken | None:
        """The call in `message` from `source` (address:port); None when it is no edge's, or shows a token."""
        if header_values(message, TOKEN_HEADER):
            return None
        if source.rpartition(":")[0].strip("[]") not in self._addresses:
            return None
        if self._name_of is not None and self._name_of(source) != EDGE_NAME:
            return None  # from the edge's machine, but not over its connection: a stranger as any other
        return read_call(message)


def read_call(message: str) -> EdgeCall | NotTaken:
    """The call in an edge's INVITE."""
    request = _REQUEST.match(message)
    number = unquote(request[1]) if request is not None else ""
    caller, kind, trunk = (_only(message, name) for name in (CALLER_HEADER, KIND_HEADER, TRUNK_HEADER))
    if not NUMBER_SHAPE.fullmatch(number):
        return NotTaken(404, f"the edge names no number that could be dialled: {number[:40]!r}")
    if not NUMBER_SHAPE.fullmatch(caller) or kind not in ("phone", "trunk"):
        return NotTaken(403, f"the edge does not say who calls: give {CALLER_HEADER} and {KIND_HEADER}")
    if (kind == "trunk") != bool(trunk) and kind == "trunk":
        return NotTaken(403, f"the edge does not say from which trunk: give {TRUNK_HEADER}")
    needs = _only(message, SRTP_HEADER).lower() == "required"
    offers = offers_srtp(message)
    if needs and not offers:
        return NotTaken(488, f"{caller} has to encrypt its sound (SRTP) and offers it plain")
    return EdgeCall(caller, cast(Kind, kind), number, trunk, needs, offers)


def offers_srtp(message: str) -> bool:
    """Whether every sound offered in an SDP (or a message with one) is encrypted; one that offers none is."""
    profiles = _SOUND.findall(message.replace("\r\n", "\n"))
    return all(profile.startswith("RTP/SAVP") for profile in profiles)


def _only(message: str, name: str) -> str:
    """The value of a header that stands once, else "": two of them may be somebody's forgery."""
    values = header_values(message, name)
    return values[0] if len(values) == 1 else ""
