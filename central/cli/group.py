"""`spillway group`: talk groups."""

from typing import Annotated

import typer
from pydantic import ValidationError

from central.api.requests import GroupChange
from central.cli import tables
from central.cli.refusals import Misused
from central.cli.session import Session, asks_core

app = typer.Typer(help="Talk groups: who is in them, who has the floor.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="GROUP", help="Group id.")]


@app.command("list")
@asks_core
def list_groups(session: Session) -> None:
    """Show all talk groups and who has the floor."""
    views = session.core.groups()
    session.show(views, tables.groups(views))


@app.command("show")
@asks_core
def show(session: Session, group: Id) -> None:
    """Show one talk group with its members."""
    view = session.core.group(group)
    session.show(view, tables.group(view))


@app.command("set")
@asks_core
def set_group(
    session: Session,
    group: Id,
    hang: Annotated[
        float | None, typer.Option("--hang", metavar="SECONDS", min=0, max=30, help="Hang time.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=5, max=600, help="Longest talk spurt."),
    ] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(
            "--member",
            metavar="GATEWAY/LINE[=PRIORITY]",
            help="Add a line, or give it another priority (0 to 9, 5 when left out). May be repeated.",
        ),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="GATEWAY/LINE", help="Take a line out. May be repeated."),
    ] = None,
) -> None:
    """Change a talk group; what is left out stays as it is."""
    fields: dict[str, object] = {
        "hang": hang,
        "timeout": timeout,
        "members": [_member(text) for text in member or ()],
        "remove": remove or [],
    }
    try:
        change = GroupChange.model_validate(
            {name: value for name, value in fields.items() if value not in (None, [])}
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Misused(str(first["msg"]).removeprefix("Value error, "), where) from None
    view = session.core.set_group(group, change)
    session.show(view, tables.group(view))


def _member(text: str) -> dict[str, object]:
    line, equals, priority = text.partition("=")
    if not equals:
        return {"line": line}
    if not priority.isdigit():
        raise Misused(f"{text!r}: the priority is not a number", "--member", "write gw-north/r1=7")
    return {"line": line, "priority": int(priority)}
