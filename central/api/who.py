"""Route parameters that say who asks: persons here, gateways in machines.py; those may only fetch and send files."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from central.api.desk import DeskError
from central.api.machines import asking_gateway
from central.api.tokens import Tokens, Who

_scheme = HTTPBearer(auto_error=False, description="A token from the centre's token file")


def _anybody(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]
) -> Who:
    tokens: Tokens = request.app.state.tokens
    who = tokens.who(shown.credentials) if shown is not None else None
    if who is not None and who.kind == "person":
        return who
    gateway = asking_gateway(request)
    if gateway is not None:
        return Who("gateway", gateway)
    what = "no token was shown" if shown is None else "this token is not known"
    raise DeskError(401, what, "send the header `Authorization: Bearer TOKEN` with a token of this town")


def _person(who: Annotated[Who, Depends(_anybody)]) -> str:
    if who.kind != "person":
        what = f"{who.name} is a gateway; gateways may only fetch and send files"
        raise DeskError(403, what, "use a person's token")
    return who.name


Anybody = Annotated[Who, Depends(_anybody)]
"""A route parameter: persons and gateways may ask this."""
Person = Annotated[str, Depends(_person)]
"""A route parameter: the name of the person who asks; nobody else may."""
