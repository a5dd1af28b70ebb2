"""What each unit of the town costs: resident memory and processor time of its process and all it started.

Reads /proc through psutil; a process that ends meanwhile counts nothing.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from scripts.town.unit import State, Unit


@dataclass(frozen=True)
class Cost:
    """One unit at one moment. `cpu` is percent of one core since the last look, `rss` in bytes."""

    unit: str
    state: State
    pid: int | None
    restarts: int
    rss: int
    cpu: float


class Meter:
    """Look at the units now and then; the first look tells no processor time."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def look(self, units: Mapping[str, Unit]) -> tuple[Cost, ...]:
        """The cost of every unit."""
        seen: dict[int, psutil.Process] = {}
        costs = tuple(self._cost(unit, seen) for unit in units.values())
        self._known = seen
        return costs

    def _cost(self, unit: Unit, seen: dict[int, psutil.Process]) -> Cost:
        rss, cpu = 0, 0.0
        for process in _family(unit.pid):
            with contextlib.suppress(psutil.Error):
                known = self._known.get(process.pid)
                same = known if known is not None and known == process else process
                with same.oneshot():
                    cpu += same.cpu_percent()
                    rss += same.memory_info().rss
                seen[same.pid] = same
        return Cost(unit.name, unit.state, unit.pid, unit.restarts, rss, cpu)


def _family(pid: int | None) -> list[psutil.Process]:
    if pid is None:
        return []
    try:
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    except psutil.Error:
        return []
