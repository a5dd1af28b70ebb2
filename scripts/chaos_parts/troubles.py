"""What is done to the town in each phase, and which way each blow cut. Works through the town's own verbs."""

import asyncio
import contextlib
import random
import shutil
import signal
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from scripts.chaos_parts.gate import library
from scripts.chaos_parts.ledger import Books
from scripts.chaos_parts.link_proxy import How
from scripts.chaos_parts.links import Links
from scripts.chaos_parts.plan import NAMES, Phase
from scripts.chaos_parts.ptt_watch import Span
from scripts.chaos_parts.small_disk import fill
from scripts.town.town import Town

UP_AGAIN = 30.0
SLOW, THIN = 64_000, 9_600
"""Bit/s."""
HOWS: tuple[How, ...] = get_args(How)
ROUND_TRIP = 0.6
CUT_EVERY, CUT_FOR = 6.0, 0.5


@dataclass
class Troubles:
    """`lost`: the times during which a unit did not work, by unit; `left_out`: phases not tried, and why."""

    town: Town
    links: Links
    books: Books
    gates: dict[str, Path]
    rng: random.Random
    disk: Path | None
    lost: dict[str, list[Span]] = field(default_factory=dict)
    blows: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    async def play(self, phase: Phase) -> None:
        """One phase, and then the town is whole again."""
        match phase.name:
            case "kills":
                await self._kills(phase)
            case "away":
                await self._away(phase)
            case "cuts":
                await self._cuts(phase)
            case "slow":
                await self._slow(phase, SLOW)
            case "thin":
                await self._slow(phase, THIN)
            case "image":
                await self._image()
            case "disk":
                await self._full_disk(phase)
            case "clock":
                await self._clocks(phase)

    def _count(self, what: str) -> None:
        self.blows[what] = self.blows.get(what, 0) + 1

    async def _kills(self, phase: Phase) -> None:
        gateway_units = [f"{name}-{part}" for name in NAMES for part in ("gateway", "voice", "guard")]
        units = [*gateway_units, "core", "core", "voice", "mosquitto", "mosquitto"]
        until = time.monotonic() + phase.seconds
        waiting: list[asyncio.Task[None]] = []
        while time.monotonic() < until:
            unit = self.rng.choice(units)
            if self.town.unit_pid(unit) is not None:
                self._count(f"killed {unit.removeprefix('gw-').partition('-')[2] or unit}")
                waiting.append(asyncio.create_task(self._kill(unit)))
            await asyncio.sleep(self.rng.uniform(*phase.every))
        await asyncio.gather(*waiting)
        await self._all_up()

    async def _kill(self, unit: str) -> None:
        found, since = self.town.units[unit], time.monotonic()
        starts = found.starts
        with contextlib.suppress(ProcessLookupError):
            self.town.kill(unit, signal.SIGKILL)
        while time.monotonic() < since + UP_AGAIN and (found.starts == starts or found.state != "ready"):
            await asyncio.sleep(0.02)
        self.lost.setdefault(unit, []).append((since, time.monotonic()))

    async def _all_up(self) -> None:
        """Every unit runs; what the centre sees takes its own time."""
        until = time.monotonic() + UP_AGAIN
        while time.monotonic() < until and any(u.state != "ready" for u in self.town.units.values()):
            await asyncio.sleep(0.05)

    async def _away(self, phase: Phase) -> None:
        """What the broker acknowledges while nobody takes it must not be gone."""
        hold = self.gates["core"] / "hold"
        hold.touch()
        since = time.monotonic()
        await self._stopped("core")
        self._count("centre away")
        await asyncio.sleep(phase.seconds / 2)
        await self._kill("mosquitto")
        await asyncio.sleep(phase.seconds / 2)
        hold.unlink()
        await self._all_up()
        self.lost.setdefault("core", []).append((since, time.monotonic()))

    async def _cuts(self, phase: Phase) -> None:
        until = time.monotonic() + phase.seconds
        while time.monotonic() < until:
            gateway = self.rng.choice(NAMES)
            how = self.rng.choice(HOWS)
            self._count(f"link {how}")
            self.links.cut(gateway, how)
            await asyncio.sleep(self.rng.uniform(0.3, 4.0))
            self.links.heal(gateway)
            await asyncio.sleep(self.rng.uniform(*phase.every))

    async def _slow(self, phase: Phase, rate: float) -> None:
        gateway = NAMES[0]
        self.links.shape(gateway, ROUND_TRIP, rate)
        until = time.monotonic() + phase.seconds
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(CUT_EVERY, left))
            self._count("link reset")
            self.links.cut(gateway, "reset")
            await asyncio.sleep(CUT_FOR)
            self.links.heal(gateway)
        self.links.shape(gateway)

    async def _image(self) -> None:
        """An image with events that had not been sent is put back after all of them were delivered."""
        gateway = NAMES[0]
        outbox = self.books.outboxes[gateway]
        image = outbox.with_name("chaos-image.db")
        self.links.cut(gateway, "hole")
        await asyncio.sleep(2.0)
        await asyncio.to_thread(_photograph, outbox, image)
        self.links.heal(gateway)
        await asyncio.to_thread(self.books.wait_empty, 60.0)
        hold = self.gates[gateway] / "hold"
        hold.touch()
        since = time.monotonic()
        await self._stopped(f"{gateway}-gateway")
        await asyncio.to_thread(self.books.collect)
        gone = await asyncio.to_thread(self.books.forgive, gateway, image)
        self.blows["went with the old disk, undelivered"] = gone
        await asyncio.to_thread(_put_back, image, outbox)
        hold.unlink()
        self._count("image")
        await self._all_up()
        self.lost.setdefault(f"{gateway}-gateway", []).append((since, time.monotonic()))

    async def _stopped(self, unit: str) -> None:
        """It was killed and its next start waits at the gate."""
        starts = self.town.units[unit].starts
        self.town.kill(unit, signal.SIGKILL)
        while self.town.units[unit].starts == starts:
            await asyncio.sleep(0.02)

    async def _full_disk(self, phase: Phase) -> None:
        if self.disk is None:
            self.left_out["disk"] = "no small file system can be mounted here"
            return
        ballast = await asyncio.to_thread(fill, self.disk)
        self._count("full disk")
        await asyncio.sleep(phase.seconds)
        ballast.unlink()

    async def _clocks(self, phase: Phase) -> None:
        if not library():
            self.left_out["clock"] = "libfaketime is not installed"
            return
        for gateway, wrong in zip(NAMES, ("@1970-01-01 00:00:10", "-30d"), strict=True):
            (self.gates[gateway] / "clock").write_text(wrong)
            self._count("wrong clock")
            await self._kill(f"{gateway}-gateway")
        await asyncio.sleep(phase.seconds)
        for gateway in NAMES:
            (self.gates[gateway] / "clock").unlink()
            await self._kill(f"{gateway}-gateway")


def _photograph(outbox: Path, image: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(outbox, timeout=20)) as live,
        contextlib.closing(sqlite3.connect(image)) as copy,
    ):
        live.backup(copy)


def _put_back(image: Path, outbox: Path) -> None:
    for ending in ("-wal", "-shm"):
        outbox.with_name(outbox.name + ending).unlink(missing_ok=True)
    shutil.move(image, outbox)
