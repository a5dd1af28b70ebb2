"""`spillway broadcast`: sound a clip, a text or a WAV in zones; approve and stop.

`spillway broadcast north --text …` and `spillway broadcast approve ID` share the place of the first word:
what is no verb is a zone. Zones named like a verb are refused in the centre's configuration.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from central.api.changes import BroadcastNow, TownNow
from central.api.requests import BroadcastRequest
from central.cli import tables
from central.cli.follow import changes
from central.cli.refusals import Misused, Refused
from central.cli.session import Session, asks_core
from central.cli.signing import KeyOption, PhraseOption, sign_broadcast, sign_stop
from central.readmodels import BroadcastView
from link.contract.orders import Channel

ZONES = "ZONE..."
"""Name of the command that is meant when the first word is no verb."""
PROOF_PATIENCE = 5.0
"""Seconds that --wait gives the proofs of sound after the end."""
WAIT_HELP = (
    "Return when its end and the proofs of sound are known (5 s after the end at the latest); fail unless every "
    "loudspeaker played it and none was proven silent or partly heard."
)
VERBS = ("approve", "list", "show", "stop")


class ZonesOrVerb(TyperGroup):
    """Sends `broadcast north south --text …` to the command for zones."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See TyperGroup."""
        if args and args[0] not in (*VERBS, "--help"):
            args = [ZONES, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ZonesOrVerb,
    help="Broadcast to zones: spillway broadcast ZONE… --clip NAME | --text TEXT | --wav FILE.",
    no_args_is_help=True,
)


@app.command(ZONES)
@asks_core
def start(
    session: Session,
    zones: Annotated[list[str], typer.Argument(metavar="ZONE...", help="Zones that shall sound.")],
    clip: Annotated[
        str | None, typer.Option("--clip", metavar="NAME", help="Sound this clip (see `clip list`).")
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="Speak this text, at most 2000 characters.")
    ] = None,
    voice: Annotated[
        str | None,
        typer.Option("--voice", metavar="zh|en", help="Language of the text; by the text when left out."),
    ] = None,
    wav: Annotated[
        Path | None,
        typer.Option("--wav", metavar="FILE", exists=True, dir_okay=False, help="Sound this WAV file."),
    ] = None,
    channel: Annotated[
        Channel,
        typer.Option(
            "--channel",
            metavar="live|drill|test",
            help="live waits for a second person; drill and test sound at once.",
        ),
    ] = "live",
    priority: Annotated[
        int, typer.Option("--priority", metavar="N", min=0, max=9, help="A higher one pre-empts.")
    ] = 5,
    window: Annotated[
        float,
        typer.Option(
            "--window", metavar="SECONDS", min=5, max=3600, help="How long orders may go out at most."
        ),
    ] = 300.0,
    wait: Annotated[bool, typer.Option("--wait", help=WAIT_HELP)] = False,
    key: KeyOption = None,
    pass_phrase_file: PhraseOption = None,
) -> None:
    """Broadcast to one or more zones."""
    verbs = [zone for zone in zones if zone in VERBS]
    if verbs:
        advice = f"write `spillway broadcast {verbs[0]} ID`, the verb first"
        raise Misused(f"{verbs[0]!r} is a verb and no zone", "ZONE", advice)
    if sum(given is not None for given in (clip, text, wav)) != 1:
        raise Misused("give exactly one of --clip, --text and --wav")
    fields: dict[str, object] = {"zones": zones, "clip": clip, "text": text, "voice": voice}
    fields |= {"channel": channel, "priority": priority, "window": window}
    fields["wav"] = session.core.send_clip(wav, None).sha if wav else None
    try:
        request = BroadcastRequest.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Misused(str(first["msg"]).removeprefix("Value error, "), where) from None
    _carry_out(session, request, wait, key, pass_phrase_file)


