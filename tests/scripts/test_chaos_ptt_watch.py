"""How long a transmitter was on for nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.chaos_parts.ptt_watch import longest, spans, without


def test_edges_become_spans_and_an_open_one_ends_now():
    edges = [(3.0, 0), (1.0, 1), (5.0, 1)]
    assert spans(edges, 9.0) == [(1.0, 3.0), (5.0, 9.0)]
    assert spans([(2.0, 0)], 9.0) == []


def test_what_was_lost_was_not_wanted():
    assert without([(0.0, 10.0)], [(2.0, 3.0), (9.0, 12.0)]) == [(0.0, 2.0), (3.0, 9.0)]
    assert without([(4.0, 5.0)], [(0.0, 9.0)]) == []
    assert without([(4.0, 5.0)], [(5.0, 9.0)]) == [(4.0, 5.0)]


@pytest.mark.parametrize(
    ("keyed", "wanted", "seconds"),
    [
        ([(1.0, 4.2)], [(0.9, 4.0)], 0.2),
        ([(1.0, 4.0)], [(0.9, 5.0)], 0.0),
        ([(1.0, 9.0)], [(0.9, 2.0), (3.0, 4.0)], 5.0),
        ([(1.0, 3.0)], [], 2.0),
        ([(6.0, 7.5)], [(0.0, 1.0)], 1.5),
        ([], [(0.0, 1.0)], 0.0),
    ],
)
def test_the_longest_stay(keyed, wanted, seconds):
    assert longest("r1", keyed, wanted).seconds == pytest.approx(seconds)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=20, unique=True))
def test_a_transmitter_wanted_all_the_time_overstays_never(moments):
    ordered = sorted(moments)
    keyed = list(zip(ordered[::2], ordered[1::2], strict=False))
    assert longest("r1", keyed, [(0.0, 101.0)]).seconds == 0.0
