"""A whole town as one object: made in a folder, started, waited for, troubled, stopped.

One town a folder, held by a lock that the kernel lets go when we die, however we die. What a killed town left
behind (sockets) is cleared by the next one in the same folder.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from scripts.town.files import Places, Secrets, api_url, rtp_ports_needed, write_town, write_town_json
from scripts.town.people_file import kept_people
from scripts.town.plan import TownPlan, default_plan
from scripts.town.ports import EdgePorts, Ports, claim_tcp_port, free_tcp_port, free_udp_block
from scripts.town.ready import wait_until_ready
from scripts.town.stages import TownError, Wrap, stages
from scripts.town.supervisor import Supervisor
from scripts.town.unit import Unit

PREFIX = "spillway-"
READY_LIMIT = 40.0


class Town:
    """Make it with `create`; `async with` starts and stops it. Names of units: see `units`."""

    def __init__(
        self, plan: TownPlan, places: Places, ports: Ports, keys: Secrets, lock: IO[str], wrap: Wrap
    ) -> None:
        self.plan = plan
        self.places = places
        self.ports = ports
        self.folder = places.folder
        self.api = api_url(plan, ports)
        self.ca = places.ca(plan)
        self.keys = places.signers(plan)
        self.tokens: dict[str, str] = dict(keys.persons)
        self.passwords: dict[str, str] = {name: keys.broker[name] for name in plan.guests}
        self.bench_socket = places.bench_socket
        self.recordings = places.recordings
        self._lock = lock
        made = stages(plan, places, ports, wrap)
        self._supervisor = Supervisor([[Unit(spec) for spec in stage] for stage in made])

    @classmethod
    def create(
        cls,
        folder: Path,
        plan: TownPlan | None = None,
        wrap: Wrap | None = None,
        api_port: int = 0,
        detours: Mapping[str, tuple[int, int]] | None = None,
    ) -> Self:
        """Write all files into `folder` (made if missing) and hold it. TownError, PortError, OSError.

        `wrap` runs a unit through another program: wrap["core"] = (python, "-m", "x", "y") makes the command
        `python -m x y python -m central core --config …`; the wrapper runs what follows its own words, in its
        own process or in one that it replaces itself with. `detours`: the ports at which a gateway finds broker
        and API, for what stands in between.
        """
        plan = plan or default_plan()
        folder = folder.resolve()
        with contextlib.ExitStack() as undo:
            lock = undo.enter_context(_hold(folder))
            _clear_after_a_dead_town(folder)
            api = claim_tcp_port(api_port, "the API", "stop what uses it, or choose another with --api-port")
            rigs = {name: free_tcp_port() for name in plan.rigs}
            ways = dict(detours or {})
            edge = EdgePorts.free() if plan.telephony and not plan.plain else None
            ports = Ports(free_tcp_port(), api, free_udp_block(rtp_ports_needed(plan)), rigs, ways, edge)
            places = Places(folder, _runtime_folder())
            undo.callback(shutil.rmtree, places.run, ignore_errors=True)
            keys = Secrets.fresh(plan, kept_people(places.people, plan.persons))
            write_town(plan, places, ports, keys)
            write_town_json(plan, places, ports, os.getpid())
            (places.run / "notify").mkdir()
            town = cls(plan, places, ports, keys, lock, wrap or {})
            undo.pop_all()
        return town

    @property
    def units(self) -> dict[str, Unit]:
        """mosquitto, bench, core, voice, nginx, kamailio (not in plain); GATEWAY-guard, -gateway and -voice."""
        return self._supervisor.units

    async def start(self) -> None:
        """Start all units in order; each says itself that it is ready. UnitFailed: call stop()."""
        await self._supervisor.start()

    async def wait_ready(self, timeout: float = READY_LIMIT) -> None:
        """Wait until all processes are ready and the centre sees every gateway and every leg.

        NotReady names what is missing.
        """
        token = next(iter(self.tokens.values()))
        await wait_until_ready(self.api, token, self.plan, timeout, self._not_ready, self.ca)

    def _not_ready(self) -> list[str]:
        return [
            f"process {name} is {each.state}" for name, each in self.units.items() if each.state != "ready"
        ]

    async def stop(self) -> None:
        """Stop everything, last started first; sockets and lock are gone afterwards. Idempotent."""
        try:
            await self._supervisor.stop()
        finally:
            shutil.rmtree(self.places.run, ignore_errors=True)
            if not self._lock.closed:
                self.places.town.unlink(missing_ok=True)
                self._lock.close()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def kill(self, unit: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a unit's process, as trouble: the town restarts what ends."""
        self.units[unit].kill(number)

    def unit_pid(self, unit: str) -> int | None:
        """Process id of a unit now; None while it is being restarted."""
        return self.units[unit].pid

    def log_tail(self, unit: str, lines: int = 15) -> str:
        """The last lines that a unit said."""
        return self.units[unit].log_tail(lines)


def _hold(folder: Path) -> IO[str]:
    """The locked lock file of a folder. TownError when another town runs there."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        pid = lock.read().strip() or "unknown"
        lock.close()
        raise TownError(
            f"a town runs in {folder} already (process {pid}): stop it, or choose another folder with --dir"
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _clear_after_a_dead_town(folder: Path) -> None:
    """Remove the sockets of a town that was killed in this folder; its lock is ours now."""
    told = folder / "town.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        left = Path(json.loads(told.read_text(encoding="utf-8"))["run"])
        if left.name.startswith(PREFIX) and not left.is_symlink() and left.stat().st_uid == os.getuid():
            shutil.rmtree(left, ignore_errors=True)
    told.unlink(missing_ok=True)


def _runtime_folder() -> Path:
    """A new short folder for sockets: their paths have to fit into 107 bytes."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    base = given if given and len(given) < 40 and os.access(given, os.W_OK) else "/tmp"
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
