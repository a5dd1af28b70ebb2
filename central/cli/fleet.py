"""`spillway fleet`: the gateways with their updates, the bundles that the centre holds, and roll-outs."""

import re
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from central.api.rollout_requests import RolloutRequest
from central.cli import fleet_core, fleet_tables
from central.cli.refusals import Misused
from central.cli.session import Session, asks_core
from central.update_models import BundleView

app = typer.Typer(help="Gateways and their updates.", no_args_is_help=True)
bundle_app = typer.Typer(help="Signed updates that the centre holds.", no_args_is_help=True)
rollout_app = typer.Typer(help="Roll-outs: one bundle for many gateways, ring by ring.", no_args_is_help=True)
app.add_typer(bundle_app, name="bundle")
app.add_typer(rollout_app, name="rollout")

Id = Annotated[str, typer.Argument(metavar="ROLLOUT", help="Which roll-out.")]
Held = Annotated[str, typer.Argument(metavar="BUNDLE", help="Its version, or the beginning of its SHA-256.")]
Wanted = Annotated[
    str,
    typer.Argument(
        metavar="BUNDLE", help="A file, sent unless the centre has it; or version or SHA-256 of one it holds."
    ),
]
Gateways = Annotated[
    list[str] | None, typer.Option("--gateway", metavar="ID", help="Only this gateway; repeat. None: all.")
]
Rings = Annotated[
    list[str] | None,
    typer.Option("--ring", metavar="ID,ID", help="A ring by hand; repeat, in their order."),
]
First = Annotated[
    str | None, typer.Option("--first", metavar="ID", help="The gateway that goes ahead alone.")
]
Window = Annotated[
    str,
    typer.Option("--window", metavar="H-H", help="Hours UTC in which a gateway may restart, like 1-4."),
]
Gate = Annotated[
    float,
    typer.Option("--gate", metavar="SECONDS", help="Time that a new slot has to be well; else it goes back."),
]
Force = Annotated[bool, typer.Option("--force", help="Also to an older version, or the same again.")]


@app.command("list")
@asks_core
def list_gateways(session: Session) -> None:
    """Show the gateways: what they run, and how far their update is."""
    views = fleet_core.gateways(session.core)
    session.show(views, fleet_tables.fleet(views))


@bundle_app.command("add")
@asks_core
def add(session: Session, file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")]) -> None:
    """Send a bundle to the centre, which checks whose it is and what version it holds."""
    view = fleet_core.send_bundle(session.core, file)
    session.show(view, fleet_tables.bundles((view,)))
    session.hint(f"roll it out: spillway fleet rollout start {view.version}")


@bundle_app.command("list")
@asks_core
def list_bundles(session: Session) -> None:
    """Show the bundles that the centre holds."""
    views = fleet_core.bundles(session.core)
    session.show(views, fleet_tables.bundles(views))


@bundle_app.command("remove")
@asks_core
def remove(session: Session, bundle: Held) -> None:
    """Remove a bundle; not while a roll-out needs it."""
    view = fleet_core.remove_bundle(session.core, _held(session, bundle).sha)
    session.show(view, fleet_tables.bundles((view,)))


@rollout_app.command("start")
@asks_core
def start(
    session: Session,
    bundle: Wanted,
    gateway: Gateways = None,
    ring: Rings = None,
    first: First = None,
    window: Window = "0-0",
    gate: Gate = 600.0,
    force: Force = False,
) -> None:
    """Bring a bundle to the gateways: one alone, then 5 %, 25 % and all, with a day between them.

    Two bad ends, or more than a twentieth, stop it.
    """
    rings = tuple(tuple(filter(None, each.split(","))) for each in ring or ())
    hours = _hours(window)
    is_file = Path(bundle).is_file()
    held = fleet_core.send_bundle(session.core, Path(bundle)) if is_file else _held(session, bundle)
    try:
        asked = RolloutRequest(
            sha=held.sha,
            gateways=tuple(gateway or ()),
            rings=rings,
            first=first,
            window=hours,
            gate_s=gate,
            force=force,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(each) for each in fault["loc"])
        raise Misused(str(fault["msg"]).removeprefix("Value error, "), where) from None
    view = fleet_core.start_rollout(session.core, asked)
    session.show(view, fleet_tables.rollout(view))
    if view.skipped:
        session.hint(f"run {view.version} already and are left out: {', '.join(view.skipped)}")
    session.hint(f"look at it: spillway fleet rollout show {view.id}")


@rollout_app.command("list")
@asks_core
def list_rollouts(session: Session) -> None:
    """Show the roll-outs, the newest first."""
    views = fleet_core.rollouts(session.core)
    session.show(views, fleet_tables.rollouts(views))


@rollout_app.command("show")
@asks_core
def show(session: Session, rollout: Id) -> None:
    """Show a roll-out and how far each of its gateways is."""
    view = fleet_core.rollout(session.core, rollout)
    session.show(view, fleet_tables.rollout(view))


@rollout_app.command("pause")
@asks_core
def pause(session: Session, rollout: Id) -> None:
    """Let nobody begin for now; who has begun to write goes on to his end."""
    _steer(session, rollout, "pause")


@rollout_app.command("resume")
@asks_core
def resume(session: Session, rollout: Id) -> None:
    """Go on with a roll-out that is paused."""
    _steer(session, rollout, "resume")


@rollout_app.command("stop")
@asks_core
def stop(session: Session, rollout: Id) -> None:
    """Stop a roll-out for good; who has begun to write goes on to his end."""
    _steer(session, rollout, "stop")


@rollout_app.command("leave-out")
@asks_core
def leave_out(
    session: Session,
    rollout: Id,
    gateway: Annotated[str, typer.Argument(metavar="GATEWAY", help="Which gateway.")],
) -> None:
    """Do not wait for a gateway, nor offer it the job; a bad end of it still counts."""
    view = fleet_core.leave_out(session.core, rollout, gateway)
    session.show(view, fleet_tables.rollout(view))


def _steer(session: Session, rollout: str, how: str) -> None:
    view = fleet_core.steer_rollout(session.core, rollout, how)
    session.show(view, fleet_tables.rollout(view))


def _hours(window: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", window)
    if match is None or int(match[1]) > 23 or int(match[2]) > 23:
        raise Misused(f"{window!r} is no window; write hours UTC like 1-4", "--window")
    return int(match[1]), int(match[2])


def _held(session: Session, named: str) -> BundleView:
    """The one bundle of this version, or whose hash begins so."""
    known = fleet_core.bundles(session.core)
    found = [
        each for each in known if each.version == named or (len(named) >= 6 and each.sha.startswith(named))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise Misused(f"{len(found)} bundles are called {named}; give the beginning of its SHA-256", "BUNDLE")
    have = ", ".join(each.version for each in known) or "none"
    raise Misused(f"there is no file {named} and no such bundle; the centre holds: {have}", "BUNDLE")
