from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.store.broadcasts import BroadcastRow, Broadcasts
from central.store.database import Database

ROW = BroadcastRow("b-1", "asked", "live", 5, ("下游", "upper"), 1_000, "operator-a", {"progress": {}})


async def test_the_newest_state_of_a_broadcast_is_kept(database: Database) -> None:
    broadcasts = Broadcasts(database)
    await broadcasts.save(ROW)
    done = replace(ROW, state="finished", snapshot={"progress": {"gw-01/pa1": {"sounded": True}}})
    await broadcasts.save(done)
    assert await broadcasts.get("b-1") == done
    assert await broadcasts.list() == [done]
    assert await broadcasts.get("b-2") is None


async def test_lists_are_filtered_and_newest_first(database: Database) -> None:
    broadcasts = Broadcasts(database)
    rows = [
        replace(ROW, id="a", created_wall_ms=1),
        replace(ROW, id="b", created_wall_ms=3, channel="drill", zones=("upper",)),
        replace(ROW, id="c", created_wall_ms=2, state="finished"),
    ]
    for row in rows:
        await broadcasts.save(row)

    async def ids(**filters: object) -> list[str]:
        return [row.id for row in await broadcasts.list(**filters)]  # type: ignore[arg-type]

    assert await ids() == ["b", "c", "a"]
    assert await ids(zone="下游") == ["c", "a"]
    assert await ids(channel="drill") == ["b"]
    assert await ids(state="asked", channel="live") == ["a"]
    assert await ids(since_ms=2) == ["b", "c"]
    assert await ids(limit=1) == ["b"]
    assert await ids(zone="nowhere") == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(zones=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4).map(tuple))
async def test_any_zone_name_comes_back(database: Database, zones: tuple[str, ...]) -> None:
    await Broadcasts(database).save(replace(ROW, zones=zones))
    found = await Broadcasts(database).get("b-1")
    assert found is not None
    assert found.zones == zones
