"""A shortwave rig and an MPT-1327 radio in a group: heard by voice, keyed whole, retuned, and safe when they fail."""

import pytest

from hw.bench.map27 import Radio
from hw.bench.rigctld import Rigctld
from tests.flows.terminals import Valley, words
from tests.flows.world import told

RIG = told("""
    board = { name = "flow", kind = "bench", socket = "/nowhere" }
    card = [{ name = "h1", driver = "bench" }]
    rig = [{ name = "hf" }]
    output = [{ name = "h1.ptt", kind = "rig", rig = "hf", longest = 60.0 }]
    [[line]]
    id = "h1"
    kind = "shortwave"
    card = "h1"
    rig = "hf"
    ptt = "h1.ptt"
    timeout = 30.0
    lead_ms = 60
    tail_ms = 40
    frequency_hz = 7050000
    mode = "LSB"
""")
MAP27 = told("""
    board = { name = "flow", kind = "bench", socket = "/nowhere" }
    card = [{ name = "m1", driver = "bench" }]
    serial = [{ name = "map", device = "/bench/map" }]
    output = [{ name = "m1.tx", kind = "terminal", serial = "map", family = "map27", longest = 60.0 }]
    [[line]]
    id = "m1"
    kind = "map27"
    card = "m1"
    serial = "map"
    ptt = "m1.tx"
    group = "0/1000"
    timeout = 30.0
    tail_ms = 40
""")


class Station:
    """The bench's rigctld with two clients: the gateway's driver, and the guard, which keys."""

    def __init__(self) -> None:
        self.rigctld = Rigctld()
        self.driver, self.guard = self.rigctld.connect(), self.rigctld.connect()
        self.keyed = False

    def hear(self, data: bytes, now: float) -> None:
        self.rigctld.hear(self.driver, data, now)

    def take(self, now: float) -> bytes:
        self.rigctld.take(self.guard, now)
        return self.rigctld.take(self.driver, now)

    def follow(self, on: bool, now: float) -> None:
        if on != self.keyed:
            self.keyed = on
            self.rigctld.hear(self.guard, b"T 1\n" if on else b"T 0\n", now)


class Shortwave(Valley):
    async def settle(self) -> None:
        await super().settle()
        self.device.follow(self.gateway.ptt("h1.ptt"), self.clock.now())
        await super().settle()


@pytest.fixture
async def shortwave():
    world = Shortwave(RIG, "h1", "hf", Station())
    await world.start()
    await world.pass_time(3.0)
    yield world
    await world.stop()


@pytest.fixture
async def map27():
    world = Valley(MAP27, "m1", "map", Radio())
    await world.start()
    await world.pass_time(4.0)
    yield world
    await world.stop()


async def test_the_rig_is_tuned_at_the_start_and_told(shortwave):
    assert shortwave.device.rigctld.hz == 7_050_000
    assert shortwave.payloads("frequency_hz")[-1]["frequency_hz"] == 7_050_000


async def test_shortwave_is_keyed_and_hears_every_word(shortwave):
    await shortwave.talk(60)
    assert shortwave.device.rigctld.ptt
    await shortwave.pass_time(2.0)
    assert shortwave.gateway.heard("h1") == words(60)
    assert not shortwave.device.rigctld.ptt


async def test_a_voice_on_shortwave_reaches_the_group(shortwave):
    await shortwave.far_end_speaks(50)
    assert shortwave.gateways["gw-a"].heard() == words(50)


async def test_a_rig_that_is_gone_is_not_keyed_and_told(shortwave):
    shortwave.port.pull()
    await shortwave.pass_time(0.5)
    await shortwave.talk(30)
    assert not shortwave.gateway.ptt("h1.ptt")
    assert shortwave.payloads("queued")[-1]["queued"] is False


async def test_a_rig_off_the_band_plan_is_not_keyed(shortwave):
    shortwave.device.rigctld.perform("knob:50500000", shortwave.clock.now())
    await shortwave.pass_time(6.0)
    in_plan = shortwave.line.ready
    await shortwave.talk(30)
    assert shortwave.gateway.ptt("h1.ptt") is False
    assert not in_plan


@pytest.mark.parametrize("late_ms", [0, 800, 1500])
async def test_map27_loses_no_word_to_a_late_grant(map27, late_ms):
    map27.device.perform(f"grant_ms:{late_ms}", map27.clock.now())
    await map27.talk(60)
    await map27.pass_time(5.0)
    assert map27.gateway.heard("m1") == words(60)
    assert not map27.gateway.ptt("m1.tx")


async def test_a_voice_on_map27_reaches_the_group(map27):
    map27.device.perform("talk:0/2001", map27.clock.now())
    await map27.pass_time(0.5)
    await map27.far_end_speaks(50)
    assert map27.gateways["gw-a"].heard() == words(50)


async def test_a_radio_that_is_refused_is_told_and_not_keyed(map27):
    map27.device.perform("refuse:03", map27.clock.now())
    await map27.talk(50)
    await map27.pass_time(3.0)
    assert map27.gateway.heard("m1") == []
    assert map27.payloads("queued")[0]["queued"] is False
    assert not map27.gateway.ptt("m1.tx")
