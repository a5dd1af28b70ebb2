"""Figures: only what began and ended is a measurement, and the quantiles are those of what is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.figures import BEGUN_MOST, FLOOR, KEPT, KEYED, SOUND, Figures, figure_view


def test_a_beginning_and_an_end_make_a_measurement():
    figures = Figures()
    figures.begin(FLOOR, "gw-a/r1", 10.0)
    figures.end(FLOOR, "gw-a/r1", 10.0125)
    (view,) = figures.views()
    assert (view.name, view.count, view.p50_ms, view.max_ms) == (FLOOR, 1, 12.5, 12.5)


def test_an_end_without_a_beginning_is_none():
    figures = Figures()
    figures.end(FLOOR, "gw-a/r1", 10.0)
    assert figures.views() == ()


def test_the_first_beginning_counts():
    figures = Figures()
    figures.begin(FLOOR, "x", 10.0)
    figures.begin(FLOOR, "x", 10.5)
    figures.end(FLOOR, "x", 11.0)
    assert figures.views()[0].max_ms == 1000.0


def test_an_end_ends_it():
    figures = Figures()
    figures.begin(FLOOR, "x", 10.0)
    figures.end(FLOOR, "x", 11.0)
    figures.end(FLOOR, "x", 99.0)
    assert figures.views()[0].count == 1


def test_what_was_forgotten_is_not_measured():
    figures = Figures()
    figures.begin(KEYED, "x", 10.0)
    figures.forget(KEYED, "x")
    figures.forget(KEYED, "never begun")
    figures.end(KEYED, "x", 11.0)
    assert figures.views() == ()


def test_keys_and_figures_are_apart():
    figures = Figures()
    figures.begin(FLOOR, "x", 1.0)
    figures.begin(SOUND, "x", 2.0)
    figures.begin(FLOOR, "y", 3.0)
    figures.end(FLOOR, "x", 4.0)
    figures.end(SOUND, "x", 4.0)
    assert [(view.name, view.max_ms) for view in figures.views()] == [(FLOOR, 3000.0), (SOUND, 2000.0)]


def test_the_oldest_measurements_make_room():
    figures = Figures()
    for number in range(KEPT + 10):
        figures.begin(FLOOR, "x", 0.0)
        figures.end(FLOOR, "x", float(number))
    (view,) = figures.views()
    assert view.count == KEPT
    assert view.max_ms == (KEPT + 9) * 1000
    assert view.p50_ms == pytest.approx((KEPT / 2 + 10) * 1000)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_quantiles_lie_in_order_among_what_was_measured(values):
    ordered = sorted(values)
    view = figure_view("x", ordered)
    assert view.p50_ms <= view.p99_ms <= view.max_ms == round(ordered[-1], 2)
    assert sum(round(value, 2) <= view.p50_ms for value in ordered) * 2 >= len(ordered)
    assert {view.p50_ms, view.p99_ms} <= {round(value, 2) for value in ordered}


def test_what_never_ends_does_not_fill_the_memory():
    figures = Figures()
    for number in range(BEGUN_MOST + 10):
        figures.begin(SOUND, str(number), 1.0)
    figures.end(SOUND, "0", 2.0)
    assert figures.views() == (), "the oldest was forgotten"
    figures.end(SOUND, str(BEGUN_MOST + 9), 2.0)
    assert figures.views()[0].count == 1
