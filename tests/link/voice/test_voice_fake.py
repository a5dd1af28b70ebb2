"""The fake voice engine: the port's suite, and its verbs for trouble."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from link.voice.call_port import CallCame, CallTo
from link.voice.fake import FakeAir, FakeEngine
from link.voice.fake_calls import FakeCalls
from link.voice.fake_parts import FakeLeg
from link.voice.port import (
    EngineStopped,
    LegDown,
    LegRefused,
    LegUp,
    PortId,
    VoiceError,
    VoiceSettings,
    frame_bytes,
)
from tests.link.voice.call_suite import CallSuite
from tests.link.voice.gain_suite import GainSuite
from tests.link.voice.port_suite import VoiceSuite, of
from tests.link.voice.tones import tone_frame


class ToneSource:
    def __init__(self, hz: float) -> None:
        self.hz, self.number = hz, -1

    def pop(self) -> bytes | None:
        self.number += 1
        return tone_frame(self.hz, self.number, self.rate_hz) if self.hz else None

    rate_hz = 16000


class Ear:
    def __init__(self) -> None:
        self.sound = bytearray()

    def push(self, frame: bytes) -> None:
        self.sound += frame


@dataclass
class FakeStation:
    engine: "RatedFake"
    uri: str
    facts: list[object] = field(default_factory=list)


class RatedFake(FakeEngine):
    """Remembers the ears, and tells a tone at which rate it is wanted."""

    def __init__(self, air: FakeAir, uri: str, settings: VoiceSettings | None = None) -> None:
        super().__init__(air, uri, settings)
        self.ears: dict[PortId, Ear] = {}
        self.sources: dict[PortId, ToneSource] = {}

    async def add_frames(self, name: str, source: ToneSource, sink: Ear, rate_hz: int) -> PortId:
        source.rate_hz = rate_hz
        port = await super().add_frames(name, source, sink, rate_hz)
        self.ears[port], self.sources[port] = sink, source
        return port


class FakeRig:
    def __init__(self) -> None:
        self.air = FakeAir()

    async def station(self, started: bool = True, edges: bool = False) -> FakeStation:
        uri = f"sip:node@fake:{len(self.air.engines) + 5060}"
        settings = VoiceSettings(edges=("fake",) if edges else ())
        station = FakeStation(RatedFake(self.air, uri, settings), uri)
        if started:
            await station.engine.start(station.facts.append)
        return station

    def source(self, hz: float = 0) -> ToneSource:
        return ToneSource(hz)

    def ear(self) -> Ear:
        return Ear()

    async def heard(self, station: FakeStation, port: PortId) -> bytes:
        return bytes(station.engine.ears[port].sound)

    async def popped(self, station: FakeStation, port: PortId) -> int:
        return station.engine.sources[port].number + 1

    async def pass_time(self, seconds: float) -> None:
        self.air.tick(round(seconds * 50))
        await asyncio.sleep(0)

    async def until(self, done: Callable[[], bool]) -> None:
        for _ in range(500):
            if done():
                return
            self.air.tick()
            await asyncio.sleep(0)
        raise AssertionError("it did not come")


@pytest.fixture
def rig() -> FakeRig:
    return FakeRig()


class TestFake(GainSuite, VoiceSuite):
    """The port's suite."""


class TestFakeCalls(CallSuite):
    """Telephone calls."""


async def pair(rig: FakeRig) -> tuple[FakeStation, PortId, FakeStation, PortId]:
    here, there = await rig.station(), await rig.station()
    await there.engine.expect("t", 1.0)
    leg = await here.engine.dial(there.uri, "t")
    await rig.until(lambda: bool(of(here, LegUp) and of(there, LegUp)))
    return here, leg, there, of(there, LegUp)[0].leg


async def test_refuse_dial_refuses_one(rig: FakeRig) -> None:
    here, _, there, _ = await pair(rig)
    await there.engine.expect("u", 1.0)
    here.engine.refuse_dial(486, "Busy")
    first = await here.engine.dial(there.uri, "u")
    second = await here.engine.dial(there.uri, "u")
    await rig.until(lambda: len(of(here, LegUp)) == 2)
    assert of(here, LegDown) == [LegDown(first, "u", 486, "Busy")]
    assert of(here, LegUp)[1].leg == second


async def test_a_dropped_leg_ends_at_both_ends_with_its_connections(rig: FakeRig) -> None:
    here, leg, there, other = await pair(rig)
    port = await here.engine.add_frames("x", rig.source(), rig.ear(), 16000)
    await here.engine.connect(leg, port)
    here.engine.drop_leg(leg)
    await rig.until(lambda: bool(of(there, LegDown, leg=other)))
    assert of(here, LegDown, leg=leg)[0].code == 408
    assert not here.engine.patches.wanted


