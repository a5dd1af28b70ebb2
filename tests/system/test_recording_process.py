"""`gateway voice` as it is shipped records a bench radio without any leg; killed, it finds again what it had."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from hw.bench.client import ask
from link.bus.port import Frame
from link.bus.stream import StreamServer
from link.contract.neighbour import GATEWAY_VOICE, CloseUplink, OpenUplink, VoiceBeat
from link.contract.recording_orders import EndRecording, RecordingKept, RecordLine
from link.contract.wire import Wire
from link.hosting.clock import SystemClock
from link.sealing.seal import make_keys
from scripts.town.listening import find, load
from tests.system.recording_rig import RATE, decoded, said_once, unsealed

PRIVATE, PUBLIC = make_keys()
BENCH = """\
socket = "{folder}/bench.sock"
[[radio]]
gateway = "gw-1"
line = "r1"
card = "r1"
frequency_hz = 150000000
ptt_pin = 17
cos_pin = 22
"""
BOARD = """\
board = { name = "gw-1", kind = "bench", socket = "bench.sock" }
card = [{ name = "r1", driver = "bench" }]
output = [{ name = "r1.ptt", pin = 17, longest = 70.0 }]
input = [{ name = "r1.cos", pin = 22 }]
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
"""
SETTINGS = (
    'gateway = "gw-1"\nplain = true\nboard = "board.toml"\nstate = "state"\nrun = "run"\n'
    "voice = { rtp_port = 32900 }\n"
)


class Site:
    """The bench and the voice process are real; the gateway process is this test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.facts = folder, []
        self.recordings = folder / "state" / "recordings"
        (folder / "bench.toml").write_text(BENCH.format(folder=folder))
        (folder / "board.toml").write_text(BOARD)
        (folder / "gateway.toml").write_text(SETTINGS)
        (folder / "run").mkdir()
        self.server = StreamServer(folder / "run" / "voice.sock", "gateway")
        self.bench = self.spawn("hw.bench", "--config", str(folder / "bench.toml"))

    def spawn(self, *words: str) -> "subprocess.Popen[bytes]":
        # What carries sound goes before what does not, as its systemd units do.
        swift = ("nice", "-n", "-10") if os.geteuid() == 0 else ()
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen([*swift, sys.executable, "-m", *words], stdout=log, stderr=log)

    async def start(self) -> None:
        await self.server.start(self.heard)
        await self.until((self.folder / "bench.sock").exists, "the bench")
        await self.start_voice()

    async def start_voice(self) -> None:
        self.facts.clear()
        self.voice = self.spawn("firmware", "voice", "--config", str(self.folder / "gateway.toml"))
        await self.until(lambda: any(isinstance(fact, VoiceBeat) for fact in self.facts), "the voice process")

    def heard(self, fact: object) -> None:
        if isinstance(fact, Frame):
            self.facts.append(GATEWAY_VOICE.decode(fact.payload))

    def order(self, *orders: Wire) -> None:
        for order in orders:
            assert self.server.send("voice", GATEWAY_VOICE.encode(order))

    async def until(self, done, what: str, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{what} did not come: {(self.folder / 'log').read_text()[-3000:]}"
            await asyncio.sleep(0.02)

    def record(self, name: str) -> None:
        since_ns = round(SystemClock().now() * 1e9)
        self.order(
            OpenUplink(line="r1", since_ns=since_ns), RecordLine(recording=name, line="r1", seal=PUBLIC)
        )

    async def stop(self) -> None:
        for process in (self.voice, self.bench):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        await self.server.stop()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_a_bench_radio_is_recorded_and_a_killed_process_costs_no_more_than_a_second(site: Site):
    wav = said_once(site.folder)
    said = load(wav)
    site.record("gw-1-r1-a")
    cpu = _cpu(site.voice.pid)
    began = time.monotonic()
    await asyncio.to_thread(ask, site.folder / "bench.sock", "speak", device="gw-1/r1", wav=wav)
    await asyncio.sleep(max(0.0, began + len(said) / RATE + 0.8 - time.monotonic()))
    share = (_cpu(site.voice.pid) - cpu) / (time.monotonic() - began)
    figures = {child.name(): child.memory_info().rss >> 10 for child in _children(site.voice.pid)}
    print(f"CPU of the voice process and its children {share:.1%} of a core; RSS in kB: {figures}")
    site.order(EndRecording(recording="gw-1-r1-a"), CloseUplink(line="r1"))
    await site.until(lambda: any(isinstance(fact, RecordingKept) for fact in site.facts), "the recording")
    (kept,) = [fact for fact in site.facts if isinstance(fact, RecordingKept)]
    assert not kept.cut and kept.dropped == 0
    opus, whole = unsealed(site.recordings / "gw-1-r1-a.seal", PRIVATE)
    heard = decoded(opus)
    found = find(said, (heard / 32768).astype(said.dtype))
    print(f"recorded {kept.seconds} s, {kept.size} octets; {found}")
    assert whole and found.share > 0.95 and found.likeness > 0.9
    assert abs(len(heard) / RATE - kept.seconds) <= 0.04

    site.record("gw-1-r1-b")
    began = time.monotonic()
    await asyncio.sleep(1.6)
    encoders = [child for child in _children(site.voice.pid) if child.name() == "opusenc"]
    site.voice.kill()
    site.voice.wait()
    lived = time.monotonic() - began
    assert len(encoders) == 1
    await site.until(lambda: not any(child.is_running() for child in encoders), "the end of the encoder")
    await site.start_voice()
    opus, whole = unsealed(site.recordings / "gw-1-r1-b.seal", PRIVATE)
    seconds = len(decoded(opus)) / RATE
    print(f"killed {lived:.2f} s after the order: {seconds:.2f} s are there")
    assert not whole and lived - seconds <= 1.0
    assert sorted(path.suffix for path in site.recordings.iterdir()) == [".json", ".json", ".seal", ".seal"]


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _cpu(pid: int) -> float:
    """Seconds of processor that the process and its living children have used."""
    used = 0.0
    for process in (psutil.Process(pid), *_children(pid)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used += times.user + times.system
    return used
