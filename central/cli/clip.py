"""`spillway clip`: sounds that can be broadcast."""

from pathlib import Path
from typing import Annotated

import typer

from central.cli import tables
from central.cli.session import Session, asks_core

app = typer.Typer(help="Clips: sounds that can be broadcast.", no_args_is_help=True)


@app.command("add")
@asks_core
def add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the clip.")],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A WAV file, PCM, 16 bit.")
    ],
) -> None:
    """Send a WAV file in under a name; a name that exists is given to the new sound."""
    view = session.core.send_clip(file, name)
    session.show(view, tables.clips((view,)))


@app.command("list")
@asks_core
def list_clips(session: Session) -> None:
    """Show all named clips."""
    views = session.core.clips()
    session.show(views, tables.clips(views))
