"""Trial of a new slot: what its gate asks for, since when it is met, and what follows from that. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from firmware.update.messages import Around
from link.contract.firmware_job import HealthGate

STEADY = 10.0
"""Seconds for which a slot on trial must be well without a break."""
Verdict = Literal["passed", "failed", "not yet"]


@dataclass(frozen=True)
class Trial:
    """`since`: when it began, monotonic s; `well_from`: since when every check passes, None: one does not."""

    gate: HealthGate
    since: float
    well_from: float | None = None
    around: Around | None = None

    def seen(self, around: Around | None, now: float) -> "Trial":
        """The trial with what was seen around."""
        trial = replace(self, around=around)
        if trial.unwell:
            return replace(trial, well_from=None)
        return trial if self.well_from is not None else replace(trial, well_from=now)

    @property
    def unwell(self) -> str:
        """Which checks fail, and why; empty when none does."""
        if self.around is None:
            return "nothing was checked yet"
        ill = dict(self.around.ill)
        return "; ".join(f"{need}: {ill[need]}" for need in self.gate.need if need in ill)

    @property
    def end(self) -> float:
        """When the checks must have passed."""
        return self.since + self.gate.t_s

    def verdict(self, now: float) -> Verdict:
        """The broker is waited for until the end and not beyond; a check that fails at the end fails the slot."""
        if self.well_from is None:
            return "failed" if now >= self.end else "not yet"
        heard = self.around is not None and self.around.broker
        broker = self.gate.broker == "ignore" or heard or now >= self.end
        return "passed" if broker and now >= self.well_from + STEADY else "not yet"

    @property
    def deadline(self) -> float:
        """When the verdict may be another one though nothing was seen."""
        if self.well_from is None:
            return self.end
        heard = self.around is not None and self.around.broker
        steady = self.well_from + STEADY
        return steady if heard or self.gate.broker == "ignore" else max(steady, self.end)
