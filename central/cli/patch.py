"""`spillway patch`: groups and single lines joined in one conversation; also ends temporary groups."""

import re
from typing import Annotated

import typer
from pydantic import ValidationError

from central.api.patch_requests import PatchRequest, TemporaryGroup
from central.cli import tables
from central.cli.refusals import Misused
from central.cli.session import Session, asks_core

app = typer.Typer(help="Patches: groups and lines joined in one conversation.", no_args_is_help=True)

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|min|h|d)")

For = Annotated[
    str | None,
    typer.Option("--for", metavar="TIME", help="It ends by itself after so long: 45min, 2h, 1d."),
]
Line = Annotated[
    list[str] | None,
    typer.Option(
        "--line",
        metavar="GATEWAY/LINE[=PRIORITY]",
        help="A single line, borrowed from its group until the end. May be repeated.",
    ),
]


@app.command("make")
@asks_core
def make(
    session: Session,
    groups: Annotated[list[str], typer.Argument(metavar="GROUP...", help="Groups to join.")],
    line: Line = None,
    time: For = None,
) -> None:
    """Join groups, and single lines with them: a talk in one is heard in all, with one floor."""
    fields = {"groups": groups, "lines": lines_of(line or ()), "seconds": seconds_of(time)}
    try:
        asked = PatchRequest.model_validate(fields)
    except ValidationError as error:
        raise misused(error) from None
    view = session.core.make_patch(asked)
    session.show(view, tables.patches((view,)))


@app.command("list")
@asks_core
def list_patches(session: Session) -> None:
    """Show the patches and temporary groups that stand."""
    views = session.core.patches()
    session.show(views, tables.patches(views))


@app.command("end")
@asks_core
def end(
    session: Session,
    patch: Annotated[str, typer.Argument(metavar="PATCH", help="Id of a patch or temporary group.")],
) -> None:
    """End a patch or temporary group: everything goes back to its own group."""
    view = session.core.end_patch(patch)
    session.show(view, tables.patches((view,)))


def temporary(
    group: str, lines: list[str], time: str | None, hang: float | None, timeout: float | None
) -> TemporaryGroup:
    """What `spillway group make` asks for."""
    fields = {"group": group, "lines": lines_of(lines), "seconds": seconds_of(time)}
    given = {"hang": hang, "timeout": timeout}
    try:
        return TemporaryGroup.model_validate(
            {**fields, **{name: value for name, value in given.items() if value is not None}}
        )
    except ValidationError as error:
        raise misused(error) from None


def misused(error: ValidationError) -> Misused:
    """The first thing that is wrong with what was given, in words."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return Misused(str(first["msg"]).removeprefix("Value error, "), where)


def seconds_of(time: str | None) -> float | None:
    """`45min` in seconds. Misused."""
    if time is None:
        return None
    match = _TIME.fullmatch(time)
    if match is None:
        raise Misused(f"{time!r} is no time", "--for", "write 90s, 45min, 2h or 1d")
    return float(match[1]) * UNITS[match[2]]


def lines_of(texts: list[str] | tuple[()]) -> list[dict[str, object]]:
    """`gw-north/r1=7` as a line with its priority; several may stand in one, with commas between. Misused."""
    found: list[dict[str, object]] = []
    for text in (part for each in texts for part in each.split(",") if part):
        line, equals, priority = text.partition("=")
        if equals and not priority.isdigit():
            raise Misused(f"{text!r}: the priority is not a number", "lines", "write gw-north/r1=7")
        found.append({"line": line, **({"priority": int(priority)} if equals else {})})
    return found
