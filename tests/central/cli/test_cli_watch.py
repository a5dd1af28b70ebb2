"""The town that `watch` draws, after each kind of change."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from central.api.changes import (
    BroadcastNow,
    CentreNow,
    Change,
    GatewayNow,
    GroupNow,
    NodeNow,
    PatchNow,
    RecordingNow,
    TownNow,
)
from central.broadcasts.view import view
from central.cli import tables
from central.cli.watch import applied
from central.group_models import PatchView
from central.readmodels import FigureView, GatewayView, NodeView, TownView
from central.recording_models import RecordingView
from tests.central.api.fake_desk import FakeDesk
from tests.central.broadcasts.test_broadcast_view import begun


@pytest.fixture
def town(tmp_path: Path) -> TownView:
    return FakeDesk(tmp_path).view()


def test_a_known_part_is_replaced_where_it_stands(town: TownView) -> None:
    after = applied(town, GatewayNow(gateway=GatewayView(gateway="gw-north", online=False)))
    assert [(g.gateway, g.online) for g in after.gateways] == [("gw-north", False), ("gw-south", False)]
    after = applied(town, GroupNow(group=town.groups[0].model_copy(update={"talker": "unit 9"})))
    assert [g.talker for g in after.groups] == ["unit 9"]
    node = NodeView(node="voice", up=False)
    assert applied(town, NodeNow(node=node)).nodes == (node,)


def test_a_new_part_is_added_and_broadcasts_stand_newest_first(town: TownView) -> None:
    after = applied(town, GatewayNow(gateway=GatewayView(gateway="gw-west", online=True)))
    assert [g.gateway for g in after.gateways] == ["gw-north", "gw-south", "gw-west"]
    first = view(begun())
    second = first.model_copy(update={"id": "b2"})
    for broadcast in (first, second, first.model_copy(update={"priority": 9})):
        after = applied(after, BroadcastNow(broadcast=broadcast))
    assert [(b.id, b.priority) for b in after.broadcasts] == [("b2", 7), ("b1", 9)]


def test_a_patch_that_has_ended_is_gone_with_its_floor(town: TownView) -> None:
    made = PatchView(patch="storm", kind="temporary", by="wang", made_wall=1.0)
    floor = town.groups[0].model_copy(update={"group": "storm", "kind": "temporary"})
    after = applied(applied(town, PatchNow(patch=made)), GroupNow(group=floor))
    assert [group.group for group in after.groups] == ["valley", "storm"]
    after = applied(after, PatchNow(patch=made.model_copy(update={"over": True})))
    assert after.groups == town.groups


def test_the_centre_and_a_fresh_town(town: TownView) -> None:
    figure = FigureView(name="x", count=1, p50_ms=1, p99_ms=1, max_ms=1)
    after = applied(town, CentreNow(bus=False, bus_trouble="open", journal_ok=False, figures=(figure,)))
    assert (after.bus, after.bus_trouble, after.journal_ok, after.figures) == (
        False,
        "open",
        False,
        (figure,),
    )
    assert applied(after, TownNow(town=town)) == town


@pytest.mark.parametrize("more", [{"plain": True}, {"bus": False, "bus_trouble": "the broker is open: x"}])
def test_a_plain_town_and_an_open_broker_stand_in_red(town: TownView, more: dict[str, object]) -> None:
    said = more.get("bus_trouble") or "PLAIN: nothing is signed or encrypted"
    out = StringIO()
    console = Console(file=out, width=200, force_terminal=True, color_system="standard")
    console.print(tables.town(town.model_copy(update=more)))
    assert f"\x1b[1;31m{said}" in out.getvalue()
    Console(file=(calm := StringIO()), width=200).print(tables.town(town))
    assert str(said) not in calm.getvalue()


def test_a_recording_changes_nothing_on_the_screen(town: TownView) -> None:
    recording = RecordingView(
        id="r", kind="leg", subject="gw-north/r1", started_wall=1.0, path="r.wav", state="open"
    )
    change: Change = RecordingNow(recording=recording)
    assert applied(town, change) is town
