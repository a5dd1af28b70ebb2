"""The file of the outbox: what is added is there after an opening, in order, and room is made without silence."""

import contextlib
import itertools
import sqlite3

import pytest

from firmware.outbox.packing import encoded, one_batch, readable
from firmware.outbox.store import MEMORY, EventFile, StoreTrouble, quota_of, set_aside
from link.contract.batch import decode_batch, fact_of
from link.contract.link_facts import EventsDropped
from tests.firmware.outbox.bench import alarm, entry, level, talk


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "outbox.db"


def opened(path, epoch: int = 7) -> EventFile:
    file = EventFile(path)
    file.begin({"alm": epoch + 1, "evt": epoch})
    return file


def seqs(file: EventFile, lane: str = "evt") -> list[tuple[int, int]]:
    return [(each.entry.epoch, each.entry.seq) for each in file.read(lane, 0, 10_000)]


def test_events_keep_their_epoch_and_number_over_an_opening_and_go_first(path):
    file = opened(path)
    file.add([entry(1), entry(2), entry(3)])
    file.close()
    file = opened(path, epoch=3)
    assert file.before == {"alm": 8, "evt": 7}
    file.add([entry(1, epoch=3)])
    assert seqs(file) == [(7, 1), (7, 2), (7, 3), (3, 1)], "in the order of the file, not of the epochs"
    assert file.waiting == {"alm": 0, "evt": 4} and set(file.epochs_of("evt")) == {3, 7}
    file.close()


def test_what_the_centre_has_is_deleted_and_nothing_else(path):
    file = opened(path)
    file.add([entry(n) for n in range(1, 6)])
    file.add([entry(1, alarm(), epoch=8), entry(1, epoch=9)])
    file.forget({7: 3})
    assert seqs(file) == [(7, 4), (7, 5), (9, 1)] and seqs(file, "alm") == [(8, 1)]
    assert file.waiting == {"alm": 1, "evt": 3}
    file.close()


def test_a_place_is_never_given_twice_while_the_file_is_open(path):
    file = opened(path)
    file.add([entry(1), entry(2)])
    (_, last) = file.read("evt", 0, 9)
    file.forget({7: 2})
    file.add([entry(3)])
    assert [each.entry.seq for each in file.read("evt", last.place, 9)] == [3]
    file.close()


def test_full_sync_and_write_ahead_log_are_on(path):
    file = opened(path)
    assert file._one("pragma synchronous") == 2 and file._one("pragma journal_mode") == "wal"
    file.close()


@pytest.mark.parametrize("wrong", [b"no database at all, but long enough to be looked at" * 100, b"torn"])
def test_what_is_no_database_is_damaged(path, wrong):
    path.parent.mkdir()
    path.write_bytes(wrong)
    with pytest.raises(StoreTrouble) as caught:
        EventFile(path)
    assert caught.value.damaged and caught.value.advice


def test_malformed_pages_are_found_at_the_opening(path):
    file = opened(path)
    file.add([entry(n) for n in range(1, 2000)])
    file.close()
    octets = bytearray(path.read_bytes())
    octets[8192:16384] = bytes(range(256)) * 32
    path.write_bytes(octets)
    with pytest.raises(StoreTrouble) as caught:
        EventFile(path)
    assert caught.value.damaged


@pytest.mark.parametrize("made", ["create table outbox (body)", "create table meta (key, value)"])
def test_a_database_that_is_no_outbox_is_damaged(path, made):
    """Else the events of every start would live in memory only until somebody comes."""
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as foreign:
        foreign.execute(made)
    with pytest.raises(StoreTrouble) as caught:
        EventFile(path)
    assert caught.value.damaged and "is no outbox" in caught.value.what


def test_a_file_of_a_newer_program_is_refused(path):
    opened(path).close()
    sql = sqlite3.connect(path)
    sql.execute("update meta set value = '2' where key = 'version'")
    sql.commit()
    sql.close()
    with pytest.raises(StoreTrouble, match="newer program") as caught:
        EventFile(path)
    assert caught.value.damaged


def test_a_folder_that_cannot_be_is_trouble_but_no_damage(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreTrouble) as caught:
        EventFile(tmp_path / "file" / "outbox.db")
    assert not caught.value.damaged and "check owner" in caught.value.advice


