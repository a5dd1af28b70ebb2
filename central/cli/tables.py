"""How things look on a terminal: read models as tables. Decides nothing, asks nothing."""

from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from central.desired_models import ReportedView
from central.group_models import PatchView
from central.journal_models import EntryView
from central.notice_models import NoticeView
from central.readmodels import (
    BroadcastView,
    ClipView,
    GatewayView,
    GroupView,
    LineView,
    ProofView,
    TownView,
)
from link.hosting.tls_settings import PLAIN

_GOOD = {"done", "played", "closed", "repaired", "online", "up", "present", "obeyed", "delivered", "mains"}
_BAD = {
    "failed",
    "partly",
    "expired",
    "unknown",
    "undelivered",
    "refused",
    "missing",
    "offline",
    "down",
    "low",
    "rejected",
}
_BUSY = {
    "late",
    "playing",
    "sending",
    "talking",
    "ordered",
    "accepted",
    "open",
    "waiting",
    "hang",
    "queued",
    "battery",
}


def clock(at_wall: float | None) -> str:
    """Time of day, local."""
    return "" if at_wall is None else datetime.fromtimestamp(at_wall).astimezone().strftime("%H:%M:%S")


def moment(at_wall: float) -> str:
    """Date and time, local, with the offset."""
    return datetime.fromtimestamp(at_wall).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def word(text: str) -> Text:
    """A state in its colour."""
    style = "green" if text in _GOOD else "red" if text in _BAD else "yellow" if text in _BUSY else ""
    return Text(text, style=style)


def sheet(title: str, *columns: str) -> Table:
    """An empty table."""
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def lamp(on: bool, text: str, style: str = "green") -> Text:
    """A word that is lit or not."""
    return Text(text if on else "·", style=style if on else "dim")


def town(view: TownView) -> Group:
    """Everything at a glance."""
    parts: list[Any] = [_heading(view), gateways(view.gateways, view.at_wall)]
    if view.groups:
        parts.append(groups(view.groups))
    if view.broadcasts:
        parts.append(broadcasts(view.broadcasts[:8]))
    if view.notices:
        parts.append(notices(view.notices[:5]))
    if view.figures:
        parts.append(_figures(view))
    return Group(*parts)


def _heading(view: TownView) -> Text:
    text = Text.assemble((f"Spillway {view.version}", "bold"), f"  {moment(view.at_wall)}  broker ")
    text.append_text(word("up" if view.bus else "down"))
    text.append("  journal ")
    text.append_text(word("up" if view.journal_ok else "down"))
    if view.backup is not None:
        text.append("  backup ")
        text.append_text(word("up" if view.backup.ok else "down"))
    if view.recording is not None:
        text.append("  recordings ")
        text.append_text(word("up" if view.recording.ok else "down"))
    for node in view.nodes:
        text.append(f"  {node.node} ")
        text.append_text(word("up" if node.up else "down"))
        text.append(f" {node.legs}/{node.calls} legs")
    if view.plain:
        text.append(f"\n{PLAIN}", style="bold red")
    if view.bus_trouble:
        text.append(f"\n{view.bus_trouble}", style="bold red")
    if view.backup is not None and not view.backup.ok:
        text.append(f"\nbackup: {view.backup.what} ({view.backup.advice})", style="red")
    for trouble in () if view.recording is None else view.recording.troubles:
        text.append(f"\nrecordings: {trouble}", style="red")
    return text


def gateways(views: tuple[GatewayView, ...], at_wall: float | None = None) -> Table:
    """Gateways with their lines; with the time of the view also how long ago each was heard."""
    table = sheet("Lines", "gateway", "state", "line", "kind", "carrier", "PTT", "leg", "in", "heard")
    for gateway in views:
        state = presence(gateway, at_wall)
        ill = [f"{h.subject}: {h.what} ({h.advice})" for h in gateway.health if not h.ok]
        first = True
        for line in gateway.lines:
            table.add_row(*([gateway.gateway, state] if first else ["", ""]), *_line(line))
            first = False
        if first:
            table.add_row(gateway.gateway, state)
        for fault in (*ill, *_behind(gateway.reported)):
            table.add_row("", Text("!", style="red"), Text(fault, style="red"))
    return table


