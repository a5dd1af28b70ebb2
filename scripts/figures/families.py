"""Per family of bearers: order to transmitter, carrier to open line, speech lost, and what a line costs.

Every figure is taken at the device on the bench or in the gateway's own facts; nothing is judged.
"""

import asyncio
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hw.bench.wav import sideband
from scripts.figures.family_town import FAMILIES, GATEWAY, KEYED, WORD, Family, FamilyTown, family_plan
from scripts.figures.figure import Figure, Load
from scripts.figures.idle import PARTS
from scripts.figures.warp import JOINT_MS, follow
from scripts.town.listening import RATE_HZ, Samples, find
from scripts.town.processes import Meter
from scripts.town.tour_desk import Desk
from scripts.town.tour_evidence import Scene
from scripts.town.town import Town

SETTLE = 3.0
IDLE = 6
SAID_FOR, CALLED_FOR, WARNED_FOR, SPOKEN_FOR = 2, 4, 5, 7
"""One of so many tries is spent on each of these, which take longer than a press."""
OPENS_WITHIN_NS = 2_000_000_000
EARLY_NS = 1_000_000
"""A fact's time is in whole milliseconds, rounded down."""
LATEST_MS = 1500
WINDOW = 0.02
BESIDE = 10
"""Windows of 20 ms, 10 ms apart, that one is compared with."""
UNITS = tuple(f"{GATEWAY}-{part}" for part in PARTS)


class Kept:
    """Values by name, in the order in which the names came; what never came is counted."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, str, list[float | None]]] = {}

    def add(self, name: str, value: float | None, unit: str = "ms", note: str = "") -> None:
        """One value; None: it never came."""
        self._values.setdefault(name, (unit, note, []))[2].append(value)

    def figures(self, load: tuple[float, float]) -> list[Figure]:
        """All of them."""
        return [self._figure(name, load) for name in self._values]

    def _figure(self, name: str, load: tuple[float, float]) -> Figure:
        unit, note, values = self._values[name]
        there = tuple(value for value in values if value is not None)
        missed = f"{len(values) - len(there)} never came" if len(there) < len(values) else ""
        return Figure(name, unit, there, load=load, note=", ".join(filter(None, (note, missed))))


async def measure(tries: int) -> list[Figure]:
    """`tries` presses; other things a part of that (see *_FOR), at least one each."""
    kept = Kept()
    with tempfile.TemporaryDirectory(prefix="figures-") as folder, Load() as load:
        async with (
            Town.create(Path(folder), family_plan()) as town,
            Desk(town.api, town.tokens, town.ca, town.keys) as desk,
        ):
            await town.wait_ready()
            await asyncio.sleep(SETTLE)
            doing = FamilyTown(town, desk)
            meter = Meter()
            idle = await _idle(kept, town, meter)
            await _presses(kept, doing, tries)
            shown = await _words(doing, -(-tries // SAID_FOR))
            await _calls(kept, doing, -(-tries // CALLED_FOR))
            await _overs(kept, doing, meter, idle, shown, -(-tries // SPOKEN_FOR))
            await _warnings(kept, doing, -(-tries // WARNED_FOR))
            await _openings(kept, doing, shown)
        return kept.figures(load.both)


def later(since_ns: int, at_ns: int | None) -> float | None:
    """Milliseconds between; None when it did not come."""
    return None if at_ns is None else (at_ns - since_ns) / 1e6


def opening(opened: Sequence[int], shown_ns: int) -> int | None:
    """The first of these moments (sorted) that can be the opening for what showed then."""
    at = bisect_left(opened, shown_ns - EARLY_NS)
    found = at < len(opened) and opened[at] <= shown_ns + OPENS_WITHIN_NS
    return opened[at] if found else None


def lost(said: Samples, heard: Samples) -> tuple[float, float, float, float | None]:
    """Milliseconds lost at the start, at the end, in between; how late the first word is. `heard` is from the
    moment on at which it was said. Both are compared within the band of a single sideband.

    Two ways of looking, the one that finds more counts: one follows speech that catches up after a late grant and
    is lost where a delay grows, the other follows a delay that grows and not a voice that is faster.
    """
    said, heard = (sideband(np.rint(each * 32767)) / 32768 for each in (said, heard))
    found = find(said, heard)
    if not found.absent:
        plain = (found.lost_start_ms, found.lost_end_ms, found.gaps_ms, 1000 * found.delay)
        return min(plain, _followed(said, heard), key=lambda each: sum(each[:3]))
    return _followed(said, heard)


def _followed(said: Samples, heard: Samples) -> tuple[float, float, float, float | None]:
    lags = follow(said, heard, LATEST_MS).lags
    first = _believed(lags)
    last = _believed(lags[::-1])
    if first is None or last is None:
        return 1000 * len(said) / RATE_HZ, 0.0, 0.0, None
    start, end = first[0], last[0] + WINDOW
    a, b = int(start * RATE_HZ), int(end * RATE_HZ)
    between = follow(said[a:b], heard[a:], LATEST_MS).lost_ms
    return 1000 * start, max(0.0, 1000 * (len(said) / RATE_HZ - end)), between, first[1]


def _believed(lags: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """The first window that is as late as most that follow: one window alone fits somewhere by chance."""
    for at, each in enumerate(lags):
        near = [abs(lag - each[1]) <= JOINT_MS for _, lag in lags[at + 1 : at + 1 + BESIDE]]
        if sum(near) >= 0.7 * BESIDE:
            return each
    return None


def _cost(meter: Meter, town: Town) -> tuple[float, float]:
    """Percent of a core since the last look, and MB, of the gateway's processes together."""
    costs = meter.look({name: town.units[name] for name in UNITS})
    return sum(each.cpu for each in costs), sum(each.rss for each in costs) / 1e6


