"""Recordings at the gateway's switchboard: talk becomes orders, what lies on the disk evidence and an event, once."""

import asyncio
import os

import pytest

from firmware import tape_shelf
from firmware.events import ConfigurationChanged, IslandChanged, VoiceChanged
from firmware.tape_shelf import SideCar
from firmware.wiring_recording import TOLD_AFTER, wire_recordings
from link.contract import facts
from link.contract.documents import Configuration
from link.contract.link_facts import RecordingReady
from link.contract.neighbour import GATEWAY_VOICE
from link.contract.recording_orders import RecordingKept, RecordingLost, RecordLine
from link.hosting.clock import HandClock, settle_loop
from link.sealing.seal import SealedWriter, make_keys
from tests.flows.gateway import FakeGateway
from tests.flows.world import World

_, PUBLIC = make_keys()


def lay(folder, recording: str) -> RecordingReady:
    """A recording as the voice process leaves it."""
    car = SideCar(recording=recording, line="r1", started_ms=1000)
    with os.fdopen(tape_shelf.begin(folder, car), "wb") as file:
        writer = SealedWriter(file, PUBLIC)
        for _ in range(5):
            writer.write(b"OggS")
        writer.close()
    return tape_shelf.complete(folder, car, 1.2, cut=False)


async def at_once(work, *args):
    return work(*args)


class Rig:
    def __init__(self, folder) -> None:
        self.clock, self.folder, self.kept = HandClock(), folder, []
        self.world = World()
        self.gateway = FakeGateway(self.world, "gw-a")
        self.board = self.gateway.switchboard
        self.told, self.orders = [], []
        self.board.neighbour.send = lambda peer, payload: self.orders.append(payload)
        self.start()

    def start(self) -> None:
        self.desk = wire_recordings(
            self.board, "gw-a", "b007.b007b0", self.folder, self.clock, self.kept.append, at_once
        )
        passed = self.board.recordings
        self.board.recordings = lambda event: (self.told.append(event), passed(event))
        self.tasks = [asyncio.create_task(serve()) for serve in self.board.served[-2:]]

    def stop(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def settle(self) -> None:
        await settle_loop()

    async def tell(self, *events) -> None:
        for event in events:
            self.board.recordings(event)
        await self.settle()

    def ready(self) -> list[RecordingReady]:
        return [fact for fact in self.told if isinstance(fact, RecordingReady)]


@pytest.fixture
async def rig(tmp_path):
    made = Rig(tmp_path / "recordings")
    await made.settle()
    yield made
    made.stop()


async def test_talk_in_island_mode_becomes_an_order_to_record(rig: Rig):
    cfg = Configuration(record="island", seal=PUBLIC)
    await rig.tell(VoiceChanged(up=True), ConfigurationChanged(cfg))
    rig.board.island.changed(IslandChanged(True, "link lost"))
    await rig.tell(facts.LineReport(line="r1", carrier=True, ptt=False, leg=False))
    (payload,) = rig.orders
    order = GATEWAY_VOICE.decode(payload)
    assert isinstance(order, RecordLine) and (order.line, order.seal) == ("r1", PUBLIC)
    assert order.recording.startswith("gw-a-r1-2023") and "-b007b0-" in order.recording


async def test_trouble_of_the_voice_process_becomes_health_and_evidence(rig: Rig):
    await rig.tell(
        RecordingLost(recording="gw-a-r1-1", line="r1", why="opusenc is missing", advice="install")
    )
    health = [fact for fact in rig.told if isinstance(fact, facts.HealthChanged)]
    assert [(fact.subject, fact.ok, fact.advice) for fact in health] == [("recordings", False, "install")]


async def test_a_recording_that_is_kept_is_told_as_evidence_and_to_the_uploader_once(rig: Rig):
    fact = lay(rig.folder, "gw-a-r1-1")
    kept = RecordingKept(recording="gw-a-r1-1", line="r1", seconds=1.2, size=fact.size)
    await rig.tell(kept)
    await rig.tell(kept, VoiceChanged(up=True))
    assert rig.ready() == [fact]
    assert [(event.fact, event.path) for event in rig.kept] == [(fact, str(rig.folder / "gw-a-r1-1.seal"))]


async def test_after_a_restart_the_uploader_is_told_again_and_the_evidence_is_not(rig: Rig):
    fact = lay(rig.folder, "gw-a-r1-1")
    await rig.tell(VoiceChanged(up=True))
    await rig.clock.advance(TOLD_AFTER + 0.1)
    await rig.settle()
    late = lay(rig.folder, "gw-a-r1-2")
    rig.stop()
    rig.told.clear()
    rig.kept.clear()
    rig.start()
    await rig.settle()
    assert rig.ready() == [late]
    assert [event.fact for event in rig.kept] == [fact, late]


async def test_a_crash_before_the_evidence_was_on_disk_tells_it_again(rig: Rig):
    fact = lay(rig.folder, "gw-a-r1-1")
    await rig.tell(VoiceChanged(up=True))
    rig.stop()
    rig.told.clear()
    rig.start()
    await rig.settle()
    assert rig.ready() == [fact]
