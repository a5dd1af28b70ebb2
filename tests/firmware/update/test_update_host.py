"""The host of the update machine at its doors: RAUC as a fake, bundles and notes in memory, time by hand."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.events import FirmwareWanted
from firmware.update import messages as say
from firmware.update.host import FetchError, UpdateHost, Ways
from firmware.update.trial import STEADY
from link.contract.firmware_job import FirmwareReport
from link.hosting.clock import HandClock
from tests.firmware.update.computer import around, job
from tests.firmware.update.fake_rauc import FakeRauc


class Bundles:
    """`answer`: what a fetch ends with; None: it never ends."""

    def __init__(self) -> None:
        self.answer: Path | Exception | None = Path("/held/good.raucb")
        self.asked, self.cleared, self.closed, self.halted = 0, 0, False, 0

    async def fetch(self, url: str, sha: str, size: int, told: Callable[[int], None]) -> Path:
        self.asked += 1
        told(size // 2)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            try:
                await asyncio.Event().wait()
            finally:
                self.halted += 1
        assert self.answer is not None
        return self.answer

    async def clear(self) -> None:
        self.cleared += 1

    async def close(self) -> None:
        self.closed = True


class Notes:
    def __init__(self) -> None:
        self.note, self.ill, self.full = say.Note(good="rootfs.0"), "", False

    def load(self) -> tuple[say.Note, str]:
        return self.note, self.ill

    def keep(self, note: say.Note) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.note = note


class Site:
    """One host and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, HandClock()
        self.rauc, self.bundles, self.notes = FakeRauc(), Bundles(), Notes()
        self.rauc.bundles = {"good.raucb": "2.0"}
        self.seen = around(wall=0.0)
        self.reports: list[FirmwareReport | None] = []
        self.health: list[tuple[str, str, str]] = []
        self.command = ("sh", "-c", f"echo again >> {folder}/rebooted")

    async def start(self, boot: str = "b1", version: str = "1.0") -> "Site":
        ways = Ways(
            lambda: self.seen, self.reports.append, lambda *told: self.health.append(told), self.command
        )
        here = say.Here(version, boot, 10_000)
        self.host = UpdateHost(here, self.rauc, self.bundles, self.notes, ways, self.clock)
        await self.host.begin()
        self.task = asyncio.create_task(self.host.run())
        return self

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def until(self, what: Callable[[], object]) -> None:
        """Time passes until it is so; disk and commands take none of it."""
        async with asyncio.timeout(10):
            while not what():
                working = self.host._tasks - {self.host._fetching}
                await (asyncio.wait(working) if working else self.clock.advance(0.5))

    @property
    def phase(self) -> str:
        return self.reports[-1].phase if self.reports and self.reports[-1] else ""

    @property
    def why(self) -> str:
        return self.reports[-1].why if self.reports and self.reports[-1] else ""

    @property
    def rebooted(self) -> int:
        file = self.folder / "rebooted"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
async def site(tmp_path: Path):
    made = Site(tmp_path)
    yield made
    await made.stop()


async def test_a_job_comes_through_all_doors_into_the_new_slot(site: Site):
    await site.start()
    await site.until(lambda: "rootfs.0" in site.rauc.good)
    site.host.hear(FirmwareWanted(job()))
    await site.until(lambda: site.rebooted)
    assert (site.phase, site.notes.note.step, site.rauc.next) == ("rebooting", "rebooting", "rootfs.1")
    await site.stop()
    site.rauc.slot = site.rauc.next
    await site.start("b2", "2.0")
    site.host.hear(FirmwareWanted(job()))
    begun = site.clock.now()
    await site.until(lambda: site.phase == "good")
    assert site.clock.now() >= begun + STEADY and "rootfs.1" in site.rauc.good
    assert site.notes.note.good == "rootfs.1" and site.bundles.cleared >= 1
    assert site.host.view()["slot"] == "rootfs.1" and site.host.view()["marked"]


