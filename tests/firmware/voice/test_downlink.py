"""Downlink: held for a grant, held for a lead, open, finishing; what was finished during the wait is played."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.voice.downlink import FLIGHT, Downlink
from link.contract import neighbour as say
from link.hosting.clock import HandClock, settle_loop

DRAINED = say.DownlinkDrained(line="r1")


class Gate:
    """A card's gate: what it was told, and when."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.told: list[tuple[float, str]] = []

    def __getattr__(self, name: str) -> object:
        if not name.endswith("_playback"):
            raise AttributeError(name)
        what = name.removesuffix("_playback")
        return lambda for_grant=False: self.told.append((round(self.clock.now() - 1000, 3), what))


class Rig:
    def __init__(self) -> None:
        self.clock, self.told = HandClock(), []
        self.card = Gate(self.clock)
        self.downlink = Downlink("r1", self.card, self.told.append, self.clock)

    @property
    def gate(self) -> str:
        return self.card.told[-1][1]

    async def wait(self, seconds: float) -> None:
        await self.clock.advance(seconds)


@pytest.fixture
async def rig():
    made = Rig()
    yield made
    made.downlink.stop()
    await settle_loop()


async def test_speech_waits_for_the_grant_however_late(rig):
    rig.downlink.hold()
    await rig.wait(30)
    assert rig.card.told == [(0, "hold")]
    rig.downlink.transmit(0)
    assert rig.card.told == [(0, "hold"), (30, "release")]


async def test_a_lead_after_the_grant_holds_on(rig):
    rig.downlink.hold()
    await rig.wait(0.5)
    rig.downlink.transmit(200)
    await rig.wait(1)
    assert rig.card.told == [(0, "hold"), (0.5, "hold"), (0.7, "release")]


async def test_who_has_ended_before_the_grant_is_played_after_it(rig):
    rig.downlink.hold()
    await rig.wait(0.4)
    rig.downlink.finish()
    await rig.wait(0.6)
    assert rig.card.told == [(0, "hold")], "not before the transmitter is there"
    assert rig.told == []
    rig.downlink.transmit(0)
    await rig.wait(1)
    assert rig.card.told[1:] == [(1, "release"), (1, "finish")]


async def test_and_after_a_lead_if_there_is_one(rig):
    rig.downlink.hold()
    rig.downlink.finish()
    await rig.wait(1)
    rig.downlink.transmit(300)
    await rig.wait(1)
    assert rig.card.told[1] == (1, "hold")
    assert {at for at, _ in rig.card.told[2:]} == {1.3}
    assert rig.gate == "finish"


async def test_the_last_words_may_still_be_on_their_way_when_grant_and_finish_come_together(rig):
    rig.downlink.hold()
    rig.downlink.finish()
    rig.downlink.transmit(0)
    await rig.wait(1)
    assert rig.card.told[1:] == [(0, "release"), (FLIGHT, "finish")]


async def test_another_hold_takes_the_finish_back(rig):
    rig.downlink.hold()
    rig.downlink.finish()
    rig.downlink.hold()
    rig.downlink.transmit(0)
    await rig.wait(1)
    assert rig.gate == "release"


async def test_an_open_after_the_grant_takes_the_finish_back(rig):
    rig.downlink.hold()
    rig.downlink.transmit(0)
    rig.downlink.finish()
    rig.downlink.transmit(0)
    await rig.wait(1)
    assert rig.gate == "release"


async def test_a_cut_while_held_forgets_finish_and_speech(rig):
    rig.downlink.hold()
    rig.downlink.finish()
    rig.downlink.cut()
    assert rig.gate == "shut"
    rig.downlink.finish()
    assert rig.told == [DRAINED], "nothing is transmitted: answered at once"
    rig.downlink.transmit(0)
    await rig.wait(1)
    assert rig.gate == "release"


async def test_a_second_finish_does_not_make_a_second_ending(rig):
    rig.downlink.transmit(0)
    rig.downlink.finish()
    await rig.wait(FLIGHT / 2)
    rig.downlink.finish()
    await rig.wait(1)
    assert [what for _, what in rig.card.told] == ["release", "finish"]


orders = st.sampled_from(["hold", "open", "lead", "finish", "cut", "wait"])


@given(st.lists(orders, max_size=30))
def test_any_orders_in_any_order_leave_the_gate_as_the_last_ones_say(given_orders):
    async def run() -> None:
        rig = Rig()
        held = False
        for order in given_orders:
            if order == "wait":
                await rig.wait(0.1)
            elif order in ("open", "lead"):
                rig.downlink.transmit(0 if order == "open" else 250)
            else:
                getattr(rig.downlink, order)()
            held = {"hold": True, "open": False, "lead": False, "cut": False}.get(order, held)
            before = len(rig.card.told)
            if held:
                await rig.wait(5)
                assert len(rig.card.told) == before, "held, nothing goes out"
        rig.downlink.cut()
        await rig.wait(5)
        assert rig.gate == "shut"
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
