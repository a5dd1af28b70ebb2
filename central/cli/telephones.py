"""`spillway phone new|list|show|new-secret|remove`: telephones at the edge."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from central.cli.core import part
from central.cli.session import Session, asks_core
from central.cli.tables import moment, sheet
from central.phone_models import NewPhoneView, PhoneView

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Extension, 2 to 8 digits.")]


@asks_core
def new(
    session: Session,
    number: Number,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="Name for people.")] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="NAME", help="The person who has it.")] = "",
    permission: Annotated[
        str, typer.Option("--class", metavar="WORD", help="Permission class: what it may dial.")
    ] = "internal",
    security: Annotated[
        str | None,
        typer.Option("--security", metavar="WORD", help="plain, or secured: TLS and SRTP or nothing."),
    ] = None,
) -> None:
    """Add a telephone. Prints the secret to type into it, this once."""
    body: dict[str, object] = {"number": number, "label": label, "owner": owner, "permission": permission}
    if security is not None:
        body["security"] = security
    _made(session, session.core.ask(NewPhoneView, "POST", "phones", json=body))


@asks_core
def list_phones(session: Session) -> None:
    """Show the telephones at the edge."""
    views = session.core.ask(tuple[PhoneView, ...], "GET", "phones")
    session.show(views, table(views))


@asks_core
def show(session: Session, number: Number) -> None:
    """Show one telephone."""
    view = session.core.ask(PhoneView, "GET", f"phones/{part(number)}")
    session.show(view, table((view,)))


@asks_core
def new_secret(session: Session, number: Number) -> None:
    """Give a telephone a new secret. The old one is void at once. Printed this once."""
    _made(session, session.core.ask(NewPhoneView, "POST", f"phones/{part(number)}/secret"))


@asks_core
def remove(session: Session, number: Number) -> None:
    """Remove a telephone: it can neither register nor call at once."""
    view = session.core.ask(PhoneView, "DELETE", f"phones/{part(number)}")
    session.show(view, Text(f"telephone {view.number} is out"))


def add_to(app: typer.Typer) -> None:
    """These commands into `spillway phone`."""
    for name, command in (
        ("new", new),
        ("list", list_phones),
        ("show", show),
        ("new-secret", new_secret),
        ("remove", remove),
    ):
        app.command(name)(command)


def table(views: tuple[PhoneView, ...]) -> Table:
    """Telephones, one a row."""
    made = sheet("Telephones", "number", "label", "owner", "class", "security", "secret since", "by", "works")
    for view in views:
        works = "yes" if view.works else "no: make a new secret"
        tail = (view.security, moment(view.since_wall), view.by, works)
        made.add_row(view.number, view.label, view.owner, view.permission, *tail)
    return made


def _made(session: Session, view: NewPhoneView) -> None:
    ways = [f"TLS port {view.tls_port}"] if view.tls_port else []
    ways += [f"UDP port {view.udp_port}"] if view.udp_port and view.security == "plain" else []
    lines = [f"server {view.server}, {', '.join(ways)}", f"user   {view.number}", f"secret {view.secret}"]
    session.show(view, table((view,)), Text("\n" + "\n".join(f"    {line}" for line in lines) + "\n"))
    session.hint("type it into the telephone now: it is not shown again")
