"""Tables of gateways' events, links and the quarantine."""

from rich.console import Group
from rich.table import Table

from central.cli.tables import moment, sheet
from central.link_models import EventView, QuarantineView
from central.readmodels import GatewayView


def events(views: tuple[EventView, ...]) -> Table:
    """Events by their corrected time; what a gateway's clock said stands behind, when it was wrong."""
    table = sheet("Events", "at", "gateway", "what", "details", "number", "clock", "its clock said")
    for view in views:
        details = " ".join(
            f"{name}={value}" for name, value in view.fields.items() if value not in ("", None)
        )
        said = moment(view.said_wall) if abs(view.said_wall - view.at_wall) >= 0.5 else ""
        number = f"{view.lane} {view.seq}"
        table.add_row(moment(view.at_wall), view.gateway, view.kind, details, number, view.tq, said)
    return table


def quarantine(views: tuple[QuarantineView, ...]) -> Table:
    """What nobody understood."""
    table = sheet("Quarantine", "entry", "last", "gateway", "lane", "why", "what", "bytes", "times", "begins")
    for view in views:
        where = (str(view.id), moment(view.last_wall), view.gateway, view.lane)
        table.add_row(*where, view.why, view.detail, str(view.size), str(view.times), view.head[:24])
    return table


def links(views: tuple[GatewayView, ...]) -> Group:
    """How the events of each gateway reach the centre, and each of its runs of numbers."""
    columns = ("gateway", "events", "waiting there", "oldest", "missing", "given up", "quarantine")
    table = sheet("Links", *columns)
    lanes = sheet("Runs of numbers", "gateway", "lane", "epoch", "taken to", "heard of", "missing", "moved")
    for view in views:
        if view.link is None:
            continue
        link = view.link
        waits = (str(link.waiting), f"{link.oldest:.0f} s" if link.waiting else "")
        lost = (str(link.missing), str(link.dropped), str(link.quarantined))
        table.add_row(view.gateway, str(link.events), *waits, *lost)
        for lane in link.lanes:
            reach = (str(lane.upto), str(lane.last), str(lane.missing), moment(lane.at_wall))
            lanes.add_row(view.gateway, lane.lane, f"{lane.epoch:x}", *reach)
    return Group(table, lanes)
