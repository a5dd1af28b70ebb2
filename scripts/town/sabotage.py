"""What can be broken in a town to prove that the tour notices, and how: always from outside the product.

A sabotage changes the plan, asks the bench for trouble, runs a unit through `scripts.town.sabotage_inside`, or
damages a file. No product code knows of it. Nothing here is ever used without being asked for by name.
"""

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hw.bench.client import ask_async
from scripts.town.plan import TownPlan
from scripts.town.town import Town

How = Literal["inside", "bench", "plan", "file"]


@dataclass(frozen=True)
class Sabotage:
    """`turns_red` is the one check that must fail. `units`: what is wrapped ("inside"), by the unit's ending."""

    turns_red: str
    what: str
    how: How = "inside"
    units: tuple[str, ...] = ()
    verbs: tuple[tuple[str, str], ...] = ()


CORE, NODE = ("core",), ("voice",)
GATEWAYS, VOICES, GUARDS = ("-gateway",), ("-voice",), ("-guard",)

KNOWN: dict[str, Sabotage] = {
    "cut-bridge": Sabotage("heard", "the voice node joins nobody", units=NODE),
    "mute-line": Sabotage("heard", "one transmitter is dead", "bench", verbs=(("gw-south/r2", "mute"),)),
    "late-ptt": Sabotage(
        "start-kept", "one transmitter needs 600 ms", "bench", verbs=(("gw-dam/r1", "late_ptt:600"),)
    ),
    "hasty-unkey": Sabotage("end-kept", "transmitters drop before all is said", units=VOICES),
    "dropouts": Sabotage("no-gaps", "three times 100 ms of an over are silence", units=VOICES),
    "quiet-radio": Sabotage("level", "radios emit everything 8 dB too low", units=VOICES),
    "slow-keying": Sabotage("keyed-soon", "the centre keys 350 ms late", units=CORE),
    "long-tail": Sabotage("unkeyed-soon", "transmitters are held 2.5 s too long", units=GATEWAYS),
    "echo": Sabotage("no-echo", "the centre keys the talker's own radio too", units=CORE),
    "stray-relay": Sabotage(
        "loudspeakers-silent", "a radio's PTT also closes the amplifier's relay", units=GUARDS
    ),
    "two-talkers": Sabotage("one-floor", "everybody who presses is bridged", units=CORE),
    "no-priority": Sabotage("priority", "the floor goes to who came first, whoever he is", units=CORE),
    "one-person": Sabotage(
        "two-persons", "centre and gateways are content with one person's word", units=(*CORE, *GATEWAYS)
    ),
    "swapped-zones": Sabotage("right-zone", "two zones have each other's loudspeakers", "plan"),
    "wrong-clip": Sabotage("right-warning", "gateways play another sound than was ordered", units=GATEWAYS),
    "slow-warning": Sabotage("in-time", "orders to play leave 5 s late", units=CORE),
    "no-warm-up": Sabotage("whole-warning", "clips start before the amplifier is warm", units=GATEWAYS),
    "cut-clip": Sabotage("whole-warning", "clips end after 2.6 s", units=VOICES),
    "quiet-loudspeaker": Sabotage("loudness", "loudspeakers play 12 dB too low", units=VOICES),
    "long-amplifier": Sabotage("amplifier", "amplifiers stay on for 6 s", units=GATEWAYS),
    "silenced-talk": Sabotage("talk-undisturbed", "radios are not keyed while a warning plays", units=CORE),
    "drill-needs-two": Sabotage("drill", "a drill waits for a second person", units=CORE),
    "no-guard": Sabotage("frozen-unkeys", "the guard's leases never end", units=GUARDS),
    "stays-down": Sabotage(
        "comes-back", "a gateway that stood still keys nothing afterwards", units=GATEWAYS
    ),
    "lost-recording": Sabotage("recorded", "recordings stay silent", units=NODE),
    "tampered-journal": Sabotage("journal", "somebody changes an entry of the journal", "file"),
}

NAMES: dict[str, str] = {name: f"{sabotage.what} ({sabotage.turns_red})" for name, sabotage in KNOWN.items()}
"""For --list-sabotage."""


def arrange(name: str, plan: TownPlan) -> tuple[TownPlan, dict[str, list[str]]]:
    """The plan and the wrappers (see Town.create) of a town in which `name` is broken from the start."""
    sabotage = KNOWN[name]
    if sabotage.how == "plan":
        return _swapped(plan), {}
    return plan, _wrap(plan, sabotage.units, ["--on", name])


def prepare(plan: TownPlan, switches: Path) -> dict[str, list[str]]:
    """Wrappers with which everything "inside" can be switched on and off while the town runs.

    `name` is on as long as the file `switches/name` exists.
    """
    endings = tuple({ending for sabotage in KNOWN.values() for ending in sabotage.units})
    return _wrap(plan, endings, ["--switches", str(switches)])


def _wrap(plan: TownPlan, endings: tuple[str, ...], words: list[str]) -> dict[str, list[str]]:
    parts = [f"{g.gateway}{ending}" for g in plan.gateways for ending in (*GATEWAYS, *VOICES, *GUARDS)]
    units = [unit for unit in ("core", "voice", *parts) if _is_meant(unit, endings)]
    return {unit: [sys.executable, "-m", "scripts.town.sabotage_inside", *words, "--"] for unit in units}


def _is_meant(unit: str, endings: tuple[str, ...]) -> bool:
    return any(unit == ending if not ending.startswith("-") else unit.endswith(ending) for ending in endings)


def _swapped(plan: TownPlan) -> TownPlan:
    """The first two zones with each other's loudspeakers."""
    one, other, *rest = plan.zones
    return replace(plan, zones=(replace(one, lines=other.lines), replace(other, lines=one.lines), *rest))


async def spoil(name: str, town: Town) -> None:
    """Do what is done while the town runs: trouble at the bench, a damaged file."""
    sabotage = KNOWN[name]
    for device, verb in sabotage.verbs:
        await ask_async(town.bench_socket, "trouble", wait_s=5, device=device, verb=verb)
    if sabotage.how == "file":
        tamper(town.places.state / "central" / "spillway.db")


async def mend(name: str, town: Town) -> None:
    """Take back what `spoil` did at the bench."""
    for device, _ in KNOWN[name].verbs:
        await ask_async(town.bench_socket, "trouble", wait_s=5, device=device, verb="normal")


def tamper(database: Path) -> None:
    """Change one entry of the journal behind the centre's back, as somebody with access to the disk would."""
    with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
        found = connection.execute("select sql from sqlite_master where name = 'entries_stay'")
        (keeper,) = found.fetchone()
        connection.execute("drop trigger entries_stay")
        connection.execute(
            "update entries set subject = 'nobody' where seq = (select max(seq) / 2 from entries)"
        )
        connection.execute(keeper)
