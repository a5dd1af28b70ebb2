"""Every bearer equally loud: measures each leg that talks, and has the bridge take it in by a gain of its own.

A measuring tap (`Tap`) is there only while a leg talks to somebody; what is learnt of a leg stays when it is silent, so
that the next over begins as the last one ended. See link/voice/loudness.py for how a gain is found. It must never be in
the way of a voice: whatever fails here costs only the gain.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping

from link.voice.loudness import Leveller
from link.voice.port import PortId, VoiceEngine, VoiceError

log = logging.getLogger(__name__)

WORTH = 1.035
"""A gain is set anew when it moved by so much (0.3 dB)."""


class Tap:
    """A frame port that only listens. `moved(gain)` is called when another gain is worth setting, on the loop."""

    def __init__(self, leveller: Leveller, moved: Callable[[float], object]) -> None:
        self._leveller, self._moved = leveller, moved
        self._loop = asyncio.get_running_loop()
        self._asked = leveller.applied

    def pop(self) -> bytes | None:
        """Nothing to say."""
        return None

    def push(self, frame: bytes) -> None:
        """Media clock thread."""
        gain = self._leveller.hear(frame)
        ratio = gain / self._asked
        if ratio > WORTH or ratio < 1 / WORTH:
            self._asked = gain
            self._loop.call_soon_threadsafe(self._moved, gain)


class Loudness:
    """`follow` is told who talks, whenever that changes."""

    def __init__(self, engine: VoiceEngine, rate_hz: int) -> None:
        self._engine, self._rate_hz = engine, rate_hz
        self._levellers: dict[str, Leveller] = {}
        self._taps: dict[str, tuple[PortId, PortId]] = {}
        self._setting: set[asyncio.Task[None]] = set()

    async def follow(self, talkers: Iterable[str], legs: Mapping[str, PortId]) -> None:
        """These talk now, by name; `legs` are all that stand. What is known of a leg that is new is applied to it."""
        wanted = {name: legs[name] for name in talkers if name in legs}
        for name, (leg, tap) in list(self._taps.items()):
            if wanted.get(name) != leg:
                del self._taps[name]
                with contextlib.suppress(VoiceError):
                    await self._engine.close(tap)
        for name in [name for name in wanted if name not in self._taps]:
            try:
                await self._begin(name, wanted[name])
            except VoiceError as error:
                log.warning("leg=%s not levelled: %s", name, error)

    async def _begin(self, name: str, leg: PortId) -> None:
        leveller = self._levellers.setdefault(name, Leveller())
        leveller.begin()
        await self._engine.set_gain(leg, leveller.gain)
        leveller.applied = leveller.gain
        tap = Tap(leveller, lambda gain: self._spawn(leveller, leg, gain))
        port = await self._engine.add_frames("level", tap, tap, self._rate_hz)
        self._taps[name] = (leg, port)
        await self._engine.connect(leg, port)

    def _spawn(self, leveller: Leveller, leg: PortId, gain: float) -> None:
        task = asyncio.get_running_loop().create_task(self._set(leveller, leg, gain))
        self._setting.add(task)
        task.add_done_callback(self._setting.discard)

    async def _set(self, leveller: Leveller, leg: PortId, gain: float) -> None:
        try:
            await self._engine.set_gain(leg, gain)
            leveller.applied = gain
        except VoiceError as error:  # the leg has gone; its LegDown is on its way
            log.debug("leg=%d gain=%.2f not set: %s", leg, gain, error)
