"""A core that can be killed, and a computer with two slots at a gateway: real broker, document, HTTP, disk and RAUC.

Only the slots and the restart are played: an update that is written and restarted into runs as a new process would,
with another version, another start of the kernel, and what lies on its disk.
"""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from firmware.config import GatewayLinkSettings
from firmware.desired.shelf import DesiredShelf
from firmware.events import FirmwareTold, FirmwareWanted
from firmware.files.bucket import Bucket
from firmware.files.bundle import BundleFetch
from firmware.files.centre_files import CentreFiles
from firmware.files.held import HeldFiles
from firmware.update.host import UpdateHost, Ways
from firmware.update.messages import Around, Here
from firmware.update.note_file import NoteFile
from firmware.uplink.messages import Identity
from firmware.wiring import describe, listens_to, wire_gateway
from firmware.wiring_desired import DesiredHost
from firmware.wiring_update import BundleStore
from hw.board import parse_board
from link.bundles.rauc import Bundle, RaucQuestions
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import Will
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import facts
from link.contract.envelope import pack
from link.contract.topics import Row, Topics
from link.hosting.clock import HandClock, SystemClock
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.firmware.update.fake_rauc import FakeRauc
from tests.flows.doors import FakeGuard
from tests.flows.gateway import BOARD
from tests.system.mosquitto_fixture import Mosquitto, free_port

ROOT = Path(__file__).parents[2]
TOPICS = Topics("main")
ONE, TWO = "g-one", "g-two"
LI, MACHINE = "li-token-0123456789ab", "machine-token-0123456789"
MEGA = 1_000_000
CENTRAL = """
state = "state"
run = "run"
plain = true
api = {{ tokens = "tokens.toml", port = {api} }}
people = {{ initial = "people.toml" }}
broker = {{ port = {broker}, first_retry = 0.1, longest_retry = 0.2 }}
gateway = [{{ id = "g-one", neighbours = ["g-two"] }}, {{ id = "g-two" }}]
link = {{ spread = 0.2 }}
updates = {{ keyring = "ca.pem" }}
"""
PEOPLE = f'person = [{{ name = "li", token = "{LI}", roles = ["technician", "supervisor"] }}]\n'
TOKENS = f'[[gateway]]\nname = "g-one"\ntoken = "{MACHINE}"\n'


