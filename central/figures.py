"""Latencies that core can see by itself: kept for the last hours, shown as p50, p99 and worst.

Bench edges are the truth (scripts/bench); these are what an operator sees of a running town.
"""

from collections import deque

from central.readmodels import FigureView
from link.contract.facts import RealtimeReport

KEPT = 500
BEGUN_MOST = 1000
"""Beginnings remembered; what never ends is forgotten, the oldest first."""

FLOOR = "carrier report to key order"
KEYED = "key order to PTT read back"
SOUND = "broadcast order to first sound"


class Figures:
    """Starts are remembered by key; an end without a start is no measurement."""

    def __init__(self) -> None:
        self._kept: dict[str, deque[float]] = {name: deque(maxlen=KEPT) for name in (FLOOR, KEYED, SOUND)}
        self._begun: dict[tuple[str, str], float] = {}

    def begin(self, figure: str, key: str, now: float) -> None:
        """Something began for `key` at `now` (s); a second begin before the end changes nothing."""
        self._begun.setdefault((figure, key), now)
        if len(self._begun) > BEGUN_MOST:
            del self._begun[next(iter(self._begun))]

    def end(self, figure: str, key: str, now: float) -> None:
        """It ended."""
        begun = self._begun.pop((figure, key), None)
        if begun is not None:
            self._kept[figure].append((now - begun) * 1000)

    def forget(self, figure: str, key: str) -> None:
        """It will not end."""
        self._begun.pop((figure, key), None)

    def carriers(self, gateway: str, fact: object, now: float) -> None:
        """A report of a gateway: the floor is due from a carrier on."""
        for line in fact.lines if isinstance(fact, RealtimeReport) else ():
            if line.carrier:
                self.begin(FLOOR, f"{gateway}/{line.line}", now)
            else:
                self.forget(FLOOR, f"{gateway}/{line.line}")

    def views(self) -> tuple[FigureView, ...]:
        """Every figure of which there is a measurement."""
        return tuple(figure_view(name, sorted(kept)) for name, kept in self._kept.items() if kept)


def figure_view(name: str, ordered: list[float]) -> FigureView:
    """Quantiles of measurements in ms, in rising order."""

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return FigureView(
        name=name, count=len(ordered), p50_ms=at(0.5), p99_ms=at(0.99), max_ms=round(ordered[-1], 2)
    )
