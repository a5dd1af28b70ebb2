"""A small fleet against a real broker and centre, with storms: nothing lost, nothing twice, nothing falsely played."""

import asyncio
from pathlib import Path

import pytest

from scripts.fleet_parts.plan import FULL, FleetPlan
from scripts.fleet_parts.report import as_text, verdict
from scripts.fleet_parts.run import FleetRun, Measured

SMALL = FleetPlan(50, minutes=0.05, storm_seconds=4.0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder: Path = tmp_path_factory.mktemp("fleet")
    return asyncio.run(FleetRun(SMALL, folder, lambda text: None).run())


@pytest.mark.long
def test_a_small_fleet_keeps_its_books(measured: Measured) -> None:
    assert measured.troubles == [], f"{verdict(measured)}\n{as_text(measured)}"
    assert measured.tally is not None and measured.tally.clean and measured.tally.events > 4 * SMALL.size


@pytest.mark.long
def test_every_loudspeaker_of_a_small_fleet_sounds(measured: Measured) -> None:
    assert measured.fan_out.states == {"played": SMALL.size + len(FULL)}
    assert len(measured.fan_out.sound) == len(FULL)
    assert measured.fan_out.simulated["n"] == SMALL.size
