"""Bus host: several devices share one port, each hears its own answers, and all begin anew when it comes back."""

import pytest

from hw.bench.modbus import InstrumentModel, RelayBoardModel
from hw.modbus.machine import Received
from hw.modbus.protocol import frame_gap
from hw.relay_board.events import BoardFound, BoardLost, MakeSafe
from hw.relay_board.machine import RelayBoard, RelaySettings
from hw.sensors.machine import Reading, Sensor, SensorSettings
from tests.firmware.modbus.rig import Rig


class Town:
    def __init__(self, **bus: float) -> None:
        self.board, self.meter = RelayBoardModel(slave=1), InstrumentModel(slave=2, registers={0: 7})
        self.rig = Rig(self.board, self.meter, **bus)
        self.told: dict[str, list[object]] = {"pa": [], "level": []}
        self.seeded = False
        self.crashed: list[str] = []
        self.rig.host.attach("pa", RelayBoard.start(RelaySettings("pa")), self.heard("pa"), self.crash)
        self.rig.host.attach("level", Sensor(SensorSettings("level", slave=2)), self.heard("level"))

    def heard(self, name: str):
        def hear(fact: object) -> None:
            if self.seeded:
                self.seeded = False
                raise RuntimeError("seeded")
            self.told[name].append(fact)

        return hear

    def crash(self) -> None:
        self.crashed.append("pa")


@pytest.fixture
async def town():
    made = Town()
    await made.rig.start()
    yield made
    await made.rig.stop()


def test_names_are_taken_once():
    made = Town()
    with pytest.raises(ValueError, match="'pa' is attached already"):
        made.rig.host.attach("pa", RelayBoard.start(RelaySettings("pa")), print)


async def test_each_device_hears_its_own_answers(town):
    assert BoardFound("pa", 200) in town.told["pa"]
    assert Reading("level", 7.0, "m") in town.told["level"]
    assert not any(isinstance(fact, Reading) for fact in town.told["pa"])


async def test_a_dead_device_is_told_once_with_the_bus_and_mended(town):
    town.rig.wire.disturb(2, "silent", 0.0)
    await town.rig.clock.advance(30.0)
    assert town.rig.health.count(("bus b1 device 2", "no-answer")) == 1
    assert ("bus b1 device 1", "no-answer") not in town.rig.health
    town.rig.wire.disturb(2, "normal", 0.0)
    await town.rig.clock.advance(10.0)
    assert town.rig.health[-1] == ("bus b1 device 2", "")


async def test_a_pulled_port_is_told_and_everybody_begins_anew(town):
    town.rig.port.unplug()
    await town.rig.clock.advance(5.0)
    assert ("serial rs485", "unplugged") in town.rig.health
    assert [type(fact) for fact in town.told["pa"][-2:]] == [BoardLost, MakeSafe]
    before = len(town.rig.port.written)
    town.rig.port.plug()
    await town.rig.clock.advance(1.0)
    assert len(town.rig.port.written) > before
    assert town.told["pa"].count(BoardFound("pa", 200)) == 2
    assert town.rig.health[-1] == ("serial rs485", "")


async def test_a_crashed_driver_of_a_device_starts_over_with_the_port_as_it_is(town):
    town.seeded = True
    town.rig.port.unplug()
    await town.rig.clock.advance(0.2)
    assert town.crashed == ["pa"]
    town.rig.port.plug()
    town.seeded = True
    await town.rig.clock.advance(1.0)
    assert town.crashed == ["pa", "pa"]
    assert BoardFound("pa", 200) in town.told["pa"][-10:]


async def test_after_a_crash_of_the_bus_every_device_begins_anew(town):
    before = town.told["pa"].count(BoardFound("pa", 200))
    town.rig.host.bus.inbox.post(Received(None))
    await town.rig.clock.advance(1.0)
    assert town.told["pa"].count(BoardFound("pa", 200)) == before + 1


async def test_a_gap_of_the_board_file_keeps_telegrams_apart():
    town = Town(gap=0.2)
    assert town.rig.host.bus.machine.settings.silence == 0.2 > frame_gap(9600)
    await town.rig.start()
    assert len(town.rig.port.written) <= 5
    await town.rig.stop()
