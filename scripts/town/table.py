"""The live table: lines, groups, broadcasts, latencies and processes of the town as one picture. Pure."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from central.readmodels import BroadcastView, FigureView, GroupView, LineView, TownView
from link.hosting.tls_settings import PLAIN
from scripts.town.processes import Cost

SHOWN_BROADCASTS = 4
MARKS = {True: "●", False: "·"}
COLOURS = {"ready": "green", "starting": "yellow", "stopping": "yellow", "resting": "red", "down": "red"}


def picture(view: TownView | None, costs: Sequence[Cost], heading: str) -> RenderableType:
    """All tables below each other; while core does not answer only the processes."""
    parts: list[RenderableType] = [Text(heading, style="bold")]
    if view is None:
        parts.append(Text("the centre does not answer", style="yellow"))
    else:
        parts.append(_lines(line for gateway in view.gateways for line in gateway.lines))
        parts.append(_groups(view.groups))
        if view.broadcasts:
            parts.append(_broadcasts(view.broadcasts[:SHOWN_BROADCASTS]))
        if view.figures:
            parts.append(_figures(view.figures))
        parts += [Text(text, style="red") for text in troubles(view)]
    parts.append(_processes(costs))
    return Group(*parts)


def troubles(view: TownView) -> list[str]:
    """What is not well, one line each."""
    told = [PLAIN] if view.plain else []
    if not view.bus:
        told.append(view.bus_trouble or "the centre has lost the broker")
    if not view.journal_ok:
        told.append("the journal does not reach the disk")
    if view.backup is not None and not view.backup.ok:
        told.append(f"backup: {view.backup.what}; {view.backup.advice}")
    for gateway in view.gateways:
        if not gateway.online:
            told.append(f"{gateway.gateway} is offline")
        ill = [each for each in gateway.health if not each.ok]
        told += [
            f"{gateway.gateway}: {each.subject}: {each.what}; {each.advice}".rstrip("; ") for each in ill
        ]
    return told + [f"voice node {node.node} is down" for node in view.nodes if not node.up]


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column.removesuffix(">"), justify="right" if column.endswith(">") else "left")
    return table


def _mark(on: bool, colour: str) -> Text:
    return Text(MARKS[on], style=colour if on else "dim")


def _lines(lines: Iterable[LineView]) -> Table:
    table = _table("line", "", "gateway", "carrier", "ptt", "leg", "group/zone", "playing")
    for line in lines:
        table.add_row(
            line.line,
            line.label,
            Text("online", style="green") if line.online else Text("offline", style="red"),
            _mark(line.carrier, "bold green"),
            _mark(line.ptt, "bold red"),
            _mark(line.leg, "green"),
            line.group or ",".join(line.zones),
            line.playing or "",
        )
    return table


def _groups(groups: Iterable[GroupView]) -> Table:
    table = _table("group", "state", "floor", "heard", "recording")
    for group in groups:
        table.add_row(group.group, group.state, group.holder or "", group.talker, group.recording or "")
    return table


def _broadcasts(broadcasts: Iterable[BroadcastView]) -> Table:
    table = _table("broadcast", "channel", "state", "by", "zones", "loudspeakers", "clip")
    for each in broadcasts:
        where = " ".join(f"{target.line}:{target.state}" for target in each.targets)
        clip = each.clip.name or each.text[:30] or each.clip.sha[:8]
        table.add_row(each.id, each.channel, each.state, each.by, ",".join(each.zones), where, clip)
    return table


def _figures(figures: Iterable[FigureView]) -> Table:
    table = _table("latency", "count>", "p50 ms>", "p99 ms>", "max ms>")
    for each in figures:
        table.add_row(
            each.name, str(each.count), f"{each.p50_ms:.1f}", f"{each.p99_ms:.1f}", f"{each.max_ms:.1f}"
        )
    return table


def _processes(costs: Sequence[Cost]) -> Table:
    table = _table("process", "state", "pid>", "restarts>", "RSS MB>", "CPU %>")
    for cost in costs:
        state = Text(cost.state, style=COLOURS[cost.state])
        pid = str(cost.pid) if cost.pid is not None else ""
        table.add_row(cost.unit, state, pid, str(cost.restarts), f"{cost.rss / 1e6:.0f}", f"{cost.cpu:.1f}")
    total, cpu = sum(cost.rss for cost in costs), sum(cost.cpu for cost in costs)
    table.add_row("all", "", "", "", f"{total / 1e6:.0f}", f"{cpu:.1f}", style="bold")
    return table
