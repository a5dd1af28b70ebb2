"""The island's desk: its runner, what reaches it, and what becomes of what it wants. Decides nothing.

Disk and clip store are asked in worker threads; their answers come back as events.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from firmware.events import IslandChanged
from firmware.island.fires import FiresFile
from firmware.island.machine import Island
from firmware.island.messages import CentreSaid, ClipFound, FindClip, FiresKept, IslandState, KeepFires
from link.bus.port import Message
from link.contract.field_facts import ContactChanged, EmergencyCalled, GrantDelayed
from link.contract.topics import Row, Topics
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

OF_CENTRE = (Row.CENTRE, Row.ACK, Row.COMMAND, Row.REALTIME_DOWN)
"""Rows that only the centre writes: whatever comes there now, it lives."""
HEEDED = ContactChanged | EmergencyCalled | GrantDelayed
"""Facts of this gateway that move the island, at first hand."""


class ClipsHere(Protocol):
    """The clips that this gateway holds."""

    def held(self, sha: str, size: int) -> bool:
        """Whether the file lies here in full length. Blocks."""


@dataclass
class IslandDesk:
    """`runner` is set by the wiring, `clips` and `fires` by the build; without a runner nothing is ever alone."""

    clock: Clock
    tell_health: Callable[[str, str, str], None]
    runner: Runner[Island] | None = None
    clips: ClipsHere | None = None
    fires: FiresFile | None = None
    hearers: list[Callable[[IslandChanged], None]] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves it."""
        return [self.runner.run] if self.runner is not None else []

    def post(self, event: object) -> None:
        """Something for the machine; from any thread."""
        if self.runner is not None:
            self.runner.inbox.post(event)

    def arrived(self, message: Message, topics: Topics) -> None:
        """A message of the bus, on its thread: of the centre it says that it lives, unless it lay at the broker."""
        known = topics.parse(message.topic)
        if known is not None and known[0] in OF_CENTRE and not message.retain:
            self.post(CentreSaid(state=known[0] is Row.CENTRE))

    def told(self, fact: Wire) -> None:
        """A fact of this gateway; most of them concern the centre only."""
        if isinstance(fact, HEEDED):
            self.post(fact)

    def holds(self, line: str) -> bool:
        """The line is patched here: the centre's frames do not key it."""
        return self.runner is not None and line in self.runner.machine.patching.lines

    def state(self) -> IslandState:
        """For people."""
        machine = self.runner.machine if self.runner is not None else Island()
        return machine.status(self.clock.now())

    def changed(self, event: IslandChanged) -> None:
        """Whoever wants to know hears of it."""
        log.warning("island on=%s why=%s", event.on, event.why)
        for hear in self.hearers:
            hear(event)

    def restore(self) -> None:
        """Read what the triggers did before this start; before anything runs. Blocks some ms."""
        if self.fires is None:
            return
        known = self.fires.load(self.clock.now(), self.clock.wall())
        if known.damaged:
            what = "the counts of the local triggers could not be read"
            self.tell_health("triggers", what, "what is true now sounds nothing until it was false once")
        self.post(known)

    def ask(self, effect: FindClip | KeepFires) -> None:
        """Look for a clip, or bring counts to the disk; the answer is an event."""
        task = asyncio.create_task(self._find(effect) if isinstance(effect, FindClip) else self._keep(effect))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _find(self, effect: FindClip) -> None:
        held = False
        try:
            if self.clips is not None:
                held = await asyncio.to_thread(self.clips.held, effect.sha, effect.size)
        except OSError as error:
            log.warning("clip=%s cannot be looked for error=%s", effect.sha[:12], error)
        self.post(ClipFound(effect.sha, held))

    async def _keep(self, effect: KeepFires) -> None:
        why = ""
        try:
            if self.fires is not None:
                now, wall = self.clock.now(), self.clock.wall()
                await asyncio.to_thread(self.fires.save, effect.fires, now, wall)
        except OSError as error:
            why = str(error)[:200]
            log.error("triggers: counts cannot be kept error=%s", error)
            advice = "check the disk: after a power cut a trigger may sound again for the same cause"
            self.tell_health("triggers", f"counts cannot be kept: {why}", advice)
        else:
            self.tell_health("triggers", "", "")
        self.post(FiresKept(effect.number, why))
