"""The report of a tour: outcomes and figures, as tables for people and as JSON. Judges nothing."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.town.checks import Outcome
from scripts.town.listening import loudness_dbfs
from scripts.town.tour_evidence import Freeze, Scene, Warning

FILE = "tour.json"
MARKS = {"passed": "[green]passed[/]", "failed": "[red]FAILED[/]", "not judged": "[yellow]not judged[/]"}


@dataclass(frozen=True)
class Row:
    """One voice on its way from one device to another; None where it was not heard. Loudness is dBFS."""

    chapter: str
    source: str
    to: str
    keyed_ms: float | None
    mouth_to_ear_ms: float | None
    lost_ms: float | None
    gain_db: float | None
    loudness: float


@dataclass
class Report:
    """Everything a tour found out."""

    recordings: Path
    sounds: Path
    outcomes: dict[str, tuple[Outcome, ...]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def all(self) -> list[Outcome]:
        """Every outcome."""
        return [outcome for outcomes in self.outcomes.values() for outcome in outcomes]

    def failed(self) -> list[str]:
        """The names of the checks that failed."""
        return [outcome.name for outcome in self.all() if outcome.verdict == "failed"]

    @property
    def exit_code(self) -> int:
        """0 only if there was something to judge and all of it passed."""
        return int(not self.outcomes or any(outcome.verdict != "passed" for outcome in self.all()))


def rows_of(chapter: str, evidence: object) -> list[Row]:
    """The figures of a chapter's scenes."""
    match evidence:
        case Scene():
            return _scene(chapter, evidence)
        case Warning(scene=scene):
            return [*_scene(chapter, scene), *_warnings(chapter, evidence)]
        case Freeze(after=after):
            return _scene(f"{chapter}, after", after)
        case dict():
            chief: Scene = evidence["chief"]
            return _scene(f"{chapter}, chief", Scene((chief.said[1],), chief.emitted))
    return []


def _scene(chapter: str, scene: Scene) -> list[Row]:
    rows = []
    for said in scene.said:
        for name in scene.radios(but=(said.device,)):
            emitted, heard = scene.emitted[name], scene.heard(name, said.sound)
            rises = [at for at in emitted.times("ptt", 1) if said.carrier_on_ns <= at < said.carrier_off_ns]
            keyed = (rises[0] - said.carrier_on_ns) / 1e6 if rises else None
            if not heard.contained:
                rows.append(
                    Row(chapter, said.device, name, keyed, None, None, None, loudness_dbfs(emitted.sound))
                )
                continue
            late = (emitted.ns(heard.delay) - said.audio_start_ns) / 1e6
            loud = loudness_dbfs(emitted.sound[int(heard.first * 16_000) : int(heard.last * 16_000)])
            rows.append(Row(chapter, said.device, name, keyed, late, heard.lost_ms, heard.gain_db, loud))
    return rows


def _warnings(chapter: str, warning: Warning) -> list[Row]:
    rows = []
    for warned in warning.warnings:
        for name in warning.zone:
            emitted, heard = warning.scene.emitted[name], warning.scene.heard(name, warned.sound)
            source = f"{warned.language} broadcast"
            if heard.contained:
                late = (emitted.ns(heard.first) - warned.approved_ns) / 1e6
                loud = loudness_dbfs(emitted.sound[int(heard.first * 16_000) : int(heard.last * 16_000)])
                rows.append(Row(chapter, source, name, None, late, heard.lost_ms, heard.gain_db, loud))
    return rows


def print_report(report: Report) -> None:
    """Tables for people."""
    console = Console(width=None if os.isatty(1) else 160, highlight=False)
    checks = Table(title="What was checked", title_justify="left")
    for column in ("chapter", "check", "what must be true", "verdict", "why"):
        checks.add_column(column, overflow="fold")
    for chapter, outcomes in report.outcomes.items():
        for outcome in outcomes:
            checks.add_row(chapter, outcome.name, outcome.statement, MARKS[outcome.verdict], outcome.why)
    console.print(checks)
    figures = Table(title="What was measured", title_justify="left")
    for column in ("chapter", "from", "to", "keyed ms", "voice late ms", "lost ms", "gain dB", "dBFS"):
        figures.add_column(column, justify="left" if column in ("chapter", "from", "to") else "right")
    for row in report.rows:
        numbers = (row.keyed_ms, row.mouth_to_ear_ms, row.lost_ms, row.gain_db, row.loudness)
        figures.add_row(row.chapter, row.source, row.to, *("" if n is None else f"{n:.1f}" for n in numbers))
    console.print(figures)
    for note in report.notes:
        console.print(f"note: {note}")
    console.print(f"recordings: {report.recordings}")
    console.print(f"what the devices emitted: {report.sounds}")
    passed = sum(outcome.verdict == "passed" for outcome in report.all())
    console.print(f"{passed} of {len(report.all())} checks passed")


def write_report(report: Report, folder: Path) -> Path:
    """The same as JSON, in the town's folder."""
    path = folder / FILE
    told = {
        "passed": report.exit_code == 0,
        "failed": report.failed(),
        "checks": {
            chapter: [asdict(outcome) for outcome in outcomes]
            for chapter, outcomes in report.outcomes.items()
        },
        "figures": [asdict(row) for row in report.rows],
        "seconds": report.seconds,
        "notes": report.notes,
        "recordings": str(report.recordings),
        "sounds": str(report.sounds),
        "load": os.getloadavg(),
    }
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
