"""`spillway people`: who may do what, and where; invitations, sessions, tokens of programs."""

from typing import Annotated

import typer
from rich.text import Text

from central.api.people_requests import AcceptRequest, PasswordChange
from central.cli import people_tables as tables
from central.cli.core import part
from central.cli.refusals import Misused
from central.cli.secret_words import ask_new_password, ask_secret
from central.cli.session import Session, asks_as_nobody, asks_core
from central.people.functions import ROLES
from central.people_models import (
    AccessView,
    InvitationView,
    NewTokenView,
    PersonTokenView,
    PersonView,
    SecondFactorView,
    SessionView,
)

app = typer.Typer(help="People: roles and areas, invitations, sessions, tokens.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of programs that ask in a person's name.", no_args_is_help=True)
app.add_typer(token_app, name="token")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whom it is about.")]
RoleWord = Annotated[str, typer.Argument(metavar="ROLE", help=", ".join(ROLES) + ".")]
AreaWord = Annotated[str, typer.Argument(metavar="AREA", help="Area; the whole centre when left out.")]


@app.command("list")
@asks_core
def list_people(session: Session) -> None:
    """Show everybody whom you manage."""
    views = session.core.ask(tuple[PersonView, ...], "GET", "people")
    session.show(views, tables.people(views))


@app.command("show")
@asks_core
def show(session: Session, name: Name) -> None:
    """Show one person: yourself, or one whom you manage."""
    _shown(session, session.core.ask(PersonView, "GET", f"people/{part(name)}"))


@app.command("roles")
@asks_core
def roles(session: Session) -> None:
    """Show what each role allows, and the areas there are."""
    view = session.core.ask(AccessView, "GET", "access")
    session.show(view, tables.roles(view), tables.areas(view))


@app.command("add")
@asks_core
def add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that will stand in the journal.")],
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="Name for people.")] = "",
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="ROLE[@AREA]", help="A role, at an area. May be repeated."),
    ] = None,
) -> None:
    """Add a person. Prints the invitation with which he sets his own password, this once."""
    body = {"name": name, "label": label, "grants": [_grant(*_split(text)) for text in role or ()]}
    _invited(session, session.core.ask(InvitationView, "POST", "people", json=body))


@app.command("grant")
@asks_core
def grant(session: Session, name: Name, role: RoleWord, area: AreaWord = "") -> None:
    """Give a role."""
    _change(session, name, {"grant": [_grant(role, area)]})


@app.command("revoke")
@asks_core
def revoke(session: Session, name: Name, role: RoleWord, area: AreaWord = "") -> None:
    """Take a role away. It holds at once."""
    _change(session, name, {"revoke": [_grant(role, area)]})


@app.command("disable")
@asks_core
def disable(session: Session, name: Name) -> None:
    """Let nobody in under this name: sessions, tokens and live channels end at once."""
    _change(session, name, {"enabled": False})


@app.command("enable")
@asks_core
def enable(session: Session, name: Name) -> None:
    """Let him in again."""
    _change(session, name, {"enabled": True})


@app.command("remove")
@asks_core
def remove(session: Session, name: Name) -> None:
    """He has left: everything of his ends at once, for good. The name is not given again."""
    _shown(session, session.core.ask(PersonView, "DELETE", f"people/{part(name)}"))


@app.command("password")
@asks_core
def password(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Somebody else: he gets a new invitation.")
    ] = None,
) -> None:
    """Change your own password; or, with a NAME, void somebody's account and invite him anew."""
    if name is not None and name != session.person:
        _invite(session, name, "account")
        return
    body = PasswordChange(old=ask_secret("present password"), new=ask_new_password()).model_dump()
    _shown(
        session,
        session.core.ask(PersonView, "POST", f"people/{part(session.person)}/password", json=body),
    )


@app.command("totp")
@asks_core
def totp(session: Session, name: Name) -> None:
    """Void somebody's second factor and invite him to a new one. His password stays."""
    _invite(session, name, "second-factor")


