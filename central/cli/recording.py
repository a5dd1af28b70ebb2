"""`spillway recording`: what was recorded, and the sound of it."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import Field

from central.cli import recording_tables
from central.cli.session import Session, asks_core
from central.cli.times import moment_of
from central.recording_models import RecordingView
from central.view import View

app = typer.Typer(help="Recordings: list them, fetch their sound.", no_args_is_help=True)


class FetchedView(View):
    """A recording that was fetched."""

    recording: RecordingView = Field(description="Which recording")
    file: str = Field(description="Where it was written")
    size: int = Field(description="Size of the file, bytes")


@app.command("list")
@asks_core
def list_recordings(
    session: Session,
    kind: Annotated[
        Literal["leg", "group", "broadcast", "gateway"] | None,
        typer.Option("--kind", metavar="leg|group|broadcast|gateway", help="Only of this kind."),
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--of", metavar="NAME", help="Only of this line, group or broadcast.")
    ] = None,
    line: Annotated[str | None, typer.Option("--line", metavar="LINE", help="This line is in it.")] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="GROUP", help="Of this talk group.")] = None,
    party: Annotated[str | None, typer.Option("--party", metavar="NAME", help="He was heard.")] = None,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="Only in this state.")] = None,
    talk: Annotated[
        str | None, typer.Option("--talk", metavar="ID", help="All segments of this one.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Sounded after this, like 2024-05-01T10:00.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Began before this.")] = None,
    held: Annotated[bool | None, typer.Option("--held/--not-held", help="Under a legal hold.")] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ID", help="Go on behind the last one of a page.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many.")] = 20,
) -> None:
    """Show the newest recordings that match."""
    wanted = {"kind": kind, "subject": subject, "line": line, "group": group, "party": party, "state": state}
    times = {"since": moment_of(since, "--since"), "until": moment_of(until, "--until")}
    views = session.core.recordings(
        {**wanted, **times, "talk": talk, "held": held, "before": before, "limit": limit}
    )
    session.show(views, recording_tables.recordings(views))


@app.command("fetch")
@asks_core
def fetch(
    session: Session,
    id: Annotated[str, typer.Argument(metavar="ID", help="Recording id.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", dir_okay=False, help="Where to write the sound (FLAC, WAV or Ogg Opus)."
        ),
    ] = None,
) -> None:
    """Fetch the sound of a recording, checked against its SHA-256.

    Without FILE a recording that still lies on its gateway is asked for: it comes as soon as its link allows.
    """
    if file is None:
        asked = session.core.want_recording(id)
        session.show(asked, f"{id}: asked for; it is here once `spillway recording list` says closed")
        return
    view = session.core.recording(id)
    size = session.core.fetch_recording(view, file)
    fetched = FetchedView(recording=view, file=str(file), size=size)
    session.show(fetched, f"{file}: {size:,} bytes")