async def _idle(kept: Kept, town: Town, meter: Meter) -> float:
    """What the gateway costs while nobody talks; its processor time."""
    lines = len(town.plan.lines)
    _cost(meter, town)
    seen = []
    for _ in range(IDLE):
        await asyncio.sleep(1.0)
        cpu, memory = _cost(meter, town)
        seen.append(cpu)
        note = f"three processes and their sound children, by {lines} lines"
        kept.add("a line, idle: processor", cpu / lines, "% core", note)
        kept.add("a line, idle: memory", memory / lines, "MB", note)
    return sum(seen) / len(seen)


async def _presses(kept: Kept, doing: FamilyTown, tries: int) -> None:
    """Analog radios of both groups are pressed: how soon each other device transmits. Every other try finds the
    MAP27 call still up: then nothing is asked of its network."""
    mates = tuple(dict.fromkeys(family.mate for family in KEYED))
    for number in range(tries):
        stands = bool(number % 2)
        if not stands:
            await doing.clear()
        pressed = dict(zip(mates, await asyncio.gather(*map(doing.press, mates)), strict=True))
        await doing.quiet()
        for family in KEYED:
            since = pressed[family.mate]
            late = later(since, await doing.edge(family.device, "ptt", since))
            keyed(kept, family, late, stands and family.name == "MAP27")


def keyed(kept: Kept, family: Family, late_ms: float | None, stands: bool) -> None:
    """One press: how late the family's device transmitted; `stands`: in a call that was up already."""
    what = f"{family.name}: radio's carrier → PTT"
    if stands:
        kept.add(f"{what}, call up", late_ms, note="both at the device; nothing is asked of the network")
        return
    kept.add(what, late_ms, note="both at the device" + (", grant and all" if family.grant_ms else ""))
    if family.grant_ms:
        ours = None if late_ms is None else late_ms - family.grant_ms
        kept.add(f"{what}, without the grant", ours, note=f"less the {family.grant_ms:g} ms of its network")


async def _words(doing: FamilyTown, tries: int) -> list[tuple[Family, int]]:
    """Somebody says a word at each device that shows it; when it showed."""
    shown: list[tuple[Family, int]] = []
    for family in (each for each in FAMILIES if each.cos):
        for _ in range(tries):
            shown.append((family, await doing.say(family, WORD)))
            await doing.quiet()
    return shown


async def _calls(kept: Kept, doing: FamilyTown, tries: int) -> None:
    """The phone rings and is dialled with; the last call stays up."""
    for _ in range(tries):
        kept.add("phone: dial order → dials", later(*await doing.dial()), note="POST /orders to the device")
        await doing.hang_up()
    for number in range(tries):
        kept.add("phone: rings → call is up", later(*await doing.ring()), note="answered by itself")
        if number < tries - 1:
            await doing.hang_up()


async def _overs(
    kept: Kept, doing: FamilyTown, meter: Meter, idle: float, shown: list[tuple[Family, int]], tries: int
) -> None:
    """Speech to and from every family, and what the gateway costs meanwhile."""
    for _ in range(tries):
        for mate in dict.fromkeys(family.radio for family in FAMILIES):
            scene = await doing.over(mate)
            for family in (each for each in FAMILIES if each.radio == mate):
                await _speech(kept, f"radio → {family.name}", scene, family.device, family.way_ms)
        for family in FAMILIES:
            _cost(meter, doing.town)
            scene = await doing.over(family.device)
            cpu, _ = _cost(meter, doing.town)
            others = sum(each.radio == family.radio for each in FAMILIES)
            note = f"above idle, over and hang; {others} others of its group transmit"
            kept.add(f"{family.name} talks: processor", cpu - idle, "% core", note)
            shown.append((family, await doing.shown(family, scene.said[0])))
            await _speech(kept, f"{family.name} → radio", scene, family.radio, family.way_ms)


async def _speech(kept: Kept, name: str, scene: Scene, device: str, way_ms: float) -> None:
    (said,), heard = scene.said, scene.emitted[device]
    at = (said.audio_start_ns - heard.start_ns) * RATE_HZ // 1_000_000_000
    start, end, between, late = await asyncio.to_thread(lost, said.sound, heard.sound[max(0, at) :])
    note = f"with {way_ms:g} ms of its way" if way_ms else ""
    for what, value in (("at the start", start), ("at the end", end), ("in between", between)):
        kept.add(f"{name}: speech lost {what}", value)
    kept.add(f"{name}: mouth → ear, first word", late, note=note)


async def _warnings(kept: Kept, doing: FamilyTown, tries: int) -> None:
    for _ in range(tries):
        note = "approval (look, signature) to the coil of a relay board, 9600 baud"
        kept.add("loudspeaker: approval → relay", later(*await doing.warn()), note=note)


async def _openings(kept: Kept, doing: FamilyTown, shown: list[tuple[Family, int]]) -> None:
    """What showed at the devices, beside the gateway's facts and the radio's PTT."""
    opened = {line: sorted(times) for line, times in (await doing.opened()).items()}
    for family, at in sorted(shown, key=lambda each: FAMILIES.index(each[0])):
        what = "carrier" if family.cos else "speech"
        note = "" if family.cos else "from its first word on: nothing else shows there"
        fact = opening(opened.get(family.line, []), at)
        kept.add(
            f"{family.name}: {what} → LineOpened", later(at, fact), note=note or "gateway's fact, whole ms"
        )
        keyed = await doing.edge(family.radio, "ptt", at)
        kept.add(f"{family.name}: {what} → radio's PTT", later(at, keyed), note=note)
