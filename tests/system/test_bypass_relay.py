"""The gateway process over a real serial line and the real guard: a contact on Modbus closes, a bypass relay is held
while the gateway serves its trunk, and falls when the process is killed. The voice process is played by the test."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hw.bench.modbus import InstrumentModel, ModbusBus
from hw.bench.modbus_line import ModbusLine
from link.bus.stream import StreamClient
from link.contract import neighbour as say
from tests.system.test_guard_process import PinServer

RELAY = 17
BOARD = """\
board = { name = "gw-1", kind = "bench", socket = "bench.sock" }
serial = [{ name = "rs485", device = "FOLDER/rs485", baud = 115200 }]
bus = [{ name = "field", serial = "rs485" }]
output = [{ name = "trunk.relay", pin = 17, longest = 0.0 }]
input = [{ kind = "bit", name = "hatch", bus = "field", address = 5, bit = 2 }]
contact = [{ name = "hatch", input = "hatch" }]
bypass = [{ name = "trunk", relay = "trunk.relay" }]
"""
CONFIG = 'gateway = "gw-1"\nplain = true\nboard = "board.toml"\nstate = "state"\nrun = "run"\n'


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "board.toml").write_text(BOARD.replace("FOLDER", str(folder)))
        (folder / "gateway.toml").write_text(CONFIG)
        self.pins = PinServer(folder / "bench.sock")
        self.module = InstrumentModel(5, bits={2: False, 3: False})
        self.line = ModbusLine(ModbusBus((self.module,)), folder / "rs485", baud=115200)
        self.line.plug()
        self.log = (folder / "log").open("w")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.voice = StreamClient(folder / "run" / "voice.sock", "voice")

    def run(self, process: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "firmware", process, "--config", str(self.folder / "gateway.toml")]
        self.processes.append(subprocess.Popen([*command, "--verbose"], stdout=self.log, stderr=self.log))
        return self.processes[-1]

    async def serve(self) -> None:
        """The voice process lives."""
        await self.voice.start(lambda fact: None)
        while True:
            self.voice.send(say.GATEWAY_VOICE.encode(say.VoiceBeat(lag_ms=1.0)))
            await asyncio.sleep(0.1)

    def held(self) -> bool:
        return self.pins.level(RELAY) == 1

    def says(self, words: str) -> bool:
        return words in (self.folder / "log").read_text()

    async def until(self, seen: Callable[[], bool], limit: float) -> float:
        """Seconds until `seen`."""
        since = time.monotonic()
        while not seen():
            assert time.monotonic() < since + limit, (self.folder / "log").read_text()[-3000:]
            await asyncio.sleep(0.005)
        return time.monotonic() - since

    async def close(self) -> None:
        await self.voice.stop()
        for process in self.processes:
            process.kill()
            process.wait()
        self.line.unplug()
        self.log.close()
        self.pins.close()


@pytest.fixture
async def site(tmp_path):
    made = Site(tmp_path)
    beats = asyncio.create_task(made.serve())
    yield made
    beats.cancel()
    await made.close()


async def test_a_contact_closes_and_the_relay_of_a_killed_gateway_falls(site):
    site.run("guard")
    gateway = site.run("run")
    await site.until(lambda: site.held() and site.says("machine=contact-hatch by=Tick now=open"), 15)
    site.module.bits[2] = True
    seconds = await site.until(lambda: site.says("machine=contact-hatch by=Tick now=closed"), 3)
    print(f"figure: contact on Modbus to fact: {seconds * 1000:.0f} ms")
    assert seconds < 1.0
    assert site.held()
    gateway.kill()
    seconds = await site.until(lambda: not site.held(), 3)
    print(f"figure: bypass relay let fall after the gateway was killed: {seconds * 1000:.0f} ms")
    assert seconds < 0.5
