"""People on disk: whole rows come back as they went, what is gone stays gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from central.people.lock_out import LockOut
from central.people.records import Invitation, PersonRow, SessionRow, TokenRow
from central.people.rights import Grant
from central.store import migrations
from central.store.database import Database
from central.store.journal import Journal
from central.store.people import PeopleStore
from tests.central.store.test_store_migrations import FIXTURES, restored

NOW = 1_700_000_000.25
WANG = PersonRow(
    "wang",
    "Wang Min",
    "active",
    (Grant("supervisor"), Grant("technician", "upper")),
    "$argon2id$",
    "SEED",
    56_666_666,
    LockOut(2, NOW + 30),
    Invitation("second-factor", "f" * 64, NOW + 60),
    NOW,
    NOW + 1,
)
SESSION = SessionRow("s-1", "a" * 64, "wang", "192.0.2.7", NOW, NOW)
TOKEN = TokenRow("t-1", "b" * 64, "wang", "display", NOW, None)


async def test_rows_come_back_as_they_went(database: Database) -> None:
    store = PeopleStore(database, lambda: None)
    await store.save((WANG, PersonRow("li")), (SESSION,), (TOKEN,))
    assert await store.people() == [PersonRow("li"), WANG]
    assert (await store.sessions(), await store.tokens()) == ([SESSION], [TOKEN])


async def test_a_row_is_replaced_as_a_whole(database: Database) -> None:
    store = PeopleStore(database, lambda: None)
    await store.save((WANG,), (SESSION,), (TOKEN,))
    later = replace(WANG, state="removed", grants=(), invitation=None, lock=LockOut())
    await store.save((later,), gone=("s-1", "t-1"))
    assert (await store.people(), await store.sessions(), await store.tokens()) == ([later], [], [])


async def test_nothing_is_changed_that_the_journal_does_not_have(database: Database) -> None:
    journal = Journal(database, lambda fact: None, behind=60)
    journal.append("people.removed", "", {"person": "wang"})
    await PeopleStore(database, journal.write_waiting).save((WANG,))
    assert [entry.kind for entry in await journal.tail(9)] == ["people.removed"]


async def test_a_use_is_noted_and_brings_nothing_back(database: Database) -> None:
    store = PeopleStore(database, lambda: None)
    await store.save((WANG,), (SESSION,), (TOKEN,))
    await store.used("s-1", NOW + 5)
    await store.save(gone=("t-1",))
    await store.used("t-1", NOW + 5)
    assert [row.used for row in await store.sessions()] == [NOW + 5] and await store.tokens() == []


async def test_a_role_of_another_version_gives_nothing(database: Database) -> None:
    store = PeopleStore(database, lambda: None)
    await store.save((WANG,))
    await database.write(
        lambda sql: sql.conn.execute("update grants set role = 'king' where area = ''") and None
    )
    (row,) = await store.people()
    assert row.grants == (Grant("technician", "upper"),)


@pytest.mark.parametrize(("version", "names"), [(6, []), (7, ["qian", "wang", "zhao"])])
async def test_people_are_there_from_version_seven_on(version: int, names: list[str], tmp_path: Path) -> None:
    step = migrations.importlib.import_module("central.store.migrations.0007_people")
    assert any("create table people" in statement for statement in step.STATEMENTS)
    restored(FIXTURES / f"version_000{version}.sql", tmp_path / "core.db")
    database = Database.open(tmp_path / "core.db")
    store = PeopleStore(database, lambda: None)
    people = await store.people()
    assert [row.name for row in people] == names
    assert len(await store.sessions()) == len(await store.tokens()) == (version == 7)
    database.close()
    if version == 7:
        assert people[1].grants == (Grant("supervisor"), Grant("technician", "upper"))
        assert people[0].invitation == Invitation("account", "a" * 64, 1_700_259_200.0)
