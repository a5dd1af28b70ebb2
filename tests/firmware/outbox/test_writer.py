"""The outbox's thread: groups, answers, what the centre has; and a gateway that starts with whatever file it finds."""

import sqlite3
import time
from pathlib import Path

import pytest

from firmware.outbox import writer as module
from firmware.outbox.entries import (
    BatchRead,
    Counted,
    Forget,
    GivenUp,
    NothingRead,
    ReadBatch,
    StoreChanged,
    Stored,
    StoreOpened,
)
from firmware.outbox.store import EventFile, StoreTrouble
from firmware.outbox.writer import OutboxWriter
from link.contract.batch import decode_batch
from link.contract.link_facts import EventsDropped, StoreSetAside
from tests.firmware.outbox.bench import BOOT, Heard, alarm, level, stamp, started, talk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def filled(writer: OutboxWriter, heard: Heard, count: int, first: int = 1) -> None:
    before = sum(fact.count for fact in heard.of(Stored))
    for n in range(first, first + count):
        writer.append(talk(n), stamp(n))
    heard.until(lambda: sum(fact.count for fact in heard.of(Stored)) >= before + count)


def read(writer: OutboxWriter, heard: Heard, lane: str = "evt", after: int = 0) -> object:
    """What a read brings."""
    asked = ReadBatch(lane, len(heard.facts), after, 200, 100_000)
    writer.ask(asked)
    found: list[object] = []

    def there() -> bool:
        found[:] = [fact for fact in heard.facts if getattr(fact, "turn", None) == asked.turn]
        return bool(found)

    heard.until(there)
    return found[0]


def everything(writer: OutboxWriter, heard: Heard, lane: str = "evt") -> list[tuple[int, int, object]]:
    """All that the store would send, as the centre reads it."""
    found, after = [], 0
    while isinstance(batch := read(writer, heard, lane, after), BatchRead):
        found += [(batch.epoch, event.seq, event.fact) for event in decode_batch(batch.payload).events]
        after = batch.place
    return found


def test_what_was_appended_is_stored_numbered_from_one_and_read_as_a_batch(path):
    writer, heard = started(path)
    filled(writer, heard, 3)
    (opened,) = heard.of(StoreOpened)
    lanes = {each.lane: each for each in opened.lanes}
    batch = read(writer, heard)
    assert isinstance(batch, BatchRead)
    assert (batch.epoch, batch.first, batch.last) == (lanes["evt"].epoch, 1, 3)
    told = decode_batch(batch.payload)
    assert [event.fact for event in told.events] == [talk(1), talk(2), talk(3)]
    assert (told.head.boot, told.head.tq, told.events[1].wall_ms) == (BOOT, "ntp", stamp(2).wall_ms)
    assert isinstance(read(writer, heard, after=batch.place), NothingRead)
    assert lanes["alm"].epoch != lanes["evt"].epoch and max(each.epoch for each in opened.lanes) < 2**62
    writer.stop()


def test_an_alarm_takes_its_own_lane(path):
    writer, heard = started(path)
    writer.append(alarm(), stamp())
    writer.append(talk(), stamp())
    heard.until(lambda: len(heard.of(Stored)) == 2)
    assert [fact for *_, fact in everything(writer, heard, "alm")] == [alarm()]
    assert heard.of(Counted)[-1].waiting == (("alm", 1), ("evt", 1))
    assert heard.of(Counted)[-1].oldest_at == stamp().mono_ms / 1000
    writer.stop()


def test_many_appends_are_few_commits(path, monkeypatch):
    commits: list[int] = []
    add = EventFile.add
    monkeypatch.setattr(EventFile, "add", lambda file, rows: (commits.append(len(rows)), add(file, rows))[1])
    writer, heard = started(path)
    filled(writer, heard, 1000)
    assert sum(commits) == 1000 and len(commits) < 100
    writer.stop()


def test_every_opening_has_new_epochs_and_names_the_one_before(path):
    epochs = []
    for _ in range(3):
        writer, heard = started(path)
        filled(writer, heard, 1)
        evt = heard.of(StoreOpened)[0].lanes[1]
        epochs.append((evt.epoch, evt.prev_epoch, evt.waiting))
        writer.stop()
    assert [before for _, before, _ in epochs] == [0, epochs[0][0], epochs[1][0]]
    assert [waiting for *_, waiting in epochs] == [0, 1, 2]
    writer, heard = started(path)
    assert [(epoch, seq) for epoch, seq, _ in everything(writer, heard)] == [(e, 1) for e, *_ in epochs]
    assert set(heard.of(StoreOpened)[0].lanes[1].epochs) >= {e for e, *_ in epochs}
    writer.stop()


