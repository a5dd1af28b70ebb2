"""`spillway events`: what gateways told, how it reaches the centre, and what nobody understood."""

from pathlib import Path
from typing import Annotated

import typer

from central.cli import link_tables
from central.cli.refusals import Misused
from central.cli.session import Session, asks_core
from central.link_models import RawView

app = typer.Typer(help="Events of gateways, their links, and the quarantine.", no_args_is_help=True)

Of = Annotated[str | None, typer.Option("--gateway", metavar="GATEWAY", help="Only of this gateway.")]
Most = Annotated[int, typer.Option("-n", metavar="N", min=1, max=1000, help="How many at most.")]


@app.command("list")
@asks_core
def list_events(session: Session, gateway: Of = None, n: Most = 50) -> None:
    """Show the newest events by the time at which they happened, newest first."""
    views = session.core.events(gateway, n)
    session.show(views, link_tables.events(views))


@app.command("links")
@asks_core
def links(session: Session, gateway: Of = None) -> None:
    """Show what each gateway has sent, what waits there, and what is missing."""
    views = tuple(view for view in session.core.town().gateways if gateway in (None, view.gateway))
    session.show(views, link_tables.links(views))


@app.command("quarantine")
@asks_core
def quarantine(session: Session, gateway: Of = None, n: Most = 50) -> None:
    """Show what gateways sent and nobody understands, newest first."""
    views = session.core.quarantine(gateway, n)
    session.show(views, link_tables.quarantine(views))


@app.command("raw")
@asks_core
def raw(
    session: Session,
    entry: Annotated[
        int, typer.Argument(metavar="ENTRY", min=0, help="Number of an entry of the quarantine.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to write it.")],
) -> None:
    """Write the bytes of an entry of the quarantine to a file."""
    data = session.core.quarantine_raw(entry)
    try:
        to.write_bytes(data)
    except OSError as error:
        raise Misused(f"cannot be written: {error.strerror}", str(to)) from None
    written = RawView(entry=entry, file=str(to), bytes=len(data))
    session.show(written, f"{len(data)} bytes written to {to}")
