"""How the API says no: every error is {what, where, advice}. Nothing internal leaks out."""

import difflib
import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from central.api.desk import DeskError
from central.api.field_requests import BODIES
from central.api.people_requests import PEOPLE_BODIES
from central.api.phone_requests import PhoneAdded
from central.api.requests import BroadcastRequest, GroupChange, MemberChange
from central.readmodels import View

log = logging.getLogger(__name__)


class ErrorView(View):
    """An error: what went wrong, where, and what the person can do."""

    what: str = Field(description="What went wrong", examples=["unknown zone 'nroth'"])
    where: str = Field(description="Field or path it is about", examples=["body.zones.0"])
    advice: str = Field(default="", description="What to do about it", examples=["did you mean 'north'?"])


_MEANING = {
    400: "The request cannot be read",
    401: "No token, or one that is not known or has ended",
    403: "The right for this is missing; `what` says which, and where",
    404: "There is no such thing",
    408: "Nothing came for too long",
    409: "It cannot be done in the present state; `what` says why",
    411: "The length of the body must be told",
    413: "The body is too large",
    415: "The body is not of the kind that is taken here",
    422: "A field is wrong, missing or unknown; `where` names it",
    423: "It is just being done by another request",
    429: "Too many wrong answers; `advice` says how long to wait",
    460: "What came has another hash than it should; it was thrown away",
    503: "A part of the centre that is needed does not answer",
    507: "There is no room for it",
}

_ADVICE = {
    404: "see /docs for the paths there are",
    405: "see /docs for the methods of this path",
    413: "send less",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: these, and those that any route can give."""
    wanted = sorted({401, 403, 422, *statuses})
    return {status: {"model": ErrorView, "description": _MEANING[status]} for status in wanted}


def install(app: FastAPI) -> None:
    """Answer every error in one shape."""
    app.add_exception_handler(DeskError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


def answer(status: int, what: str, where: str, advice: str = "") -> JSONResponse:
    """The response for one error."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    view = ErrorView(what=what, where=where, advice=advice)
    return JSONResponse(view.model_dump(), status, headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DeskError)
    return answer(error.status, error.what, request.url.path, error.advice)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    advice = _ADVICE.get(error.status_code, "")
    return answer(error.status_code, str(error.detail), f"{request.method} {request.url.path}", advice)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    log.error("api=broken path=%s error=%s", request.url.path, type(error).__name__, exc_info=error)
    advice = "try again; if it happens again, report it with the log of central core"
    return answer(500, "the centre made a mistake", request.url.path, advice)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(fault) for fault in error.errors()]
    columns = zip(*faults, strict=True)
    what, where, advice = ("; ".join(dict.fromkeys(filter(None, column))) for column in columns)
    return answer(422, what, where, advice)


def _fault(fault: dict[str, Any]) -> tuple[str, str, str]:
    """(what, where, advice) of one validation error; the offending value is not repeated."""
    location: Sequence[int | str] = fault["loc"]
    where = ".".join(str(part) for part in location)
    name = str(location[-1]) if location else ""
    match fault["type"]:
        case "extra_forbidden":
            return f"unknown field {name!r}", where, _near(name)
        case "missing":
            return f"{name!r} is missing", where, "add it"
        case "json_invalid":
            return "the body is not JSON", "body", str(fault.get("ctx", {}).get("error", ""))
    message = str(fault["msg"]).removeprefix("Value error, ")
    return (f"{name}: {message}" if len(location) > 1 else message), where, "see /docs for this field"


_BODIES = (BroadcastRequest, GroupChange, MemberChange, PhoneAdded, *BODIES, *PEOPLE_BODIES)
_FIELDS = sorted({name for body in _BODIES for name in body.model_fields})


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, _FIELDS, n=1)
    return f"did you mean {near[0]!r}?" if near else "leave it out, or see /docs for the fields there are"
