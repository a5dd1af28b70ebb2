"""What a check says: a fault or warning of the catalogue, that all is well, or that it could not look, and why.

Plain data. A check never says "well" of what it has not looked at.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from firmware.technician.catalogue import KINDS

Severity = Literal["fault", "warning", "well", "unchecked"]
_SIGNS = {"fault": "FAULT", "warning": "warning", "well": "well", "unchecked": "not checked"}


@dataclass(frozen=True)
class Finding:
    """One thing about one place; `kind` is a key of the catalogue, or empty."""

    severity: Severity
    where: str
    what: str
    kind: str = ""
    advice: str = ""


def found(kind: str, where: str, what: str) -> Finding:
    """Something of the catalogue. KeyError for a kind that is not in it."""
    entry = KINDS[kind]
    return Finding(entry.severity, where, what, kind, entry.advice)


def well(where: str, what: str) -> Finding:
    """Looked at, and in order."""
    return Finding("well", where, what)


def unchecked(where: str, why: str) -> Finding:
    """Not looked at."""
    return Finding("unchecked", where, why)


@dataclass(frozen=True)
class Report:
    """All findings of one run, check by check."""

    checks: tuple[tuple[str, str, tuple[Finding, ...]], ...]
    """(name, what it looks at, findings)"""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all checks."""
        return tuple(finding for _, _, each in self.checks for finding in each)

    @property
    def code(self) -> int:
        """0: no fault. 1: at least one."""
        return int(any(finding.severity == "fault" for finding in self.findings))

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        rows = [
            {"check": name, "looks_at": looks_at, "findings": [asdict(finding) for finding in each]}
            for name, looks_at, each in self.checks
        ]
        return {"code": self.code, "checks": rows}

    def as_text(self) -> str:
        """For people: faults with their advice first, then everything in the order of the checks."""
        bad = [finding for finding in self.findings if finding.severity in ("fault", "warning")]
        lines = []
        for finding in sorted(bad, key=lambda each: each.severity != "fault"):
            lines += [
                f"{_SIGNS[finding.severity]}: {finding.where}: {finding.what}",
                f"    -> {finding.advice}",
            ]
        lines += [""] if lines else []
        for name, looks_at, each in self.checks:
            lines.append(f"{name} ({looks_at})")
            lines += [f"  {_SIGNS[finding.severity]:<12} {finding.where}: {finding.what}" for finding in each]
        lines += ["", _sum(self.findings)]
        return "\n".join(lines) + "\n"


def _sum(findings: Iterable[Finding]) -> str:
    counts = {severity: 0 for severity in _SIGNS}
    for finding in findings:
        counts[finding.severity] += 1
    return ", ".join(f"{count} {_SIGNS[severity].lower()}" for severity, count in counts.items())
