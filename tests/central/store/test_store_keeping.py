"""Retention and holds: age erases, a hold keeps, the chain remembers."""

import json
from pathlib import Path

import pytest

from central.recording_settings import RecordingSettings
from central.store.database import Database
from central.store.recording_keeping import Keeping
from tests.central.store.recording_rig import START_MS, Shelf, tone

DAY = 86400.0
SETTINGS = RecordingSettings(keep_days=180, leg_days=30)


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path / "rec")


def keeping(shelf: Shelf) -> Keeping:
    return Keeping(shelf.database, shelf.folder, shelf.book, lambda: shelf.wall, SETTINGS.days_of)


async def test_each_kind_is_kept_its_days(shelf: Shelf):
    await shelf.kept("g", tone(0.1))
    await shelf.kept("l", tone(0.1), "leg", "gw-a/r1")
    kept = keeping(shelf)
    assert await kept.due() == []
    shelf.wall = START_MS / 1000 + 31 * DAY
    assert [row.id for row in await kept.due()] == ["l"]
    shelf.wall = START_MS / 1000 + 181 * DAY
    assert {row.id for row in await kept.due()} == {"g", "l"}


async def test_what_is_erased_is_gone_and_its_entry_stays(shelf: Shelf):
    row = await shelf.kept("g", tone(0.1))
    assert await keeping(shelf).erase(row, "kept 180 days")
    assert not (shelf.folder / row.path).exists()
    erased = await shelf.recordings.find("g")
    assert (erased.state, erased.sha256, erased.why) == ("erased", row.sha256, "kept 180 days")
    said = [json.loads(seal.body) for seal in await shelf.book.of(["g"])]
    assert [each["kind"] for each in said] == ["closed", "erased"]
    assert said[1]["sha256"] == said[0]["sha256"]
    assert (await shelf.recordings.reconcile()).missing == (), "it is not missed"
    assert not await keeping(shelf).erase(erased, "again")


async def test_what_is_held_is_never_erased_until_it_is_released(shelf: Shelf):
    row = await shelf.kept("g", tone(0.1))
    kept = keeping(shelf)
    hold = await kept.hold("g", "inquiry 7", "li")
    shelf.wall += 400 * DAY
    assert (await kept.due(), await kept.oldest()) == ([], None)
    assert not await kept.erase(row, "no room"), "also not by who looked before the hold"
    assert (shelf.folder / row.path).exists()
    assert [each.why for each in await kept.holds()] == ["inquiry 7"]
    assert [each.id for each in await shelf.recordings.list(held=True)] == ["g"]
    released = await kept.release(hold.number, "closed", "wang")
    assert (released.released_by, released.released_why) == ("wang", "closed")
    assert await kept.release(hold.number, "again", "wang") is None
    assert await kept.holds() == ()
    assert [each.id for each in await kept.due()] == ["g"]


async def test_two_holds_are_two(shelf: Shelf):
    await shelf.kept("g", tone(0.1))
    kept = keeping(shelf)
    first, _ = await kept.hold("g", "a", "li"), await kept.hold("g", "b", "wang")
    await kept.release(first.number, "done", "li")
    assert await kept.oldest() is None


async def test_the_oldest_goes_first(shelf: Shelf):
    await shelf.kept("new", tone(0.1), after=90)
    await shelf.kept("old", tone(0.1), after=5)
    assert (await keeping(shelf).oldest()).id == "old"


async def test_a_file_that_a_crash_left_of_what_was_erased_goes(shelf: Shelf, caplog):
    row = await shelf.kept("g", tone(0.1))
    octets = (shelf.folder / row.path).read_bytes()
    await keeping(shelf).erase(row, "kept 180 days")
    (shelf.folder / row.path).write_bytes(octets)
    await keeping(shelf).resume()
    assert not (shelf.folder / row.path).exists()
    assert "its recording is erased" in caplog.text
