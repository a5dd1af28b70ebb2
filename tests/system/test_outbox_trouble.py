"""The file of a gateway's outbox in trouble: a full disk under it, and damage found at the start of a real gateway."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.outbox.store import EventFile
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import Message
from link.contract import facts
from link.contract.envelope import unpack
from link.contract.link_facts import EventsDropped, StoreSetAside
from link.contract.topics import Row
from tests.flows.acks import AckingCentre
from tests.system.link_rig import GATEWAY, QUICK, TOPICS, acking, gateway, until
from tests.system.mosquitto_fixture import Mosquitto, open_broker  # noqa: F401
from tests.system.small_disk import fill, small_disk
from tests.system.troubled import ODD_BOARD

ROOT = Path(__file__).parents[2]
ROOM = 200
"""Events that this gateway keeps in memory while the disk does not take them."""


def told(centre: AckingCentre, kind: type) -> list:
    return [event.fact for _, event in sorted(centre.events.items()) if isinstance(event.fact, kind)]


class Health:
    """What a gateway's retained state says of its outbox, as the broker shows it to anybody."""

    def __init__(self, broker: Mosquitto) -> None:
        self.bus = PahoBus(BrokerSettings("127.0.0.1", broker.port, "watcher", **QUICK))
        self.outbox: list[dict] = []

    async def start(self) -> "Health":
        await self.bus.start(self._heard, (TOPICS.of(Row.STATE, GATEWAY),))
        return self

    def _heard(self, fact: object) -> None:
        if isinstance(fact, Message):
            state = unpack(fact.payload)
            self.outbox += [each for each in state["health"] if each["subject"] == "outbox"]

    def says(self, what: str, ok: bool = False) -> bool:
        return bool(self.outbox) and self.outbox[-1]["ok"] is ok and what in self.outbox[-1]["what"]


async def test_a_full_disk_under_the_outbox_drops_nothing_in_silence(
    open_broker: Mosquitto,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        health = await Health(open_broker).start()
        async with (
            acking(open_broker.port) as centre,
            gateway(("127.0.0.1", open_broker.port), disk / "outbox.db", most=ROOM) as mine,
        ):
            mine.make(*range(1, 51))
            await until(lambda: len(told(centre, facts.LineClosed)) == 50 and not mine.waiting)
            ballast = fill(disk)
            made = 50
            while not health.says("is full"):
                made += 10
                mine.make(*range(made - 9, made + 1))
                assert made < 5_000, "the disk takes everything"
                await asyncio.sleep(0.05)
            mine.make(*range(made + 1, made + 501))
            made += 500
            ballast.unlink()
            await until(lambda: health.says("", ok=True), 10, "the outbox's recovery")
            await until(lambda: made in numbers_of(centre) and not mine.waiting, 10, "the newest event")
        await health.bus.stop()
    found, gaps = numbers_of(centre), told(centre, EventsDropped)
    given_up = sum(gap.count for gap in gaps)
    missing = {*range(1, made + 1)} - {*found}
    with capsys.disabled():
        print(f"\n  full disk: {made} events, {len(found)} taken, {given_up} told as dropped ", end="")
    assert len(found) == len({*found}), "doubled"
    (epoch,) = {gap.epoch for gap in gaps}
    here = {seq for _, of, seq in centre.events if of == epoch}
    holes = max(here) - len(here)
    assert given_up == holes + len(gaps), (
        "each note stands in the place of its first event, and for all that is missing"
    )
    assert 300 <= len(missing) <= given_up and {gap.why for gap in gaps} == {"disk"}
    assert centre.upto[GATEWAY, epoch] == max(here), "no gap that was not told stands in the way"


def numbers_of(centre: AckingCentre) -> list[int]:
    """The numbers of `make` that the centre took."""
    return sorted(int(fact.seconds) for fact in told(centre, facts.LineClosed))


GATEWAY_FILE = """
gateway = "{gateway}"
plain = true
board = "board.toml"
state = "state"
run = "run"
clock = {{ assume_right = true }}
link = {{ spread = 0.2, profile = "broad" }}
broker = {{ port = {port}, first_retry = 0.1, longest_retry = 0.3 }}
"""


def damaged(folder: Path) -> None:
    """An outbox as a power cut left it, with a journal beside it, whose first page the disk lost since."""
    path = folder / "outbox.db"
    EventFile(path).close()
    live = sqlite3.connect(path)
    live.execute("pragma journal_mode = wal")
    live.execute("update meta set value = value")
    live.commit()
    sides = {tail: path.with_name(path.name + tail).read_bytes() for tail in ("-wal", "-shm")}
    live.close()
    for tail, octets in sides.items():
        path.with_name(path.name + tail).write_bytes(octets)
    path.write_bytes(b"not a database".ljust(4096) + path.read_bytes()[4096:])


async def test_a_gateway_starts_with_a_damaged_outbox_and_keeps_it_as_evidence(
    open_broker: Mosquitto,  # noqa: F811
    tmp_path: Path,
) -> None:
    damaged(tmp_path / "state")
    (tmp_path / "board.toml").write_text(ODD_BOARD.replace("gw-odd", GATEWAY))
    config, log = tmp_path / "gateway.toml", tmp_path / "gateway.log"
    config.write_text(GATEWAY_FILE.format(gateway=GATEWAY, port=open_broker.port))
    health = await Health(open_broker).start()
    async with acking(open_broker.port) as centre:
        with log.open("wb") as out:
            command = [sys.executable, "-m", "firmware", "run", "--config", str(config)]
            process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            await until(lambda: told(centre, StoreSetAside), 20, "the word of what was set aside")
            await until(lambda: health.says("set aside as outbox.db.damaged-"), 5, "its line of health")
            assert process.poll() is None, "it runs"
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 10)
            await health.bus.stop()
    (aside,) = told(centre, StoreSetAside)
    assert aside.store == "outbox" and "not a database" in aside.why
    kept = tmp_path / "state" / aside.kept_as
    assert kept.read_bytes().startswith(b"not a database"), "the evidence is as it was"
    assert {path.name for path in kept.parent.glob("*damaged*")} >= {kept.name, f"{kept.name}-wal"}
    assert "Traceback" not in log.read_text()
