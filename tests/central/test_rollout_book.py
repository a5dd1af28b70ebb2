"""The book of roll-outs: on disk before a document changes, jobs as the machines say, and taken up after a kill."""

import asyncio
import json
from pathlib import Path

import pytest

from central.fleet.rollout import SOAK, LeaveOut, PauseAll, ResumeAll, StopAll
from central.rollout_book import AT_ONCE, NAMED, RolloutBook, Terms
from central.store.database import StoreError
from central.store.rollouts import RolloutRow
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from tests.central.api.fake_updates import WALL, UpdatesRig

TERMS = Terms(url="https://centre:8443/api/v1/blob/" + "ab" * 32, window=(1, 4), max_down_h=5.0, force=False)
RINGS = (("gw-north",), ("gw-sat", "gw-south"))


class Books(UpdatesRig):
    """Begins, hears, waits; `jobs` are those that stand in documents."""

    async def begin(self, name: str = "u-1", rings=RINGS, terms: Terms = TERMS):
        row = RolloutRow(name, "ab" * 32, "2.0", 1000, terms.model_dump_json(), "li", int(WALL * 1000))
        self.kept = await self.book.add(row, rings, terms)
        return self.kept

    async def says(self, gateway: str, phase: str, job: str = "u-1", why: str = "") -> None:
        report = {"job": job, "ver": "2.0", "phase": phase, "why": why}
        self.book.heard(gateway, FirmwareReport.model_validate(report))
        await self.book.look()

    async def wait(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.book.look()

    def jobs(self) -> list[str]:
        return [gateway for gateway in self.gateways if self.book.job_for(gateway) is not None]

    def told(self, kind: str) -> list[dict]:
        return [payload for each, _, payload in self.ledger.entries if each == kind]


@pytest.fixture
def rig(tmp_path: Path) -> Books:
    return Books(tmp_path)


async def test_the_first_ring_has_the_job_as_it_was_asked(rig: Books):
    await rig.begin()
    assert rig.jobs() == ["gw-north"] and rig.changed == ["gw-north"]
    job = rig.book.job_for("gw-north")
    assert job == FirmwareJob(
        job="u-1", ver="2.0", url=TERMS.url, sha="ab" * 32, size=1000, window=(1, 4), max_down_h=5.0
    )
    assert rig.ledger.kinds() == ["rollout.started", "rollout.offered"]
    assert rig.told("rollout.offered") == [{"ring": 1, "count": 1, "gateways": ["gw-north"]}]


async def test_a_ring_follows_when_the_first_has_ended_and_a_day_has_passed(rig: Books):
    await rig.begin()
    await rig.says("gw-north", "testing")
    assert rig.jobs() == ["gw-north"]
    rig.changed.clear()
    await rig.says("gw-north", "good")
    assert rig.jobs() == [] and rig.changed == ["gw-north"], "its document is made anew"
    assert rig.book._reports == {}
    await rig.wait(SOAK - 2)
    assert rig.jobs() == []
    await rig.wait(3)
    assert rig.jobs() == ["gw-sat", "gw-south"]
    assert rig.book.job_for("gw-sat").ring == 1
    for gateway in RINGS[1]:
        await rig.says(gateway, "good")
    await rig.wait(SOAK + 1)
    assert rig.kept.machine.done and rig.told("rollout.done") == [{"good": 3}]


async def test_what_is_told_of_another_job_or_by_one_not_asked_changes_nothing(rig: Books):
    await rig.begin()
    before = dict(rig.kept.machine.phases)
    await rig.says("gw-north", "failed", job="by-hand")
    await rig.says("gw-sat", "failed")
    assert rig.kept.machine.phases == before and rig.kept.machine.stopped == ""


async def test_a_core_that_was_killed_takes_up_where_it_was(rig: Books, tmp_path: Path):
    await rig.begin()
    await rig.says("gw-north", "good")
    await rig.book.tell(rig.kept, LeaveOut("gw-south"), "left-out", {"by": "li"})
    was = rig.kept
    rig.open(tmp_path)
    assert rig.jobs() == []
    await rig.book.resume()
    now = rig.book.rollouts["u-1"]
    assert (now.machine, now.terms, now.row) == (was.machine, was.terms, was.row)
    assert now.told["gw-north"].told_wall_ms == was.told["gw-north"].told_wall_ms
    await rig.wait(SOAK + 1)
    assert rig.jobs() == ["gw-sat"]


@pytest.mark.parametrize("event", [PauseAll("li"), StopAll("li")])
async def test_what_a_person_has_said_outlives_core(rig: Books, tmp_path: Path, event: object):
    await rig.begin()
    await rig.book.tell(rig.kept, event, "said", {})
    rig.open(tmp_path)
    await rig.book.resume()
    assert rig.book.rollouts["u-1"].machine == rig.kept.machine
    await rig.wait(SOAK)
    assert rig.jobs() == []


async def test_nothing_counts_before_the_disk_has_it(rig: Books):
    await rig.begin()
    await rig.says("gw-north", "good")
    rig.changed.clear()
    rig.store.down = True
    with pytest.raises(StoreError):
        await rig.wait(SOAK + 1)
    assert rig.jobs() == [] and rig.changed == [], "no document asks for what nobody would remember"
    rig.store.down = False
    await rig.book.look()
    assert rig.jobs() == ["gw-sat", "gw-south"]


async def test_a_report_that_could_not_be_kept_is_not_lost(rig: Books):
    await rig.begin()
    rig.store.down = True
    with pytest.raises(StoreError):
        await rig.says("gw-north", "rolled_back", why="it did not start")
    assert rig.kept.machine.stopped == ""
    rig.store.down = False
    await rig.book.look()
    assert rig.kept.machine.stopped.startswith("1 of 1")
    assert rig.told("rollout.ended") == [
        {"gateway": "gw-north", "phase": "rolled_back", "why": "it did not start"}
    ]


async def test_a_roll_out_that_could_not_be_kept_has_not_begun(rig: Books):
    rig.store.down = True
    with pytest.raises(StoreError):
        await rig.begin()
    assert rig.jobs() == [] and rig.book.rollouts == {} and rig.ledger.kinds() == []


async def test_one_that_moves_writes_one_row_however_many_there_are(rig: Books):
    many = tuple(f"gw-{n}" for n in range(500))
    await rig.begin(rings=(("gw-north",), many))
    rig.store.saved.clear()
    await rig.says("gw-north", "streaming")
    assert rig.store.saved == [1]
    await rig.says("gw-north", "streaming", why="another percent")
    assert rig.store.saved == [1], "the same phase is not written again"


async def test_thousands_that_come_back_at_once_leave_room_for_others(rig: Books):
    many = tuple(f"gw-{n}" for n in range(2 * AT_ONCE + 7))
    await rig.begin(rings=(many,))
    assert len(rig.changed) == len(many)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(other())
    for gateway in many:
        rig.book.heard(gateway, FirmwareReport(job="u-1", ver="2.0", phase="streaming"))
    rig.store.saved.clear()
    await rig.book.look()
    working.cancel()
    assert rig.store.saved == [AT_ONCE, AT_ONCE, 7] and turns >= 2
    assert set(rig.kept.machine.phases.values()) == {"streaming"} and len(rig.kept.machine.phases) == len(
        many
    )


async def test_a_gateway_that_is_not_in_it_leaves_no_row(rig: Books):
    await rig.begin()
    rig.store.saved.clear()
    rig.book.heard("gw-else", FirmwareReport(job="u-1", ver="2.0", phase="failed"))
    await rig.says("gw-north", "streaming")
    assert rig.store.saved == [1] and set(rig.store.members["u-1"]) == {"gw-north", "gw-sat", "gw-south"}


async def test_a_pause_is_journalled_and_takes_the_job_out(rig: Books):
    await rig.begin()
    rig.changed.clear()
    await rig.book.tell(rig.kept, PauseAll("wang"), "paused", {"by": "wang"})
    assert rig.jobs() == [] and rig.changed == ["gw-north"] and rig.told("rollout.paused") == [{"by": "wang"}]
    await rig.book.tell(rig.kept, ResumeAll(), "resumed", {"by": "li"})
    assert rig.jobs() == ["gw-north"]


async def test_one_that_runs_it_already_is_no_bad_end_unless_it_was_forced(rig: Books):
    await rig.begin()
    rig.gateways["gw-north"].machine.fw = "2.0.0"
    await rig.says("gw-north", "failed", why="2.0 already runs here")
    assert rig.kept.machine.phases == {"gw-north": "good"}
    forced = await rig.begin("u-2", terms=TERMS.model_copy(update={"force": True}))
    await rig.says("gw-north", "failed", job="u-2")
    assert forced.machine.stopped


async def test_one_that_failed_after_it_had_written_is_bad_whatever_it_runs(rig: Books):
    await rig.begin()
    await rig.says("gw-north", "testing")
    rig.gateways["gw-north"].machine.fw = "2.0"
    await rig.says("gw-north", "failed")
    assert rig.kept.machine.stopped


async def test_no_ring_begins_while_a_live_warning_is_under_way(rig: Books):
    rig.held = "broadcast b-1 is live"
    await rig.begin()
    assert rig.jobs() == []
    rig.held = ""
    await rig.book.look()
    assert rig.jobs() == ["gw-north"]


async def test_the_journal_names_some_of_many(rig: Books):
    await rig.begin(rings=(tuple(f"gw-{n}" for n in range(3 * NAMED)),))
    (offered,) = rig.told("rollout.offered")
    assert offered["count"] == 3 * NAMED and len(offered["gateways"]) == NAMED


async def test_it_serves_by_itself_and_goes_on_after_trouble_of_the_store(rig: Books):
    await rig.begin()
    rig.store.down = True
    serving = asyncio.create_task(rig.book.run())
    rig.book.heard("gw-north", FirmwareReport(job="u-1", ver="2.0", phase="good"))
    await rig.clock.advance(1.1)
    rig.store.down = False
    await rig.clock.advance(10)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert rig.kept.machine.phases == {"gw-north": "good"}


def test_the_terms_survive_as_text():
    assert Terms.model_validate_json(TERMS.model_dump_json()) == TERMS
    assert json.loads(TERMS.model_dump_json())["window"] == [1, 4]
    assert RolloutBook.__doc__
