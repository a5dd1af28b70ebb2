"""What the voice node records: which legs feed which file, the cut into segments, and the end of a file.

A file's sources follow from the very table that says who hears whom: the file of a conversation takes the talkers of
its own bridge and nobody else, that of a leg never takes a word said in another bridge. So nothing of one conversation
can come into another's file without having been heard there.
"""

import asyncio
import logging
import shutil
import wave
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from central.voice.segments import Piece, cut_due, finished, note_length, settled
from link.contract import neighbour as say
from link.contract.wire import Wire
from link.voice.port import FRAME_MS, Moment, PortId, VoiceEngine, VoiceError

log = logging.getLogger(__name__)

FULL_BELOW = 1 << 20
"""Bytes of room below which a disk counts as full."""
HOLE_FROM_MS = 60
"""Time that passed and was not recorded; less is the clock's own unrest."""

Bridges = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass
class Taping:
    """One recording under way. `length`: samples of a segment, 0: never cut; `done` segments are cut."""

    order: say.StartRecording
    port: PortId
    legs: tuple[str, ...]
    began: Moment
    length: int = 0
    done: int = 0
    joined: set[PortId] = field(default_factory=set)
    cutting: asyncio.Lock = field(default_factory=asyncio.Lock)


def sources(order: say.StartRecording, legs: tuple[str, ...], bridges: Bridges) -> tuple[str, ...]:
    """The legs whose sound belongs into the file of `order` now."""
    if order.mixed:
        return bridges.get(order.bridge, ((), ()))[0]
    elsewhere = {leg for name, (talkers, _) in bridges.items() if name != order.bridge for leg in talkers}
    here = bridges.get(order.bridge, ((), ()))[0]
    return tuple(leg for leg in legs if leg in here or leg not in elsewhere) if order.bridge else legs


