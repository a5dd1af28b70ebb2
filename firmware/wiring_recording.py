"""Wires the recordings of a gateway: the machine that says which line is recorded, and what lies on the disk.

A recording that lies whole is told twice: as evidence (RecordingReady), once, and as an event to whoever uploads it,
after each start. Nothing here blocks: the disk is looked at in a thread.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from firmware import tape_shelf
from firmware.effects import Record, TellHealth, TellVoice
from firmware.events import RecordingKept, VoiceChanged
from firmware.recording.machine import Recordings, Told
from firmware.switchboard import Switchboard
from link.contract import recording_orders as tape
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

TOLD_AFTER = 5.0
"""Seconds after which a fact handed to the evidence lane is on its disk, and needs not be told after a restart."""


class RecordingDesk:
    """`told` takes every event; `kept` is called once for each recording that lies whole, also old ones. `aside` runs
    what waits for the disk."""

    def __init__(
        self,
        switchboard: Switchboard,
        gateway: str,
        mark: str,
        folder: Path,
        clock: Clock,
        kept: Callable[[RecordingKept], object] = lambda event: None,
        aside: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        self._aside = aside
        self._switchboard, self._folder, self._clock, self.kept = switchboard, folder, clock, kept
        self._known: set[str] = set()
        self._bell = asyncio.Event()
        self._bell.set()
        self.runner: Runner[Recordings] = Runner(
            "recordings",
            Recordings(gateway, mark),
            self.perform,
            clock,
            recover=lambda: self.runner.machine.started_over(),
        )

    def told(self, event: object) -> None:
        """What happens on the gateway: realtime reports, evidence, facts of the voice process, configuration."""
        self.runner.inbox.post(Told(event, self._clock.wall()))
        if isinstance(event, tape.RecordingKept) or event == VoiceChanged(up=True):
            self._bell.set()

    def perform(self, effect: object) -> None:
        """Effects of the machine."""
        match effect:
            case TellVoice(order=order):
                self._switchboard.tell_voice(order)
            case Record(fact=fact):
                self._switchboard.record(fact)
            case TellHealth(subject=subject, what=what, advice=advice):
                self._switchboard.tell_health(subject, what, advice)

    async def watch(self) -> None:
        """Tell what lies on the disk, now and whenever something came; until cancelled."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            found = await self._aside(self._look)
            fresh = [each.fact for each in found if not each.told]
            for each in found:
                self._known.add(each.path.stem)
                self.kept(RecordingKept(str(each.path), each.fact))
            for fact in fresh:
                self._switchboard.record(fact)
            if fresh:
                await self._clock.sleep_until(self._clock.now() + TOLD_AFTER)
            for fact in fresh:
                await self._aside(self._note, fact.recording)

    def _look(self) -> tuple[tape_shelf.Lying, ...]:
        """What is new; what was uploaded and is gone need not be remembered."""
        self._known &= tape_shelf.names(self._folder)
        return tape_shelf.lying(self._folder, frozenset(self._known))

    def _note(self, recording: str) -> None:
        try:
            tape_shelf.note_told(self._folder, recording)
        except (OSError, ValueError) as error:
            log.warning("recording=%s will be told again: %s", recording, error)


def wire_recordings(
    switchboard: Switchboard,
    gateway: str,
    boot: str,
    folder: Path,
    clock: Clock,
    kept: Callable[[RecordingKept], object] = lambda event: None,
    aside: Callable[..., Awaitable[Any]] = asyncio.to_thread,
) -> RecordingDesk:
    """The desk, which hears what the switchboard hears and is served with its runners."""
    desk = RecordingDesk(switchboard, gateway, boot.rpartition(".")[2][:6], folder, clock, kept, aside)
    switchboard.recordings = desk.told
    switchboard.island.hearers.append(desk.told)
    switchboard.served += [desk.runner.run, desk.watch]
    return desk