@app.command("unlock")
@asks_core
def unlock(session: Session, name: Name) -> None:
    """End a lock-out after wrong passwords."""
    _shown(session, session.core.ask(PersonView, "POST", f"people/{part(name)}/unlock"))


@app.command("accept")
@asks_as_nobody
def accept(session: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="Your name.")]) -> None:
    """Use an invitation: set your password, get your second factor. The code of the invitation is asked for."""
    invitation, chosen = ask_secret("invitation"), ask_new_password()
    body = AcceptRequest.model_construct(name=name, invitation=invitation, password=chosen).model_dump()
    view = session.core.ask(SecondFactorView, "POST", "invitation", json=body)
    session.show(view, tables.second_factor(view))
    session.hint(f"now: spillway sign-in {name}")


@app.command("sessions")
@asks_core
def sessions(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only of this person.")] = None,
) -> None:
    """Show who is signed in."""
    path = "sessions" if name is None else f"people/{part(name)}/sessions"
    views = session.core.ask(tuple[SessionView, ...], "GET", path)
    session.show(views, tables.sessions(views))


@app.command("end-session")
@asks_core
def end_session(
    session: Session, name: Name, id: Annotated[str, typer.Argument(metavar="ID", help="Id of the session.")]
) -> None:
    """End a session at once, your own or one of somebody whom you manage."""
    view = session.core.ask(SessionView, "DELETE", f"people/{part(name)}/sessions/{part(id)}")
    session.show(view, Text(f"session {view.id} of {view.person} has ended"))


@token_app.command("list")
@asks_core
def list_tokens(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Whose; your own if left out.")] = None,
) -> None:
    """Show the tokens of a person's programs, without the tokens themselves."""
    path = f"people/{part(name or session.person)}/tokens"
    views = session.core.ask(tuple[PersonTokenView, ...], "GET", path)
    session.show(views, tables.tokens(views))


@token_app.command("add")
@asks_core
def add_token(
    session: Session,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="For how many days.")] = 90,
) -> None:
    """Make a token for a program that asks in your name. Printed this once; sign in before."""
    path = f"people/{part(session.person)}/tokens"
    view = session.core.ask(NewTokenView, "POST", path, json={"label": label, "days": days})
    session.show(view, tables.tokens((view,)), Text(view.token))
    session.hint("the token is not shown again: keep it in a file of mode 0600")


@token_app.command("remove")
@asks_core
def remove_token(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token.")],
    of: Annotated[
        str | None, typer.Option("--of", metavar="NAME", help="Whose; your own if left out.")
    ] = None,
) -> None:
    """Take a token back at once."""
    path = f"people/{part(of or session.person)}/tokens/{part(id)}"
    view = session.core.ask(PersonTokenView, "DELETE", path)
    session.show(view, Text(f"token {view.id} of {view.person} has ended"))


def _change(session: Session, name: str, body: dict[str, object]) -> None:
    _shown(session, session.core.ask(PersonView, "PATCH", f"people/{part(name)}", json=body))


def _shown(session: Session, view: PersonView) -> None:
    session.show(view, tables.people((view,)))


def _invite(session: Session, name: str, kind: str) -> None:
    path = f"people/{part(name)}/invitation"
    _invited(session, session.core.ask(InvitationView, "POST", path, json={"kind": kind}))


def _invited(session: Session, view: InvitationView) -> None:
    session.show(view, tables.invitation(view))
    session.hint(f"hand it to {view.person} in person; he runs: spillway people accept {view.person}")


def _split(text: str) -> tuple[str, str]:
    role, _, area = text.partition("@")
    return role, area


def _grant(role: str, area: str) -> dict[str, str]:
    if role not in ROLES:
        raise Misused(f"there is no role {role!r}", "role", f"roles: {', '.join(ROLES)}")
    return {"role": role, "area": area}
