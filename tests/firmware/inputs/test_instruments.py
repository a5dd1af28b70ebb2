"""Instruments on a bus of the bench: what is told of level, rain and voltage, and when they fail."""

import pytest

from firmware.effects import Record, TellHealth
from firmware.inputs.instruments import ADVICE, Instrument
from hw.bench.modbus import InstrumentModel
from hw.sensors.machine import Sensor, SensorDoubted
from hw.sensors.profile import load_profile
from link.contract.field_facts import RainFell, SensorLost, SensorRead
from tests.firmware.modbus.rig import Rig


class Town:
    def __init__(self, profile: str, **registers: int) -> None:
        self.model = InstrumentModel(2, {int(k[1:]): v for k, v in registers.items()})
        self.rig = Rig(self.model)
        self.effects: list[object] = []
        self.profile = load_profile(profile)
        self.instrument = Instrument("dam", self.profile, self.rig.clock, self.effects.append)
        self.rig.host.attach("dam", Sensor(self.profile.settings("dam", 2)), self.instrument.heard)

    def told(self, kind: type) -> list:
        return [
            effect.fact
            for effect in self.effects
            if isinstance(effect, Record) and isinstance(effect.fact, kind)
        ]

    def health(self) -> list[str]:
        for effect in self.effects:
            if isinstance(effect, TellHealth) and effect.what:
                assert effect.subject == "sensor dam"
                assert effect.advice
        return [effect.what for effect in self.effects if isinstance(effect, TellHealth)]


@pytest.fixture
async def start():
    made: list[Town] = []

    async def go(profile: str, **registers: int) -> Town:
        made.append(Town(profile, **registers))
        await made[-1].rig.start()
        return made[-1]

    yield go
    for town in made:
        await town.rig.stop()


async def test_a_level_is_told_when_it_changes(start):
    town = await start("level-int16", r0=1234, r1=2)
    assert [(fact.value, fact.unit) for fact in town.told(SensorRead)] == [(12.34, "m")]
    town.model.registers[0] = 1237
    await town.rig.clock.advance(30.0)
    assert [fact.value for fact in town.told(SensorRead)] == [12.34, 12.37]
    assert town.health() == []


async def test_an_unplugged_sensor_is_lost_within_its_stale_time_and_comes_back(start):
    town = await start("level-int16", r0=1234, r1=2)
    town.rig.port.unplug()
    await town.rig.clock.advance(town.profile.stale - 10)
    assert town.told(SensorLost) == [], "the port has said so itself"
    await town.rig.clock.advance(10.0)
    assert [fact.why for fact in town.told(SensorLost)] == ["port-down"]
    town.rig.port.plug()
    await town.rig.clock.advance(10.0)
    assert [fact.value for fact in town.told(SensorRead)] == [12.34, 12.34], "the same value, told anew"
    assert town.health() == ["port-down", ""]


async def test_a_silent_sensor_is_doubted_then_lost(start):
    town = await start("level-int16", r0=1234, r1=2)
    town.rig.wire.disturb(2, "silent", 0.0)
    await town.rig.clock.advance(town.profile.stale + 10)
    assert town.health() == ["no-answer"], "said once"
    assert len(town.told(SensorLost)) == 1


async def test_rain_is_told_as_it_falls(start):
    town = await start("rain-counter", r0=65534)
    assert [fact.value for fact in town.told(SensorRead)] == [65534], "the sign of life"
    for count in (65535, 1):
        town.model.registers[0] = count
        await town.rig.clock.advance(11.0)
    assert [(fact.mm, fact.mm_per_h) for fact in town.told(RainFell)] == [(0.2, 0.2), (0.4, 0.6)]
    assert len(town.told(SensorRead)) == 1


async def test_a_gauge_that_starts_anew_invents_no_rain(start):
    town = await start("rain-counter", r0=500)
    town.model.registers[0] = 3
    await town.rig.clock.advance(11.0)
    assert town.told(RainFell) == []
    assert town.health() == ["counter restarted"]
    town.model.registers[0] = 4
    await town.rig.clock.advance(11.0)
    assert len(town.told(RainFell)) == 1
    assert town.health() == ["counter restarted", ""]


async def test_whoever_wants_a_voltage_gets_every_poll_of_it(start):
    town = await start("supply-volts", r0=1230)
    got: list[float] = []
    town.instrument.measured.append(got.append)
    await town.rig.clock.advance(10.0)
    assert got == [pytest.approx(12.3)] * 5
    assert len(town.told(SensorRead)) == 1


def test_every_doubt_has_its_advice():
    for why in SensorDoubted.__annotations__["why"].__args__:
        assert ADVICE[why]
