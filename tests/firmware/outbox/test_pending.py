"""Events on their way to the disk: order, the bound, and notes of what did not fit."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.outbox import pending as module
from firmware.outbox.pending import Pending, Waiting
from link.contract.batch import fact_of
from link.contract.link_facts import EventsDropped
from tests.firmware.outbox.bench import stamp


def item(seq: int, rank: int = 2, lane: str = "evt") -> Waiting:
    return Waiting(lane, 7, seq, rank, stamp(seq), b"%d" % seq)


def seqs(items: list[Waiting]) -> list[int]:
    return [each.seq for each in items]


def note(waiting: Waiting) -> EventsDropped:
    told = fact_of(waiting.entry("b", "disk").body)
    assert isinstance(told, EventsDropped)
    return told


def test_what_fits_comes_out_in_order():
    pending = Pending(most=5)
    for seq in range(1, 6):
        pending.put(item(seq))
    assert seqs(pending.take(3)) == [1, 2, 3]
    assert len(pending) == 2
    assert seqs(pending.take(9)) == [4, 5] and len(pending) == 0


def test_what_could_not_be_stored_is_the_oldest_again():
    pending = Pending(most=5)
    for seq in range(1, 5):
        pending.put(item(seq))
    pending.give_back(pending.take(2))
    assert seqs(pending.take(9)) == [1, 2, 3, 4]


def test_the_oldest_of_the_lowest_rank_goes_and_a_note_stands_in_its_place():
    pending = Pending(most=4)
    for seq, rank in enumerate((2, 0, 3, 0, 2, 2), start=1):
        pending.put(item(seq, rank))
    taken = pending.take(9)
    assert seqs(taken) == [1, 2, 3, 5, 6]
    told = note(taken[1])
    assert (told.first, told.last, told.count, told.why, told.epoch) == (2, 4, 2, "disk", 7)
    assert taken[1].entry("b", "disk").rank == 3, "a note is not given up for a measured value"


def test_the_least_important_newcomer_goes_itself():
    pending = Pending(most=2)
    for seq, rank in enumerate((3, 3, 0), start=1):
        pending.put(item(seq, rank))
    taken = pending.take(9)
    assert seqs(taken) == [1, 2, 3]
    assert (note(taken[2]).first, note(taken[2]).count) == (3, 1)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["alm", "evt"]), st.booleans()), max_size=80),
    st.integers(1, 12),
)
def test_nothing_goes_without_a_note_and_the_bound_holds(rows, most):
    pending, count, taken = Pending(most), {"alm": 0, "evt": 0}, []
    for rank, lane, take in rows:
        count[lane] += 1
        pending.put(item(count[lane], rank, lane))
        assert len(pending) <= most + 16, "events and a few notes"
        assert len(pending._line) <= 2 * most + 101
        if take:
            group = pending.take(2)
            pending.give_back(group[1:])
            taken += group[:1]
    taken += pending.take(1000)
    for lane, made in count.items():
        mine = [each for each in taken if each.lane == lane]
        assert seqs(mine) == sorted(seqs(mine))
        whole = {each.seq for each in mine if not each.count}
        notes = [note(each) for each in mine if each.count]
        assert len(whole) + sum(told.count for told in notes) == made
        missing = set(range(1, made + 1)) - whole
        assert missing <= {seq for told in notes for seq in range(told.first, told.last + 1)}
        for told in notes:
            later = [seq for seq in missing if seq > told.first]
            assert told.first in missing and told.last in (*missing, told.first), later
    assert pending.dropped == sum(note(each).count for each in taken if each.count)


def ranges(numbers: list[int]) -> int:
    return sum(1 for seq in numbers if seq - 1 not in numbers)


def test_a_note_stands_for_a_bounded_number_of_ranges_and_notes_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "HOLES_MOST", 3)
    monkeypatch.setattr(module, "NOTES_MOST", 4)
    pending = Pending(most=10)
    for seq in range(1, 2001):
        pending.put(item(seq, rank=0 if seq % 2 else 2))
        assert len(pending) <= 10 + 4 and len(pending._line) <= 121
    taken = pending.take(100)
    notes = [note(each) for each in taken if each.count]
    whole = {each.seq for each in taken if not each.count}
    assert len(notes) <= 4 and sum(told.count for told in notes) + len(whole) == 2000
    for told in notes:
        gone = [seq for seq in range(told.first, told.last + 1) if seq not in whole]
        assert ranges(gone) <= 4
