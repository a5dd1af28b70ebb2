"""What the idle town costs: memory and processor time of each process, and of each gateway's three together."""

import asyncio

from scripts.figures.figure import Budget, Figure, Load
from scripts.town.processes import Meter
from scripts.town.town import Town

SETTLE = 5.0
MEMORY, PROCESSOR = Budget(most=220.0), Budget(p50=6.0)
PARTS = ("guard", "gateway", "voice")


async def measure_in(town: Town, seconds: float) -> list[Figure]:
    """One look a second for `seconds`. The bench is the hardware and counts as a process of its own."""
    await asyncio.sleep(SETTLE)
    meter = Meter()
    meter.look(town.units)
    rss: dict[str, list[float]] = {name: [] for name in town.units}
    cpu: dict[str, list[float]] = {name: [] for name in town.units}
    with Load() as load:
        for _ in range(max(1, int(seconds))):
            await asyncio.sleep(1.0)
            for cost in meter.look(town.units):
                rss[cost.unit].append(cost.rss / 1e6)
                cpu[cost.unit].append(cost.cpu)
    figures = []
    for gateway in (plan.gateway for plan in town.plan.gateways):
        units = [f"{gateway}-{part}" for part in PARTS]
        note = "three processes and their sound children"
        memory = tuple(map(sum, zip(*(rss[unit] for unit in units), strict=True)))
        processor = tuple(map(sum, zip(*(cpu[unit] for unit in units), strict=True)))
        figures.append(Figure(f"{gateway}: memory", "MB", memory, MEMORY, load.both, note))
        figures.append(Figure(f"{gateway}: idle processor", "% core", processor, PROCESSOR, load.both, note))
    for name in town.units:
        figures.append(Figure(f"{name}: memory", "MB", tuple(rss[name]), Budget(), load.both))
        figures.append(Figure(f"{name}: idle processor", "% core", tuple(cpu[name]), Budget(), load.both))
    return figures