async def test_a_frozen_engine_answers_nothing_and_carries_nothing(rig: FakeRig) -> None:
    here, leg, there, other = await pair(rig)
    port = await here.engine.add_frames("x", rig.source(), rig.ear(), 16000)
    here.engine.freeze()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(here.engine.alive(), 0.01)
    before = await rig.heard(here, port)
    await rig.pass_time(0.2)
    assert await rig.heard(here, port) == before
    there_dials = await there.engine.dial(here.uri, "t")
    await rig.until(lambda: bool(of(there, LegDown, leg=there_dials)))
    here.engine.thaw()
    assert await here.engine.alive() == 0


async def test_a_frozen_engine_can_be_stopped(rig: FakeRig) -> None:
    here = await rig.station()
    here.engine.freeze()
    await here.engine.stop()
    await rig.until(lambda: bool(of(here, EngineStopped)))
    assert "frozen" in of(here, EngineStopped)[0].reason


async def test_a_dead_engine_says_so_itself_and_its_legs_are_void(rig: FakeRig) -> None:
    here, leg, _, _ = await pair(rig)
    here.engine.die("assertion failed")
    await rig.until(lambda: bool(of(here, EngineStopped)))
    assert here.facts[-1] == EngineStopped("assertion failed")
    with pytest.raises(VoiceError):
        await here.engine.hang_up(leg)


async def test_a_closed_port_takes_its_connections_along(rig: FakeRig) -> None:
    here = await rig.station()
    one = await here.engine.add_frames("x", rig.source(440), rig.ear(), 16000)
    two = await here.engine.add_frames("x", rig.source(), rig.ear(), 16000)
    await here.engine.connect(one, two)
    await here.engine.close(one)
    assert not here.engine.patches.wanted


async def test_sound_takes_one_tick_per_leg(rig: FakeRig) -> None:
    here, leg, there, other = await pair(rig)
    tone = await here.engine.add_frames("x", rig.source(440), rig.ear(), 16000)
    ear = await there.engine.add_frames("x", rig.source(), rig.ear(), 16000)
    await here.engine.connect(tone, leg)
    await there.engine.connect(other, ear)
    rig.air.tick(3)
    size = frame_bytes(16000)
    heard = (await rig.heard(there, ear))[-3 * size :]
    assert [any(heard[at : at + size]) for at in range(0, len(heard), size)] == [False, True, True]


async def test_two_engines_do_not_share_an_address(rig: FakeRig) -> None:
    here = await rig.station()
    with pytest.raises(VoiceError, match="taken"):
        await FakeEngine(rig.air, here.uri).start(lambda fact: None)


async def test_a_token_opens_a_leg_only_for_the_engine_of_its_name(rig: FakeRig) -> None:
    there = await rig.station()
    facts: list[object] = []
    owner, thief = (FakeEngine(rig.air, f"sip:{name}", name=name) for name in ("gw-a", "gw-b"))
    for engine in (owner, thief):
        await engine.start(facts.append)
    await there.engine.expect("t", 5, "gw-a")
    await thief.dial(f"{there.uri};transport=tls", "t")
    await rig.until(lambda: bool(facts))
    assert [fact.code for fact in facts if isinstance(fact, LegDown)] == [403]
    assert of(there, LegRefused)[0].reason == "token of another gateway"
    await owner.dial(f"{there.uri};transport=tls", "t")
    await rig.until(lambda: bool(of(there, LegUp)))


def test_a_leg_comes_in_as_loud_as_it_is_until_it_is_told_otherwise() -> None:
    assert FakeLeg("token").gain == 1.0


async def test_what_is_mute_before_the_answer_and_on_hold(rig: FakeRig) -> None:
    here, there = await rig.station(edges=True), await rig.station(edges=True)
    assert isinstance(here.engine, FakeCalls)
    leg = await here.engine.call(CallTo(there.uri.replace("node@", "2002@"), "2001"))
    await rig.until(lambda: bool(of(there, CallCame)))
    ends: list[FakeLeg] = [here.engine.legs[leg], there.engine.legs[of(there, CallCame)[0].leg]]
    assert [here.engine.is_mute(end) for end in ends] == [True, True]
    await there.engine.answer(of(there, CallCame)[0].leg)
    assert [here.engine.is_mute(end) for end in ends] == [False, False]
    await here.engine.hold(leg, True)
    assert [here.engine.is_mute(end) for end in ends] == [True, True]
