"""Input modules on a bus of the bench: changes, neighbours in one telegram, silence, refusal, a cable pulled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.inputs.bits import PERIOD, RETREAT, Bit, BitModule, BitsBack, BitsChanged, BitsLost
from hw.bench.modbus import InstrumentModel
from tests.firmware.modbus.rig import Rig

BITS = (Bit("gate", 0), Bit("hatch", 3, active_high=False), Bit("far", 100))


class Town:
    def __init__(self, bits: tuple[Bit, ...] = BITS) -> None:
        self.model = InstrumentModel(5, {0: 1}, bits={0: False, 3: True, 100: False})
        self.meter = InstrumentModel(6, {0: 7})
        self.rig = Rig(self.model, self.meter)
        self.told: list[object] = []
        self.rig.host.attach("m", BitModule("m", 5, bits), self.told.append)

    def levels(self) -> list[tuple[str, bool]]:
        return [each for fact in self.told if isinstance(fact, BitsChanged) for each in fact.levels]


@pytest.fixture
async def town():
    made = Town()
    await made.rig.start()
    yield made
    await made.rig.stop()


async def test_every_level_at_first_then_changes_within_two_polls(town):
    assert sorted(town.levels()) == [("far", False), ("gate", False), ("hatch", False)]
    town.told.clear()
    town.model.bits[0] = True
    town.model.bits[3] = False
    await town.rig.clock.advance(2 * PERIOD)
    assert sorted(town.levels()) == [("gate", True), ("hatch", True)]
    await town.rig.clock.advance(5.0)
    assert len(town.levels()) == 2, "told once"


def test_neighbours_are_fetched_together():
    assert BitModule("m", 5, BITS).spans == ((0, 4), (100, 1))


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=64))
def test_every_bit_is_in_exactly_one_telegram(places):
    spans = BitModule("m", 5, tuple(Bit(str(n), place) for n, place in enumerate(places))).spans
    for place in places:
        assert sum(first <= place < first + count for first, count in spans) == 1
    assert all(1 <= count <= 256 and first + count <= 65536 for first, count in spans)


async def test_a_silent_module_is_told_once_asked_seldom_and_comes_back(town):
    town.rig.wire.disturb(5, "silent", 0.0)
    await town.rig.clock.advance(3.0)
    assert [fact for fact in town.told if isinstance(fact, BitsLost)] == [BitsLost("m", "no-answer")]
    before = len(town.rig.port.written)
    await town.rig.clock.advance(30.0)
    assert len(town.rig.port.written) - before <= 24, "two telegrams every three seconds"
    town.rig.wire.disturb(5, "normal", 0.0)
    town.model.bits[0] = True
    await town.rig.clock.advance(RETREAT + 1.0)
    assert town.told[-1] == BitsBack("m")
    assert ("gate", True) in town.levels()


async def test_a_module_without_such_an_input_says_so():
    town = Town((Bit("none", 500),))
    await town.rig.start()
    assert town.told == [BitsLost("m", "illegal address")]
    await town.rig.stop()


async def test_a_pulled_cable_is_told_and_read_anew(town):
    town.rig.port.unplug()
    await town.rig.clock.advance(1.0)
    assert town.told[-1] == BitsLost("m", "port-down")
    written = len(town.rig.port.written)
    await town.rig.clock.advance(10.0)
    assert len(town.rig.port.written) == written
    town.rig.port.plug()
    await town.rig.clock.advance(1.0)
    assert town.told[-1] == BitsBack("m")
