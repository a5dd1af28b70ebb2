"""`spillway text`: texts (SMS, SDS) and status messages, out and in."""

from typing import Annotated

import typer

from central.cli import field_tables
from central.cli.giving import Line, Wait, give
from central.cli.session import Session, asks_core

app = typer.Typer(help="Texts over phones and TETRA terminals, and status messages.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="To whom.")]


@app.command("send")
@asks_core
def send(
    session: Session,
    line: Line,
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Of any script, at most 2000 characters.")],
    wait: Wait = False,
) -> None:
    """Send a text; --wait returns when the network has taken it, `text list` shows whether it arrived."""
    give(session, wait, "text", line, number=number, text=text)


@app.command("status")
@asks_core
def status(
    session: Session,
    line: Line,
    number: Number,
    status: Annotated[int, typer.Argument(metavar="STATUS", min=0, max=65_535, help="The status.")],
    wait: Wait = False,
) -> None:
    """Send a status over a trunked line."""
    give(session, wait, "status", line, number=number, status=status)


@app.command("list")
@asks_core
def list_texts(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=500, help="How many.")] = 20,
    line: Annotated[
        str | None, typer.Option("--line", metavar="GATEWAY/LINE", help="Only of this line.")
    ] = None,
) -> None:
    """Show the newest texts in and out, with what became of them."""
    views = session.core.texts(limit, line)
    session.show(views, field_tables.texts(views))
