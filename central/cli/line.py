"""`spillway line`: lines with their terminals; the group on which a trunked terminal stands."""

from typing import Annotated

import typer

from central.cli import field_tables
from central.cli.giving import Line, Wait, give
from central.cli.session import Session, asks_core

app = typer.Typer(help="Lines: signal, group, frequency, calls, who talked.", no_args_is_help=True)


@app.command("list")
@asks_core
def list_lines(session: Session) -> None:
    """Show all lines with what their terminals told."""
    views = tuple(line for site in session.core.sites() for line in site.lines)
    session.show(views, field_tables.lines(views))


@app.command("show")
@asks_core
def show(session: Session, line: Line) -> None:
    """Show one line: last call, last talker, digits, positions, emergencies."""
    view = session.core.line(line)
    session.show(view, field_tables.line(view))


@app.command("group")
@asks_core
def group(
    session: Session,
    line: Line,
    group: Annotated[str, typer.Argument(metavar="GSSI", help="Group number of its network.")],
    wait: Wait = False,
) -> None:
    """Put the terminal of a trunked line on a group of its network."""
    give(session, wait, "group", line, group=group)
