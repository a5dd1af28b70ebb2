"""Which gateway asks: by its certificate, as the front tells it, or in plain by its token.

The front's word counts only on the socket that nobody but the front can reach (server.py marks what came there). A
certificate says who it is; whether that is a gateway of ours is said by the centre's settings, at each request.
"""

from collections.abc import Collection
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from central.api.desk import DeskError
from central.api.gate import Gate
from central.api.tokens import Tokens

VERIFY = "x-spillway-client-verify"
NAME = "x-spillway-client-name"
ADDRESS = "x-real-ip"
THROUGH_FRONT = "spillway.front"
"""Key of the ASGI scope: true when the request came through the front's socket."""

_scheme = HTTPBearer(
    auto_error=False,
    scheme_name="Gateway",
    description="The gateway's TLS certificate, no header; only a centre in plain takes its token here",
)


class Machines(Protocol):
    """Knows gateways."""

    def gateway(self, asking: HTTPConnection) -> str | None:
        """The gateway that asks; None when no gateway showed itself. DeskError 403 for one that may not."""

    def lacking(self, asking: HTTPConnection) -> DeskError:
        """What is said to somebody who is no gateway where only gateways may ask."""


class ByToken:
    """In plain: a gateway's token from the token file."""

    def __init__(self, tokens: Tokens, gate: Gate) -> None:
        self._tokens, self._gate = tokens, gate

    def gateway(self, asking: HTTPConnection) -> str | None:
        """See Machines."""
        scheme, _, token = asking.headers.get("authorization", "").partition(" ")
        who = self._tokens.who(token.strip()) if scheme.lower() == "bearer" else None
        return who.name if who is not None else None

    def lacking(self, asking: HTTPConnection) -> DeskError:
        """See Machines."""
        scheme, _, secret = asking.headers.get("authorization", "").partition(" ")
        who = self._gate.who(secret.strip()) if scheme.lower() == "bearer" else None
        if who is not None:
            return DeskError(403, f"{who.name} is not a gateway", "files are sent up by gateways only")
        advice = "send the header `Authorization: Bearer TOKEN` with a gateway's token"
        what = "this token is not known" if asking.headers.get("authorization") else "no token was shown"
        return DeskError(401, what, advice)


class ByCertificate:
    """Secured: the name in the certificate that the front has verified, if it is one of `gateways`."""

    def __init__(self, gateways: Collection[str]) -> None:
        self._gateways = frozenset(gateways)

    def gateway(self, asking: HTTPConnection) -> str | None:
        """See Machines."""
        if not asking.scope.get(THROUGH_FRONT) or asking.headers.getlist(VERIFY) != ["SUCCESS"]:
            return None
        names = asking.headers.getlist(NAME)
        if len(names) != 1 or names[0] not in self._gateways:
            shown = names[0] if len(names) == 1 else "this name"
            what = f"the certificate is good, but {shown} is no gateway of this centre"
            raise DeskError(
                403, what, "add a [[gateway]] table to the centre's settings, or revoke the certificate"
            )
        return names[0]

    def lacking(self, asking: HTTPConnection) -> DeskError:
        """See Machines."""
        advice = "gateways show the certificate that the centre issued to them, over TLS 1.3: see their [tls] table"
        return DeskError(401, "no certificate was shown", advice)


def address_of(asking: HTTPConnection) -> str:
    """The network address that asks, as the front saw it; in plain the other end of the connection."""
    if asking.scope.get(THROUGH_FRONT):
        return asking.headers.get(ADDRESS, "")
    return asking.client.host if asking.client is not None else ""


def asking_gateway(asking: HTTPConnection) -> str | None:
    """The gateway that asks, or None. DeskError 403."""
    machines: Machines = asking.app.state.machines
    return machines.gateway(asking)


async def _gateway(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]
) -> str:
    machines: Machines = request.app.state.machines
    name = machines.gateway(request)
    if name is None:
        raise machines.lacking(request)
    return name


Gateway = Annotated[str, Depends(_gateway)]
"""A route parameter: the name of the gateway that asks; nobody else may."""
