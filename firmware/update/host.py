"""Hosts the update machine: performs what it wants done by RAUC, the fetch and the disk, and tells it the outcome.

Decides nothing. Whatever goes wrong in a job becomes an event; nothing is left without an answer.
"""

import asyncio
import logging
import subprocess
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from firmware.effects import TellHealth
from firmware.events import FirmwareTold, FirmwareWanted
from firmware.update import messages as say
from firmware.update.machine import Update
from firmware.update.rauc import Rauc
from link.bundles.rauc import RaucError
from link.contract.firmware_job import FirmwareReport
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
REBOOT_S = 60.0
"""Seconds within which the command that restarts the computer must have ended."""
SHIFT = 2.0
"""Seconds by which the wall clock must have moved to be news."""


class FetchError(Exception):
    """The bundle cannot be had; `refused`: trying again will not help."""

    def __init__(self, why: str, refused: bool) -> None:
        super().__init__(why)
        self.refused = refused


class Bundles(Protocol):
    """Where bundles come from and lie."""

    async def fetch(self, url: str, sha: str, size: int, told: Callable[[int], None]) -> Path:
        """The path of the whole file; `told` hears how many octets are here. FetchError."""

    async def clear(self) -> None:
        """Remove what lies here. OSError."""

    async def close(self) -> None:
        """Let go of the connections."""


class Notes(Protocol):
    """Where the note lies; called in threads."""

    def load(self) -> tuple[say.Note, str]:
        """The note, and what was wrong with it."""

    def keep(self, note: say.Note) -> None:
        """On disk when it returns. OSError."""


@dataclass(frozen=True)
class Ways:
    """How it hears and says. `around`: how it stands now; `reboot`: the command that restarts the computer."""

    around: Callable[[], say.Around]
    told: Callable[[FirmwareReport | None], None]
    tell_health: Callable[[str, str, str], None]
    reboot: tuple[str, ...] = ("systemctl", "reboot")


