"""What happens in the troubled valley by itself: people talk, contacts move. Works at the bench only.

The first radios talk to each other across the gateways, one at a time; the second radios and the contacts make
events that key nothing.
"""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from hw.bench.client import BenchAway, BenchRefused, ask_async
from scripts.chaos_parts.plan import CONTACTS, NAMES
from scripts.chaos_parts.ptt_watch import Span

TALK, PAUSE = (1.0, 2.5), (0.3, 0.9)
"""Seconds of a talk across the gateways, and between two."""
EVENT_EVERY = (0.05, 0.25)
CONTACT_REST = 1.1
"""Seconds between two moves of one contact, or it would count as chattering."""


@dataclass
class Load:
    """`talks` are the times (monotonic s) during which a first radio was held open by hand, by device."""

    bench: Path
    rng: random.Random
    talks: dict[str, list[Span]] = field(default_factory=lambda: {f"{name}/r1": [] for name in NAMES})
    _moved: dict[str, float] = field(default_factory=dict)
    _state: dict[str, bool] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled; whoever talks then is silenced."""
        try:
            await asyncio.gather(self._talk(), self._events())
        finally:
            for name in NAMES:
                for line in ("r1", "r2"):
                    with contextlib.suppress(BenchAway, BenchRefused):
                        await self._ask("unkey", device=f"{name}/{line}")

    async def _talk(self) -> None:
        """One after the other, so that a transmitter is wanted by exactly one talker."""
        while True:
            for name in NAMES:
                device = f"{name}/r1"
                await self._ask("key", device=device)
                since = time.monotonic()
                try:
                    await asyncio.sleep(self.rng.uniform(*TALK))
                finally:
                    await self._ask("unkey", device=device)
                    self.talks[device].append((since, time.monotonic()))
                await asyncio.sleep(self.rng.uniform(*PAUSE))

    async def _events(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(*EVENT_EVERY))
            gateway = self.rng.choice(NAMES)
            if self.rng.random() < 0.3:
                await self._squelch(f"{gateway}/r2")
            else:
                await self._contact(f"{gateway}/gate-{self.rng.randrange(CONTACTS)}")

    async def _squelch(self, device: str) -> None:
        on = not self._state.get(device, False)
        self._state[device] = on
        await self._ask("key" if on else "unkey", device=device)

    async def _contact(self, device: str) -> None:
        now = time.monotonic()
        if now < self._moved.get(device, 0.0) + CONTACT_REST:
            return
        self._moved[device] = now
        on = not self._state.get(device, False)
        self._state[device] = on
        await self._ask("trouble", device=device, verb="closed" if on else "open")

    async def _ask(self, op: str, **fields: object) -> None:
        await ask_async(self.bench, op, wait_s=10, **fields)
