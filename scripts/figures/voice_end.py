"""One voice engine in a process of its own, for measuring: a source that can be toned, an ear that notes times.

Driven over a multiprocessing pipe by tuples (verb, arguments…). Times are CLOCK_MONOTONIC seconds, so those of
several processes compare.
"""

import array
import asyncio
import math
import os
import sys
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

from central.voice.loudness import Loudness
from link.voice.port import LegUp, PortId, VoiceSettings

RATE_HZ = 16_000
FRAME = RATE_HZ // 50
LOUD = 1500
LEG_PATIENCE = 10.0
URGENT = -10


class Source:
    """What is in `words`, else a 1 kHz tone while `on`, else silence; `began`: when the tone set in."""

    def __init__(self) -> None:
        self.on = False
        self.words: deque[bytes] = deque()
        self.began: list[float] = []
        self._was = False
        wave = (int(8000 * math.sin(2 * math.pi * 1000 * i / RATE_HZ)) for i in range(FRAME))
        self._frame = array.array("h", wave).tobytes()

    def pop(self) -> bytes | None:
        """Media clock thread."""
        if self.words:
            return self.words.popleft()
        on = self.on
        if on and not self._was:
            self.began.append(time.monotonic())
        self._was = on
        return self._frame if on else None


class Ear:
    """`heard` are the moments at which sound set in after silence; `kept` is all sound, while it is a list."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.kept: list[bytes] | None = None
        self._was = False

    def push(self, frame: bytes) -> None:
        """Media clock thread: the moment the frame is handed over, less nothing."""
        if self.kept is not None:
            self.kept.append(frame)
        samples = array.array("h", frame)
        loud = bool(samples) and max(samples) > LOUD
        if loud and not self._was:
            self.heard.append(time.monotonic())
        self._was = loud


class VoiceEnd:
    """Performs the verbs: each method is one."""

    def __init__(self, settings: VoiceSettings) -> None:
        from link.voice.pjsua_engine import PjsuaEngine

        self._engine = PjsuaEngine(settings)
        self._source, self._ear = Source(), Ear()
        self._up: asyncio.Queue[LegUp] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._legs: dict[str, PortId] = {}
        self._card: PortId = 0
        self._loudness: list[Loudness] = []
        self._rate_hz = settings.rate_hz

    async def start(self) -> int:
        """The SIP port."""
        limits = await self._engine.start(self._told)
        # The card keeps its rate; a bridge of another one resamples.
        self._card = await self._engine.add_frames("card", self._source, self._ear, RATE_HZ)
        return limits.sip_port

    def _told(self, fact: object) -> None:
        if isinstance(fact, LegUp):
            self._loop.call_soon_threadsafe(self._up.put_nowait, fact)

    async def expect(self, token: str, peer: str) -> None:
        """A leg will come with this token, from who has a certificate of this name."""
        await self._engine.expect(token, 30, peer)

    async def dial(self, uri: str, token: str) -> None:
        """Dial it."""
        await self._engine.dial(uri, token)

    async def await_leg(self) -> str:
        """Wait for the next leg; its token."""
        async with asyncio.timeout(LEG_PATIENCE):
            up = await self._up.get()
        self._legs[up.token] = up.leg
        return up.token

    async def join_card(self, token: str, both: bool) -> None:
        """The leg's sound to the ear; with `both` the source's sound to the leg."""
        await self._engine.connect(self._legs[token], self._card)
        if both:
            await self._engine.connect(self._card, self._legs[token])

    async def bridge(self, source: str, sink: str) -> float:
        """Join two legs; when this was ordered."""
        at = time.monotonic()
        await self._engine.connect(self._legs[source], self._legs[sink])
        return at

    async def part(self, source: str, sink: str) -> None:
        """Part them."""
        await self._engine.part(self._legs[source], self._legs[sink])

    async def tone(self, on: bool) -> None:
        """Switch the source."""
        self._source.on = on

    async def times(self) -> tuple[list[float], list[float]]:
        """Moments at which the source set in, and at which the ear heard sound set in."""
        return self._source.began, self._ear.heard

    async def say(self, pcm: bytes) -> None:
        """Begin to say this (s16le at RATE_HZ)."""
        size = 2 * FRAME
        self._source.words.extend(pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size))

    async def listen(self) -> None:
        """Keep from now on what is heard."""
        self._ear.kept = []

    async def kept(self) -> bytes:
        """All that was heard since."""
        return b"".join(self._ear.kept or ())

    async def level(self, *talkers: str) -> None:
        """Have these legs come in equally loud, as a voice node does; nothing is known of them yet.

        One that is named twice is followed twice.
        """
        for known in self._loudness:
            await known.follow((), self._legs)
        self._loudness = [Loudness(self._engine, self._rate_hz) for _ in talkers]
        for each, talker in zip(self._loudness, talkers, strict=True):
            await each.follow((talker,), self._legs)

    async def cpu(self) -> float:
        """Processor seconds that this process took so far."""
        return time.process_time()

    async def stop(self) -> None:
        """End the engine."""
        await self._engine.stop()


def serve(pipe: Connection, settings: VoiceSettings) -> None:
    """The process. Ends with the verb "stop" or when the other end of the pipe is gone."""
    sys.setswitchinterval(0.0005)
    if os.geteuid() == 0:
        os.setpriority(os.PRIO_PROCESS, 0, URGENT)
    asyncio.run(_serve(pipe, settings))
    os._exit(0)


async def _serve(pipe: Connection, settings: VoiceSettings) -> None:
    end = VoiceEnd(settings)
    while True:
        try:
            verb, *arguments = await asyncio.to_thread(pipe.recv)
        except EOFError:
            verb, arguments = "stop", []
        answer: Any = await getattr(end, verb)(*arguments)
        if verb == "stop":
            return
        pipe.send(answer)
