"""One run of the fleet, phase by phase. It measures and keeps; what that means is said by the report."""

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from scripts.fleet_parts.books import Books, Tally
from scripts.fleet_parts.fan_out import Drill, FanOut
from scripts.fleet_parts.gauges import Gauges, Phase, quantiles
from scripts.fleet_parts.plan import FULL, FleetPlan
from scripts.fleet_parts.remote import Crowds
from scripts.fleet_parts.room import memory_folder
from scripts.fleet_parts.talk import Talks
from scripts.town.outbox_ledger import note_commits
from scripts.town.ready import NotReady
from scripts.town.tour_hands import Hands
from scripts.town.town import Town

SETTLE = 2.0
"""Seconds of calm between bringing up and measuring."""
TALLIES = 12
"""How often the books are looked at again, a second apart, before they count as wrong."""
TALKS_LEAST = 4.0


@dataclass
class Measured:
    """All that a run found. `times`: seconds of catching up by name; None: not within its limit."""

    plan: FleetPlan
    phases: list[Phase] = field(default_factory=list)
    talks: dict[str, list[float | None]] = field(default_factory=dict)
    lags: dict[str, dict[str, float]] = field(default_factory=dict)
    times: dict[str, float | None] = field(default_factory=dict)
    fan_out: FanOut = FanOut()
    tally: Tally | None = None
    crowds_restarted: int = 0
    mail_dropped: int = 0
    trouble: str = ""

    @property
    def troubles(self) -> list[str]:
        """What must not be, in words; empty after a clean run."""
        found = [f"{name} took too long" for name, seconds in self.times.items() if seconds is None]
        if self.tally is None or not self.tally.clean:
            found.append(f"the books do not balance: {self.tally}")
        if self.fan_out.false:
            found.append(f"told as played and not heard: {', '.join(self.fan_out.false[:5])}")
        if self.fan_out.missing:
            found.append(f"{len(self.fan_out.missing)} loudspeakers did not play: {self.fan_out.missing[0]}")
        if self.crowds_restarted:
            found.append("a process of simulated gateways ended by itself: see logs/crowd-*.log")
        if self.trouble:
            found.append(self.trouble)
        if self.mail_dropped:
            found.append(f"core dropped {self.mail_dropped} messages for want of room")
        return found


