"""`spillway status`: everything at a glance."""

import typer

from central.cli import tables
from central.cli.session import Session, asks_core

app = typer.Typer()


@app.command("status")
@asks_core
def status(session: Session) -> None:
    """Show gateways, lines, talk groups, broadcasts and voice nodes."""
    town = session.core.town()
    session.show(town, tables.town(town))
