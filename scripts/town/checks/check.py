"""What a check and its outcome are."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["passed", "failed", "not judged"]
Measured = dict[str, float | int | str | bool | None]


@dataclass
class Findings:
    """Collected by a judge: figures, what is wrong, and why it could not be judged at all."""

    measured: Measured = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unknown: str = ""

    def note(self, name: str, value: float | int | str | bool | None) -> None:
        """A figure, rounded for people."""
        if isinstance(value, float):
            value = None if math.isnan(value) else round(value, 3)
        self.measured[name] = value

    def want(self, ok: bool, fault: str) -> None:
        """A fault unless `ok`."""
        if not ok:
            self.faults.append(fault)


Judge = Callable[[Any, Findings], None]
"""Judges one kind of evidence."""


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    name: str
    statement: str
    verdict: Verdict
    why: str
    measured: Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True)
class Check:
    """`statement` is what must be true, in plain words."""

    name: str
    statement: str
    judge: Judge

    def of(self, evidence: object) -> Outcome:
        """Judge the evidence. A fault fails it; evidence that another check found missing leaves it open."""
        findings = Findings()
        self.judge(evidence, findings)
        verdict: Verdict = "failed" if findings.faults else ("not judged" if findings.unknown else "passed")
        why = "; ".join(findings.faults) or findings.unknown
        return Outcome(self.name, self.statement, verdict, why, findings.measured)

    def missing(self, why: str) -> Outcome:
        """Its chapter could not be played."""
        return Outcome(self.name, self.statement, "failed", why, {})