def test_a_file_is_set_aside_with_its_side_files_under_a_name_of_its_own(path):
    path.parent.mkdir()
    for tail in ("", "-wal", "-shm"):
        path.with_name(path.name + tail).write_text(tail or "db")
    assert set_aside(path, 1700.5) == "outbox.db.damaged-1700"
    assert sorted(each.name for each in path.parent.iterdir()) == [
        f"outbox.db.damaged-1700{tail}" for tail in ("", "-shm", "-wal")
    ]
    path.write_text("again")
    assert set_aside(path, 1700.9) == "outbox.db.damaged-1700-2"


def test_room_is_made_of_the_oldest_of_the_lowest_rank_with_a_note_in_its_place():
    file = opened(MEMORY)
    file.add([entry(n, level(n) if n % 2 else talk(n)) for n in range(1, 101)])
    assert file.make_room(10_000) > 0
    left = file.read("evt", 0, 1000)
    note = fact_of(left[0].entry.body)
    assert isinstance(note, EventsDropped)
    assert (note.first, note.why, note.lane, note.epoch) == (1, "quota", "evt", 7)
    talks = [each.entry.seq for each in left if each.entry.rank == 2]
    assert talks == list(range(2, 101, 2)), "who talked stays while measured values can go"
    assert note.count + sum(each.entry.rank == 0 for each in left) == 50
    assert file.waiting["evt"] == len(left)
    file.close()


def test_a_later_note_takes_over_an_earlier_one_and_none_is_uncounted():
    file = opened(MEMORY)
    file.add([entry(n) for n in range(1, 201)])
    while file.make_room(3_000):
        left = file.read("evt", 0, 1000)
        notes = [fact_of(each.entry.body) for each in left if each.entry.rank == 3]
        counted = sum(note.count for note in notes if isinstance(note, EventsDropped))
        assert counted + sum(each.entry.rank != 3 for each in left) == 200
    assert file.waiting["evt"] == 1 and not file.make_room(3_000)
    file.close()


def test_one_note_stands_for_a_bounded_number_of_ranges():
    file = opened(MEMORY)
    file.add([entry(n, level(n) if n % 2 else talk(n)) for n in range(1, 1001)])
    assert file.make_room(10_000_000) == 500 - len(notes := notes_of(file))
    assert [told.count for told in notes] == [101, 101, 101, 101, 96]
    assert all(told.last < later.first for told, later in itertools.pairwise(notes))
    file.close()


def notes_of(file: EventFile) -> list[EventsDropped]:
    told = [fact_of(each.entry.body) for each in file.read("evt", 0, 10_000)]
    return [fact for fact in told if isinstance(fact, EventsDropped)]


def test_a_batch_never_mixes_epochs_starts_or_clock_qualities_and_splits_at_gaps(path):
    file = opened(path)
    rows = [entry(1), entry(2), entry(4), entry(1, epoch=5), entry(2, epoch=5, boot="other.start")]
    file.add([*rows, entry(5)])
    found, batches = file.read("evt", 0, 99), []
    while found:
        batch = one_batch(found, 100_000)
        batches.append([(each.entry.epoch, each.entry.seq) for each in batch])
        payload = encoded(batch)
        assert payload is not None
        assert [event.seq for event in decode_batch(payload).events] == [seq for _, seq in batches[-1]]
        found = found[len(batch) :]
    assert batches == [[(7, 1), (7, 2)], [(7, 4)], [(5, 1)], [(5, 2)], [(7, 5)]]
    assert len(one_batch(file.read("evt", 0, 99), 5)) == 1, "one goes however large it is"
    file.close()


def test_an_event_that_cannot_be_read_becomes_a_note(path):
    file = opened(path)
    file.add([entry(1), entry(2)])
    file._sql.execute("update outbox set body = x'c1c1' where seq = 2")
    kept = file.read("evt", 0, 9)
    assert encoded(kept) is None and [readable(each.entry.body) for each in kept] == [True, False]
    file.mend(kept[1].place, kept[1].entry)
    payload = encoded(file.read("evt", 0, 9))
    assert payload is not None
    note = decode_batch(payload).events[1].fact
    assert isinstance(note, EventsDropped) and (note.first, note.why) == (2, "unreadable")
    file.close()


def test_the_quota_is_never_more_than_four_fifths_of_the_disk(path):
    path.parent.mkdir()
    assert quota_of(path, 1000) == 1000
    assert 0 < quota_of(path, 10**18) < 10**18
    assert quota_of(path / "nowhere" / "x", 55) == 55
