"""Builds the API: routes, errors, limits, documentation. Decides nothing and keeps nothing.

It speaks no TLS: it is served to the front on a Unix socket, or in plain on 127.0.0.1 (see server.py).
"""

from fastapi import FastAPI

from central.api import (
    broadcasts,
    bundles,
    calls,
    clips,
    enrolment,
    events,
    field,
    groups,
    journal,
    keys,
    live,
    patches,
    people,
    phones,
    recording_proofs,
    recordings,
    rollouts,
    status,
    uploads,
)
from central.api.desk import Desk
from central.api.errors import install
from central.api.gate import Gate
from central.api.limits import BodyLimit
from central.api.machines import ByToken, Machines
from central.api.tokens import Tokens

PREFIX = "/api/v1"

_ABOUT = """
What the operator's command line, screens and other systems may see and ask of the centre.

* `POST /api/v1/sign-in` gives a session's token; programs have tokens of their own: `Authorization: Bearer TOKEN`.
* What somebody may do depends on his roles and their areas. A refusal (403) says what is missing and where.
* Every error is `{what, where, advice}`.
* Times named `…_wall` are Unix seconds; all other times are durations in seconds.
* `WebSocket /api/v1/live` (same header) says the whole town first and then each change as
  `{"kind": "town|gateway|group|patch|broadcast|recording|node|call|site|text|order|notice|centre", …}`. It closes with
  4403 without the token of a person who may look and when his session ends, 4408 when the listener is too slow (connect
  again), 4429 when too many listen.
"""


def make_app(
    desk: Desk, gate: Gate, tokens: Tokens, version: str = "0.1.0", machines: Machines | None = None
) -> FastAPI:
    """The ASGI application that asks `desk` for persons whom `gate` knows.

    `machines` knows the gateways; without it they show one of `tokens`, as in plain.
    """
    app = FastAPI(
        title="Spillway",
        version=version,
        description=_ABOUT,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,  # it would name http:// as the place to go to, and the token with it
    )
    app.state.desk = desk
    app.state.gate = gate
    app.state.tokens = tokens
    app.state.machines = machines or ByToken(tokens, gate)
    install(app)
    for part in (
        status,
        groups,
        patches,
        field,
        calls,
        broadcasts,
        clips,
        recording_proofs,
        recordings,
        uploads,
        events,
        journal,
        enrolment,
        people,
        phones,
        keys,
        bundles,
        rollouts,
        live,
    ):
        app.include_router(part.router, prefix=PREFIX)
    app.add_middleware(
        BodyLimit, uploads=(f"{PREFIX}/clips",), parts=f"{PREFIX}/up/", bundles=f"{PREFIX}/bundles"
    )
    return app
