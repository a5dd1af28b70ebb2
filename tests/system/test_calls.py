"""Telephone calls through a real core and a real voice node, between telephones that are engines of their own.

One of them sits where the edge is dialled, both send from its address. There is no broker: telephony needs none.
"""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from link.voice.call_port import CallCame, CallDigit, CallTo
from link.voice.port import LegDown, LegUp, PortId
from tests.link.voice.tones import RATE, loudness, tail
from tests.system.mosquitto_fixture import free_port
from tests.system.voice_remote import Engines, RemoteEngine, RemoteSound, free_rtp_ports

ROOT = Path(__file__).parents[2]
CENTRAL = """
state = "state"
run = "run"
plain = true
api = {{ tokens = "tokens.toml", port = 0 }}
broker = {{ port = {broker} }}
voice = {{ level = false, sip_port = {sip}, rtp_port = {rtp}, rtp_ports = 64, max_calls = 16 }}
[[group]]
id = "valley"
number = "700"
[telephony]
edge = "127.0.0.1:{edge}"
edges = ["127.0.0.1"]
[[telephony.permit]]
id = "one"
at_once = 1
[[telephony.extension]]
number = "2009"
permit = "one"
"""


class Town:
    """Core and voice as processes, in a folder with a short name: a socket's path is limited."""

    def __init__(self, folder: Path, edge: int) -> None:
        self.folder, self.sip = folder, free_port()
        text = CENTRAL.format(broker=free_port(), sip=self.sip, rtp=free_rtp_ports(64), edge=edge)
        (folder / "central.toml").write_text(text)
        (folder / "tokens.toml").write_text("")
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "central", name, "--config", str(self.folder / "central.toml")]
        with (self.folder / f"{name}.log").open("ab") as log:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self.running[name] = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def end(self, name: str, how: int = signal.SIGTERM) -> int:
        process = self.running.pop(name)
        process.send_signal(how)
        return process.wait(timeout=15)

    def journal(self) -> list[tuple[str, str]]:
        """(kind, subject) of each entry."""
        path = self.folder / "state" / "spillway.db"
        try:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                return database.execute("select kind, subject from entries order by seq").fetchall()
        except sqlite3.OperationalError:  # core is not so far yet
            return []

    async def noted(self, kind: str, times: int = 1) -> None:
        deadline = time.monotonic() + 20
        while sum(1 for each, _ in self.journal() if each == kind) < times:
            assert time.monotonic() < deadline, f"{kind} is not in the journal: {self.journal()}"
            await asyncio.sleep(0.1)


class Site:
    """The town, and the telephones `one` (which calls) and `two` (which is called)."""

    def __init__(self, town: Town, one: RemoteEngine, two: RemoteEngine) -> None:
        self.town, self.one, self.two = town, one, two

    async def dial(self, number: str, caller: str = "2001") -> PortId:
        return await self.one.call(CallTo(f"sip:{number}@127.0.0.1:{self.town.sip}", caller))

    async def talk(self) -> tuple[PortId, PortId]:
        mine = await self.dial("2002")
        came = await self.two.fact(CallCame, number="2002", caller="2001")
        await self.two.ring(came.leg)
        await self.two.answer(came.leg)
        await self.one.fact(LegUp, leg=mine)
        await self.two.fact(LegUp, leg=came.leg)
        return mine, came.leg


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    engines = Engines()
    with tempfile.TemporaryDirectory(prefix="sp-") as folder:
        one, two = await engines.one(edges=("127.0.0.1",)), await engines.one(edges=("127.0.0.1",))
        assert two.limits is not None
        town = Town(Path(folder), two.limits.sip_port)
        try:
            for name in ("core", "voice"):
                town.start(name)
            await town.noted("node.up")
            yield Site(town, one, two)
        finally:
            ends = [town.end(name) for name in tuple(town.running)]
            await engines.end()
        assert ends == [0] * len(ends)


async def mouth(engine: RemoteEngine, leg: PortId, hz: float) -> PortId:
    """A telephone's mouth, which sings, and its ear."""
    port = await engine.add_frames(f"{hz}", RemoteSound(hz=hz), RemoteSound(), RATE)
    await engine.connect(port, leg)
    await engine.connect(leg, port)
    return port


async def hears(engine: RemoteEngine, port: PortId, folder: Path) -> bytes:
    """The last 0.3 s at this ear."""
    path = folder / f"heard-{port}.raw"
    await engine.ask("heard", port, str(path))
    return tail(path.read_bytes(), 0.3)


async def test_two_telephones_talk_hold_press_keys_and_are_recorded(site: Site, tmp_path: Path) -> None:
    mine, his = await site.talk()
    ears = await mouth(site.one, mine, 440), await mouth(site.two, his, 700)
    await asyncio.sleep(1.5)
    at_one, at_two = await hears(site.one, ears[0], tmp_path), await hears(site.two, ears[1], tmp_path)
    assert loudness(at_one, 700) > 0.8 > 0.1 > loudness(at_one, 440)
    assert loudness(at_two, 440) > 0.8 > 0.1 > loudness(at_two, 700)
    await site.one.send_digits(mine, "5")
    assert (await site.two.fact(CallDigit)).digit == "5"
    await site.two.hold(his, True)
    await asyncio.sleep(1.0)
    music = await hears(site.one, ears[0], tmp_path)
    assert loudness(music, 700) < 0.05
    assert any(music), "who is on hold hears music"
    await site.two.hold(his, False)
    await asyncio.sleep(1.0)
    assert loudness(await hears(site.one, ears[0], tmp_path), 700) > 0.8
    await site.one.hang_up(mine)
    assert (await site.two.fact(LegDown, leg=his)).code == 200
    await site.town.noted("call.ended")
    kinds = [kind for kind, _ in site.town.journal() if kind.startswith("call.")]
    assert kinds == ["call.began", "call.answered", "call.ended"]
    await asyncio.sleep(0.5)
    tones = set()
    for path in (site.town.folder / "state" / "recordings").rglob("*.wav"):
        with wave.open(str(path)) as file:
            sound = file.readframes(file.getnframes())[: RATE * 2]
        tones |= {hz for hz in (440, 700) if loudness(sound, hz) > 0.4}
    assert tones == {440, 700}


async def test_limits_groups_and_strangers(site: Site) -> None:
    await site.dial("2002", caller="2009")
    await site.two.fact(CallCame, caller="2009")
    second = await site.dial("2003", caller="2009")
    assert (await site.one.fact(LegDown, leg=second)).code == 403
    assert (await site.one.fact(LegDown, leg=await site.dial("9001"))).code == 404
    await site.one.fact(LegUp, leg=await site.dial("700"))
    await site.town.noted("call.refused", 2)


@pytest.mark.long
async def test_a_voice_node_killed_in_mid_call_ends_it_as_a_fact_and_telephones_call_again(
    site: Site,
) -> None:
    await site.talk()
    site.town.end("voice", signal.SIGKILL)
    await site.town.noted("call.ended")
    site.town.start("voice")
    began = time.monotonic()
    await site.town.noted("node.up", 2)
    await site.talk()
    print(f"telephones talk again {time.monotonic() - began:.1f} s after the node was started anew")
    assert [kind for kind, _ in site.town.journal()].count("call.answered") >= 1
