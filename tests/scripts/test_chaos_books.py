"""The books of a chaos run find what was lost, what came twice, and what was given up with a word."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from scripts.chaos_parts import gate
from scripts.chaos_parts.ledger import Books

OUTBOX = (
    "create table outbox (lane text, epoch integer, seq integer, body blob, primary key (lane, epoch, seq))"
)
CENTRE = """
create table events (gateway text, epoch integer, seq integer, wall_ms integer, primary key (gateway, epoch, seq));
create table entries (seq integer primary key autoincrement, kind text, subject text);
create table payloads (seq integer primary key, body text);
"""
G = "gw-dam"


class Town:
    """One outbox and a centre as plain databases."""

    def __init__(self, folder: Path) -> None:
        self.outbox, self.centre = folder / "outbox.db", folder / "spillway.db"
        self._run(self.outbox, OUTBOX)
        self._run(self.centre, CENTRE)
        self.books = Books({G: self.outbox}, self.centre)
        self.books.open()

    def _run(self, path: Path, text: str) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(text)

    def happen(self, *seqs: int, lane: str = "evt", epoch: int = 7) -> None:
        with contextlib.closing(sqlite3.connect(self.outbox)) as connection, connection:
            connection.executemany(
                "insert into outbox values (?, ?, ?, x'')", [(lane, epoch, s) for s in seqs]
            )

    def deliver(self, *seqs: int, epoch: int = 7, effects: int = 1, kind: str = "fact.LineOpened") -> None:
        with contextlib.closing(sqlite3.connect(self.outbox)) as connection, connection:
            connection.execute("delete from outbox where epoch = ?", (epoch,))
        with contextlib.closing(sqlite3.connect(self.centre)) as connection, connection:
            for seq in seqs:
                connection.execute("insert into events values (?, ?, ?, ?)", (G, epoch, seq, 1000))
                for _ in range(effects):
                    self.journal(connection, kind, {"outbox": {"epoch": epoch}, "seq": seq})

    def journal(self, connection: sqlite3.Connection, kind: str, payload: dict[str, object]) -> None:
        cursor = connection.execute("insert into entries (kind, subject) values (?, ?)", (kind, G))
        connection.execute("insert into payloads values (?, ?)", (cursor.lastrowid, json.dumps(payload)))

    def give_up(self, first: int, last: int) -> None:
        with contextlib.closing(sqlite3.connect(self.centre)) as connection, connection:
            place = {"outbox": {"epoch": 8}, "seq": 1}
            told = place | {"epoch": 7, "first": first, "last": last, "count": last - first + 1}
            self.journal(connection, "fact.EventsDropped", told)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_all_delivered_once(town):
    town.happen(1, 2, 3)
    assert town.books.waiting() == 3
    assert town.books.wait_empty(0.1) is None
    town.deliver(1, 2, 3)
    assert town.books.wait_empty(1.0) is not None
    tally = town.books.tally(0)
    assert (tally.events, tally.effects, tally.lost, tally.doubled, tally.clean) == (3, 3, (), (), True)


def test_a_lost_one_is_named_though_the_outbox_forgot_it(town):
    town.happen(1, 2, 3)
    town.deliver(1, 3)
    tally = town.books.tally(0)
    assert (tally.lost, tally.clean) == (((G, 7, 2),), False)


def test_one_that_worked_twice_is_named(town):
    town.happen(1)
    town.deliver(1, effects=2)
    tally = town.books.tally(0)
    assert (tally.doubled, tally.clean) == (((G, 7, 1),), False)


def test_one_that_arrived_without_effect_is_no_clean_run(town):
    town.happen(1, 2)
    town.deliver(1)
    town.deliver(2, effects=0)
    tally = town.books.tally(0)
    assert (tally.lost, tally.effects, tally.clean) == ((), 1, False)


def test_what_was_given_up_with_a_word_is_not_lost(town):
    town.happen(1, 2, 3, 4)
    town.deliver(1, 4)
    town.give_up(2, 3)
    tally = town.books.tally(0)
    assert (tally.lost, tally.given_up, tally.clean) == ((), 2, True)


def test_the_books_outlive_an_outbox_that_is_put_back(town):
    town.happen(1, 2)
    town.books.collect()
    town.outbox.unlink()
    town._run(town.outbox, OUTBOX)
    town.books.open()
    town.happen(1, epoch=8)
    town.deliver(1, epoch=8)
    assert town.books.tally(0).lost == ((G, 7, 1), (G, 7, 2))


def test_what_had_not_been_delivered_goes_with_a_disk_that_is_replaced(town, tmp_path):
    town.happen(1, 2)
    image = tmp_path / "image.db"
    with (
        contextlib.closing(sqlite3.connect(town.outbox)) as live,
        contextlib.closing(sqlite3.connect(image)) as copy,
    ):
        live.backup(copy)
    town.deliver(1, 2)
    town.happen(3)
    town.books.collect()
    assert town.books.forgive(G, image) == 1
    shutil.copy(image, town.outbox)
    assert town.books.tally(0).events == 2, "what was delivered still counts, what the image holds too"


def test_what_a_wrong_clock_leaves_behind_is_swept_and_nothing_else(tmp_path, monkeypatch):
    shared = tmp_path / "shm"
    shared.mkdir()
    monkeypatch.setattr(gate, "SHARED", shared)
    for name in ("faketime_shm_7", "sem.faketime_sem_7", "faketime_shm_8"):
        (shared / name).touch()
    (tmp_path / gate.FAKED).write_text("7\n")
    gate.sweep(tmp_path)
    gate.sweep(tmp_path)
    assert [each.name for each in shared.iterdir()] == ["faketime_shm_8"]


def test_an_event_of_1970_is_seen(town):
    town.happen(1)
    town.deliver(1)
    assert town.books.tally(999).early == 0
    assert town.books.tally(1001).early == 1
