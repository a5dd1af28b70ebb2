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


@given(st.lists(RANGES, max_size=12), st.sets(st.integers(1, 40), min_size=1, max_size=12), st.randoms())
def test_a_claim_never_hides_an_event_that_still_comes(ranges, given_up, rng):
    """Whatever the order: acknowledged is only what arrived or was given up."""
    every = set(range(1, 41))
    first, last = min(given_up), max(given_up)
    mark, held = Mark(), set()
    news: list[object] = [Claim(first, last, len(given_up)), *sorted(every - given_up)]
    rng.shuffle(news)
    for told in news:
        if isinstance(told, Claim):
            mark = mark.claim(told)
        else:
            mark = mark.cover(told, told)
            held.add(told)
        assert set(range(1, mark.upto + 1)) <= held | given_up
    assert mark.upto == 40 and mark.claims == ()


def test_claims_that_overlap_are_counted_together():
    mark = Mark().cover(1, 2).claim(Claim(3, 9, 3)).claim(Claim(5, 12, 4))
    assert mark.upto == 2
    for held in (4, 6, 8):
        mark = mark.cover(held, held)
    assert (mark.upto, mark.top, mark.gaps, mark.claims) == (12, 12, (), ())


def test_what_tears_too_many_holes_is_not_taken_and_claims_are_bounded():
    mark = Mark()
    for n in range(MOST_GAPS):
        assert not mark.tears(2 * n + 2)
        mark = mark.cover(2 * n + 2, 2 * n + 2)
    assert mark.tears(mark.top + 2) and not mark.tears(mark.top + 1) and not mark.tears(1)
    for n in range(MOST_CLAIMS + 5):
        mark = mark.claim(Claim(10_000 + 10 * n, 10_001 + 10 * n, 1))
    assert len(mark.claims) == MOST_CLAIMS
    assert mark.claim(mark.claims[0]).claims == mark.claims
