import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.store import entries
from central.store import verify as verify_module
from central.store.chain import Link
from central.store.database import Database, Sql
from central.store.journal import Journal
from central.store.verify import Verdict, first_outside, verify, verify_file

COLUMNS = ("seq", "wall_ms", "kind", "subject", "payload_sha256", "prev_hash", "hash")
ENTRIES = 6


async def written(path: Path) -> None:
    database = Database.open(path)
    journal = Journal(database, [].append)
    for n in range(ENTRIES - 1):
        journal.append("k", f"主题{n}", {"n": n})
    await journal.barrier()
    await journal.erase(2**60, "test", kinds=("none of these",))
    journal.append("k", "last", {"n": ENTRIES})
    await journal.close()
    database.close()


@pytest.fixture(scope="module")
def sound_journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("journal") / "core.db"
    asyncio.run(written(path))
    yield path


@pytest.fixture
def copied(sound_journal: Path, tmp_path: Path) -> Path:
    copyfile(sound_journal, tmp_path / "core.db")
    return tmp_path / "core.db"


def tampered(path: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    connection = sqlite3.connect(path)
    for trigger in ("entries_stay", "entries_remain", "payloads_stay"):
        connection.execute(f"drop trigger if exists {trigger}")
    connection.execute("pragma foreign_keys = off")
    for statement, values in statements:
        connection.execute(statement, values)
    connection.commit()
    connection.close()


def flipped(value: int | str | bytes, bit: int) -> tuple[str, object]:
    """SQL expression and argument for `value` with one bit turned over."""
    if isinstance(value, int):
        return "?", value ^ (1 << (bit % 48))
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[bit // 8 % len(raw)] ^= 1 << (bit % 8)
    return ("cast(? as text)" if isinstance(value, str) else "?"), bytes(raw)


def test_an_untouched_journal_verifies(sound_journal: Path) -> None:
    assert verify_file(sound_journal) == Verdict(ENTRIES, 0, True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, ENTRIES), column=st.sampled_from(COLUMNS), bit=st.integers(0, 8 * 64 - 1))
def test_any_bit_flip_in_any_row_of_the_chain_is_found(
    sound_journal: Path, tmp_path: Path, seq: int, column: str, bit: int
) -> None:
    path = tmp_path / "flipped.db"
    copyfile(sound_journal, path)
    with sqlite3.connect(path) as connection:
        (value,) = connection.execute(f"select {column} from entries where seq = ?", (seq,)).fetchone()
    connection.close()
    expression, turned = flipped(value, bit)
    tampered(path, (f"update or replace entries set {column} = {expression} where seq = ?", (turned, seq)))
    verdict = verify_file(path)
    assert not verdict.ok
    assert verdict.first_bad is not None
    assert verdict.first_bad <= seq
    assert verdict.reason


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, ENTRIES), column=st.sampled_from(["salt", "body"]), bit=st.integers(0, 127))
def test_any_bit_flip_in_a_payload_is_found(
    sound_journal: Path, tmp_path: Path, seq: int, column: str, bit: int
) -> None:
    path = tmp_path / "flipped.db"
    copyfile(sound_journal, path)
    with sqlite3.connect(path) as connection:
        (value,) = connection.execute(f"select {column} from payloads where seq = ?", (seq,)).fetchone()
    connection.close()
    expression, turned = flipped(value, bit)
    tampered(path, (f"update payloads set {column} = {expression} where seq = ?", (turned, seq)))
    verdict = verify_file(path)
    assert (verdict.ok, verdict.first_bad) == (False, seq)


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
def test_a_row_taken_out_is_found_even_at_the_end(copied: Path, seq: int) -> None:
    tampered(
        copied,
        ("delete from payloads where seq = ?", (seq,)),
        ("delete from entries where seq = ?", (seq,)),
    )
    assert verify_file(copied).first_bad == seq


def test_two_rows_that_changed_places_are_found(copied: Path) -> None:
    tampered(
        copied,
        ("update entries set seq = 99 where seq = 2", ()),
        ("update entries set seq = 2 where seq = 3", ()),
        ("update entries set seq = 3 where seq = 99", ()),
    )
    assert verify_file(copied).first_bad == 2


def test_a_payload_that_is_gone_without_an_erasure_is_found(copied: Path) -> None:
    tampered(copied, ("delete from payloads where seq = 4", ()))
    verdict = verify_file(copied)
    assert (verdict.ok, verdict.first_bad, verdict.erased) == (False, 4, 1)
    assert "no erasure names it" in verdict.reason


def test_the_journals_own_triggers_refuse_change(copied: Path) -> None:
    connection = sqlite3.connect(copied)
    for statement in (
        "update entries set subject = 'x'",
        "delete from entries",
        "update payloads set body = '{}'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    connection.close()


def test_a_missing_or_foreign_file_is_named_not_raised(tmp_path: Path) -> None:
    assert "does not exist" in verify_file(tmp_path / "no.db").reason
    (tmp_path / "text.db").write_text("hello " * 1000)
    verdict = verify_file(tmp_path / "text.db")
    assert not verdict.ok
    assert "SQLite" in verdict.reason


async def test_the_worker_process_says_the_same(copied: Path) -> None:
    assert await verify(copied) == Verdict(ENTRIES, 0, True)
    tampered(copied, ("update entries set wall_ms = wall_ms + 1 where seq = 3", ()))
    assert (await verify(copied)).first_bad == 3


def test_what_is_written_at_the_very_end_of_the_reading_is_no_missing_end(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that is committed after the last look at the entries, before the last look at their number."""
    database = Database.open(copied)
    honest, late = verify_module.links_after, ["one more"]

    def looked_up(sql: Sql, seq: int, count: int) -> list[Link]:
        found = honest(sql, seq, count)
        if not found and late:
            late.pop()
            with database.transaction() as writing:
                entries.insert(writing, [entries.waiting(1, "k", "late", "{}")])
        return found

    monkeypatch.setattr(verify_module, "links_after", looked_up)
    try:
        assert verify_file(copied) == Verdict(ENTRIES, 0, True)
    finally:
        database.close()


async def test_it_reads_beside_a_core_that_writes(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "core.db")
    journal = Journal(database, [].append)
    for n in range(500):
        journal.append("k", "s", {"n": n})
    await journal.barrier()
    running = asyncio.create_task(verify(database.path))
    while not running.done():
        journal.append("k", "s", {})
        await asyncio.sleep(0.01)
    verdict = running.result()
    assert verdict.ok
    assert verdict.entries >= 500
    await journal.close()
    database.close()


@given(st.sets(st.integers(0, 30)), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6))))
def test_the_first_number_outside_all_ranges(numbers: set[int], spans: list[tuple[int, int]]) -> None:
    ranges = [(first, first + length) for first, length in spans]
    plain = [n for n in sorted(numbers) if not any(a <= n <= b for a, b in ranges)]
    assert first_outside(sorted(numbers), ranges) == (plain[0] if plain else None)
