import sqlite3
from pathlib import Path

import pytest

from central.store import migrations
from central.store.broadcasts import Broadcasts
from central.store.clips import Clips
from central.store.database import Database, read_only
from central.store.events import EventStore
from central.store.field import FieldStore
from central.store.journal import Journal
from central.store.recording_keys import RecordingKey
from central.store.recordings import Recordings
from central.store.seal_book import verify_file as verify_seals_file
from central.store.verify import verify_file

FIXTURES = Path(__file__).parent / "fixtures"


def restored(dump: Path, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma foreign_keys = off")
    connection.executescript(dump.read_text(encoding="utf-8"))
    connection.close()


def schema(path: Path) -> set[str]:
    sql = read_only(path)
    rows = sql.conn.execute("select sql from sqlite_master where sql is not null").fetchall()
    sql.close()
    return {" ".join(row[0].split()) for row in rows}


def test_every_released_version_has_a_fixture() -> None:
    dumps = sorted(int(path.stem.removeprefix("version_")) for path in FIXTURES.glob("version_*.sql"))
    assert dumps == [version for version, _ in migrations.steps()]


@pytest.mark.parametrize("dump", sorted(FIXTURES.glob("version_*.sql")), ids=lambda path: path.stem)
async def test_an_old_database_opens_with_everything_in_it(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    restored(dump, path)
    database = Database.open(path)
    journal = Journal(database, [].append)
    journal.append("core.started", "core", {})
    await journal.barrier()
    erased = (await journal.tail(99))[1]
    (broadcast,) = await Broadcasts(database).list()
    (clip,) = await Clips(database, tmp_path / "clips").list()
    (recording,) = await Recordings(database, tmp_path).list(kind="group")
    database.close()
    assert (erased.kind, erased.payload) == ("line.opened", None)
    assert (broadcast.id, broadcast.zones) == ("b-1", ("lower", "upper"))
    assert (clip.name, recording.subject) == ("泄洪警报", "flood")
    verdict = verify_file(path)
    assert (verdict.ok, verdict.entries, verdict.erased) == (True, 7, 1)


def test_a_migrated_database_has_the_shape_of_a_new_one(tmp_path: Path) -> None:
    restored(FIXTURES / "version_0001.sql", tmp_path / "old.db")
    for name in ("old.db", "new.db"):
        Database.open(tmp_path / name).close()
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")


@pytest.mark.parametrize(
    ("version", "sites", "texts"),
    [(1, [], []), (2, ["gw-01"], ["水位 12.3 m"]), (3, ["gw-01"], ["水位 12.3 m"])],
)
async def test_the_field_is_there_from_version_two_on(
    version: int, sites: list[str], texts: list[str], tmp_path: Path
) -> None:
    step = migrations.importlib.import_module("central.store.migrations.0002_field")
    assert any("create table sites" in statement for statement in step.STATEMENTS)
    restored(FIXTURES / f"version_000{version}.sql", tmp_path / "core.db")
    database = Database.open(tmp_path / "core.db")
    store = FieldStore(database)
    assert list(await store.sites()) == sites
    assert [text["text"] for text in await store.texts(9)] == texts
    database.close()


@pytest.mark.parametrize(
    ("version", "expected"), [(1, []), (3, []), (4, [("gw-01.r1-7", "announced", "gw-01", True)])]
)
async def test_recordings_of_gateways_are_there_from_version_four_on(
    version: int, expected: list[tuple[object, ...]], tmp_path: Path
) -> None:
    restored(FIXTURES / f"version_000{version}.sql", tmp_path / "core.db")
    step = migrations.importlib.import_module("central.store.migrations.0004_gateway_recordings")
    assert any("announced" in statement for statement in step.STATEMENTS)
    database = Database.open(tmp_path / "core.db")
    rows = await Recordings(database, tmp_path).list()
    database.close()
    assert [(r.id, r.state, r.gateway, r.cut) for r in rows if r.kind == "gateway"] == expected
    (old,) = (row for row in rows if row.kind == "group")
    assert (old.id, old.seconds, old.codec, old.gateway) == ("rec-1", 3.2, "wav", "")


@pytest.mark.parametrize(("version", "seals", "held"), [(11, 0, []), (12, 2, ["rec-1"])])
async def test_the_chain_and_the_holds_of_recordings_are_there_from_version_twelve_on(
    version: int, seals: int, held: list[str], tmp_path: Path
) -> None:
    restored(FIXTURES / f"version_{version:04}.sql", tmp_path / "core.db")
    step = migrations.importlib.import_module("central.store.migrations.0012_sealed_recordings")
    assert any("recording_seals" in statement for statement in step.STATEMENTS)
    database = Database.open(tmp_path / "core.db")
    kept = Recordings(database, tmp_path)
    assert [row.id for row in await kept.list(held=True)] == held
    (old,) = await kept.list(kind="group")
    assert (old.talk, old.segment, old.state) == ("rec-1", 0, "closed")
    database.close()
    key = RecordingKey(bytes(range(32)))
    verdict = verify_seals_file(tmp_path / "core.db", key.public)
    assert (verdict.ok, verdict.entries) == (True, seals)


@pytest.mark.parametrize(("version", "count"), [(2, 0), (3, 3)])
async def test_the_events_are_there_from_version_three_on(version: int, count: int, tmp_path: Path) -> None:
    step = migrations.importlib.import_module("central.store.migrations.0003_events")
    assert any("create table events" in statement for statement in step.STATEMENTS)
    restored(FIXTURES / f"version_000{version}.sql", tmp_path / "core.db")
    database = Database.open(tmp_path / "core.db")
    events = EventStore(database, Journal(database, [].append), lambda: 0.0)
    seen, known = await events.list("gw-01", 9), await events.known()
    events.close()
    database.close()
    assert len(seen) == count
    assert [(each.upto, each.missing) for each in known.standings] == [(2, 2)][: bool(count)]
    assert all(each.corrected and each.at_ms == 1_700_000_000_000 + each.mono_ms for each in seen)


def test_a_step_that_fails_leaves_the_version_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migrations.importlib.import_module("central.store.migrations.0001_first")
    monkeypatch.setattr(first, "STATEMENTS", (*first.STATEMENTS, "create nonsense"))
    with pytest.raises(Exception, match="nonsense"):
        Database.open(tmp_path / "core.db")
    assert schema(tmp_path / "core.db") == set()
    monkeypatch.undo()
    Database.open(tmp_path / "core.db").close()


def test_a_hole_in_the_numbering_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("0001_first.py", "0003_third.py"):
        (tmp_path / name).touch()
    monkeypatch.setattr(migrations, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(RuntimeError, match="0003_third"):
        migrations.steps()
