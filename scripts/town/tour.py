"""The scripted tour of a running town: plays its chapters, judges them, prints and writes the report.

It listens at the bench; the system under test is only asked to do things, and for what it kept.
"""

import shutil
import time
from collections.abc import Sequence

import httpx

from hw.bench.client import BenchAway, BenchRefused
from scripts.town.checks import BY_CHAPTER
from scripts.town.listening import ListeningError
from scripts.town.ready import NotReady
from scripts.town.tour_chapters import CHAPTERS, Stage
from scripts.town.tour_desk import Desk, DeskRefused
from scripts.town.tour_hands import Hands
from scripts.town.tour_report import Report, print_report, rows_of, write_report
from scripts.town.town import Town
from scripts.town.watch import say

TROUBLE = (
    BenchAway,
    BenchRefused,
    DeskRefused,
    ListeningError,
    NotReady,
    httpx.HTTPError,
    ProcessLookupError,
)
"""What may keep a chapter from being played; its checks fail then."""
QUIET_PATIENCE = 5.0


async def play(town: Town, sabotage: str | None = None) -> int:
    """Play the whole tour and print its report; the exit code: 0 only if every check passed.

    `sabotage` breaks what can only be broken while the town runs; see scripts.town.sabotage.
    """
    if sabotage is not None:
        from scripts.town.sabotage import spoil

        await spoil(sabotage, town)
    report = await perform(town)
    print_report(report)
    path = write_report(report, town.folder)
    say(f"report: {path}")
    return report.exit_code


async def perform(town: Town, chapters: Sequence[str] = tuple(CHAPTERS), quietly: bool = False) -> Report:
    """Play these chapters (all by default) in a ready town and judge them."""
    folder = town.folder / "tour"
    if folder.exists():
        shutil.rmtree(folder)
    hands = Hands(town.bench_socket, folder, (*town.plan.radios, *town.plan.loudspeakers))
    report = Report(recordings=town.recordings, sounds=folder)
    async with Desk(town.api, town.tokens, town.ca, town.keys) as desk:
        stage = Stage(town, hands, desk)
        await hands.until_quiet(QUIET_PATIENCE)
        for name in chapters:
            began = time.monotonic()
            await _play(name, stage, report)
            report.seconds[name] = round(time.monotonic() - began, 1)
            if not quietly:
                _tell(name, report)
        report.notes += stage.notes
    return report


async def _play(name: str, stage: Stage, report: Report) -> None:
    checks = BY_CHAPTER[name]
    try:
        evidence = await CHAPTERS[name](stage)
    except TROUBLE as error:
        why = f"the chapter could not be played: {type(error).__name__}: {error}"
        report.outcomes[name] = tuple(check.missing(why) for check in checks)
        return
    report.outcomes[name] = tuple(check.of(evidence) for check in checks)
    report.rows += rows_of(name, evidence)


def _tell(name: str, report: Report) -> None:
    outcomes = report.outcomes[name]
    bad = [outcome for outcome in outcomes if outcome.verdict != "passed"]
    say(f"{name}: {len(outcomes) - len(bad)} of {len(outcomes)} checks passed ({report.seconds[name]:.0f} s)")
    for outcome in bad:
        say(f"  {outcome.name} {outcome.verdict}: {outcome.why}")
