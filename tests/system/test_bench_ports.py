"""The bench with every family on real ptys, TCP and its socket: cables pulled and split, speaking, verbs."""

import asyncio
import errno
import os
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hw.bench.client import BenchRefused, ask_async
from hw.bench.server import Bench
from hw.modbus import protocol as p
from tests.hw.bench.families import TONE, config


class Wire:
    """A gateway's end of a serial port."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    async def until(self, wanted: bytes, patience: float = 5.0) -> bytes:
        async with asyncio.timeout(patience):
            while wanted not in (data := b"".join(self.pieces)):
                try:
                    self.pieces.append(os.read(self.fd, 4096))
                except BlockingIOError:
                    await asyncio.sleep(0.002)
        return data

    def ended(self) -> bool:
        """Whoever reads finds the end, not just nothing."""
        try:
            while os.read(self.fd, 4096):
                pass
        except BlockingIOError:
            return False
        except OSError as error:
            return error.errno == errno.EIO
        return True

    def close(self) -> None:
        os.close(self.fd)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(config(tmp_path / "b.sock"))
    await made.start()
    yield made
    await made.stop()
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix != ".wav") == []


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "said.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(TONE[:4800].tobytes())
    return path


async def test_tetra_over_its_port_and_a_cable_that_is_pulled(
    bench: Bench, tmp_path: Path, wav: Path
) -> None:
    sock = tmp_path / "b.sock"
    wire = Wire(tmp_path / "gw1-t1")
    wire.write(b"ATE0\r")
    await wire.until(b"OK")
    speaking = asyncio.create_task(ask_async(sock, "speak", device="gw1/t1", wav=wav, talker=4711))
    said = await wire.until(b",3,0,0,5,09011638300004711")
    assert b"+CTICN" in said
    assert (await speaking)["samples"] == 4800
    await wire.until(b"+CDTXC")
    await ask_async(sock, "cable", cable="gw1/t1", verb="pull")
    assert wire.ended()
    wire.close()
    assert not (tmp_path / "gw1-t1").exists()
    told = await ask_async(sock, "cable", cable="gw1/t1", verb="back:elsewhere")
    assert told["path"] == str(tmp_path / "elsewhere")
    await ask_async(sock, "cable", cable="gw1/t1", verb="split")
    wire = Wire(tmp_path / "elsewhere")
    wire.write(b"AT\r")
    await wire.until(b"OK")
    assert len(wire.pieces) > 1
    wire.close()
    await ask_async(sock, "cable", cable="gw1/t1", verb="back")
    assert not (tmp_path / "elsewhere").exists() and (tmp_path / "gw1-t1").exists()
    with pytest.raises(BenchRefused, match="no cable 'gw1/x'.*gw1/t1"):
        await ask_async(sock, "cable", cable="gw1/x", verb="pull")


async def test_a_call_by_the_verbs_of_people(bench: Bench, tmp_path: Path, wav: Path) -> None:
    sock = tmp_path / "b.sock"
    wire = Wire(tmp_path / "gw1-sat")
    wire.write(b"ATE0\rAT+CLIP=1\r")
    with pytest.raises(BenchRefused, match="no call is up"):
        await ask_async(sock, "speak", device="gw1/sat", wav=wav)
    await ask_async(sock, "person", device="gw1/sat", act="call", who="13800138000")
    await wire.until(b'+CLIP: "13800138000"')
    wire.write(b"ATA\r")
    await wire.until(b"OK")
    async with asyncio.timeout(5):
        while not bench.world.device("gw1/sat").levels["call"]:
            await asyncio.sleep(0.002)
    assert (await ask_async(sock, "speak", device="gw1/sat", wav=wav))["samples"] == 4800
    await ask_async(sock, "person", device="gw1/sat", act="hang_up")
    await wire.until(b"NO CARRIER")
    with pytest.raises(BenchRefused, match="calls nobody"):
        await ask_async(sock, "person", device="gw1/sat", act="answer")
    with pytest.raises(BenchRefused, match="is a phone: there people can do call, hang-up, text"):
        await ask_async(sock, "person", device="gw1/sat", act="emergency", who="1")
    wire.close()


async def test_the_rig_on_its_port_and_the_bus_behind_its_link(bench: Bench, tmp_path: Path) -> None:
    port = bench.ports.rigs["gw1/hf"].port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"T 1\n")
    assert await reader.readline() == b"RPRT 0\n"
    assert bench.world.device("gw1/hf").levels["ptt"] == 1
    writer.write(b"T 0\n")
    assert await reader.readline() == b"RPRT 0\n"
    await ask_async(tmp_path / "b.sock", "trouble", device="gw1/hf", verb="drop")
    assert await reader.read() == b""
    writer.close()
    wire = Wire(tmp_path / "gw1-bus")
    wire.write(p.encode(p.WriteOne(1, 5, 0x0202, 2)))
    await wire.until(p.encode(p.WriteOne(1, 5, 0x0202, 2))[:6])
    async with asyncio.timeout(5):
        while [edge.value for edge in bench.world.device("gw1/pa").edges] != [1, 0]:
            await asyncio.sleep(0.005)
    on, off = (edge.t_ns for edge in bench.world.device("gw1/pa").edges)
    assert off - on == pytest.approx(200e6, abs=100e6)
    told = await ask_async(tmp_path / "b.sock", "measure", device="gw1/rain", kind="rain", value=2, more=True)
    assert (told["value"], told["unit"]) == (2, "mm")
    with pytest.raises(BenchRefused, match="not an instrument for rain"):
        await ask_async(tmp_path / "b.sock", "measure", device="gw1/level", kind="rain", value=2)
    wire.close()


async def test_a_usb_radio_by_its_reports_and_everything_is_listed(bench: Bench, tmp_path: Path) -> None:
    wire = Wire(tmp_path / "gw1-usb")
    bench.world.device("gw2/r1")
    await ask_async(tmp_path / "b.sock", "key", device="gw2/r1")
    await wire.until(bytes((2, 0, 0, 0)))
    await ask_async(tmp_path / "b.sock", "unkey", device="gw2/r1")
    shown = await ask_async(tmp_path / "b.sock", "devices")
    assert {each["device"] for each in shown["devices"]} == set(bench.world.devices)
    assert all(each["verbs"] and each["kind"] for each in shown["devices"])
    assert [each["cable"] for each in shown["cables"]] == [
        "gw1/bus",
        "gw1/sat",
        "gw1/t1",
        "gw1/usb",
        "gw2/m1",
        "gw2/t1",
    ]
    wire.close()
