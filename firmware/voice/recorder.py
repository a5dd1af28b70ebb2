"""The recordings of a gateway's lines: begins and ends them by order, and tells what became of each.

It decides nothing; that a line has one recording at most it holds all the same. Sound goes past it: from the tape
head of a line to its tape, on the media clock's thread.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware.tape_shelf import SideCar
from firmware.voice.channel import Card
from firmware.voice.tape import MAKE_ROOM, Tape, TapeEnded
from firmware.voice.tape_head import TapeHead
from link.contract.recording_orders import EndRecording, RecordingKept, RecordingLost, RecordLine
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.voice.port import FrameSink, PortId, VoiceEngine

log = logging.getLogger(__name__)

LONGEST = 1860.0
"""Seconds after which a recording ends by itself, should nobody order it."""
LAST_PAGES = 10.0
"""Seconds that an encoder gets for its last pages; one that hangs is killed then."""
LAST_WORDS = 5.0
"""Seconds that all recordings together get to close their files when the process ends."""


class Quiet:
    """Hears all and says nothing: a line that is recorded is always listened to, leg or no leg."""

    def pop(self) -> bytes | None:
        """See FrameSource."""
        return None

    def push(self, frame: bytes) -> None:
        """See FrameSink."""


@dataclass
class Running:
    """A recording under way, and who makes it end by itself."""

    tape: Tape
    port: PortId
    unarm: Callable[[], None]


class Recorder:
    """`head` for each line before its card is added to the rack; then `obey`. `post` is any thread's way back here."""

    def __init__(
        self,
        folder: Path,
        engine: VoiceEngine,
        rate_hz: int,
        tell: Callable[[Wire], object],
        clock: Clock,
        post: Callable[[object], object],
        make: Callable[..., Tape] = Tape,
    ) -> None:
        self._folder, self._engine, self._rate_hz = folder, engine, rate_hz
        self._tell, self._clock, self._post, self._make = tell, clock, post, make
        self._heads: dict[str, TapeHead] = {}
        self._running: dict[str, Running] = {}
        self._closing: dict[str, tuple[Tape, Callable[[], None]]] = {}
        self._quiet: PortId | None = None

    def head(self, line: str, card: Card, sink: FrameSink) -> TapeHead:
        """What stands between the engine and `card` of this line; `sink` is the card's, or what stands before it."""
        head = self._heads[line] = TapeHead(card.source, sink, time.monotonic_ns)
        card.sink.witness = head.given
        return head

    async def obey(self, order: RecordLine | EndRecording, port: PortId | None) -> None:
        """Carry out one order; `port` is the line's. VoiceError when the line cannot be listened to."""
        if isinstance(order, EndRecording):
            for line, running in tuple(self._running.items()):
                if running.tape.car.recording == order.recording:
                    await self._end(line, order.cause)
            return
        running_now = self._running.get(order.line)
        if port is None or (running_now and running_now.tape.car.recording == order.recording):
            if port is None:
                self._lost(order, "the line has no working card", "see the health of its card")
            return
        await self._end(order.line)
        await self._begin(order, port)

    async def _begin(self, order: RecordLine, port: PortId) -> None:
        car = SideCar(
            recording=order.recording,
            line=order.line,
            started_ms=round(self._clock.wall() * 1000),
            group=order.group,
            cause=order.cause,
        )
        try:
            tape = self._make(self._folder, car, order.seal, self._rate_hz, self._post)
        except OSError as error:
            self._lost(order, f"cannot begin: {error}", MAKE_ROOM)
            return
        unarm = self._clock.call_at(self._clock.now() + LONGEST, lambda: self._too_long(order.line, tape))
        self._running[order.line] = Running(tape, port, unarm)
        self._heads[order.line].change(tape)
        if self._quiet is None:
            self._quiet = await self._engine.add_frames("recorder", Quiet(), Quiet(), self._rate_hz)
        await self._engine.connect(port, self._quiet)

    def _too_long(self, line: str, tape: Tape) -> None:
        running = self._running.get(line)
        if running is not None and running.tape is tape:
            tape.cut = True
            self._finish(line)

    async def _end(self, line: str, cause: str = "", cut: bool = False) -> None:
        running = self._running.get(line)
        if running is None:
            return
        tape = running.tape
        tape.cut = tape.cut or cut
        if cause:
            tape.car = tape.car.model_copy(update={"cause": cause})
        self._finish(line)
        if self._quiet is not None:
            await self._engine.part(running.port, self._quiet)

    def _finish(self, line: str) -> None:
        running = self._running.pop(line)
        running.unarm()
        self._heads[line].change(None)
        tape = running.tape
        unarm = self._clock.call_at(self._clock.now() + LAST_PAGES, tape.kill)
        self._closing[tape.car.recording] = (tape, unarm)

    def _lost(self, order: RecordLine, why: str, advice: str) -> None:
        fields = {"why": why[:200], "advice": advice[:200]}
        self._tell(RecordingLost.model_validate({"recording": order.recording, "line": order.line, **fields}))

    async def ended(self, fact: TapeEnded) -> None:
        """A tape has closed its file, or could not."""
        running = self._running.get(fact.line)
        if running is not None and running.tape.car.recording == fact.recording:
            await self._end(fact.line)  # by itself: its line has no recording now
        if fact.recording in self._closing:
            _, unarm = self._closing.pop(fact.recording)
            unarm()
        names = {"recording": fact.recording, "line": fact.line}
        if fact.ready is not None:
            ready = fact.ready
            figures = {
                "seconds": ready.seconds,
                "size": ready.size,
                "cut": ready.cut,
                "dropped": fact.dropped,
            }
            self._tell(RecordingKept.model_validate(names | figures))
        if fact.why:
            what = {"why": fact.why[:200], "advice": fact.advice[:200]}
            self._tell(RecordingLost.model_validate(names | what))

    async def gateway_lost(self) -> None:
        """Nobody orders any more: what runs is closed, as cut."""
        for line in tuple(self._running):
            await self._end(line, cut=True)

    async def stop(self) -> None:
        """The engine has ended: close every file."""
        for line in tuple(self._running):
            self._running[line].tape.cut = True
            self._finish(line)
        for head in self._heads.values():
            head.settle(time.monotonic_ns())
        until = time.monotonic() + LAST_WORDS
        for tape, unarm in tuple(self._closing.values()):
            unarm()
            if not await asyncio.to_thread(tape.join, max(0.0, until - time.monotonic())):
                log.error("recording=%s did not end in time; it is cut", tape.car.recording)
