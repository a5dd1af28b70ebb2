"""One voice engine and one rack in a process of its own: several lines, each with a grant that comes late.

All lines hear the same talker. What each hands to its card is kept frame by frame from the talker's first word on.
"""

import asyncio
import fcntl
import os
import struct
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from firmware.voice.rack import Rack
from hw.sound.playback import Playback
from link.contract import neighbour as say
from link.contract.wire import Wire
from link.hosting.clock import SystemClock
from link.voice.port import VoiceSettings

RATE_HZ = 16_000
FRAME_BYTES = RATE_HZ // 50 * 2
CARD_LAG_MS = 80
PATIENCE = 20.0


@dataclass(frozen=True)
class Line:
    """What came of one line: its card's sound from the talker's first frame on, when all had left (s after the
    release of the floor), frames lost in between, and what a push cost (µs)."""

    grant_ms: int
    heard: bytes
    drained_after: float
    overrun: int
    cost_us: tuple[float, ...]


class Talker:
    """A source of frames; `began` once the first was taken."""

    def __init__(self, speech: bytes) -> None:
        size = FRAME_BYTES
        self._frames = [speech[at : at + size] for at in range(0, len(speech) - size + 1, size)]
        self._next = 0
        self.talking = False
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @property
    def began(self) -> bool:
        """The first word is on its way."""
        return self._next > 0

    def pop(self) -> bytes | None:
        """Media clock thread."""
        if not self.talking:
            return None
        if self._next == len(self._frames):
            self._loop.call_soon_threadsafe(self.done.set)
            return None
        self._next += 1
        return self._frames[self._next - 1]

    def push(self, frame: bytes) -> None:
        """Nobody is heard by the talker."""


class Card:
    """A real Playback and its pipe; a child that reads at once is played by push()."""

    def __init__(self, talker: Talker, drained: Callable[[], object]) -> None:
        self.playback = Playback(FRAME_BYTES, CARD_LAG_MS, time.monotonic_ns)
        self.heard: list[bytes] = []
        self.cost_us: list[float] = []
        self.taken = 0
        self.source = self.sink = self
        self._pipe = self.playback.plug()
        self._talker = talker
        self._drained = drained
        self.hold_playback = self.playback.hold_playback
        self.shut_playback = self.playback.shut_playback
        self.release_playback = self.playback.release_playback
        self.finish_playback = self.playback.finish_playback

    def pop(self) -> bytes | None:
        """Nothing is captured."""
        return None

    def push(self, frame: bytes) -> None:
        """Media clock thread."""
        began = time.perf_counter()
        self.playback.push(frame)
        cost = time.perf_counter() - began
        if self._talker.began:
            self.cost_us.append(cost * 1e6)
            self.heard.append(self._read())
        if self.playback.drained(time.monotonic_ns()):
            self._drained()

    def _read(self) -> bytes:
        (waiting,) = struct.unpack("i", fcntl.ioctl(self._pipe, termios.FIONREAD, b"\0\0\0\0"))
        return os.read(self._pipe, waiting) if waiting else bytes(FRAME_BYTES)

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        """Nothing is captured."""

    def close_capture(self, until_ns: int | None = None) -> None:
        """Nothing is captured."""


async def talk(speech: bytes, grants: tuple[int, ...], settings: VoiceSettings) -> list[Line]:
    """One over to as many lines as there are grants (ms)."""
    from link.voice.pjsua_engine import PjsuaEngine

    engine = PjsuaEngine(settings)
    loop = asyncio.get_running_loop()
    drained = {f"r{grant}": loop.create_future() for grant in grants}

    def told(fact: Wire) -> None:
        if isinstance(fact, say.DownlinkDrained) and not drained[fact.line].done():
            drained[fact.line].set_result(loop.time())

    rack = Rack(engine, RATE_HZ, told, SystemClock())
    talker = Talker(speech)
    cards: dict[str, Card] = {}
    await engine.start(lambda fact: None)
    try:
        port = await engine.add_frames("talker", talker, talker, RATE_HZ)
        for line in drained:
            cards[line] = Card(talker, lambda line=line: loop.call_soon_threadsafe(rack.drained, line))  # type: ignore[misc]
            await rack.add(line, cards[line])
            await engine.connect(port, rack.channels[line].port)
            await rack.obey(say.HoldDownlink(line=line))
        talker.talking = True
        opening = [asyncio.create_task(_grant(rack, grant)) for grant in grants]
        async with asyncio.timeout(PATIENCE + len(speech) / RATE_HZ / 2):
            await talker.done.wait()
            released = loop.time()
            for line in drained:
                await rack.obey(say.FinishDownlink(line=line))
            await asyncio.gather(*opening, *drained.values())
    finally:
        await rack.stop()
        await engine.stop()
    return [_line(grant, cards[f"r{grant}"], drained[f"r{grant}"].result() - released) for grant in grants]


async def _grant(rack: Rack, grant_ms: int) -> None:
    await asyncio.sleep(grant_ms / 1000)
    await rack.obey(say.OpenDownlink(line=f"r{grant_ms}", lead_ms=0))


def _line(grant_ms: int, card: Card, drained_after: float) -> Line:
    heard = b"".join(card.heard)
    return Line(grant_ms, heard, drained_after, card.playback.overrun, tuple(card.cost_us))


def serve(pipe: Connection, speech: bytes, grants: tuple[int, ...], settings: VoiceSettings) -> None:
    """The process: sends its lines, then ends."""
    sys.setswitchinterval(0.0005)
    pipe.send(asyncio.run(talk(speech, grants, settings)))
    os._exit(0)
