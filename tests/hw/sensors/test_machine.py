"""An instrument: believed, doubted, stale and well again."""

from dataclasses import replace

from hw.bench.modbus import InstrumentModel
from hw.sensors import machine as m
from hw.sensors.reading import Layout
from hw.terminal import PortDown, PortUp
from tests.hw.modbus_loop import Loop

SETTINGS = m.SensorSettings(
    "dam", layout=Layout(scale=0.01), low=0, high=50, per_minute=0.5, poll=5.0, stale=30.0, dead_band=0.02
)


def a_loop(settings: m.SensorSettings = SETTINGS, **registers: int) -> tuple[Loop, InstrumentModel]:
    model = InstrumentModel(registers={0: 1000, 1: 2} | {int(k[1:]): v for k, v in registers.items()})
    loop = Loop({"dam": m.Sensor(settings)}, (model,))
    loop.port(PortUp())
    return loop.to(1), model


def values(loop: Loop) -> list[float]:
    return [round(fact.value, 4) for fact in loop.told(m.Reading)]


def test_a_reading_and_only_changes_after_it():
    loop, model = a_loop()
    assert loop.told(m.SensorWell)
    loop.to(20)
    model.registers[0] = 1001  # within the dead band
    loop.to(30)
    model.registers[0] = 1003
    loop.to(40)
    assert values(loop) == [10.0, 10.03]


def test_decimals_from_the_device():
    settings = replace(SETTINGS, layout=Layout(decimals_address=1))
    loop, model = a_loop(settings)
    loop.to(6)
    assert values(loop) == [10.0]
    model.registers[1] = 9  # nonsense
    loop.to(12)
    assert [fact.why for fact in loop.told(m.SensorDoubted)] == ["not-a-number"]


def test_one_wrong_telegram_is_held_back():
    loop, model = a_loop()
    loop.to(10.5)
    model.registers[0] = 4500
    loop.to(15.5)
    model.registers[0] = 1000
    loop.to(30)
    assert values(loop) == [10.0]
    assert loop.told(m.SensorDoubted) == [m.SensorDoubted("dam", "jump", 45.0)]
    assert len(loop.told(m.SensorWell)) == 2


def test_a_dam_that_breaks_is_told_after_three_readings_that_agree():
    loop, model = a_loop()
    loop.to(10.5)
    model.registers[0] = 4500
    loop.to(40)
    assert values(loop) == [10.0, 45.0]
    at = [at for at, effect in loop.facts if getattr(effect, "fact", None) == m.Reading("dam", 45.0, "m")]
    assert 20 < at[0] < 27


def test_readings_that_leap_about_are_never_believed():
    loop, model = a_loop()
    for step in range(12):
        model.registers[0] = (4500, 100, 3000)[step % 3]
        loop.to(6 + step * 5)
    assert values(loop) == [10.0]
    assert loop.told(m.SensorStale)


def test_water_that_rises_as_water_can_is_followed():
    loop, model = a_loop()
    for step in range(20):
        model.registers[0] = 1000 + step * 4  # 0.48 m a minute
        loop.to(6 + step * 5)
    assert values(loop)[-1] == 10.76
    assert loop.told(m.SensorDoubted) == []


def test_out_of_range_then_stale_then_well():
    loop, model = a_loop()
    model.registers[0] = 0xFFFF  # -0.01 m
    loop.to(60)
    assert [fact.why for fact in loop.told(m.SensorDoubted)] == ["out-of-range"]
    assert loop.told(m.SensorStale) == [m.SensorStale("dam", 30.0, "out-of-range")]
    model.registers[0] = 1000
    loop.to(70)
    assert len(loop.told(m.SensorWell)) == 2
    assert values(loop) == [10.0, 10.0]  # told anew, for it was stale


def test_silence_refusal_and_a_pulled_cable():
    loop, model = a_loop()
    model.trouble.silent = True
    loop.to(20)
    model.trouble.silent = False
    del model.registers[0]
    loop.to(26)
    loop.port(PortDown("unplugged"))
    loop.to(80)
    assert [fact.why for fact in loop.told(m.SensorDoubted)] == ["no-answer", "refused", "port-down"]
    assert len(loop.told(m.SensorStale)) == 1


def test_a_sensor_never_heard_becomes_stale_too():
    model = InstrumentModel()
    model.trouble.silent = True
    loop = Loop({"dam": m.Sensor(SETTINGS)}, (model,))
    loop.port(PortUp())
    loop.to(100)
    assert len(loop.told(m.SensorStale)) == 1


def test_a_dead_sensor_takes_little_from_a_living_one():
    dead, well = InstrumentModel(slave=2), InstrumentModel(slave=3, registers={0: 1000})
    dead.trouble.silent = True
    other = replace(SETTINGS, name="spillway", slave=3, poll=1.0, per_minute=0.0)
    loop = Loop({"dam": m.Sensor(SETTINGS), "spillway": m.Sensor(other)}, (dead, well))
    loop.port(PortUp())
    for step in range(60):
        well.registers[0] = 1000 + 10 * step
        loop.to(1 + step)
    assert len([fact for fact in loop.told(m.Reading) if fact.sensor == "spillway"]) >= 55
