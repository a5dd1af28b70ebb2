"""Route parameters that say who asks and what he must be allowed; gateways: see machines.py. Others serve anybody.

`having("look")` refuses whoever has the function nowhere; the route itself asks `by.need(…)` for the areas of what
it touches. Gateways may only fetch and send files.

Trap: a dependency that is no coroutine runs in a thread, where core's books must not be touched.
"""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from central.api.caller import Caller
from central.api.desk import DeskError
from central.api.gate import Gate
from central.api.machines import asking_gateway
from central.api.tokens import GatewayWho
from central.people.functions import Function

_scheme = HTTPBearer(
    auto_error=False, description="A session's token (`POST /sign-in`), or the token of a person's program"
)
Shown = Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]


async def _anybody(request: Request, shown: Shown) -> Caller | GatewayWho:
    gate: Gate = request.app.state.gate
    who = gate.who(shown.credentials) if shown is not None else None
    if who is not None:
        return who
    gateway = asking_gateway(request)
    if gateway is not None:
        return GatewayWho(gateway)
    what = "no token was shown" if shown is None else "this token is not known, or it has ended"
    raise DeskError(401, what, "sign in, and send `Authorization: Bearer TOKEN` with the session's token")


async def _person(who: Annotated[Caller | GatewayWho, Depends(_anybody)]) -> Caller:
    if isinstance(who, GatewayWho):
        what = f"{who.name} is a gateway; gateways may only fetch and send files"
        raise DeskError(403, what, "use a person's token")
    return who


async def _fetcher(who: Annotated[Caller | GatewayWho, Depends(_anybody)]) -> Caller | GatewayWho:
    if isinstance(who, Caller):
        who.need_somewhere("look")
    return who


def having(*functions: Function) -> Any:
    """A dependency: the person who asks has one of these functions at some area."""

    async def check(by: Annotated[Caller, Depends(_person)]) -> Caller:
        if not any(by.rights.anywhere(function) for function in functions):
            by.need_somewhere(functions[0])
        return by

    return Depends(check)


Anybody = Annotated[Caller | GatewayWho, Depends(_fetcher)]
"""Persons who may look, and gateways."""
Person = Annotated[Caller, Depends(_person)]
"""A person, whatever he may do: for what is his own."""
Looker = Annotated[Caller, having("look")]
Asker = Annotated[Caller, having("broadcast.ask")]
Approver = Annotated[Caller, having("broadcast.approve")]
Stopper = Annotated[Caller, having("broadcast.stop")]
Commander = Annotated[Caller, having("line.control", "call")]
Grouper = Annotated[Caller, having("group.set")]
Listener = Annotated[Caller, having("recording.listen")]
Reader = Annotated[Caller, having("journal.read")]
Keeper = Annotated[Caller, having("fleet.manage")]
Manager = Annotated[Caller, having("people.manage")]
