"""Which processes a town consists of, their command lines, and in which order they start."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from central.edge.errors import EdgeError
from central.edge.program import command as edge_command
from central.front.errors import FrontError
from central.front.reload import command
from scripts.town.files import Places
from scripts.town.plan import TownPlan
from scripts.town.ports import EdgePorts, Ports
from scripts.town.unit import UnitSpec

ROOT = Path(__file__).resolve().parents[2]
GUARD_WATCHDOG = 2.0

Wrap = Mapping[str, Sequence[str]]
"""Unit name -> words that are put before its command line. The unit is run by them; see Town.create."""


class TownError(RuntimeError):
    """The town cannot be made; the text says why and what to do."""


def stages(plan: TownPlan, places: Places, ports: Ports, wrap: Wrap) -> list[list[UnitSpec]]:
    """Stages of units, first to last: broker and hardware, centre, then guards before what may key."""

    def unit(
        name: str,
        *argv: str,
        watchdog: float | None = plan.watchdog,
        port: int = 0,
        post: tuple[str, ...] = (),
        bereaved: signal.Signals = signal.SIGKILL,
    ) -> UnitSpec:
        command = (*wrap.get(name, ()), *argv)
        run = places.run / "notify"
        known = (name, command, places.log(name), run, ROOT, port, watchdog, post)
        return UnitSpec(*known, bereaved=bereaved)

    python = (sys.executable, "-m")
    central = ("--config", str(places.central))
    guards, gateways, voices = [], [], []
    for name in (gateway.gateway for gateway in plan.gateways):
        own = ("--config", str(places.gateway(name)))
        safe = (*python, "hw.guard.make_safe", "--board", str(places.board(name)))
        guard = (*python, "firmware", "guard", *own)
        guards.append(unit(f"{name}-guard", *guard, watchdog=GUARD_WATCHDOG, post=safe))
        gateways.append(unit(f"{name}-gateway", *python, "firmware", "run", *own))
        voices.append(unit(f"{name}-voice", *python, "firmware", "voice", *own))
    broker = unit("mosquitto", find_mosquitto(), "-c", str(places.broker), watchdog=None, port=ports.broker)
    bench = unit("bench", *python, "hw.bench", "--config", str(places.bench))
    core = unit("core", *python, "central", "core", *central)
    voice = unit("voice", *python, "central", "voice", *central)
    front = [] if plan.plain else [_front(places, ports, unit)]
    edge = [_edge(places, ports.edge, unit)] if ports.edge is not None else []
    made = [[broker, bench], [core], [voice, *front, *edge], guards, gateways, voices]
    strange = set(wrap) - {each.name for stage in made for each in stage}
    if strange:
        raise TownError(f"there is no unit {', '.join(sorted(strange))} to wrap")
    return made


def _front(places: Places, ports: Ports, unit: Callable[..., UnitSpec]) -> UnitSpec:
    """nginx before the API; it takes connections once it has read its files.

    Killed, it would leave its workers behind, which go on listening: it has to end them itself.
    """
    words = {"watchdog": None, "port": ports.api, "bereaved": signal.SIGTERM}
    try:
        return unit("nginx", *command(places.front), **words)
    except FrontError as error:
        raise TownError(str(error)) from None


def _edge(places: Places, ports: EdgePorts, unit: Callable[..., UnitSpec]) -> UnitSpec:
    """kamailio before telephones; killed, it would leave its children, as nginx."""
    words = {"watchdog": None, "port": ports.tls, "bereaved": signal.SIGTERM}
    try:
        return unit("kamailio", *edge_command(places.edge), **words)
    except EdgeError as error:
        raise TownError(str(error)) from None


def find_mosquitto() -> str:
    """The broker's program; Debian keeps it where a plain user does not look."""
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise TownError("mosquitto is missing: run scripts/setup, or install the package mosquitto")
    return found
