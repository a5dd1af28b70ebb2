"""Backoff: waits grow to a ceiling, never below half, and start anew after a success."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.hosting.backoff import Backoff


def test_waits_double_up_to_the_most():
    backoff = Backoff(first=0.5, factor=2.0, most=3.0, rng=lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_least_draw_still_waits_half():
    backoff = Backoff(first=1.0, most=8.0, rng=lambda: 0.0)
    assert [backoff.next() for _ in range(4)] == [0.5, 1.0, 2.0, 4.0]


def test_a_success_starts_it_anew():
    backoff = Backoff(first=0.25, rng=lambda: 1.0)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 0.25


def test_the_first_wait_is_not_above_the_most():
    assert Backoff(first=9.0, most=2.0, rng=lambda: 1.0).next() == 2.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_every_wait_lies_between_half_and_the_whole_of_its_step(draws):
    turns = iter(draws)
    backoff = Backoff(first=0.2, factor=2.0, most=5.0, rng=lambda: next(turns))
    for step, draw in enumerate(draws):
        whole = min(5.0, 0.2 * 2.0**step)
        assert backoff.next() == pytest.approx(whole * (0.5 + 0.5 * draw))
