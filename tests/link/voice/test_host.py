"""VoiceHost: orders and facts in order, beats only from an engine that answers, an end with the engine."""

import asyncio

import pytest

from link.bus.port import Frame, PeerDown, PeerUp
from link.bus.stream_fake import FakePlace, FakeStreamClient, FakeStreamServer
from link.contract.envelope import pack
from link.contract.neighbour import BEAT_EVERY, GATEWAY_VOICE, Bye, ConnectLeg, LegState, VoiceBeat
from link.contract.wire import Wire
from link.hosting.clock import HandClock, settle_loop
from link.voice import host as host_module
from link.voice.fake import FakeAir, FakeEngine
from link.voice.host import EngineDied, VoiceHost
from link.voice.port import EngineStopped, LegUp

PATIENCE = 0.5
LEG = ConnectLeg(line="r1", uri="sip:node", token="abcdefgh")


class Performer:
    """Notes what it is given; `busy` holds it up in the middle of an order."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.free = asyncio.Event()
        self.free.set()

    async def obey(self, order: Wire) -> None:
        await self.free.wait()
        self.done.append(order)

    async def heard(self, fact: object) -> None:
        await self.free.wait()
        self.done.append(fact)


class Rig:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.place = FakePlace()
        self.server = FakeStreamServer(self.place, "gateway")
        self.client = FakeStreamClient(self.place, "voice")
        self.engine = FakeEngine(FakeAir(), "sip:gw")
        self.performer = Performer()
        self.told: list[object] = []
        self.news: list[str] = []
        self.host = VoiceHost(
            self.engine, self.client, GATEWAY_VOICE, self.came, self.left, PATIENCE, self.clock
        )

    async def came(self) -> None:
        self.news.append("came")

    async def left(self) -> None:
        self.news.append("left")

    def hear(self, fact: object) -> None:
        if isinstance(fact, Frame):
            self.told.append(GATEWAY_VOICE.decode(fact.payload))

    async def start(self) -> "asyncio.Task[None]":
        await self.engine.start(self.host.inbox.post)
        await self.server.start(self.hear)
        await self.client.start(self.host.inbox.post)
        task = asyncio.create_task(self.host.run(self.performer))
        await self.settle()
        return task

    async def settle(self) -> None:
        for _ in range(3):
            self.place.settle()
            await settle_loop()
        self.place.settle()

    async def pass_time(self, seconds: float) -> None:
        await self.clock.advance(seconds, self.settle)


@pytest.fixture
async def rig():
    made = Rig()
    task = await made.start()
    made.task = task
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_orders_and_facts_are_taken_one_at_a_time_in_order(rig: Rig):
    rig.performer.free.clear()
    fact = LegUp(3, "abcdefgh", "G722/16000")
    rig.server.send("voice", GATEWAY_VOICE.encode(LEG))
    await rig.settle()
    rig.host.inbox.post(fact)
    rig.server.send("voice", GATEWAY_VOICE.encode(Bye()))
    await rig.settle()
    assert rig.performer.done == []
    rig.performer.free.set()
    await rig.settle()
    assert rig.performer.done == [LEG, fact, Bye()]


async def test_what_is_no_order_is_refused_and_stops_nothing(rig: Rig, caplog):
    for payload in (b"", b"rubbish", pack({"k": "Unknown"}), pack({"k": "ConnectLeg"})):
        rig.server.send("voice", payload)
    rig.server.send("voice", GATEWAY_VOICE.encode(LEG))
    await rig.settle()
    assert rig.performer.done == [LEG]
    assert caplog.text.count("from=neighbour refused=") == 4


async def test_facts_reach_the_neighbour_while_it_is_there(rig: Rig):
    state = LegState(line="r1", up=True)
    assert rig.host.tell(state)
    await rig.settle()
    assert state in rig.told
    rig.place.cut("voice")
    assert not rig.host.tell(state)


async def test_beats_go_out_while_the_engine_answers(rig: Rig):
    rig.told.clear()
    await rig.pass_time(4 * BEAT_EVERY)
    assert rig.told == [VoiceBeat(lag_ms=0.0)] * 4


async def test_a_frozen_engine_is_silent_and_beats_again_when_it_thaws(rig: Rig, monkeypatch):
    monkeypatch.setattr(host_module, "ALIVE_MOST", 0.01)
    rig.engine.freeze()
    rig.told.clear()
    await rig.pass_time(6 * BEAT_EVERY)
    assert rig.told == []
    rig.engine.thaw()
    await rig.pass_time(2 * BEAT_EVERY)
    assert VoiceBeat(lag_ms=0.0) in rig.told


async def test_the_watchdog_is_fed_by_beats_only(monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(host_module, "notify", said.append)
    rig = Rig()
    task = await rig.start()
    assert said == ["READY=1", "WATCHDOG=1"]
    rig.engine.freeze()
    await rig.pass_time(3.0)
    assert said == ["READY=1", "WATCHDOG=1"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_neighbour_that_is_back_in_time_has_not_left(rig: Rig):
    assert rig.news == ["came"]
    rig.place.cut("voice")
    await rig.pass_time(PATIENCE * 0.9)
    rig.place.mend("voice")
    await rig.pass_time(PATIENCE * 3)
    assert rig.news == ["came", "came"]


async def test_a_neighbour_that_stays_away_has_left_once(rig: Rig):
    rig.place.cut("voice")
    await rig.pass_time(PATIENCE * 0.9)
    assert rig.news == ["came"]
    await rig.pass_time(PATIENCE * 5)
    assert rig.news == ["came", "left"]
    rig.place.mend("voice")
    await rig.pass_time(0.1)
    assert rig.news == ["came", "left", "came"]


async def test_a_neighbour_that_is_back_while_we_are_busy_has_not_left(rig: Rig):
    rig.performer.free.clear()
    rig.host.inbox.post(PeerDown("gateway", "closed"))
    await rig.settle()
    rig.host.inbox.post("an engine fact that takes long")
    await rig.settle()
    rig.host.inbox.post(PeerUp("gateway"))  # waits behind it
    await rig.pass_time(PATIENCE * 2)
    rig.performer.free.set()
    await rig.settle()
    assert rig.news == ["came", "came"], "it is there: nobody may be told that it left"


async def test_the_host_ends_with_its_engine(rig: Rig):
    rig.engine.die("assertion failed")
    await rig.settle()
    with pytest.raises(EngineDied, match="assertion failed"):
        await rig.task


async def test_nothing_goes_on_after_the_end(rig: Rig):
    rig.host.inbox.post(EngineStopped("stopped"))
    rig.host.inbox.post("too late")
    await rig.settle()
    assert rig.task.done()
    assert rig.task.exception() is not None
    rig.told.clear()
    await rig.pass_time(3.0)
    assert rig.told == []
    assert rig.performer.done == []