def test_a_restored_image_swallows_nothing(path, tmp_path):
    """T3: what is told after an old file was put back never bears a number that the centre knows already."""
    writer, heard = started(path)
    filled(writer, heard, 5)
    writer.stop()
    image = path.read_bytes()
    writer, heard = started(path)
    filled(writer, heard, 5, first=6)
    known = {(epoch, seq) for epoch, seq, _ in everything(writer, heard)}
    writer.stop()
    path.write_bytes(image)
    writer, heard = started(path)
    filled(writer, heard, 5, first=11)
    new = [(epoch, seq) for epoch, seq, fact in everything(writer, heard) if fact.seconds > 10]
    assert len(new) == 5 and not known & set(new)
    writer.stop()


def test_acknowledged_events_are_gone_and_do_not_come_back(path):
    writer, heard = started(path)
    filled(writer, heard, 10)
    epoch = heard.of(StoreOpened)[0].lanes[1].epoch
    writer.ask(Forget(epoch, 7))
    assert [seq for _, seq, _ in everything(writer, heard)] == [8, 9, 10]
    heard.until(lambda: heard.of(Counted)[-1].waiting == (("alm", 0), ("evt", 3)))
    writer.stop()
    writer, heard = started(path)
    assert [seq for _, seq, _ in everything(writer, heard)] == [8, 9, 10]
    writer.stop()


def test_stop_stores_what_was_appended(path):
    writer, heard = started(path)
    for n in range(1, 1501):
        writer.append(talk(n), stamp(n))
    writer.stop()
    writer, heard = started(path)
    assert heard.of(StoreOpened)[0].lanes[1].waiting == 1500
    writer.stop()


def test_a_damaged_file_is_set_aside_told_and_the_gateway_works(path):
    path.write_bytes(b"rubbish" * 1000)
    writer, heard = started(path)
    heard.until(lambda: heard.of(Stored) != [])
    ((_, _, told),) = everything(writer, heard, "alm")
    assert isinstance(told, StoreSetAside) and told.store == "outbox"
    assert (path.parent / told.kept_as).read_bytes() == b"rubbish" * 1000
    health = heard.of(StoreChanged)[-1]
    assert told.kept_as in health.what and "evidence" in health.advice
    filled(writer, heard, 2)
    writer.stop()


def test_damage_while_running_begins_a_new_file_and_loses_nothing_of_what_waits(path, monkeypatch):
    writer, heard = started(path)
    filled(writer, heard, 2)
    add, broken = EventFile.add, [True]

    def breaks(file, rows):
        if broken:
            broken.clear()
            raise StoreTrouble("malformed", "x", damaged=True)
        add(file, rows)

    monkeypatch.setattr(EventFile, "add", breaks)
    writer.append(talk(3), stamp(3))
    heard.until(lambda: len(heard.of(StoreOpened)) == 2 and len(heard.of(Stored)) >= 3)
    first, second = heard.of(StoreOpened)
    assert second.lanes[1].prev_epoch == first.lanes[1].epoch != second.lanes[1].epoch
    assert [(epoch, seq, fact) for epoch, seq, fact in everything(writer, heard)] == [
        (first.lanes[1].epoch, 3, talk(3))
    ]
    filled(writer, heard, 1, first=4)
    assert everything(writer, heard)[-1] == (second.lanes[1].epoch, 1, talk(4))
    writer.stop()
    assert len(list(path.parent.glob("outbox.db.damaged-*"))) >= 1


def test_without_a_folder_it_works_from_memory_and_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    writer, heard = started(tmp_path / "file" / "outbox.db")
    assert "in memory only" in heard.of(StoreChanged)[-1].what
    assert "restart the gateway" in heard.of(StoreChanged)[-1].advice
    filled(writer, heard, 3)
    assert len(everything(writer, heard)) == 3
    assert "in memory only" in heard.of(StoreChanged)[-1].what, "and it is not taken back"
    writer.stop()


