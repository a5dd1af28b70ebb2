"""`spillway recording`: several in time, exports as evidence, the chain's head and its check, legal holds."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import Field

from central.api.recording_requests import ExportAsked, HoldAsked, MixAsked
from central.cli import recording, tables
from central.cli.core import part
from central.cli.refusals import Refused
from central.cli.session import Session, asks_core
from central.cli.times import moment_of
from central.recording_models import HoldView, SealVerdictView, SealView
from central.view import View

app = recording.app

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Recording ids.")]
Target = Annotated[Path, typer.Option("--to", metavar="FILE", dir_okay=False, help="Where to write it.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="What for; it stands in the journal.")]


class SavedView(View):
    """A file that was written."""

    file: str = Field(description="Where it was written")
    size: int = Field(description="Its size, bytes")


@app.command("mix")
@asks_core
def mix(
    session: Session,
    ids: Ids,
    to: Target,
    shape: Annotated[
        Literal["mixed", "stereo"],
        typer.Option("--shape", metavar="mixed|stereo", help="Added, or left and right."),
    ] = "mixed",
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="From when.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until when.")] = None,
) -> None:
    """Write several recordings into one WAV, each at its place in time."""
    times = {"since": moment_of(since, "--since"), "until": moment_of(until, "--until")}
    asked = MixAsked.model_validate({"recordings": ids, "shape": shape, **times})
    size = session.core.save("recordings/mix", asked.model_dump(mode="json"), to)
    session.show(SavedView(file=str(to), size=size), f"{to}: {size:,} bytes")


@app.command("export")
@asks_core
def export(session: Session, ids: Ids, to: Target, why: Why) -> None:
    """Write recordings as evidence into a zip, which `python3 verify.py` in it checks."""
    asked = ExportAsked.model_validate({"recordings": ids, "why": why})
    size = session.core.save("recordings/export", asked.model_dump(mode="json"), to)
    advice = f"{to}: {size:,} bytes; unpack it and run: python3 verify.py"
    session.show(SavedView(file=str(to), size=size), advice)


@app.command("seal")
@asks_core
def seal(session: Session) -> None:
    """Show the signed head of the chain of recordings, and the key's fingerprint."""
    view = session.core.ask(SealView, "GET", "recordings/seal")
    text = (
        f"{view.head}signature {view.signature}\nfingerprint {view.fingerprint}\n{view.public_pem}".rstrip()
    )
    session.show(view, text)


@app.command("verify")
@asks_core
def verify(session: Session) -> None:
    """Check the whole chain of recordings, and every file that it names."""
    view = session.core.ask(SealVerdictView, "POST", "recordings/verify", timeout=None)
    session.show(view, f"{view.entries} entries and {view.files} files are as they were sealed")
    if not view.ok:
        what = view.reason or f"{len(view.damaged)} files are not as they were sealed"
        raise Refused(
            what, ", ".join(view.damaged[:5]) or "chain", "keep the disk as it is, and bring the backup"
        )


@app.command("hold")
@asks_core
def hold(
    session: Session, id: Annotated[str, typer.Argument(metavar="ID", help="Recording id.")], why: Why
) -> None:
    """Keep a recording, with all its segments, until the hold is released."""
    view = session.core.ask(
        HoldView, "POST", f"recordings/{part(id)}/hold", json=HoldAsked(why=why).model_dump()
    )
    session.show(view, f"hold {view.number}: {view.recording} is kept")


@app.command("release")
@asks_core
def release(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the hold.")],
    why: Why,
) -> None:
    """Release a hold: the recording goes when its days are over."""
    body = HoldAsked(why=why).model_dump()
    view = session.core.ask(HoldView, "POST", f"recordings/holds/{number}/release", json=body)
    session.show(view, f"hold {view.number}: {view.recording} is released")


@app.command("holds")
@asks_core
def holds(
    session: Session,
    every: Annotated[bool, typer.Option("--all", help="Those that were released too.")] = False,
) -> None:
    """Show what is held, by whom and why."""
    given = {"standing": "false" if every else "true"}
    views = session.core.ask(tuple[HoldView, ...], "GET", "recordings/holds", params=given)
    table = tables.sheet("Holds", "number", "recording", "by", "since", "why", "released")
    for view in views:
        released = f"{view.released_by}: {view.released_why}" if view.released_wall is not None else ""
        since = tables.moment(view.placed_wall)
        table.add_row(str(view.number), view.recording, view.placed_by, since, view.why, released)
    session.show(views, table)
