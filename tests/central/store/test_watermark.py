"""The arithmetic of a lane: the watermark against a model that keeps every number, and what a gateway gave up."""

from hypothesis import given
from hypothesis import strategies as st

from central.store.watermark import MOST_CLAIMS, MOST_GAPS, Claim, Mark

RANGES = st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(RANGES, max_size=40))
def test_the_mark_is_what_a_set_of_all_numbers_would_say(ranges):
    mark, held = Mark(), set()
    for first, last in ranges:
        mark = mark.cover(first, last)
        held |= set(range(first, last + 1))
        whole = next(n for n in range(1, 100) if n not in held) - 1
        assert (mark.upto, mark.top) == (whole, max(held))
        assert mark.missing == len(set(range(1, max(held))) - held)
        assert all(a <= b for a, b in mark.gaps) and list(mark.gaps) == sorted(mark.gaps)


@given(
    st.sets(st.integers(1, 30), min_size=1, max_size=12), st.sets(st.integers(1, 30), max_size=12), st.data()
)
def test_a_claim_never_hides_an_event_that_still_comes(given_up, early, data):
    """Events arrive, some are dropped (arrived or not), a note stands in the place of the first, the rest comes."""
    first, last = min(given_up), max(given_up)
    mark, held = Mark(), set()
    for seq in data.draw(st.permutations(sorted(early))):
        mark, held = mark.cover(seq, seq), held | {seq}
    before = len(held & set(range(first, last + 1)) | {first})
    mark = mark.cover(first, first).claim(first, last, len(given_up), before)
    for seq in data.draw(st.permutations(sorted(set(range(1, 31)) - given_up - held))):
        assert set(range(1, mark.upto + 1)) <= held | given_up
        mark, held = mark.cover(seq, seq), held | {seq}
    assert set(range(1, mark.upto + 1)) <= held | given_up
    if not early:
        assert mark.upto == 30 and mark.claims == (), "nothing had arrived: it is exact"


def test_claims_that_overlap_are_counted_together_and_one_inside_another_is_not_added():
    mark = Mark().cover(1, 2).claim(3, 9, 3, 0).claim(5, 12, 4, 0)
    assert mark.upto == 2
    for held in (4, 6, 8):
        mark = mark.cover(held, held)
    assert (mark.upto, mark.top, mark.gaps, mark.claims) == (12, 12, (), ())
    mark = Mark().claim(1, 20, 10, 0).claim(3, 9, 4, 0)
    for held in range(2, 14, 2):
        mark = mark.cover(held, held)
    assert mark.missing_in(1, 20) == 14 and mark.upto == 0 and mark.claimed(3, 3)
    mark = mark.cover(14, 17)
    assert (mark.upto, mark.claims) == (20, ()), "the outer one alone accounts for the last ten"


def test_all_of_a_range_needs_no_waiting():
    assert Mark().cover(1, 3).claim(2, 9, 8, 2).upto == 9


def test_what_tears_too_many_holes_is_not_taken_and_claims_are_bounded():
    mark = Mark()
    for n in range(MOST_GAPS):
        assert not mark.tears(2 * n + 2)
        mark = mark.cover(2 * n + 2, 2 * n + 2)
    assert mark.tears(mark.top + 2) and not mark.tears(mark.top + 1) and not mark.tears(1)
    for n in range(MOST_CLAIMS + 5):
        mark = mark.claim(10_000 + 10 * n, 10_002 + 10 * n, 1, 0)
    assert len(mark.claims) == MOST_CLAIMS
    known = mark.claims[0]
    assert mark.claim(known.first, known.last, 1, 0) == mark and isinstance(known, Claim)
