"""Carrier edge at the bench radio of one gateway to PTT edge at the bench radios of others, by bench edges.

The radios of this town have no attack, squelch or tail, the lines no lead: what is left is ours.
"""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from hw.bench.client import Reply, ask_async
from scripts.figures.figure import Budget, Figure, Load
from scripts.town.plan import TownPlan, default_plan
from scripts.town.town import Town

TALKER = "gw-north/r1"
LISTENERS = ("gw-south/r1", "gw-south/r2", "gw-dam/r1")
PRESSED = 0.06
PATIENCE = 3.0
EDGE = Budget(p50=3.0, p99=15.0)


def bare_plan() -> TownPlan:
    """The default town with radios that answer at once."""
    plan = default_plan()
    return replace(
        plan,
        gateways=tuple(
            replace(
                gateway,
                radios=tuple(
                    replace(radio, attack_ms=0, squelch_ms=0, tail_ms=0, lead_ms=0, hold_ms=0)
                    for radio in gateway.radios
                ),
            )
            for gateway in plan.gateways
        ),
    )


async def measure(tries: int) -> list[Figure]:
    """Press `tries` times; every listener gives one value a try."""
    keyed: list[float] = []
    last: list[float] = []
    released: list[float] = []
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        async with Town.create(Path(folder), bare_plan()) as town:
            await town.wait_ready()
            await asyncio.sleep(2.0)
            with Load() as load:
                for _ in range(tries):
                    late, free = await _press(town.bench_socket)
                    keyed += late
                    last += [max(late)] if len(late) == len(LISTENERS) else []
                    released += free
    missed = tries * len(LISTENERS) - len(keyed)
    note = f"{tries} presses, 3 radios of 2 other gateways" + (f", {missed} not keyed" if missed else "")
    return [
        Figure("carrier edge → far PTT edge", "ms", tuple(keyed), EDGE, load.both, note),
        Figure(
            "carrier edge → last PTT edge of three",
            "ms",
            tuple(last),
            Budget(),
            load.both,
            "the slowest of a press",
        ),
        Figure(
            "carrier falls → PTT off",
            "ms",
            tuple(released),
            Budget(most=2000.0),
            load.both,
            "with the words still under way",
        ),
    ]


async def _press(bench: Path) -> tuple[list[float], list[float]]:
    """One press: ms from the talker's COS edge to each PTT edge, up and down."""
    since = (await _ask(bench, "key", TALKER))["t_ns"]
    await asyncio.sleep(PRESSED)
    await _ask(bench, "unkey", TALKER)
    await _until_free(bench)
    talker = await _edges(bench, TALKER, since, "cos")
    keyed, released = [], []
    for listener in LISTENERS:
        ptt = await _edges(bench, listener, since, "ptt")
        keyed += [(ptt[1] - talker[1]) / 1e6] if 1 in ptt and 1 in talker else []
        released += [(ptt[0] - talker[0]) / 1e6] if 0 in ptt and 0 in talker else []
    return keyed, released


async def _edges(bench: Path, device: str, since_ns: int, what: str) -> dict[int, int]:
    """Level to time (ns) of its first edge to that level."""
    reply = await ask_async(bench, "edges", wait_s=5, device=device, since_ns=since_ns)
    times: dict[int, int] = {}
    for edge in reply["edges"]:
        if edge["what"] == what:
            times.setdefault(edge["value"], edge["t_ns"])
    return times


async def _until_free(bench: Path) -> None:
    """Until no listener is keyed, and a little longer."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.sleep(0.1)
        while any([(await _ask(bench, "edges", name))["levels"]["ptt"] for name in LISTENERS]):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)


async def _ask(bench: Path, op: str, device: str) -> Reply:
    return await ask_async(bench, op, wait_s=5, device=device)
