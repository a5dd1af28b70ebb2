"""The books of a fleet run: what a trigger noted of the outboxes against what the centre holds."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from firmware.outbox.writer import OutboxWriter
from firmware.stamp import Stamp
from link.contract.field_facts import SensorRead
from scripts.fleet_parts.books import Books
from scripts.fleet_parts.thin import NotedStore
from scripts.town.outbox_ledger import committed, note_commits, waiting

NAMES = ("sim-00000", "sim-00001")
WALL = 1_700_000_000_000


@pytest.fixture
def outboxes(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """Two real outboxes with three events each."""
    paths = {name: tmp_path / f"{name}.db" for name in NAMES}
    for path in paths.values():
        store = NotedStore(OutboxWriter(path, "1.1", 1_000_000))
        store.start(lambda fact: None)
        note_commits(path)
        for value in (1.0, 2.0, 3.0):
            store.append(SensorRead(sensor="level", value=value, unit="m"), Stamp(WALL, 5, "est"))
        store.writer.stop()
    yield paths


def centre(path: Path, keys: list[tuple[str, int, int]], told: list[tuple[str, int, int]]) -> Path:
    """A database of a centre that holds these events and did what follows from those."""
    with closing(sqlite3.connect(path)) as sql, sql:
        sql.execute("create table events (gateway text, epoch integer, seq integer)")
        sql.execute(
            "create table entries (seq integer primary key, wall_ms integer, kind text, subject text)"
        )
        sql.execute("create table payloads (seq integer primary key, body text)")
        sql.executemany("insert into events values (?, ?, ?)", keys)
        for number, (gateway, epoch, seq) in enumerate(told, 1):
            sql.execute(
                "insert into entries values (?, ?, 'fact.SensorRead', ?)",
                (number, WALL + 40 * number, gateway),
            )
            body = {"outbox": {"epoch": epoch}, "seq": seq, "wall_ms": WALL}
            sql.execute("insert into payloads values (?, ?)", (number, json.dumps(body)))
    return path


def keys_of(outboxes: dict[str, Path]) -> list[tuple[str, int, int]]:
    return [(name, *key) for name, path in outboxes.items() for key in committed(path)]


def test_a_centre_that_holds_everything_once_balances(tmp_path: Path, outboxes: dict[str, Path]) -> None:
    keys = keys_of(outboxes)
    assert len(keys) == 6
    for path in outboxes.values():
        assert waiting(path) == 3
        with closing(sqlite3.connect(path)) as sql, sql:
            sql.execute("delete from outbox")
    books = Books(outboxes, centre(tmp_path / "centre.db", keys, keys))
    tally = books.tally()
    assert (tally.events, tally.lost, tally.doubled, tally.waiting) == (6, 0, 0, 0) and tally.clean
    assert books.lag(WALL, WALL + 1) == {"n": 6, "p50": 160.0, "p95": 240.0, "p99": 240.0, "max": 240.0}
    assert books.lag(WALL + 1, WALL + 2) == {}


def test_an_event_that_is_not_at_the_centre_is_lost(tmp_path: Path, outboxes: dict[str, Path]) -> None:
    keys = keys_of(outboxes)
    tally = Books(outboxes, centre(tmp_path / "centre.db", keys[1:], keys[1:])).tally()
    assert tally.lost == 1 and tally.doubled == 0 and not tally.clean


def test_an_event_that_had_its_effect_twice_is_doubled(tmp_path: Path, outboxes: dict[str, Path]) -> None:
    keys = keys_of(outboxes)
    tally = Books(outboxes, centre(tmp_path / "centre.db", keys, [*keys, keys[0]])).tally()
    assert tally.doubled == 1 and tally.lost == 0 and not tally.clean


def test_what_still_waits_in_an_outbox_is_not_clean(tmp_path: Path, outboxes: dict[str, Path]) -> None:
    keys = keys_of(outboxes)
    tally = Books(outboxes, centre(tmp_path / "centre.db", keys, keys)).tally()
    assert tally.waiting == 6 and not tally.clean