async def test_a_slot_without_a_passed_gate_is_left_and_told_as_rolled_back(site: Site):
    site.rauc.slot, site.notes.note = (
        "rootfs.1",
        say.Note(good="rootfs.0", job="j1", ver="2.0", step="rebooting", boot="b1", gate=job().gate),
    )
    site.seen = around(wall=0.0, guard="gone")
    await site.start("b2", "2.0")
    await site.until(lambda: site.rebooted)
    assert site.phase == "testing" and not site.rauc.good
    await site.stop()
    site.rauc.slot = "rootfs.0"
    await site.start("b3")
    await site.until(lambda: site.phase == "rolled_back")
    assert "guard: gone" in site.why and site.rebooted == 1
    await site.until(lambda: site.rauc.good == {"rootfs.0"})


async def test_a_fetch_that_is_halted_at_once_has_an_answer_all_the_same(site: Site):
    await site.start()
    site.bundles.answer = None
    await site.until(lambda: site.host.runner.machine.marked)
    site.host.hear(FirmwareWanted(job()))
    await site.until(lambda: site.bundles.asked)
    site.seen = around(busy="r1 transmits", wall=0.0)
    await site.until(lambda: site.phase == "waiting")
    assert site.why == "busy: r1 transmits"
    await site.until(lambda: site.bundles.halted == 1 and not site.host.runner.machine.under_way)
    site.seen, site.bundles.answer = around(wall=0.0), Path("/held/good.raucb")
    await site.until(lambda: site.phase == "rebooting")
    site.host.perform(say.Fetch("https://c/f", "ab" * 32, 10))
    site.host.perform(say.Halt())
    await site.until(lambda: not site.host._fetching or site.host._fetching.done())
    assert site.bundles.asked == 2, "it was halted before it began"


@pytest.mark.parametrize(
    ("answer", "phase", "why"),
    [
        (FetchError("its hash is not the one that was ordered", refused=True), "failed", "its hash"),
        (FetchError("the centre answered 502", refused=False), "streaming", "502"),
        (ValueError("who knows"), "streaming", "ValueError: who knows"),
        (Path("/held/other.raucb"), "failed", "signed by a key that this gateway does not believe"),
    ],
)
async def test_what_goes_wrong_with_a_bundle_is_told(site: Site, answer, phase, why):
    site.bundles.answer = answer
    await site.start()
    site.host.hear(FirmwareWanted(job()))
    await site.until(lambda: why in site.why)
    assert site.phase == phase and not site.rebooted


async def test_raucs_service_may_come_late(site: Site):
    site.rauc.down = True
    await site.start()
    await site.until(lambda: site.health)
    assert "rauc.service does not answer" in site.health[0][1] and not site.rauc.good
    site.rauc.down = False
    await site.until(lambda: site.rauc.good)
    assert site.health[-1] == ("update", "", "")


async def test_a_full_disk_stops_the_job_before_anything_is_written(site: Site):
    await site.start()
    await site.until(lambda: site.rauc.good)
    site.notes.full = True
    site.host.hear(FirmwareWanted(job()))
    await site.until(lambda: site.phase == "failed")
    assert "No space left" in site.why and site.rauc.next == "rootfs.0"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("sh", "-c", "echo not allowed >&2; exit 1"), "does not restart: not allowed"),
        (("/nowhere/reboot",), "cannot be started"),
    ],
)
async def test_a_computer_that_cannot_be_restarted_is_told(site: Site, command, why):
    site.command = command
    await site.start()
    site.host.hear(FirmwareWanted(job()))
    await site.until(lambda: any(why in what for _, what, _ in site.health))
    assert site.phase == "rebooting"


async def test_a_damaged_note_is_told(site: Site):
    site.notes.note, site.notes.ill = say.Note(), "update.json was damaged"
    await site.start()
    assert site.health[0][:2] == ("update", "update.json was damaged")
    await site.until(lambda: site.notes.note.good == "rootfs.0")


async def test_only_news_reaches_the_machine_and_a_clock_that_is_set_is_news(site: Site):
    await site.start()
    seen: list[say.Around] = []
    await site.until(lambda: site.host.runner.machine.around is not None)
    post = site.host.runner.inbox.post
    site.host.runner.inbox.post = lambda event: seen.append(event) or post(event)
    await site.clock.advance(5)
    site.seen = around(wall=1.0)
    await site.clock.advance(5)
    assert seen == []
    site.seen = around(wall=3600.0)
    await site.clock.advance(2)
    assert seen == [site.seen]