def _carry_out(
    session: Session, request: BroadcastRequest, wait: bool, key: Path | None, phrase_file: Path | None
) -> None:
    """Ask, sign what the centre makes of it if that is what was asked, follow it to its end if it is wanted."""
    view = session.core.start_broadcast(request)
    if view.to_sign:
        _as_asked(view, request)
        view = sign_broadcast(session, view, key, phrase_file, asked=True)
    if view.state == "waiting":
        session.hint(f"waits for a second person: spillway broadcast approve {view.id} --as NAME")
    if wait:
        view = followed(session, view)
    session.show(view, tables.broadcast(view))
    if wait and view.state != "done":
        raise Refused(f"the broadcast ended as {view.state}", view.id, _why(view))


def _as_asked(view: BroadcastView, request: BroadcastRequest) -> None:
    """The centre took it as it was asked; else nothing is signed."""
    if (view.channel, view.zones, view.text) != (request.channel, request.zones, request.text or ""):
        raise Refused("not signed: the centre made something else of what was asked", view.id, "ask again")


@app.command("list")
@asks_core
def list_broadcasts(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many.")] = 20,
) -> None:
    """Show the newest broadcasts."""
    views = session.core.broadcasts(limit)
    session.show(views, tables.broadcasts(views))


Id = Annotated[str, typer.Argument(metavar="ID", help="Broadcast id.")]


@app.command("show")
@asks_core
def show(session: Session, id: Id) -> None:
    """Show one broadcast with its loudspeakers."""
    view = session.core.broadcast(id)
    session.show(view, tables.broadcast(view))


@app.command("approve")
@asks_core
def approve(session: Session, id: Id, key: KeyOption = None, pass_phrase_file: PhraseOption = None) -> None:
    """Approve a live broadcast, as another person than the one who asked for it: look at what is shown, and sign."""
    view = session.core.broadcast(id)
    signing = bool(view.to_sign)
    view = sign_broadcast(session, view, key, pass_phrase_file) if signing else session.core.approve(id)
    session.show(view, tables.broadcast(view))


@app.command("stop")
@asks_core
def stop(session: Session, id: Id, key: KeyOption = None, pass_phrase_file: PhraseOption = None) -> None:
    """Stop a broadcast; a live one with your signature."""
    view = session.core.broadcast(id)
    sounding = not view.over or any(target.sends and not target.confirmed for target in view.targets)
    if view.to_sign and sounding and (view.channel == "live" or key is not None):
        view = sign_stop(session, view, key, pass_phrase_file)
    else:
        view = session.core.stop(id)
    session.show(view, tables.broadcast(view))


def followed(session: Session, view: BroadcastView) -> BroadcastView:
    """The broadcast at its end, with the proofs that came soon; it always ends by itself."""
    try:
        view = _until(session, view, None, lambda seen: seen.over)
        until = time.monotonic() + PROOF_PATIENCE
        return _until(session, view, until, lambda seen: not seen.proving)
    except KeyboardInterrupt:
        session.hint(f"the broadcast goes on; to stop it: spillway broadcast stop {view.id}")
        raise


def _until(
    session: Session, view: BroadcastView, end: float | None, enough: Callable[[BroadcastView], bool]
) -> BroadcastView:
    if enough(view):
        return view
    for change in changes(session.core, end):
        news = _news(session, view.id, change)
        if news is None:
            continue
        if news.state != view.state and not session.as_json:
            session.hint(f"{news.id}: {news.state}")
        view = news
        if enough(view):
            break
    return view


def _news(session: Session, id: str, change: object) -> BroadcastView | None:
    match change:
        case BroadcastNow(broadcast=broadcast) if broadcast.id == id:
            return broadcast
        case TownNow(town=town):
            found = [broadcast for broadcast in town.broadcasts if broadcast.id == id]
            return found[0] if found else session.core.broadcast(id)
    return None


def _why(view: BroadcastView) -> str:
    ends = [f"{t.line} {t.state}{': ' + t.why if t.why else ''}" for t in view.targets if t.state != "played"]
    for target in view.targets:
        if target.proof is not None and target.proof.verdict in ("silent", "partly"):
            ends.append(f"{target.line} proven {tables.proof(target.proof)}")
    return "; ".join(ends)
