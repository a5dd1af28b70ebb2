"""Real speech from radio to radio in the default town: lost at start and end, and how late it is heard."""

import asyncio
import tempfile
from pathlib import Path

from scripts.figures.figure import Budget, Figure, Load
from scripts.figures.idle import measure_in
from scripts.town.phrases import phrase
from scripts.town.tour_evidence import Scene
from scripts.town.tour_hands import Hands
from scripts.town.town import Town

TALKERS = (("gw-north/r1", "north"), ("gw-dam/r1", "dam"), ("gw-south/r1", "south"))
AFTER = 1.2


async def measure(overs: int, seconds: float) -> list[Figure]:
    """`overs` overs, each heard on three radios; before them the cost of the idle town over `seconds`."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="figures-") as folder:
        async with Town.create(Path(folder)) as town:
            await town.wait_ready()
            if seconds:
                figures += await measure_in(town, seconds)
            if overs:
                figures += await _speech(town, overs)
    return figures


async def _speech(town: Town, overs: int) -> list[Figure]:
    hands = Hands(town.bench_socket, town.folder / "said", town.plan.radios)
    starts: list[float] = []
    ends: list[float] = []
    gaps: list[float] = []
    late: list[float] = []
    with Load() as load:
        for index in range(overs):
            device, speaker = TALKERS[index % len(TALKERS)]
            listening = await hands.listen(f"over-{index}")
            said = await hands.speak(device, phrase(speaker))
            await asyncio.sleep(AFTER)
            scene = Scene((said,), await hands.stop(listening))
            for name in scene.radios(but=(device,)):
                heard = await asyncio.to_thread(scene.heard, name, said.sound)
                starts.append(heard.lost_start_ms)
                ends.append(heard.lost_end_ms)
                gaps.append(heard.gaps_ms)
                if heard.contained:
                    late.append((scene.emitted[name].ns(heard.delay) - said.audio_start_ns) / 1e6)
    note = f"{overs} overs on 3 radios"
    return [
        Figure(
            "speech lost at the start",
            "ms",
            tuple(starts),
            Budget(),
            load.both,
            f"{note}; the design allows 0",
        ),
        Figure(
            "speech lost at the end", "ms", tuple(ends), Budget(), load.both, f"{note}; the design allows 0"
        ),
        Figure("speech lost in between", "ms", tuple(gaps), Budget(), load.both, note),
        Figure(
            "mouth → ear, radio to radio",
            "ms",
            tuple(late),
            Budget(),
            load.both,
            "with attack, lead and sound cards",
        ),
    ]