def test_a_full_disk_makes_events_wait_and_what_does_not_fit_is_told_once_there_is_room(path, monkeypatch):
    monkeypatch.setattr(module, "AGAIN", 0.05)
    writer, heard = started(path, most=20)
    filled(writer, heard, 5)
    writer._file._sql.execute(f"pragma max_page_count = {writer._file._one('pragma page_count')}")
    sent = 5
    while not any("is full" in fact.what for fact in heard.of(StoreChanged)):
        sent += 1
        writer.append(talk(sent), stamp(sent))
        heard.until(lambda: len(writer._pending) < 15 or heard.of(StoreChanged) != [])
    for n in range(sent + 1, 1500):
        writer.append(talk(n), stamp(n))
    writer.append(alarm(), stamp())
    assert len(writer._pending) <= 22
    writer._file._sql.execute("pragma max_page_count = 1000000")
    heard.until(lambda: heard.of(StoreChanged)[-1].what == "")
    heard.until(lambda: len(writer._pending) == 0 and heard.of(GivenUp) != [])
    found = everything(writer, heard)
    dropped = [fact for *_, fact in found if isinstance(fact, EventsDropped)]
    assert len(found) - len(dropped) + sum(each.count for each in dropped) == 1499
    assert {each.why for each in dropped} == {"disk"}
    assert heard.of(GivenUp)[-1].count == sum(each.count for each in dropped) > 1000
    assert len(everything(writer, heard, "alm")) == 1, "an alarm is not given up for talk"
    writer.stop()


def test_a_file_above_its_quota_gives_up_what_matters_least_and_says_so(path):
    writer, heard = started(path, quota=200_000)
    for n in range(1, 4001):
        writer.append(level(n) if n % 4 else talk(n), stamp(n))
    heard.until(lambda: sum(fact.count for fact in heard.of(Stored)) == 4000)
    heard.until(lambda: heard.of(GivenUp) != [] and len(heard.of(Counted)) > 0)
    found = everything(writer, heard)
    dropped = [fact for *_, fact in found if isinstance(fact, EventsDropped)]
    assert len(found) - len(dropped) + sum(each.count for each in dropped) == 4000
    assert {each.why for each in dropped} == {"quota"}
    assert sum(type(fact) is type(talk()) for *_, fact in found) == 1000, "who talked is all there"
    assert writer._file.octets() <= 200_000 + 50_000
    writer.stop()


def test_a_read_that_fails_is_answered_later(path, monkeypatch):
    monkeypatch.setattr(module, "AGAIN", 0.05)
    writer, heard = started(path)
    filled(writer, heard, 2)
    look, broken = EventFile.read, [1, 2]

    def breaks(file, *asked):
        if broken:
            broken.pop()
            raise StoreTrouble("the disk fails", "replace it")
        return look(file, *asked)

    monkeypatch.setattr(EventFile, "read", breaks)
    assert isinstance(read(writer, heard), BatchRead)
    assert heard.of(StoreChanged)[0].what == "the disk fails"
    writer.stop()


def test_what_cannot_be_deleted_is_not_sent_again(path, monkeypatch):
    def full(file, upto):
        raise StoreTrouble("full", "x")

    writer, heard = started(path)
    filled(writer, heard, 300)
    monkeypatch.setattr(EventFile, "forget", full)
    writer.ask(Forget(heard.of(StoreOpened)[0].lanes[1].epoch, 250))
    heard.until(lambda: heard.of(StoreChanged) != [])
    assert [seq for _, seq, _ in everything(writer, heard)] == list(range(251, 301))
    writer.stop()


def test_an_event_that_cannot_be_read_stops_nothing(path):
    writer, heard = started(path)
    filled(writer, heard, 3)
    writer.stop()
    sql = sqlite3.connect(path)
    sql.execute("update outbox set body = x'c1' where seq = 2")
    sql.commit()
    sql.close()
    writer, heard = started(path)
    found = everything(writer, heard)
    assert [seq for _, seq, _ in found] == [1, 2, 3]
    assert isinstance(found[1][2], EventsDropped)
    writer.stop()


def test_append_never_waits_for_the_disk(path, monkeypatch):
    def slow(file, rows, add=EventFile.add):
        gate.until(lambda: gate.facts != [])
        add(file, rows)

    gate = Heard()
    monkeypatch.setattr(EventFile, "add", slow)
    writer, _ = started(path)
    begun = time.monotonic()
    for n in range(200):
        writer.append(talk(n), stamp(n))
    assert time.monotonic() - begun < 1.0
    gate("go")
    writer.stop()
