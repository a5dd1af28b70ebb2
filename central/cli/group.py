"""`spillway group`: talk groups."""

from typing import Annotated

import typer
from pydantic import ValidationError

from central.api.requests import GroupChange
from central.cli import patch, tables
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


@app.command("make")
@asks_core
def make(
    session: Session,
    group: Id,
    line: Annotated[
        list[str],
        typer.Option(
            "--lines",
            metavar="GATEWAY/LINE[=PRIORITY],...",
            help="Its members, borrowed from their groups until its end. May be repeated.",
        ),
    ],
    time: patch.For = None,
    hang: Annotated[
        float | None, typer.Option("--hang", metavar="SECONDS", min=0, max=30, help="Hang time.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=5, max=600, help="Longest talk spurt."),
    ] = None,
) -> None:
    """Make a temporary group of lines. It ends by itself after --for, or by `spillway patch end`."""
    session.core.make_patch(patch.temporary(group, line, time, hang, timeout))
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
    listen: Annotated[
        list[str] | None,
        typer.Option(
            "--listen", metavar="GATEWAY/LINE", help="Add a line that only listens. May be repeated."
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
        "members": [*(_member(text) for text in member or ()), *_listening(listen or [], member or [])],
        "remove": remove or [],
    }
    try:
        change = GroupChange.model_validate(
            {name: value for name, value in fields.items() if value not in (None, [])}
        )
    except ValidationError as error:
        raise patch.misused(error) from None
    view = session.core.set_group(group, change)
    session.show(view, tables.group(view))


def _member(text: str) -> dict[str, object]:
    """A line that talks: who was listen-only before talks again."""
    (line,) = patch.lines_of([text])
    return {**line, "listen": False}


def _listening(lines: list[str], members: list[str]) -> list[dict[str, object]]:
    both = {line for line in lines if line in {text.partition("=")[0] for text in members}}
    if both:
        raise Misused(f"{min(both)} cannot both talk and only listen", "--listen", "name it once")
    return [{"line": line, "listen": True} for line in lines]
