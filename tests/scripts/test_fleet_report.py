"""What a fleet run prints, what it calls clean, and what it needs of a machine."""

import json
from dataclasses import replace

import pytest

from scripts.fleet_parts import room
from scripts.fleet_parts.books import Tally
from scripts.fleet_parts.fan_out import FanOut
from scripts.fleet_parts.gauges import PARTS, Phase, part_of, quantiles
from scripts.fleet_parts.plan import A_PROCESS, ALL, FULL, PACE_OF_LARGE, FleetPlan
from scripts.fleet_parts.report import as_json, as_text, verdict
from scripts.fleet_parts.run import Measured

CLEAN = Tally(events=100, lost=0, doubled=0, effects=100, waiting=0)


def measured(**more: object) -> Measured:
    cores = dict.fromkeys(PARTS, 0.5)
    phase = Phase("steady", 60.0, cores, dict.fromkeys(PARTS, 90.0), [0.2, 0.4], [5.0], 1.0)
    fields: dict[str, object] = {
        "phases": [phase],
        "talks": {"steady": [28.0, None]},
        "lags": {"steady": quantiles([220.0])},
        "times": {"all online": 5.0},
        "fan_out": FanOut(quantiles([40.0]), quantiles([350.0, 360.0]), {"gw-dam/pa1": 450.0}, {"played": 2}),
        "tally": CLEAN,
    }
    return Measured(FleetPlan(10), **{**fields, **more})  # type: ignore[arg-type]


def test_a_clean_run_says_so_in_its_last_line() -> None:
    run = measured()
    assert run.troubles == []
    assert verdict(run) == "fleet 10: lost 0, doubled 0, 100 events, falsely played 0, clean"
    text = as_text(run)
    assert "gw-dam/pa1 450 ms" in text and "28/28/28/28 (n 1, missed 1)" in text
    assert json.loads(as_json(run))["troubles"] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"tally": replace(CLEAN, lost=1)}, "lost 1"),
        ({"tally": replace(CLEAN, doubled=2)}, "doubled 2"),
        ({"tally": None}, "books"),
        ({"fan_out": FanOut(false=("sim-00001/pa1",))}, "not heard"),
        ({"fan_out": FanOut(missing=("sim-00001/pa1: unknown",))}, "did not play"),
        ({"times": {"storm caught up": None}}, "storm caught up took too long"),
        ({"crowds_restarted": 1}, "ended by itself"),
        ({"mail_dropped": 3}, "dropped 3"),
        ({"trouble": "the centre did not answer"}, "did not answer"),
    ],
)
def test_whatever_must_not_be_is_named(more: dict[str, object], words: str) -> None:
    run = measured(**more)
    assert run.troubles and words in verdict(run) and "clean" not in verdict(run)


def test_a_plan_shares_its_gateways_out() -> None:
    plan = FleetPlan(2 * A_PROCESS + 1)
    crowds = list(plan.crowds)
    assert len(crowds) == 3 and max(map(len, crowds)) <= A_PROCESS
    assert sorted(name for crowd in crowds for name in crowd) == list(plan.names)
    town = plan.town()
    everybody = next(zone for zone in town.zones if zone.zone == ALL)
    assert len(everybody.lines) == plan.size + len(FULL)
    assert town.guests == plan.names and [g.gateway for g in town.gateways] == list(FULL)


def test_a_thousand_is_run_as_ever_and_ten_thousand_gently() -> None:
    assert FleetPlan.fitting(1000) == FleetPlan(1000) == FleetPlan.fitting(1000, rate=None, pace=None)
    large = FleetPlan.fitting(10_000, 2.0)
    assert large.steady_rate * large.size == pytest.approx(50) and large.minutes == 2.0
    assert large.storm_share * large.size == pytest.approx(100)
    assert large.spread == 10_000 / PACE_OF_LARGE and FleetPlan(1000).spread == 5.0
    assert large.look_every == 1.0 and FleetPlan(1000).look_every == 0.1
    assert large.town().watchdog == 10.0 and FleetPlan(1000).town().watchdog == 3.0
    asked = FleetPlan.fitting(10_000, rate=0.0, pace=25.0)
    assert asked.steady_rate == 0.0 and asked.spread == 400.0
    assert large.words == (
        "10000 gateways; 60 connect a second; 50 events/s in all, in a storm 500 of 100 sites; watchdog 10 s"
    )


def test_parts_of_the_table() -> None:
    units = ("mosquitto", "core", "voice", "bench", "gw-dam-guard", "crowd-1")
    assert [part_of(unit) for unit in units] == ["broker", "core", "voice", "bench", "full", "crowds"]


def test_what_a_machine_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert room.missing(2, 2) == []
    monkeypatch.setattr(room, "_raise", lambda what: 1000)
    monkeypatch.setattr(room, "_kernel", lambda name: 1000)
    lacking = room.missing(10_000, A_PROCESS)
    assert any("open files" in each for each in lacking) and any("threads" in each for each in lacking)
