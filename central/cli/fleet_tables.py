"""How gateways, bundles and roll-outs look on a terminal. Decides nothing, asks nothing."""

from collections.abc import Iterable

from rich.console import Group
from rich.table import Table
from rich.text import Text

from central.cli.tables import moment, sheet, word
from central.readmodels import GatewayView
from central.update_models import BundleView, RolloutShown, RolloutView, UpdateView

_STYLES = {"good": "green", "rolled_back": "red", "failed": "red", "stopped": "red", "done": "green"}


def _word(text: str) -> Text:
    return Text(text, style=_STYLES[text]) if text in _STYLES else word(text)


def fleet(views: Iterable[GatewayView]) -> Table:
    """Each gateway with its version and its update."""
    table = sheet("Gateways", "gateway", "state", "firmware", "update", "phase", "how far", "why")
    for view in views:
        table.add_row(view.gateway, word(view.state), view.firmware, *_update(view.reported.update))
    return table


def _update(told: UpdateView | None) -> tuple[Text | str, ...]:
    if told is None:
        return "", "", "", ""
    far = f"{told.pct} %" if told.phase in ("waiting", "streaming") else ""
    return f"{told.version} ({told.job})", _word(told.phase), far, told.why


def bundles(views: Iterable[BundleView]) -> Table:
    """What the centre holds."""
    table = sheet("Bundles", "version", "for", "MB", "sha256", "file", "added", "by")
    for view in views:
        size = f"{view.size / 1e6:.1f}"
        row = (view.version, view.compatible, size, view.sha[:12], view.name, moment(view.added_wall))
        table.add_row(*row, view.added_by)
    return table


def rollouts(views: Iterable[RolloutView]) -> Table:
    """One line for each."""
    table = sheet("Roll-outs", "roll-out", "version", "state", "ring", "good", "bad", "of", "started", "by")
    for view in views:
        ring = f"{view.ring} of {view.rings}"
        counts = (str(view.good), str(view.bad), str(view.gateways))
        row = (view.id, view.version, _word(view.state), ring, *counts)
        table.add_row(*row, moment(view.created_wall), view.created_by)
    return table


def rollout(view: RolloutShown) -> Group:
    """One roll-out and its gateways, ring by ring."""
    after = f"; the next ring begins {moment(view.next_wall)}" if view.next_wall else ""
    head = Text(f"{view.id}: version {view.version}, {view.says}{after}")
    table = sheet("Gateways", "ring", "gateway", "phase", "how far", "why", "since")
    for each in view.members:
        phase = _word(each.phase) if each.phase is not None else Text("")
        far = f"{each.pct} %" if each.phase in ("waiting", "streaming") else ""
        why = f"left out; {each.why}".removesuffix("; ") if each.left_out else each.why
        since = moment(each.told_wall) if each.told_wall is not None else ""
        table.add_row(str(each.ring), each.gateway, phase, far, why, since)
    return Group(head, table)
