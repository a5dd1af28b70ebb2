"""The store of bundles and roll-outs: what was started, how far it is, each gateway in its ring and place."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.store import migrations
from central.store.database import Database
from central.store.rollouts import NEWEST, BundleRow, MemberRow, RolloutRow, RolloutStore
from tests.central.store.test_store_migrations import FIXTURES, restored

ROW = RolloutRow("u-1", "ab" * 32, "2.0", 1000, "{}", "li", 1_700_000_000_000)
MEMBERS = (MemberRow("gw-c", 0), MemberRow("gw-b", 1), MemberRow("gw-a", 1))
BUNDLE = BundleRow("ab" * 32, "2.0", "spillway-gateway", 1000, "a.raucb", "li", 5)


async def test_bundles_are_kept_once_and_forgotten(database: Database) -> None:
    store = RolloutStore(database)
    await store.add_bundle(BUNDLE)
    await store.add_bundle(replace(BUNDLE, name="again.raucb"))
    assert await store.bundles() == [BUNDLE]
    await store.remove_bundle(BUNDLE.sha)
    assert await store.bundles() == []


async def test_a_roll_out_comes_back_with_its_rings_in_their_order(database: Database) -> None:
    store = RolloutStore(database)
    await store.save(ROW, MEMBERS)
    assert await store.rollouts() == [(ROW, MEMBERS)]
    moved = replace(ROW, offered=2, ended_at=1.7e9 + 0.25, paused="li")
    told = MemberRow("gw-b", 1, "failed", "no room", left_out=True, told_wall_ms=7)
    await store.save(moved, [told])
    assert await store.rollouts() == [(moved, (MEMBERS[0], told, MEMBERS[2]))]


async def test_what_is_over_is_shown_while_it_is_new_and_what_is_not_in_any_case(database: Database) -> None:
    store = RolloutStore(database)
    await store.save(replace(ROW, id="u-open"), MEMBERS)
    for n in range(NEWEST + 3):
        over = {"done": True} if n % 2 else {"stopped": "by li"}
        await store.save(
            replace(ROW, id=f"u-{n:02}", created_wall_ms=ROW.created_wall_ms + n + 1, **over), ()
        )
    names = [row.id for row, _ in await store.rollouts()]
    assert names == ["u-open", *(f"u-{n:02}" for n in range(3, NEWEST + 3))]


@pytest.mark.parametrize(("version", "count"), [(8, 0), (9, 1)])
async def test_it_is_there_from_version_nine_on(version: int, count: int, tmp_path: Path) -> None:
    step = migrations.importlib.import_module("central.store.migrations.0009_updates")
    assert any("create table rollouts" in statement for statement in step.STATEMENTS)
    restored(FIXTURES / f"version_000{version}.sql", tmp_path / "core.db")
    database = Database.open(tmp_path / "core.db")
    store = RolloutStore(database)
    found, bundles = await store.rollouts(), await store.bundles()
    database.close()
    assert (len(found), len(bundles)) == (count, count)
    for row, members in found:
        assert (row.offered, row.ended_at, row.done) == (1, 1700000600.5, False)
        assert [(each.gateway, each.phase, each.left_out) for each in members] == [
            ("gw-01", "good", False),
            ("gw-02", "", True),
        ]
