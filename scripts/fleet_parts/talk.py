"""The talk path between two full gateways, at the bench: receiver's carrier edge to far transmitter's PTT edge."""

import asyncio
import contextlib
import time
from pathlib import Path

from hw.bench.client import BenchAway, BenchRefused
from scripts.fleet_parts.plan import FULL
from scripts.town.listening import save
from scripts.town.phrases import phrase
from scripts.town.tour_hands import Hands

EVERY = 2.0
SECONDS = 0.6
LATEST = 2.5
"""Seconds after which a far transmitter counts as not keyed."""
RATE_HZ = 16_000


class Talks:
    """Somebody says a word every EVERY seconds. `found`: milliseconds of each; None: the far radio was never keyed."""

    def __init__(self, hands: Hands, folder: Path) -> None:
        self.found: list[float | None] = []
        self._hands = hands
        folder.mkdir(parents=True, exist_ok=True)
        self._wav = folder / "word.wav"
        save(self._wav, phrase("north")[: int(SECONDS * RATE_HZ)])

    def take(self) -> list[float | None]:
        """What was found since the last time."""
        found, self.found = self.found, []
        return found

    async def run(self) -> None:
        """Until cancelled."""
        turn = 0
        while True:
            near, far = (f"{name}/r1" for name in (FULL[turn % 2], FULL[(turn + 1) % 2]))
            turn += 1
            began = time.monotonic()
            with contextlib.suppress(BenchAway, BenchRefused):
                self.found.append(await self._once(near, far))
            await asyncio.sleep(max(0.1, EVERY - (time.monotonic() - began)))

    async def _once(self, near: str, far: str) -> float | None:
        reply = await self._hands.ask("speak", device=near, wav=self._wav, trail_ms=0)
        on = int(reply["carrier_on_ns"])
        until = on / 1e9 + LATEST
        while True:
            edges = (await self._hands.ask("edges", device=far, since_ns=on))["edges"]
            keyed = [edge["t_ns"] for edge in edges if edge["what"] == "ptt" and edge["value"]]
            if keyed:
                return (keyed[0] - on) / 1e6
            if time.monotonic() > until:
                return None
            await asyncio.sleep(0.1)
