"""The tour itself: an honest town passes it, and for each check there is a sabotage that turns exactly it red."""

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
from scripts.town.tour_report import Report, write_report
from scripts.town.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

CHAPTER = {check.name: chapter for chapter, checks in BY_CHAPTER.items() for check in checks}
TRIES = 2
"""A machine that is busy with other things may lose speech of its own: then the scene is played once more."""
SWITCHED = [name for name, sabotage in KNOWN.items() if sabotage.how in ("inside", "bench")]


def bad(report: Report) -> str:
    """What did not pass, for whoever reads the failure."""
    return "\n".join(
        f"{o.name} {o.verdict}: {o.why} {dict(o.measured)}" for o in report.all() if o.verdict != "passed"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town() -> AsyncIterator[Town]:
    """A town whose units can be broken while it runs; nothing is broken at first."""
    with tempfile.TemporaryDirectory(prefix="tour") as name:
        folder, switches = Path(name) / "town", Path(name) / "switches"
        switches.mkdir()
        plan = default_plan()
        town = Town.create(folder, plan, prepare(plan, switches))
        async with town:
            await town.wait_ready(60)
            yield town


async def test_an_honest_town_passes_the_whole_tour(town):
    report = await tour.perform(town)
    write_report(report, town.folder)
    assert report.failed() == [], bad(report)
    assert report.exit_code == 0
    assert {outcome.name for outcome in report.all()} == set(CHAPTER)


@pytest.mark.parametrize("name", SWITCHED)
async def test_a_sabotage_turns_exactly_its_check_red(town, name):
    sabotage = KNOWN[name]
    switch = town.folder.parent / "switches" / name
    await spoil(name, town)
    switch.touch()
    try:
        for _ in range(TRIES):
            report = await tour.perform(town, [CHAPTER[sabotage.turns_red]], quietly=True)
            if report.failed() == [sabotage.turns_red]:
                break
    finally:
        switch.unlink()
        await mend(name, town)
        await asyncio.sleep(0.3)
    assert report.failed() == [sabotage.turns_red], bad(report)
    assert report.exit_code == 1


async def test_a_tampered_journal_is_found(town):
    await spoil("tampered-journal", town)
    report = await tour.perform(town, ["records"], quietly=True)
    assert report.failed() == ["journal"], bad(report)


async def test_every_check_has_a_sabotage():
    assert {sabotage.turns_red for sabotage in KNOWN.values()} == set(CHAPTER)


async def test_swapped_zones_are_found(tmp_path):
    plan, wrap = arrange("swapped-zones", default_plan())
    async with Town.create(tmp_path, plan, wrap) as town:
        await town.wait_ready(60)
        report = await tour.perform(town, ["warning"], quietly=True)
    assert report.failed() == ["right-zone"], bad(report)
