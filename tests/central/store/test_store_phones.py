"""Telephones in the store, and the edge's book: what is on disk, and that no secret is."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from central.store import migrations
from central.store.database import Database
from central.store.edge_book import BOOK, LOCATION, EdgeRow, prepare, write_book
from central.store.phones import PhoneRow, PhoneStore

ROW = PhoneRow("201", "Hall", "wang", "internal", "plain", "spillway", "a" * 32, "b" * 64, 1.5, "li")
EDGE = EdgeRow("201", "a" * 32, "b" * 64, "plain")


async def test_telephones_come_and_go(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "core.db")
    store = PhoneStore(database)
    await store.save([ROW, replace(ROW, number="202")])
    await store.save([replace(ROW, label="Gate")], gone=["202", "999"])
    assert await store.phones() == [replace(ROW, label="Gate")]
    database.close()


def test_telephones_came_with_a_migration_of_their_own() -> None:
    step = migrations.importlib.import_module("central.store.migrations.0011_phones")
    assert len(step.STATEMENTS) == 1 and "secret" not in step.STATEMENTS[0]


def numbers(folder: Path) -> list[str]:
    book = sqlite3.connect(folder / BOOK)
    try:
        return [row[0] for row in book.execute("select username from subscriber order by username")]
    finally:
        book.close()


def test_the_edge_sees_all_of_a_book_or_the_one_before(tmp_path: Path) -> None:
    write_book(tmp_path, [EDGE])
    reader = sqlite3.connect(tmp_path / BOOK)  # as kamailio: opened once, asked for ever
    inode = (tmp_path / BOOK).stat().st_ino
    with pytest.raises(OSError, match=BOOK):
        write_book(tmp_path, [replace(EDGE, number="202"), replace(EDGE, number="202")])
    assert numbers(tmp_path) == ["201"]
    write_book(tmp_path, [replace(EDGE, number="202")])
    assert reader.execute("select username from subscriber").fetchall() == [("202",)]
    assert (tmp_path / BOOK).stat().st_ino == inode
    reader.close()


def test_what_is_registered_outlives_a_new_preparation(tmp_path: Path) -> None:
    prepare(tmp_path)
    location = sqlite3.connect(tmp_path / LOCATION)
    location.execute("insert into location (ruid, username) values ('r', '201')")
    location.commit()
    prepare(tmp_path)
    assert location.execute("select username from location").fetchall() == [("201",)]
    assert location.execute("select * from version").fetchall() == [("location", 9)]
    location.close()
