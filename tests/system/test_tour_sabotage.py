"""For each check of the tour there is a sabotage that turns exactly it red. They share one town, broken and mended."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from scripts.town import tour
from scripts.town.checks import BY_CHAPTER
from scripts.town.plan import default_plan
from scripts.town.sabotage import KNOWN, arrange, mend, prepare, spoil
from scripts.town.tour_chapters import CHAPTERS
from scripts.town.tour_report import Report
from scripts.town.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

CHAPTER = {check.name: chapter for chapter, checks in BY_CHAPTER.items() for check in checks}
SWITCHED = [name for name, sabotage in KNOWN.items() if sabotage.how in ("inside", "bench")]
LATER = frozenset(
    {
        *("cut-bridge", "cut-clip", "drill-needs-two", "dropouts", "echo", "hasty-unkey", "late-ptt"),
        *("long-amplifier", "long-tail", "mute-line", "no-priority", "no-warm-up", "quiet-loudspeaker"),
        *(
            "quiet-radio",
            "silenced-talk",
            "slow-keying",
            "slow-warning",
            "stays-down",
            "stray-relay",
            "two-talkers",
        ),
    }
)
"""Tried by `scripts/test --long`, as are swapped zones, which take a town of their own. What could warn by one person
alone, or with the wrong words, what could stay keyed, and what would spoil the evidence is tried every time."""
TRIES = 2
"""A machine that is busy with other things may lose speech of its own: then the scene is played once more."""


BROUGHT_ALONG = {"keyed-soon": ("no-gaps",), "end-kept": ("no-gaps", "start-kept")}
"""Who is keyed or opened late catches up in pauses and by speed (decision 0024), which the listening tool may take for
gaps or a lost start."""


def bad(report: Report) -> str:
    """What did not pass, for whoever reads the failure."""
    wrong = [outcome for outcome in report.all() if outcome.verdict != "passed"]
    return "\n".join(f"{o.name} {o.verdict}: {o.why} {dict(o.measured)}" for o in wrong)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town() -> AsyncIterator[Town]:
    """A town whose units can be broken while it runs; nothing is broken at first. Secured, as in scripts/run."""
    with tempfile.TemporaryDirectory(prefix="tour") as name:
        folder, switches = Path(name) / "town", Path(name) / "switches"
        switches.mkdir()
        plan = default_plan()
        async with Town.create(folder, plan, prepare(plan, switches)) as town:
            await town.wait_ready(60)
            yield town


async def exactly(red: str, town: Town) -> None:
    """Play the chapter of this check: it fails, and nothing else does."""
    for _ in range(TRIES):
        report = await tour.perform(town, [CHAPTER[red]], quietly=True)
        if only(red, report):
            break
    assert only(red, report), bad(report)
    assert report.exit_code == 1


def only(red: str, report: Report) -> bool:
    """This check failed, and no other that it does not bring along."""
    failed = set(report.failed())
    return red in failed and failed <= {red, *BROUGHT_ALONG.get(red, ())}


async def test_with_nothing_switched_on_the_town_is_honest(town):
    for _ in range(TRIES):
        report = await tour.perform(town, ["speech"], quietly=True)
        if report.exit_code == 0:
            break
    assert report.exit_code == 0, bad(report)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in LATER else name for name in SWITCHED]
)
async def test_a_sabotage_turns_exactly_its_check_red(town, name):
    switch = town.folder.parent / "switches" / name
    await spoil(name, town)
    switch.touch()
    try:
        await exactly(KNOWN[name].turns_red, town)
    finally:
        switch.unlink()
        await mend(name, town)
        await asyncio.sleep(0.3)


async def test_a_tampered_journal_is_found(town):
    await spoil("tampered-journal", town)
    await exactly("journal", town)


@pytest.mark.long
async def test_swapped_zones_are_found(tmp_path):
    plan, wrap = arrange("swapped-zones", default_plan())
    async with Town.create(tmp_path, plan, wrap) as town:
        await town.wait_ready(60)
        await exactly("right-zone", town)


async def test_every_check_has_a_sabotage_and_every_chapter_its_checks():
    assert list(BY_CHAPTER) == list(CHAPTERS)
    assert {sabotage.turns_red for sabotage in KNOWN.values()} == set(CHAPTER)
    assert set(SWITCHED) >= LATER
