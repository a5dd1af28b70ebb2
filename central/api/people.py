"""Routes of people: sign-in, sign-out, accounts, roles, invitations, sessions, tokens of programs."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.desk import Desk
from central.api.errors import responses
from central.api.machines import address_of
from central.api.people_desk import PeopleDesk
from central.api.people_requests import (
    AcceptRequest,
    InvitationAsked,
    PasswordChange,
    PersonAdded,
    PersonChange,
    SignInRequest,
    TokenAsked,
)
from central.api.who import Looker, Manager, Person
from central.people_models import (
    AccessView,
    InvitationView,
    NewTokenView,
    PersonTokenView,
    PersonView,
    SecondFactorView,
    SessionView,
    SignedInView,
)

router = APIRouter(tags=["people"])

Name = Annotated[str, Path(max_length=64, description="A person's name", examples=["wang"])]
Id = Annotated[str, Path(max_length=64, description="Id of a session or token", examples=["s-1a2b3c4d"])]


def _people(request: Request) -> PeopleDesk:
    desk: Desk = request.app.state.desk
    return desk.people


def _address(request: Request) -> str:
    return address_of(request)


@router.post("/sign-in", summary="Begin a session", responses=responses(429, 503))
async def sign_in(request: Request, asked: SignInRequest) -> SignedInView:
    """Name, password and, unless he needs none, the code of the second factor. The answer holds the session's token.

    Every wrong answer says the same, whatever was wrong. After five of them the name waits 30 s, then ever longer.
    """
    return await _people(request).sign_in(asked, _address(request))


@router.post("/invitation", summary="Use an invitation", responses=responses(429, 503))
async def accept(request: Request, asked: AcceptRequest) -> SecondFactorView:
    """Sets the password of whoever was invited, and gives him his second factor. An invitation is good once."""
    return await _people(request).accept(asked, _address(request))


@router.post("/sign-out", summary="End the session", responses=responses(409, 503))
async def sign_out(request: Request, by: Person) -> SessionView:
    """The session with whose token this is asked."""
    return await _people(request).sign_out(by)


@router.get("/access", summary="Roles and areas", responses=responses())
async def access(request: Request, by: Looker) -> AccessView:
    """What each role allows, and the areas at which it can be given."""
    return _people(request).access()


@router.get("/people", summary="Everybody", responses=responses())
async def people(request: Request, by: Manager) -> tuple[PersonView, ...]:
    """Those whom the asker manages (all of whose roles are at areas of his), and himself."""
    return _people(request).people(by)


@router.post("/people", summary="Add a person", status_code=201, responses=responses(404, 409, 503))
async def add(request: Request, by: Manager, asked: PersonAdded) -> InvitationView:
    """He sets his own password with the invitation that is answered."""
    return await _people(request).add(by, asked)


@router.get("/people/{name}", summary="One person", responses=responses(404))
async def person(request: Request, by: Person, name: Name) -> PersonView:
    """Himself, or one whom the asker manages."""
    return _people(request).person(by, name)


@router.patch("/people/{name}", summary="Change a person", responses=responses(404, 409, 503))
async def change(request: Request, by: Manager, name: Name, asked: PersonChange) -> PersonView:
    """Roles at areas, label, enabled or not. It holds at once, also for sessions that stand."""
    return await _people(request).change(by, name, asked)


@router.delete("/people/{name}", summary="Remove a person", responses=responses(404, 409, 503))
async def remove(request: Request, by: Manager, name: Name) -> PersonView:
    """Sessions, tokens and live channels end at once. The name stays in the journal and is not given again."""
    return await _people(request).remove(by, name)


@router.post(
    "/people/{name}/invitation", summary="Invite again", status_code=201, responses=responses(404, 503)
)
async def invite(request: Request, by: Manager, name: Name, asked: InvitationAsked) -> InvitationView:
    """For who lost his password or his device. What he had is void at once."""
    return await _people(request).invite(by, name, asked.kind)


@router.post("/people/{name}/unlock", summary="End a lock-out", responses=responses(404, 503))
async def unlock(request: Request, by: Manager, name: Name) -> PersonView:
    """After too many wrong passwords."""
    return await _people(request).unlock(by, name)


@router.post(
    "/people/{name}/password", summary="Change one's own password", responses=responses(404, 429, 503)
)
async def change_password(request: Request, by: Person, name: Name, asked: PasswordChange) -> PersonView:
    """In a session. All other sessions of the person end."""
    return await _people(request).change_password(by, name, asked)


@router.get("/sessions", summary="Who is signed in", responses=responses())
async def sessions(request: Request, by: Manager) -> tuple[SessionView, ...]:
    """Sessions of all whom the asker manages."""
    return _people(request).sessions(by, None)


@router.get("/people/{name}/sessions", summary="A person's sessions", responses=responses(404))
async def sessions_of(request: Request, by: Person, name: Name) -> tuple[SessionView, ...]:
    """His own, or those of one whom the asker manages."""
    return _people(request).sessions(by, name)


@router.delete("/people/{name}/sessions/{id}", summary="End a session", responses=responses(404, 503))
async def end_session(request: Request, by: Person, name: Name, id: Id) -> SessionView:
    """At once, with its live channels."""
    return await _people(request).end_session(by, name, id)


@router.get("/people/{name}/tokens", summary="Tokens of a person's programs", responses=responses(404))
async def tokens(request: Request, by: Person, name: Name) -> tuple[PersonTokenView, ...]:
    """Without the tokens themselves, which nobody can show again."""
    return _people(request).tokens(by, name)


@router.post(
    "/people/{name}/tokens", summary="A token for a program", status_code=201, responses=responses(404, 503)
)
async def add_token(request: Request, by: Person, name: Name, asked: TokenAsked) -> NewTokenView:
    """For a program that asks in one's own name, with one's own rights. Only in a session, and shown this once."""
    return await _people(request).add_token(by, name, asked)


@router.delete("/people/{name}/tokens/{id}", summary="Take a token back", responses=responses(404, 503))
async def end_token(request: Request, by: Person, name: Name, id: Id) -> PersonTokenView:
    """At once."""
    return await _people(request).end_token(by, name, id)
