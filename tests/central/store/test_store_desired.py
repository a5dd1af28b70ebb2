"""The store of desired documents: the newest of each gateway, never one below it."""

from central.store import migrations
from central.store.database import Database
from central.store.desired import DesiredRow, DesiredStore


async def test_the_newest_of_each_gateway_is_kept_and_none_below_it(database: Database) -> None:
    store = DesiredStore(database)
    assert await store.all() == []
    for rev in (1, 5, 3, 5):
        await store.save(DesiredRow("gw-b", rev, b"%d" % rev), 1)
    await store.save(DesiredRow("gw-a", 2, b"a"), 2)
    assert await store.all() == [DesiredRow("gw-a", 2, b"a"), DesiredRow("gw-b", 5, b"5")]


async def test_it_is_there_from_version_five_on() -> None:
    step = migrations.importlib.import_module("central.store.migrations.0005_desired")
    assert "create table desired" in step.STATEMENTS[0]