class Tapings:
    """`tell` is given facts for core; `epoch` names this run of the node."""

    def __init__(
        self, engine: VoiceEngine, folder: Path, rate_hz: int, tell: Callable[[Wire], object], epoch: str
    ) -> None:
        self.running: dict[str, Taping] = {}
        self.closing: set[asyncio.Task[None]] = set()
        self._engine, self._folder, self._rate_hz = engine, folder, rate_hz
        self._tell, self._epoch = tell, epoch

    async def start(self, order: say.StartRecording) -> None:
        """Open the file. Trouble is told as a recording that failed."""
        if order.recording in self.running:
            return
        path = (self._folder / order.path).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            self._failed(order.recording, order.path, f"the path leaves {self._folder}")
            return
        length = order.segment_s * self._rate_hz
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            port = await self._engine.record(path)
            began = await self._engine.began(port)
            if length:
                await asyncio.to_thread(note_length, path, length)
        except (OSError, VoiceError) as error:
            self._failed(order.recording, order.path, str(error))
            return
        self.running[order.recording] = Taping(order, port, order.legs, began, length)
        moment = {"tick": began.tick, "mono_ns": began.mono_ns, "wall_ns": began.wall_ns, "sure": began.sure}
        head = {"recording": order.recording, "epoch": self._epoch, "rate_hz": self._rate_hz}
        self._tell(say.RecordingBegan.model_validate({**head, **moment}))

    async def join(self, bridges: Bridges, ports: Mapping[str, PortId]) -> None:
        """Connect what belongs into each file; what does not is parted first."""
        wanted = {}
        for name, taping in self.running.items():
            names = sources(taping.order, taping.legs, bridges)
            wanted[name] = {ports[leg] for leg in names if leg in ports}
        for name, taping in tuple(self.running.items()):
            for port in taping.joined - wanted.get(name, set()):
                await tried(self._engine.part(port, taping.port))
        for name, taping in tuple(self.running.items()):
            for port in wanted.get(name, set()) - taping.joined:
                await tried(self._engine.connect(port, taping.port))
            taping.joined = wanted.get(name, set())

    def gone(self, port: PortId) -> None:
        """A leg has fallen."""
        for taping in self.running.values():
            taping.joined.discard(port)

    async def cut(self) -> None:
        """Close the segments that are complete; called now and then."""
        for recording, taping in tuple(self.running.items()):
            if taping.length:
                async with taping.cutting:
                    await self._cut(recording, taping)

    async def _cut(self, recording: str, taping: Taping) -> None:
        path, told = self._folder / taping.order.path, (taping.length, self._rate_hz, taping.done)
        try:
            pieces = await asyncio.to_thread(cut_due, path, *told)
        except OSError as error:  # the running file has it all; the next round tries again
            log.error("recording=%s not cut: %s", recording, error)
            return
        for piece in pieces:
            taping.done = piece.segment
            await self._told(recording, taping, piece)

    def stop(self, recording: str) -> None:
        """Close the file; it may take a second, and no order waits for it."""
        taping = self.running.pop(recording, None)
        if taping is not None:
            task = asyncio.create_task(self._finish(recording, taping))
            self.closing.add(task)
            task.add_done_callback(self.closing.discard)

    async def _finish(self, recording: str, taping: Taping) -> None:
        path = self._folder / taping.order.path
        await tried(self._engine.close(taping.port))
        async with taping.cutting:
            try:
                pieces = await asyncio.to_thread(finished, path, taping.length)
                free = await asyncio.to_thread(free_bytes, self._folder)
            except (OSError, EOFError, wave.Error) as error:
                self._failed(recording, taping.order.path, f"{type(error).__name__}: {error}")
                return
            if free < FULL_BELOW:  # the recorder says nothing when the disk takes no more
                why = "the disk is full: its end may be missing; make room"
                self._failed(recording, taping.order.path, why)
                return
            for piece in pieces:
                await self._told(recording, taping, piece)
            await asyncio.to_thread(settled, path, pieces)

    async def _told(self, recording: str, taping: Taping, piece: Piece) -> None:
        """Tell core of a closed file, with the times of its first sample and what is missing in it."""
        frame = self._rate_hz * FRAME_MS // 1000
        try:
            start = await self._engine.when(taping.began.tick + piece.first // frame)
            end = await self._engine.when(taping.began.tick + (piece.first + piece.samples) // frame)
        except VoiceError:
            start = end = taping.began
        passed_ms = (end.mono_ns - start.mono_ns) / 1e6
        hole = round(passed_ms - piece.samples * 1000 / piece.rate_hz) if end != start else 0
        times = {"mono_ns": start.mono_ns, "wall_ns": start.wall_ns}
        self._tell(closed(recording, self._folder, piece, hole if hole >= HOLE_FROM_MS else 0, times))

    def _failed(self, recording: str, path: str, why: str) -> None:
        log.error("recording=%s path=%s failed why=%s", recording, path, why)
        fact = {"recording": recording, "path": path, "seconds": 0.0, "sha": "", "state": "failed"}
        self._tell(say.RecordingClosed.model_validate({**fact, "why": why[:200]}))


def closed(
    recording: str, folder: Path, piece: Piece, hole_ms: int = 0, times: Mapping[str, int] | None = None
) -> say.RecordingClosed:
    """The fact of a closed file below `folder`."""
    return say.RecordingClosed.model_validate(
        {
            "recording": recording,
            "path": str(piece.path.relative_to(folder)),
            "seconds": piece.seconds,
            "sha": piece.sha,
            "state": "repaired" if piece.repaired else "closed",
            "first": piece.first,
            "samples": piece.samples,
            "segment": piece.segment,
            "more": piece.more,
            "pcm_sha": piece.pcm_sha,
            "hole_ms": hole_ms,
            **(times or {}),
        }
    )


async def tried(work: Awaitable[None]) -> None:
    """One change of the engine. A leg that has gone (its LegDown is still on its way) costs only its own."""
    try:
        await work
    except VoiceError as error:
        log.warning("engine=unchanged error=%s", error)


def free_bytes(folder: Path) -> int:
    """Room on the disk under `folder`. Looks at the disk: not on the event loop."""
    return shutil.disk_usage(folder).free
