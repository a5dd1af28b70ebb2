"""The cost of units, measured on this very process and on a child of it."""

import os
import subprocess
import sys
from pathlib import Path

from scripts.town.processes import Meter
from scripts.town.unit import Unit, UnitSpec


class Told(Unit):
    """A unit whose process is any process."""

    def __init__(self, name: str, pid: int | None) -> None:
        super().__init__(UnitSpec(name, (), Path("x.log"), Path(), Path()))
        self.told = pid
        self.starts = 3

    @property
    def pid(self) -> int | None:
        return self.told


def burn() -> None:
    before = os.times().user
    while os.times().user - before < 0.05:
        pass


def test_a_unit_costs_what_its_process_and_its_children_cost() -> None:
    meter = Meter()
    units = {"me": Told("me", os.getpid()), "none": Told("none", None)}
    first = {cost.unit: cost for cost in meter.look(units)}
    assert first["me"].rss > 5_000_000
    assert (first["none"].rss, first["none"].cpu, first["none"].pid) == (0, 0.0, None)
    assert first["me"].restarts == 2
    burn()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        second = {cost.unit: cost for cost in meter.look(units)}
        child.kill()
    assert second["me"].rss > first["me"].rss
    assert second["me"].cpu > 0


def test_a_process_that_has_ended_costs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    (cost,) = Meter().look({"gone": Told("gone", child.pid)})
    assert (cost.rss, cost.cpu) == (0, 0.0)
