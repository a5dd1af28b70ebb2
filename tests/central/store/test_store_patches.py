"""Store: patches that stand; they are there from version ten on."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.store import migrations
from central.store.database import Database
from central.store.patches import PatchRow, PatchStore
from tests.central.store.test_store_migrations import FIXTURES, restored

STEP = "central.store.migrations.0010_patches"
ROW = PatchRow("storm", 1_700_000_000_000, {"by": "王", "groups": [], "until_wall": None})


async def test_what_is_kept_is_read_the_oldest_first_until_it_is_removed(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "core.db")
    store = PatchStore(database)
    later = replace(ROW, id="a-later", made_wall_ms=ROW.made_wall_ms + 1)
    await store.keep(later)
    await store.keep(ROW)
    await store.keep(replace(ROW, body={"by": "li"}))
    assert [(row.id, row.body["by"]) for row in await store.all()] == [("storm", "li"), ("a-later", "王")]
    await store.remove("storm")
    await store.remove("storm")
    assert [row.id for row in await store.all()] == ["a-later"]
    database.close()


@pytest.mark.parametrize(("dump", "count"), [("version_0009.sql", 0), ("version_0010.sql", 1)])
async def test_it_is_there_from_its_version_on(dump: str, count: int, tmp_path: Path) -> None:
    step = migrations.importlib.import_module(STEP)
    assert any("create table patches" in statement for statement in step.STATEMENTS)
    restored(FIXTURES / dump, tmp_path / "core.db")
    database = Database.open(tmp_path / "core.db")
    found = await PatchStore(database).all()
    database.close()
    assert [row.id for row in found] == ["patch-1a2b3c"] * count
