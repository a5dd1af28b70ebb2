"""One line of the voice rack: its sound card as the rack sees it, and its way in, from the radio to the leg.

A squelch tail is cut by staying behind: the noise before a carrier's end is not yet sent when the end is known.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from link.hosting.clock import Clock
from link.voice.port import FrameSink, FrameSource

UPLINK_TAIL = 0.08
"""Seconds that a closed line stays joined to its leg: what was captured before the end is still sent."""
CUT_MARGIN_MS = 80
"""How much longer than the tail a capture stays behind: half for a card that loses frames, half for the time
until the carrier's end is known here."""
FRAME_NS = 20_000_000
PATCH_WAIT = 0.1
"""Seconds that the first words on a line of a patch wait to be joined; without that they would be thrown away."""


class CountingSink(FrameSink, Protocol):
    """A card's playback side; `taken` counts the frames the card took, `witness` is given each that it was given."""

    taken: int
    witness: Callable[[bytes], object] | None


class Card(Protocol):
    """What the rack needs of a sound card; `hw.sound.card.SoundCard` is one."""

    @property
    def source(self) -> FrameSource:
        """Captured sound."""

    @property
    def sink(self) -> CountingSink:
        """Sound to be played."""

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        """Deliver frames from `since_ns` (CLOCK_MONOTONIC) on, each `delay_ms` late."""

    def close_capture(self, until_ns: int | None = None) -> None:
        """Deliver silence: at once, or after what was captured up to `until_ns`."""

    def shut_playback(self) -> None:
        """Let nothing out, forget what waits."""

    def hold_playback(self, for_grant: bool = False) -> None:
        """Let speech wait, for a lead or for a grant."""

    def release_playback(self) -> None:
        """Let out what waits, in order, and what comes."""

    def finish_playback(self) -> None:
        """Nothing more will come: `drained` follows when all has left the card."""


@dataclass
class Uplink:
    """From the card to the leg. `join` and `part` connect the card's port with the leg, if there is one."""

    card: Card
    clock: Clock
    join: Callable[[], Awaitable[None]]
    part: Callable[[], Awaitable[None]]
    is_open: bool = False
    tail_cut_ms: int = 0
    closing: asyncio.Task[None] | None = None
    opening: asyncio.Task[None] | None = None
    since_ns: int = 0

    @property
    def delay_ms(self) -> int:
        """How late sound is sent, for the tail cut."""
        return self.tail_cut_ms + CUT_MARGIN_MS if self.tail_cut_ms else 0

    async def begin(self, since_ns: int, tail_cut_ms: int, awaited: bool = False) -> None:
        """Somebody talks on the radio. `awaited`: his sound waits for go_on(), for PATCH_WAIT at most."""
        self.stop()
        self.is_open = True
        self.tail_cut_ms, self.since_ns = tail_cut_ms, since_ns
        if awaited:
            self.opening = asyncio.create_task(self._open_late())
        else:
            self.card.open_capture(since_ns, self.delay_ms)
        await self.join()

    def go_on(self) -> None:
        """Who shall hear it is joined: what waits goes out."""
        if self.opening is not None:
            self.opening.cancel()
            self.opening = None
            self.card.open_capture(self.since_ns, self.delay_ms)

    async def _open_late(self) -> None:
        await self.clock.sleep_until(self.clock.now() + PATCH_WAIT)
        self.opening = None
        self.card.open_capture(self.since_ns, self.delay_ms)

    def end(self, at_ns: int) -> None:
        """He ended at `at_ns`; 0 = now. What he said before is still sent."""
        self.stop()
        if self.tail_cut_ms:
            ended_ns = at_ns or round(self.clock.now() * 1e9)
            # A frame across the cut would take noise along.
            self.card.close_capture(ended_ns - self.tail_cut_ms * 1_000_000 - FRAME_NS)
        self.closing = asyncio.create_task(self._close())

    async def _close(self) -> None:
        await self.clock.sleep_until(self.clock.now() + UPLINK_TAIL + self.delay_ms / 1000)
        self.closing = None
        await self.shut()

    async def shut(self) -> None:
        """Silence at once."""
        self.stop()
        self.is_open = False
        self.card.close_capture()
        await self.part()

    def stop(self) -> None:
        """Forget an end or a beginning that is under way."""
        if self.closing is not None:
            self.closing.cancel()
            self.closing = None
        if self.opening is not None:
            self.opening.cancel()
            self.opening = None
