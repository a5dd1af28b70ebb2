"""The arithmetic of the benchmark."""

import math

import pytest

from scripts.figures.edges import bare_plan
from scripts.figures.figure import Budget, Figure, percentile


@pytest.mark.parametrize(("share", "value"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_percentiles_are_values_that_occurred(share, value):
    assert percentile(list(range(1, 101)), share) == value


def test_nothing_has_no_percentile():
    assert math.isnan(percentile([], 50))


def test_a_figure_is_told_beside_its_budget_and_never_judged():
    told = Figure("edge", "ms", (1.0, 2.0, 9.0), Budget(p50=4.0, most=3.0), (0.5, 0.75)).told()
    assert (told["n"], told["p50"], told["p99"], told["max"]) == (3, 2.0, 9.0, 9.0)
    assert told["ratio"] == {"p50": 0.5, "max": 3.0}
    assert told["load"] == [0.5, 0.75]
    assert "ok" not in told


def test_the_town_for_edges_has_no_delays_of_its_own():
    radios = [radio for gateway in bare_plan().gateways for radio in gateway.radios]
    assert {(r.attack_ms, r.squelch_ms, r.tail_ms, r.lead_ms, r.hold_ms) for r in radios} == {(0, 0, 0, 0, 0)}
