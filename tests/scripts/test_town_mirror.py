"""Folding the live channel into one view, and following it over a real socket through a restart of core."""

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve

from central.api.changes import (
    BroadcastNow,
    CentreNow,
    Change,
    GatewayNow,
    GroupNow,
    NodeNow,
    OrderNow,
    RecordingNow,
    SiteNow,
    TextNow,
    TownNow,
)
from central.readmodels import FigureView, NodeView, TownView
from scripts.town.mirror import MOST_BROADCASTS, Mirror, fold
from tests.scripts.views import broadcast, changed, whole


def test_nothing_is_known_before_the_first_whole_town() -> None:
    town = whole()
    assert fold(None, GatewayNow(gateway=town.gateways[0])) is None
    assert fold(None, TownNow(town=town)) == town


def test_a_part_takes_the_place_of_the_one_with_its_name() -> None:
    town = whole()
    talking = changed(town.gateways[1], "gw-south/r2", carrier=True)
    group = town.groups[0].model_copy(update={"state": "talking", "holder": "gw-south/r2"})
    down = NodeView(node="voice", up=False)
    changes: tuple[Change, ...] = (GatewayNow(gateway=talking), GroupNow(group=group), NodeNow(node=down))
    for change in changes:
        folded = fold(town, change)
        assert folded is not None
        town = folded
    assert town.gateways == (whole().gateways[0], talking, *whole().gateways[2:])
    assert (town.groups, town.nodes) == ((group,), (down,))


def test_a_new_broadcast_comes_first_and_a_known_one_keeps_its_place() -> None:
    town: TownView | None = whole()
    for number in range(MOST_BROADCASTS + 5):
        town = fold(town, BroadcastNow(broadcast=broadcast(name=f"b-{number}")))
    town = fold(town, BroadcastNow(broadcast=broadcast("done", "played", f"b-{MOST_BROADCASTS}")))
    assert town is not None
    assert [each.id for each in town.broadcasts[:2]] == [
        f"b-{MOST_BROADCASTS + 4}",
        f"b-{MOST_BROADCASTS + 3}",
    ]
    assert town.broadcasts[4].state == "done"
    assert len(town.broadcasts) == MOST_BROADCASTS


def test_the_centre_tells_its_broker_and_figures() -> None:
    figure = FigureView(name="carrier to key order", count=1, p50_ms=1.0, p99_ms=1.0, max_ms=1.0)
    town = fold(whole(), CentreNow(bus=False, bus_trouble="the broker is open", figures=(figure,)))
    assert town is not None
    assert (town.bus, town.bus_trouble, town.figures) == (False, "the broker is open", (figure,))
    well = town.model_copy(update={"bus": True, "bus_trouble": ""})
    assert fold(town, CentreNow(bus=True)) == well, "figures stay"


@pytest.mark.parametrize("kind", [RecordingNow, SiteNow, TextNow, OrderNow], ids=lambda kind: kind.__name__)
def test_what_the_table_does_not_show_leaves_the_town_as_it_is(kind) -> None:
    assert fold(whole(), kind.model_construct()) == whole()


async def test_follows_with_the_token_and_comes_back_after_core_was_gone() -> None:
    seen: list[TownView | None] = []
    shown: list[str] = []
    told = asyncio.Event()

    async def core(channel: ServerConnection) -> None:
        assert channel.request is not None
        shown.append(f"{channel.request.path} {channel.request.headers['authorization']}")
        await channel.send(TownNow(town=whole()).model_dump_json())
        await channel.send("{}")
        await channel.send(BroadcastNow(broadcast=broadcast()).model_dump_json())

    def take(view: TownView | None) -> None:
        seen.append(view)
        if len(seen) >= 4:
            told.set()

    async with serve(core, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        task = asyncio.create_task(Mirror(f"http://127.0.0.1:{port}", "secret", take).run())
        await asyncio.wait_for(told.wait(), 10)
        task.cancel()
    assert seen[:3] == [whole(), whole().model_copy(update={"broadcasts": (broadcast(),)}), None]
    assert seen[3] == whole(), "connected again"
    assert shown[0] == "/api/v1/live Bearer secret"