def _behind(told: ReportedView) -> list[str]:
    """What of its desired document a gateway has not taken in."""
    behind = [f"desired document: {each}" for each in told.left_out]
    if told.rev_applied < told.rev_wanted:
        why = told.error or ("not reported yet" if told.rev_seen < told.rev_wanted else "waits for a file")
        behind.append(f"desired document {told.rev_wanted}: {told.rev_applied} in force ({why})")
    idle = [each.trigger for each in told.triggers if not each.ready]
    return [*behind, *([f"triggers without their clip: {', '.join(idle)}"] if idle else [])]


def presence(gateway: GatewayView, at_wall: float | None) -> Text:
    """The state of a gateway as a word, and when it was last heard: never a colour alone."""
    state = word(("late" if gateway.state == "late" else "online") if gateway.online else "offline")
    if at_wall is not None and gateway.heard_wall is not None:
        state.append(f" {ago(at_wall - gateway.heard_wall)}", style="dim")
    return state


def ago(seconds: float) -> str:
    """How long ago, in one short word: 4s, 12min, 3h, 5d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def _line(line: LineView) -> tuple[Any, ...]:
    return (
        line.line.partition("/")[2],
        line.kind,
        lamp(line.carrier, "heard", "yellow"),
        lamp(line.ptt, "on", "red"),
        lamp(line.leg, "up"),
        " ".join(filter(None, (line.group, *line.zones))),
        line.playing or (talker(line.talker, line.talker_id) if line.carrier else ""),
    )


def talker(name: str, id: str) -> str:
    """Who talks: his name, and in brackets what his network calls him."""
    return f"{name} ({id})" if id and id != name else name


def notices(views: tuple[NoticeView, ...]) -> Table:
    """What people should see, newest first."""
    table = sheet("Notices", "at", "what", "line", "group", "who", "why")
    for notice in views:
        what = Text(notice.what, style="bold red" if notice.what == "emergency" else "yellow")
        table.add_row(clock(notice.at_wall), what, notice.line, notice.group, notice.talker, notice.why)
    return table


def _heard(group: GroupView) -> str:
    who = talker(group.talker, group.talker_id)
    label = group.holder_label
    words = f"{label}: {who}" if label and label != group.talker else who
    return f"EMERGENCY {words}" if group.emergency else words


def groups(views: tuple[GroupView, ...]) -> Table:
    """Talk groups with the floor; patches and temporary groups among them."""
    table = sheet(
        "Groups",
        "group",
        "state",
        "floor",
        "heard",
        "waiting",
        "keyed",
        "members",
        "hang",
        "time-out",
        "joined",
    )
    for group in views:
        until = "" if group.until_wall is None else f"until {clock(group.until_wall)}"
        joined = f"in {group.patch}" if group.patch else " + ".join(group.groups)
        kind = group.kind if group.kind != "configured" else ""
        table.add_row(
            group.group,
            word(group.state),
            group.holder or "",
            _heard(group),
            " ".join(group.waiting),
            " ".join(member.line for member in group.members if member.keyed),
            f"{sum(member.leg and member.online for member in group.members)}/{len(group.members)}",
            f"{group.hang:g} s",
            f"{group.timeout:g} s",
            " ".join(filter(None, (kind, joined, until))),
        )
    return table


def group(view: GroupView) -> Group:
    """One talk group with its members."""
    columns = ("line", "priority", "label", "online", "leg", "talking", "queue", "keyed", "grant", "heard")
    members = sheet("Members", *columns)
    for member in view.members:
        lent = f"lent to {member.lent}" if member.lent else ""
        members.add_row(
            member.line,
            "listens" if member.listen else str(member.priority),
            member.label,
            lamp(member.online, "online"),
            lamp(member.leg, "up"),
            lamp(member.talking, "heard", "yellow"),
            "" if member.place is None else str(member.place),
            lamp(member.keyed, "on", "red"),
            word(member.grant) if not member.grant_why else f"{member.grant}: {member.grant_why}",
            lent or talker(member.talker, member.talker_id),
        )
    return Group(groups((view,)), members)


def patches(views: tuple[PatchView, ...]) -> Table:
    """Patches and temporary groups."""
    table = sheet("Patches", "id", "kind", "groups", "lines", "by", "since", "until", "state")
    for view in views:
        until = "" if view.until_wall is None else moment(view.until_wall)
        state = "ended" if view.over else "stands" if view.kept else "stands until core ends"
        names = (" ".join(view.groups), " ".join(view.lines), view.by, moment(view.made_wall), until, state)
        table.add_row(view.patch, view.kind, *names)
    return table


def broadcasts(views: tuple[BroadcastView, ...]) -> Table:
    """Broadcasts, one line each."""
    columns = ("id", "channel", "state", "at", "by", "approved", "zones", "sound", "loudspeakers")
    table = sheet("Broadcasts", *columns)
    for view in views:
        played = sum(target.state == "played" for target in view.targets)
        playing = sum(target.state == "playing" for target in view.targets)
        table.add_row(
            view.id,
            view.channel.upper(),
            word(view.state if view.over or view.state != "stopped" else "stopping"),
            clock(view.created_wall),
            view.by,
            " ".join(approval.by for approval in view.approvals),
            " ".join(view.zones),
            (view.text or view.clip.name or view.clip.sha[:12])[:40],
            f"{played}/{len(view.targets)} played" + (f", {playing} playing" if playing else ""),
        )
    return table


def broadcast(view: BroadcastView) -> Group:
    """One broadcast with its loudspeakers."""
    table = sheet("Loudspeakers", "line", "state", "accepted", "started", "ended", "played", "proof", "why")
    for target in view.targets:
        why = target.why + (f" (later: {target.late})" if target.late else "")
        table.add_row(
            target.line,
            word(target.state),
            clock(target.accepted_wall),
            clock(target.started_wall),
            clock(target.ended_wall),
            f"{target.played:.1f} of {view.clip.seconds:.1f} s",
            proof(target.proof),
            why,
        )
    return Group(broadcasts((view,)), table)


def proof(proved: ProofView | None) -> Text:
    """The verdict with the figure that says most."""
    if proved is None:
        return Text("")
    figures = [] if proved.share is None else [f"{100 * proved.share:.0f} %"]
    figures += [] if proved.rise is None else [f"{proved.rise:+.0f} dB"]
    told = ", ".join(figures) or proved.why
    style = {"played": "green", "silent": "bold red", "partly": "red"}.get(proved.verdict, "dim")
    return Text(f"{proved.verdict} ({told})" if told else proved.verdict, style=style)


def clips(views: tuple[ClipView, ...]) -> Table:
    """Clips."""
    table = sheet("Clips", "name", "length", "loudness", "size", "sha256")
    for clip in views:
        loudness = "" if clip.loudness_dbfs is None else f"{clip.loudness_dbfs:.1f} dBFS"
        table.add_row(clip.name, f"{clip.seconds:.1f} s", loudness, f"{clip.size:,} B", clip.sha)
    return table


def entries(views: tuple[EntryView, ...]) -> Table:
    """Journal entries."""
    table = sheet("Journal", "number", "at", "kind", "subject", "details")
    for entry in views:
        details = "erased" if entry.payload is None else _details(entry.payload)
        table.add_row(str(entry.seq), moment(entry.at_wall), entry.kind, entry.subject, details)
    return table


def _details(payload: dict[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in payload.items())


def _figures(view: TownView) -> Table:
    table = sheet("Latencies", "what", "count", "p50", "p99", "max")
    for figure in view.figures:
        numbers = (f"{value:.1f} ms" for value in (figure.p50_ms, figure.p99_ms, figure.max_ms))
        table.add_row(figure.name, str(figure.count), *numbers)
    return table