class Core:
    """`central core` in plain on a port that it keeps; `api` asks it as a technician."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "central.toml").write_text(CENTRAL.format(api=self.port, broker=broker.port))
        (folder / "tokens.toml").write_text(TOKENS)
        (folder / "people.toml").touch(mode=0o600)
        (folder / "people.toml").write_text(PEOPLE)
        self.process: subprocess.Popen[bytes] | None = None
        headers = {"Authorization": f"Bearer {LI}"}
        self.api = httpx.AsyncClient(
            base_url=f"{self.url}/api/v1/", headers=headers, trust_env=False, timeout=30
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        command = [sys.executable, "-m", "central", "core", "--config", str(self.folder / "central.toml")]
        with (self.folder / "core.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        await until(self.answers, 30)

    async def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, (
            self.folder / "core.log"
        ).read_text()
        try:
            return (await self.api.get("status")).json()["bus"] is True
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def memory(self) -> float:
        """MB that it holds and has held at most."""
        assert self.process is not None
        rows = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("VmHWM:")) / 1000

    async def get(self, path: str) -> dict:
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **more: object) -> httpx.Response:
        return await self.api.post(path, **more)  # type: ignore[arg-type]


class Slots(FakeRauc):
    """Two slots in memory with a version each; whose a bundle is says the real program."""

    def __init__(self, keyring: Path) -> None:
        super().__init__()
        self.versions = {"rootfs.0": "1.0", "rootfs.1": "0.9"}
        self.good.add("rootfs.0")
        self._real = RaucQuestions("rauc", keyring)

    async def inspect(self, path: Path) -> Bundle:
        return await self._real.inspect(path)

    async def install(self, path: Path, told: Callable[[int], None]) -> None:
        self.bundles = {path.name: (await self.inspect(path)).version}
        await super().install(path, told)
        self.versions[self.next] = self.bundles[path.name]


class Computer:
    """The gateway's computer: `start`, and from then on it restarts by itself when it is told to."""

    def __init__(self, folder: Path, broker: Mosquitto, core: Core, rate: float) -> None:
        self.folder, self.broker, self.core, self.rate = folder, broker, core, rate
        self.slots, self.boots = Slots(folder / "ca.pem"), 0
        self.fetched: list[int] = []
        self.phases: list[str] = []
        self.busy = ""
        self.tasks: list[asyncio.Task[None]] = []
        self.state = folder / "gateway"
        self.state.mkdir()

    @property
    def version(self) -> str:
        return self.slots.versions[self.slots.slot]

    async def start(self) -> None:
        self.boots += 1
        clock, board = SystemClock(), parse_board(BOARD)
        quick = {"back_off_first": 0.05, "back_off_most": 0.3, "settled": 0.2}
        self.bus = PahoBus(BrokerSettings("127.0.0.1", self.broker.port, ONE, **quick))
        identity = Identity(ONE, "main", self.version, f"{self.boots}.1", describe(board, {}))
        doors = (FakeGuard(HandClock()), FakeStreamServer(FakePlace(), "gateway"))
        store, plain = MemoryStore(), plain_desk(ONE)
        more = (lambda effect: None, MemoryShelf(), Ports(), store, plain)
        self.gateway = wire_gateway(board, identity, clock, self.bus, *doors, *more)
        link = GatewayLinkSettings(spread=0.2)
        shelf = DesiredShelf(self.state)
        self.desired = DesiredHost(
            self.gateway, clock, shelf, self._no_file, link, self.state, self._in_force
        )
        self.update = self._update(clock)
        await self.update.begin()
        await self.desired.begin()
        serving = (self.gateway.uplink.run, *self.gateway.runners(), *self.desired.runners(), self.update.run)
        self.tasks = [asyncio.create_task(serve()) for serve in (*serving, self._watch)]
        death = lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python"))  # noqa: E731
        store.start(self.gateway.outbox.heard)
        heard = listens_to(self.gateway.uplink.machine.identity)
        await self.bus.start(self.gateway.from_bus, heard, Will(TOPICS.of(Row.LIVE, ONE), death))

    def _update(self, clock: SystemClock) -> UpdateHost:
        held = HeldFiles(self.state / "bundles", 1500 * MEGA)
        fetch = BundleFetch(held, CentreFiles(self.core.url, MACHINE), clock, Bucket(self.rate))
        bundles = Counted(fetch, self.fetched)
        reboot = ("touch", str(self.folder / "rebooted"))
        ways = Ways(self._around, self._told, lambda *health: None, reboot)
        here = Here(self.version, f"boot-{self.boots}", 1500 * MEGA, plain=True)
        return UpdateHost(here, self.slots, bundles, NoteFile(self.state), ways, clock)

    def _around(self) -> Around:
        return Around(self.busy, (), self.gateway.uplink.machine.up, time.time() - time.monotonic())

    def _told(self, report: object) -> None:
        phase = getattr(report, "phase", "")
        if phase and self.phases[-1:] != [phase]:
            self.phases.append(phase)
        self.desired.runner.inbox.post(FirmwareTold(report))  # type: ignore[arg-type]

    def _in_force(self, event: object) -> None:
        if isinstance(event, FirmwareWanted):
            self.update.hear(event)

    async def _no_file(self, sha: str, size: int) -> bytes:
        raise OSError("there are no files here")

    async def _watch(self) -> None:
        """The command that restarts the computer was run."""
        while not (self.folder / "rebooted").exists():
            await asyncio.sleep(0.05)
        (self.folder / "rebooted").unlink()
        self._again = asyncio.create_task(self._restart())

    async def _restart(self) -> None:
        await self.stop()
        self.slots.slot = self.slots.next
        await self.start()

    async def stop(self) -> None:
        await self.bus.stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Counted(BundleStore):
    """Notes the octet at which each fetch began."""

    def __init__(self, fetch: BundleFetch, began: list[int]) -> None:
        super().__init__(fetch)
        self._began = began

    async def fetch(self, url: str, sha: str, size: int, told: Callable[[int], None]) -> Path:
        heard: list[int] = []

        def note(octets: int) -> None:
            if not heard:
                self._began.append(octets)
            heard.append(octets)
            told(octets)

        return await super().fetch(url, sha, size, note)


async def until(done: Callable[[], object], most: float = 20.0) -> None:
    """Wait for it; `done` may be a coroutine function."""
    end = time.monotonic() + most
    while True:
        found = done()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not come in time"
        await asyncio.sleep(0.05)
