"""One chaos run: the town, its troubles one phase after the other, and the books at the end."""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from hw.bench.client import ask_async
from scripts.chaos_parts.gate import sweep
from scripts.chaos_parts.ledger import Books, Tally
from scripts.chaos_parts.link_proxy import LinkProxy
from scripts.chaos_parts.links import Links
from scripts.chaos_parts.load import Load
from scripts.chaos_parts.plan import NAMES, Phase, chaos_plan
from scripts.chaos_parts.ptt_watch import Overstay, Span, longest, spans, without
from scripts.chaos_parts.small_disk import NoSmallDisk, small_disk
from scripts.chaos_parts.troubles import Troubles
from scripts.town.ports import HOST, free_tcp_port
from scripts.town.town import Town

DISK = "24m"
"""Size of the small file system that one gateway lives on."""
CATCH_UP = 120.0
PTT_LIMIT = 2.0
"""Seconds: the design's budget from the loss of anything to PTT off."""
COLLECT_EVERY = 2.0


@dataclass(frozen=True)
class Outcome:
    """What one run found. Times in seconds; `catch_up` is None when the outboxes never got empty."""

    tally: Tally
    ptt: Overstay
    catch_up: float | None
    blows: dict[str, int]
    left_out: dict[str, str]
    octets_up: int

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice, no PTT past its lease, all caught up, no event of 1970."""
        return (
            self.tally.clean
            and self.tally.early == 0
            and self.ptt.seconds <= PTT_LIMIT
            and self.catch_up is not None
        )


class PttWatch:
    """Collects what the bench saw of the first radios."""

    def __init__(self, bench: Path) -> None:
        self._bench = bench
        self._edges: dict[str, dict[int, int]] = {f"{name}/r1": {} for name in NAMES}

    async def run(self) -> None:
        """Collect until cancelled: the bench remembers a bounded number of edges."""
        while True:
            await self.collect()
            await asyncio.sleep(COLLECT_EVERY)

    async def collect(self) -> None:
        """Take over what is new."""
        for device, known in self._edges.items():
            reply = await ask_async(
                self._bench, "edges", wait_s=10, device=device, since_ns=max(known, default=0)
            )
            known.update({e["t_ns"]: e["value"] for e in reply["edges"] if e["what"] == "ptt"})

    def keyed(self, device: str) -> list[Span]:
        """When it transmitted."""
        edges = [(at / 1e9, value) for at, value in self._edges[device].items()]
        return spans(edges, time.monotonic())


def worst_ptt(watch: PttWatch, load: Load, troubles: Troubles, links: Links) -> Overstay:
    """Over both first radios: the longest time keyed for nobody."""
    worst = Overstay()
    for mine, other in (NAMES, NAMES[::-1]):
        lost = [span for unit in ("core", "mosquitto") for span in troubles.lost.get(unit, [])]
        for name in (mine, other):
            lost += links.lost.get(name, [])
            lost += troubles.lost.get(f"{name}-gateway", [])
        device = f"{mine}/r1"
        found = longest(device, watch.keyed(device), without(load.talks[f"{other}/r1"], lost))
        worst = max(worst, found, key=lambda each: each.seconds)
    return worst


def _gates(folder: Path) -> dict[str, Path]:
    gates = {name: folder / "gates" / name for name in (*NAMES, "core")}
    for gate in gates.values():
        gate.mkdir(parents=True, exist_ok=True)
        for word in ("hold", "clock"):
            (gate / word).unlink(missing_ok=True)
    return gates


@contextlib.asynccontextmanager
async def troubled_town(
    folder: Path, seed: int, sabotage: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Town, Links, Books, dict[str, Path]]]:
    """The town with a proxy before each gateway's broker and API; ready, its books open."""
    gates = _gates(folder)
    own = (sys.executable, "-m", "scripts.chaos_parts.gate")
    wrap = {f"{name}-gateway": (*own, str(gates[name]), *sabotage) for name in NAMES}
    wrap["core"] = (*own, str(gates["core"]))
    doors = {name: (free_tcp_port(), free_tcp_port()) for name in NAMES}
    town = Town.create(folder, chaos_plan(), wrap, detours=doors)
    links = Links({})
    try:
        for name, (broker, api) in doors.items():
            pair = (
                LinkProxy((HOST, town.ports.broker), port=broker, seed=seed),
                LinkProxy((HOST, town.ports.api), port=api, seed=seed),
            )
            for proxy in pair:
                await proxy.start()
            links.proxies[name] = pair
        async with town:
            await town.wait_ready()
            outboxes = {name: town.places.state / name / "outbox.db" for name in NAMES}
            books = Books(outboxes, town.places.state / "central" / "spillway.db")
            await asyncio.to_thread(books.open)
            yield town, links, books, gates
    finally:
        await links.close()
        for gate in gates.values():
            sweep(gate)


async def chaos(
    folder: Path,
    played: tuple[Phase, ...],
    seed: int,
    say: Callable[[str], None],
    sabotage: tuple[str, ...] = (),
) -> Outcome:
    """Play `played` in a town in `folder`. What `say` gets is for people."""
    began_ms = int(time.time() * 1000)
    rng = random.Random(seed)
    with contextlib.ExitStack() as stack:
        disk: Path | None = folder / "state" / NAMES[1]
        try:
            stack.enter_context(small_disk(folder / "state" / NAMES[1], DISK))
        except NoSmallDisk as why:
            say(str(why))
            disk = None
        async with troubled_town(folder, seed, sabotage) as (town, links, books, gates):
            load, watch = Load(town.bench_socket, rng), PttWatch(town.bench_socket)
            troubles = Troubles(town, links, books, gates, rng, disk)
            tasks = [asyncio.create_task(load.run()), asyncio.create_task(watch.run())]
            try:
                for phase in played:
                    say(f"{phase.name}: {phase.what}")
                    await troubles.play(phase)
            finally:
                tasks[0].cancel()
                await asyncio.gather(tasks[0], return_exceptions=True)
            say("healed; catching up")
            await town.wait_ready()
            catch_up = await asyncio.to_thread(books.wait_empty, CATCH_UP)
            tasks[1].cancel()
            await asyncio.gather(tasks[1], return_exceptions=True)
            await watch.collect()
            tally = await asyncio.to_thread(books.tally, began_ms - 60_000)
            ptt = worst_ptt(watch, load, troubles, links)
            return Outcome(tally, ptt, catch_up, troubles.blows, troubles.left_out, links.octets_up)
