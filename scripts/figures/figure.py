"""One measured figure: its values, what the design allows, and the machine's load around it."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Budget:
    """What the design allows; None = nothing said. In the figure's unit."""

    p50: float | None = None
    p99: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Figure:
    """`values` in `unit`. `load`: the machine's one-minute load before and after."""

    name: str
    unit: str
    values: tuple[float, ...]
    budget: Budget = Budget()
    load: tuple[float, float] = (0.0, 0.0)
    note: str = ""

    @property
    def p50(self) -> float:
        """Median."""
        return percentile(self.values, 50)

    @property
    def p99(self) -> float:
        """99th percentile (nearest rank)."""
        return percentile(self.values, 99)

    @property
    def most(self) -> float:
        """The worst."""
        return max(self.values, default=math.nan)

    def ratios(self) -> dict[str, float]:
        """Measured by allowed: 1 = as much as the design allows."""
        pairs = {
            "p50": (self.p50, self.budget.p50),
            "p99": (self.p99, self.budget.p99),
            "max": (self.most, self.budget.most),
        }
        return {name: round(value / limit, 2) for name, (value, limit) in pairs.items() if limit}

    def told(self) -> dict[str, object]:
        """For JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "n": len(self.values),
            "p50": round(self.p50, 3),
            "p99": round(self.p99, 3),
            "max": round(self.most, 3),
            "budget": {k: v for k, v in vars(self.budget).items() if v is not None},
            "ratio": self.ratios(),
            "load": [round(load, 2) for load in self.load],
            "cores": os.cpu_count(),
            "note": self.note,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


@dataclass
class Load:
    """`with Load() as load:` notes the machine's load around a measurement."""

    before: float = 0.0
    after: float = 0.0

    def __enter__(self) -> Self:
        self.before = self.after = os.getloadavg()[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.after = os.getloadavg()[0]

    @property
    def both(self) -> tuple[float, float]:
        """Before and after."""
        return (self.before, os.getloadavg()[0])