class FleetRun:
    """`tell` hears one line at each step."""

    def __init__(self, plan: FleetPlan, folder: Path, tell: Callable[[str], None]) -> None:
        self.plan, self.folder, self.tell = plan, folder, tell
        self.measured = Measured(plan)
        self._limit = 60.0 + plan.size / 20

    async def run(self) -> Measured:
        """The whole run; nothing of it runs afterwards. TownError, UnitFailed, NotReady, OSError."""
        if (state := self.folder / "state").exists():  # the books of one run begin empty
            await asyncio.to_thread(shutil.rmtree, state)
        town = Town.create(self.folder, self.plan.town())
        outboxes = Path(tempfile.mkdtemp(prefix="spillway-fleet-", dir=memory_folder() or self.folder))
        try:
            crowds = Crowds(self.plan, town, outboxes)
            try:
                await self._all(town, crowds)
            finally:
                await crowds.stop()
        finally:
            await town.stop()
            await asyncio.to_thread(shutil.rmtree, outboxes)
        return self.measured

    async def _all(self, town: Town, crowds: Crowds) -> None:
        self.tell(self.plan.words)
        self.tell(f"starting the town with three full gateways in {town.folder}")
        await town.start()
        gauges = Gauges(town, {**town.units, **crowds.units})
        hands = Hands(town.bench_socket, self.folder / "bench", town.plan.radios + town.plan.loudspeakers)
        talks = Talks(hands, self.folder / "bench")
        books = self._books(town, crowds)
        async with _beside(gauges.watch()):
            await self._bring_up(town, crowds, gauges)
            sha, reference = await Drill(town, crowds, hands).rehearse()
            async with _beside(talks.run()):
                await asyncio.sleep(SETTLE)
                talks.take()
                await self._phase("steady", gauges, talks, lambda: self._steady(crowds))
                await self._phase("event storm", gauges, talks, lambda: self._storm(crowds))
                await self._phase(
                    "broker killed", gauges, talks, lambda: self._reconnect(town, crowds, gauges)
                )
            gauges.begin("fan-out")
            self.tell("a drill to every loudspeaker")
            try:
                self.measured.fan_out = await Drill(town, crowds, hands).perform(sha, reference, self._limit)
            except httpx.HTTPError as error:
                self.measured.trouble = f"the centre did not answer for the drill: {error!r}"
            self.measured.phases.append(gauges.end())
            self.measured.times["last outbox empty"] = await self._empty(crowds, self._limit)
            self.measured.mail_dropped = gauges.mail_dropped
        await gauges.close()
        self.measured.crowds_restarted = crowds.restarts
        await self._close_books(books)

    def _books(self, town: Town, crowds: Crowds) -> Books:
        full = {name: town.places.state / name / "outbox.db" for name in FULL}
        for path in full.values():
            note_commits(path)
        simulated = {name: crowds.outboxes / f"{name}.db" for name in self.plan.names}
        return Books({**full, **simulated}, town.places.state / "central" / "spillway.db")

    async def _phase(
        self, name: str, gauges: Gauges, talks: Talks, work: Callable[[], Awaitable[None]]
    ) -> None:
        self.tell(name)
        gauges.begin(name)
        talks.take()
        await work()
        self.measured.phases.append(gauges.end())
        self.measured.talks[name] = talks.take()

    # -- what happens --

    async def _bring_up(self, town: Town, crowds: Crowds, gauges: Gauges) -> None:
        await town.wait_ready()
        self.tell(f"opening {self.plan.size} outboxes")
        await crowds.start()
        self.tell(f"{self.plan.size} gateways connect within {self.plan.spread:g} s")
        gauges.begin("bring-up")
        await crowds.ask("connect", spread=self.plan.spread)
        wanted = self.plan.size + len(FULL)
        taken = await gauges.online_within(wanted, self._limit)
        self.measured.times["all online"] = taken
        if taken is None:
            raise NotReady(f"{gauges.online} of {wanted} gateways are online after {self._limit:g} s")
        self.measured.times["bring-up caught up"] = await self._empty(crowds, self._limit)
        self.measured.phases.append(gauges.end())

    async def _steady(self, crowds: Crowds) -> None:
        seconds = self.plan.minutes * 60
        await crowds.ask("steady", rate=self.plan.steady_rate, seconds=seconds)
        await asyncio.sleep(seconds)

    async def _storm(self, crowds: Crowds) -> None:
        plan = self.plan
        seconds = plan.storm_seconds
        await crowds.ask("storm", rate=plan.storm_rate, seconds=seconds, share=plan.storm_share)
        await asyncio.sleep(seconds)
        self.measured.times["storm caught up"] = await self._empty(crowds, self._limit)

    async def _reconnect(self, town: Town, crowds: Crowds, gauges: Gauges) -> None:
        await crowds.ask("steady", rate=self.plan.steady_rate, seconds=20)
        await asyncio.sleep(1.0)
        town.kill("mosquitto", signal.SIGKILL)
        began = time.monotonic()
        while gauges.online and time.monotonic() < began + 10:
            await asyncio.sleep(0.02)
        await gauges.online_within(self.plan.size + len(FULL), self._limit)
        online = gauges.online >= self.plan.size + len(FULL)
        self.measured.times["all online again"] = time.monotonic() - began if online else None
        await asyncio.sleep(max(0.0, TALKS_LEAST - (time.monotonic() - began)))
        empty = await self._empty(crowds, self._limit)
        self.measured.times["outboxes empty again"] = None if empty is None else time.monotonic() - began

    async def _empty(self, crowds: Crowds, limit: float) -> float | None:
        """Seconds until the outboxes held no more than what happens meanwhile; None: not within `limit`."""
        began = time.monotonic()
        allowed = max(2, int(self.plan.size * self.plan.steady_rate))
        while time.monotonic() < began + limit:
            with contextlib.suppress(OSError):
                if await crowds.total("waiting") <= allowed:
                    return time.monotonic() - began
            await asyncio.sleep(self.plan.look_every)
        return None

    async def _close_books(self, books: Books) -> None:
        self.tell("closing the books")
        until = time.monotonic() + self._limit
        while await asyncio.to_thread(books.waiting) and time.monotonic() < until:
            await asyncio.sleep(1.0)
        self.measured.tally = await asyncio.to_thread(books.tally)
        for _ in range(TALLIES):  # the full gateways go on living: what they just told may be on its way
            if self.measured.tally.clean:
                break
            await asyncio.sleep(1.0)
            self.measured.tally = await asyncio.to_thread(books.tally)
        for phase in self.measured.phases:
            self.measured.lags[phase.name] = await asyncio.to_thread(books.lag, phase.from_ms, phase.to_ms)


@contextlib.asynccontextmanager
async def _beside(work: "asyncio.Future[None] | object") -> AsyncIterator[None]:
    """Run it while the block runs."""
    task = asyncio.ensure_future(work)  # type: ignore[arg-type, var-annotated]
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def talk_figures(found: list[float | None]) -> dict[str, float]:
    """Quantiles in ms of the talks that came through, and how many did not."""
    figures = quantiles([each for each in found if each is not None])
    return {**figures, "missed": float(sum(each is None for each in found))}
