"""Patches of the rack: who hears whom card to card, never twice, never after the gateway process has gone."""

import pytest

from firmware.voice.channel import PATCH_WAIT
from firmware.voice.patches import Patches
from link.contract import neighbour as say
from link.contract.patch_orders import SetPatch
from link.hosting.clock import settle_loop
from tests.firmware.voice.test_rack import NEXT, Rig
from tests.flows.doors import FakeCard
from tests.flows.gateway import FRAME
from tests.flows.world import word

MEMBERS = ("r1", "r2", "r3")
JOINED = SetPatch(patch="valley", members=MEMBERS, talkers=("r1",), listeners=("r2", "r3"))
IDLE = SetPatch(patch="valley", members=MEMBERS)
GONE = SetPatch(patch="valley")


class Patched(Rig):
    """Three lines; only r1 has a leg, and whoever listens is on the air at once."""

    async def start(self) -> "Patched":
        await super().start()
        self.cards = {"r1": self.card} | {line: FakeCard(self.clock) for line in ("r2", "r3")}
        for line in ("r2", "r3"):
            await self.rack.add(line, self.cards[line])
        return self

    async def says(self, line: str, first: int, count: int) -> None:
        for number in range(first, first + count):
            self.cards[line].captured.append(word(number))
            await self.pass_time(0.02)

    def heard(self, line: str) -> list[bytes]:
        return [frame for _, frame in self.cards[line].played]


def up(line: str) -> say.OpenUplink:
    return say.OpenUplink(line=line, since_ns=0)


def key(line: str) -> say.OpenDownlink:
    return say.OpenDownlink(line=line, lead_ms=0)


@pytest.fixture
async def rig():
    made = await Patched().start()
    yield made
    await made.rack.stop()
    await settle_loop()


async def test_the_talker_is_heard_by_the_listeners_only(rig: Patched):
    assert isinstance(rig.rack.patches, Patches)
    await rig.obey(IDLE, up("r1"), JOINED, key("r2"))
    await rig.says("r1", 0, 20)
    assert rig.heard("r2") == [word(n) for n in range(20)]
    assert rig.heard("r3") == [], "its gate is shut"
    assert rig.heard("r1") == []


async def test_the_first_words_wait_for_the_patch(rig: Patched):
    await rig.obey(IDLE, key("r2"), up("r1"))
    await rig.says("r1", 0, 2)
    await rig.obey(JOINED)
    await rig.says("r1", 2, 10)
    await rig.pass_time(0.1)
    assert rig.heard("r2") == [word(n) for n in range(12)]


async def test_who_gets_no_floor_waits_only_a_moment(rig: Patched):
    await rig.obey(IDLE, up("r1"))
    assert not rig.cards["r1"].open
    await rig.pass_time(PATCH_WAIT + 0.02)
    assert rig.cards["r1"].open, "a recorder hears him all the same"


async def test_a_member_does_not_hear_its_leg_until_the_patch_is_gone(rig: Patched):
    await rig.dial()
    await rig.obey(JOINED, key("r1"))
    rig.far.words = [word(n) for n in range(10)]
    await rig.pass_time(0.4)
    assert rig.heard("r1") == []
    await rig.obey(GONE)
    rig.far.words = [word(n) for n in range(100, 110)]
    await rig.pass_time(0.4)
    assert rig.heard("r1") == [word(n) for n in range(100, 110)]


async def test_what_a_member_says_still_goes_to_its_leg(rig: Patched):
    await rig.dial()
    await rig.obey(JOINED, up("r1"))
    await rig.says("r1", 0, 20)
    await rig.pass_time(0.2)
    assert [frame for frame in rig.far.heard if len(frame) == FRAME] == [word(n) for n in range(20)]


async def test_a_leg_dialled_meanwhile_is_not_heard_either(rig: Patched):
    await rig.obey(JOINED, key("r1"))
    await rig.dial(NEXT)
    rig.far.words = [word(n) for n in range(10)]
    await rig.pass_time(0.4)
    assert rig.heard("r1") == []


async def test_the_newest_word_of_a_patch_is_the_whole_truth(rig: Patched):
    await rig.obey(JOINED, key("r2"), key("r3"), up("r1"))
    await rig.says("r1", 0, 10)
    await rig.obey(SetPatch(patch="valley", members=("r1", "r3"), talkers=("r1",), listeners=("r3",)))
    await rig.says("r1", 10, 10)
    assert rig.heard("r2") == [word(n) for n in range(10)]
    assert rig.heard("r3") == [word(n) for n in range(20)]


async def test_a_line_without_a_card_does_not_hinder_the_others(rig: Patched):
    order = SetPatch(patch="valley", members=("r1", "r2", "x9"), talkers=("r1",), listeners=("r2", "x9"))
    await rig.obey(order, key("r2"), up("r1"))
    await rig.says("r1", 0, 10)
    assert rig.heard("r2") == [word(n) for n in range(10)]


async def test_when_the_gateway_process_goes_nothing_is_patched_any_more(rig: Patched):
    await rig.obey(JOINED, key("r2"), up("r1"))
    await rig.says("r1", 0, 10)
    await rig.rack.gateway_lost()
    assert rig.rack.patches.members == frozenset()
    assert not [
        pair
        for pair in rig.engine.patches.wanted
        if set(pair) <= {c.port for c in rig.rack.channels.values()}
    ]
