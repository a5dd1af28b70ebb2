"""What the front answers by itself, in the shape of the API's errors: nginx's own pages are for nobody.

Nothing that a client sent is repeated in them.
"""

import json

REFUSED = "/front/refused"
"""Where a request with a certificate that was not believed ends."""
WHY = "Spillway-Refused"
"""Response header with the reason, for answers that have no body (HEAD)."""

_TLS_ADVICE = "write https:// before the address, and speak TLS 1.2 or later"

ANSWERS: dict[int, tuple[int, str, str]] = {
    400: (400, "the request cannot be read", "send well-formed HTTP/1.1, each header once"),
    405: (405, "this method is not taken here", "see /docs for the methods of this path"),
    408: (408, "nothing came for too long", "ask again"),
    413: (
        413,
        "the body is larger than this path takes",
        "send less; the limits stand in docs/integrator.md",
    ),
    414: (414, "the address is too long", "put long things into the body"),
    421: (421, "this name is not the centre's", "use one of the names that stand in [front] names"),
    429: (429, "too many tries from this address", "wait a minute"),
    431: (431, "the headers are too large", "send fewer or shorter ones"),
    494: (431, "the headers are too large", "send fewer or shorter ones"),
    497: (400, "this port takes https only", _TLS_ADVICE),
    500: (500, "the front made a mistake", "try again; if it happens again, look at the log of nginx"),
    501: (501, "this kind of request is not known", "send well-formed HTTP/1.1"),
    502: (502, "the centre does not answer", "is central core running? try again in a few seconds"),
    503: (503, "the front has no room for this request", "try again in a few seconds"),
    504: (504, "the centre did not answer in time", "try again; look at the log of central core"),
    505: (505, "this version of HTTP is not spoken here", "send HTTP/1.1"),
}
"""What nginx says by itself: its status -> the status that is sent, what happened, what to do."""


def body(what: str, advice: str) -> str:
    """One error as the API would say it."""
    return json.dumps({"what": what, "where": "the front", "advice": advice})