class UpdateHost:
    """`begin` before the bus starts, then serve `run`; the job of the desired document comes by `hear`."""

    def __init__(
        self, here: say.Here, rauc: Rauc, bundles: Bundles, notes: Notes, ways: Ways, clock: Clock
    ) -> None:
        self._rauc, self._bundles, self._notes = rauc, bundles, notes
        self._ways, self._clock, self._here = ways, clock, here
        self._tasks: set[asyncio.Task[Any]] = set()
        self._fetching: asyncio.Task[Path] | None = None
        self._seen: say.Around | None = None
        self.runner: Runner[Update] = Runner(
            "update",
            Update(here),
            self.perform,
            clock,
            recover=lambda: self.runner.machine.started_over(),
        )

    def hear(self, event: FirmwareWanted) -> None:
        """The job that is in force."""
        self.runner.inbox.post(event)

    def view(self) -> dict[str, object]:
        """For `gateway status`."""
        machine = self.runner.machine
        report = machine.told.model_dump() if machine.told is not None else None
        return {"slot": machine.slot, "marked": machine.marked, "job": report, "ill": machine.ill}

    async def begin(self) -> None:
        """Read the note and ask which slot is booted."""
        note, ill = await asyncio.to_thread(self._notes.load)
        if ill:
            self._ways.tell_health("update", ill[:200], "nothing: the slot that runs counts as good")
        self.runner.machine, effects = Update(self._here, note).begun()
        for effect in effects:
            self.perform(effect)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.runner.run())
                group.create_task(self._watch())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._bundles.close()

    async def _watch(self) -> None:
        while True:
            around, seen = self._ways.around(), self._seen
            if seen is None or _news(around, seen):
                self._seen = around
                self.runner.inbox.post(around)
            await self._clock.sleep_until(self._clock.now() + LOOK_EVERY)

    def perform(self, effect: object) -> None:
        """Effects of the machine."""
        match effect:
            case FirmwareTold(report=report):
                self._ways.told(report)
            case TellHealth(subject=subject, what=what, advice=advice):
                self._ways.tell_health(subject, what, advice)
            case say.Halt():
                if self._fetching is not None:
                    self._fetching.cancel()
            case say.Fetch():
                self._fetch(effect)
            case _:
                self._start(self._do(effect))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, effect: object) -> None:
        event = await self._answer(effect)
        if event is not None:
            self.runner.inbox.post(event)

    async def _answer(self, effect: object) -> object | None:
        match effect:
            case say.AskSlots():
                try:
                    return say.SlotsRead(await self._rauc.booted())
                except RaucError as error:
                    return say.SlotsFailed(str(error))
            case say.MarkGood():
                try:
                    await self._rauc.mark_good()
                except RaucError as error:
                    return say.NotMarked(str(error))
                return say.MarkedGood()
            case say.Inspect(path=path):
                try:
                    return say.Inspected(path, (await self._rauc.inspect(Path(path))).version)
                except RaucError as error:
                    return say.Refused(path, str(error))
            case say.Install(path=path):
                return await self._install(path)
            case say.Keep(note=note):
                try:
                    await asyncio.to_thread(self._notes.keep, note)
                except OSError as error:
                    return say.NoteNotKept(str(error.strerror or error))
                return say.NoteKept(note)
            case say.Reboot(why=why):
                return await self._reboot(why)
            case say.Clear():
                await self._clear()
        return None

    async def _install(self, path: str) -> object:
        try:
            await self._rauc.install(Path(path), lambda pct: self._post(say.Writing(pct)))
        except RaucError as error:
            return say.Refused(path, str(error))
        return say.Written()

    def _post(self, event: object) -> None:
        self.runner.inbox.post(event)

    async def _clear(self) -> None:
        try:
            await self._bundles.clear()
        except OSError as error:
            log.warning("bundles are not removed: %s", error)

    def _fetch(self, effect: say.Fetch) -> None:
        """One fetch to its end; the machine is told of that, whatever it is."""
        told = -1

        def here(octets: int) -> None:
            nonlocal told
            pct = 100 * octets // effect.size
            if pct != told:
                told = pct
                self._post(say.Fetching(octets))

        work = self._bundles.fetch(effect.url, effect.sha, effect.size, here)
        task: asyncio.Task[Path] = asyncio.get_running_loop().create_task(work)
        self._fetching = task
        self._tasks.add(task)
        task.add_done_callback(self._fetched)  # not in the task: one that is halted at once never begins

    def _fetched(self, task: "asyncio.Task[Path]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self._post(say.FetchFailed(""))
            return
        error = task.exception()
        if error is None:
            self._post(say.Fetched(str(task.result())))
        elif isinstance(error, FetchError):
            self._post(say.FetchFailed(str(error) or "broken off", error.refused))
        else:
            log.error("the bundle broke off", exc_info=error)
            self._post(say.FetchFailed(f"{type(error).__name__}: {error}"[:150]))

    async def _reboot(self, why: str) -> object | None:
        """In a thread: the command may outlive this loop, which it ends."""
        log.warning("restarts this computer: %s", why)
        failed = await asyncio.to_thread(_run, self._ways.reboot)
        return say.RebootFailed(failed) if failed else None


def _run(command: tuple[str, ...]) -> str:
    """Why the command failed; empty when it did not. Blocks."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=REBOOT_S, check=False)
    except OSError as error:
        return f"{command[0]} cannot be started ({error.strerror})"
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not end within {REBOOT_S:.0f} s"
    if done.returncode:
        return done.stderr[-150:].decode(errors="replace").strip() or f"code {done.returncode}"
    return ""


def _news(around: say.Around, seen: say.Around) -> bool:
    if around.wall is not None and seen.wall is not None and abs(around.wall - seen.wall) < SHIFT:
        return (around.busy, around.ill, around.broker) != (seen.busy, seen.ill, seen.broker)
    return around != seen
