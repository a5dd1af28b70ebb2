"""`spillway watch`: the same, live, until Ctrl-C. With --json, one line for each change."""

import sys
import time
from typing import Annotated, TypeVar

import typer
from rich.live import Live

from central.api.changes import (
    BroadcastNow,
    CallNow,
    CentreNow,
    Change,
    GatewayNow,
    GroupNow,
    NodeNow,
    NoticeNow,
    OrderNow,
    PatchNow,
    RecordingNow,
    SiteNow,
    TextNow,
    TownNow,
)
from central.cli import tables
from central.cli.follow import changes
from central.cli.session import Session, asks_core
from central.readmodels import TownView

app = typer.Typer()

V = TypeVar("V")

REDRAW_EVERY = 0.1


def applied(town: TownView, change: Change) -> TownView:
    """The town after a change."""
    match change:
        case TownNow(town=fresh):
            return fresh
        case GatewayNow(gateway=gateway):
            return town.model_copy(update={"gateways": _put(town.gateways, gateway, "gateway")})
        case GroupNow(group=group):
            return town.model_copy(update={"groups": _put(town.groups, group, "group")})
        case BroadcastNow(broadcast=broadcast):
            return town.model_copy(
                update={"broadcasts": _put(town.broadcasts, broadcast, "id", newest_first=True)}
            )
        case NodeNow(node=node):
            return town.model_copy(update={"nodes": _put(town.nodes, node, "node")})
        case CentreNow():
            told = ("bus", "bus_trouble", "journal_ok", "backup", "figures")
            return town.model_copy(update={name: getattr(change, name) for name in told})
        case NoticeNow(notice=notice):
            return town.model_copy(
                update={"notices": _put(town.notices, notice, "number", newest_first=True)[:50]}
            )
        case PatchNow(patch=patch) if patch.over:
            left = tuple(group for group in town.groups if group.group != patch.patch)
            return town.model_copy(update={"groups": left})
        case PatchNow() | RecordingNow() | CallNow() | SiteNow() | TextNow() | OrderNow():
            return town


def _put(views: tuple[V, ...], view: V, key: str, newest_first: bool = False) -> tuple[V, ...]:
    name = getattr(view, key)
    if any(getattr(old, key) == name for old in views):
        return tuple(view if getattr(old, key) == name else old for old in views)
    return (view, *views) if newest_first else (*views, view)


@app.command("watch")
@asks_core
def watch(
    session: Session,
    seconds: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=0.1, help="End after this time.")
    ] = None,
) -> None:
    """Show everything live: lines, floor, PTT, broadcasts, latencies."""
    end = None if seconds is None else time.monotonic() + seconds
    if session.as_json:
        _lines(session, end)
    else:
        _screen(session, end)


def _lines(session: Session, end: float | None) -> None:
    for change in changes(session.core, end):
        if change is not None:
            sys.stdout.write(change.model_dump_json() + "\n")
            sys.stdout.flush()


def _screen(session: Session, end: float | None) -> None:
    town: TownView | None = None
    with Live(console=session.out, auto_refresh=False, screen=session.out.is_terminal) as screen:
        drawn = 0.0
        for change in changes(session.core, end):
            if isinstance(change, TownNow):
                town = change.town
            elif change is not None and town is not None:
                town = applied(town, change)
            if town is not None and (time.monotonic() - drawn > REDRAW_EVERY or change is None):
                town = town.model_copy(update={"at_wall": time.time()})
                screen.update(tables.town(town), refresh=True)
                drawn = time.monotonic()
