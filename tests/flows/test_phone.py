"""A satellite phone in a group: who calls in is put through and heard, hears the group, and is let go of."""

import pytest

from hw.bench.phone import BenchPhone
from link.bus.port import Frame
from link.contract import neighbour as say
from tests.flows.gateway import STEP
from tests.flows.world import World, told, word

PHONE = told("""
    board = { name = "flow", kind = "bench", socket = "/nowhere" }
    card = [{ name = "s1", driver = "bench" }]
    serial = [{ name = "sat", device = "/bench/sat" }]
    output = [{ name = "s1.call", kind = "terminal", serial = "sat", family = "phone", longest = 1800.0 }]
    [[line]]
    id = "s1"
    kind = "phone"
    card = "s1"
    serial = "sat"
    ptt = "s1.call"
    answer = "known"
    known = ["+8613800138000"]
""")


class Valley(World):
    """gw-a has a radio, gw-b a phone; both in one group."""

    def __init__(self) -> None:
        super().__init__({"gw-b": PHONE}, ("gw-a/r1", "gw-b/s1"))
        self.phone = BenchPhone()
        self.gateway = self.gateways["gw-b"]
        self.port = self.gateway.ports.by_name["sat"]

    @property
    def line(self):
        return self.gateway.switchboard.lines["s1"].machine

    async def settle(self) -> None:
        await super().settle()
        now = self.clock.now()
        while self.port.written or (said := self.phone.output(now)):
            while self.port.written:
                self.phone.feed(self.port.written.popleft(), now)
                said = b""
            self.port.say(said)
            await super().settle()

    def squelch(self, on: bool) -> None:
        """The voice process hears that somebody speaks, or not any more."""
        told_now = say.SquelchChanged(line="s1", on=on, since_ns=int(self.clock.now() * 1e9))
        self.gateway.switchboard.from_neighbour(Frame("voice", say.GATEWAY_VOICE.encode(told_now)))

    async def caller_speaks(self, frames: int) -> None:
        """The voice process hears the caller."""
        self.squelch(True)
        for number in range(frames):
            self.gateway.cards["s1"].captured.append(word(number))
            await self.pass_time(STEP)
        self.squelch(False)
        await self.pass_time(1.0)


@pytest.fixture
async def valley():
    world = await Valley().start()
    await world.pass_time(8.0)
    yield world
    await world.stop()


async def test_a_known_caller_is_put_through_and_talks_with_the_group(valley):
    valley.phone.perform("ring:+8613800138000", valley.clock.now())
    await valley.pass_time(4.0)
    assert valley.line.call and valley.gateway.ptt("s1.call")
    await valley.caller_speaks(40)
    assert valley.gateways["gw-a"].heard() == [word(number) for number in range(40)]
    gateway = valley.gateways["gw-a"]
    gateway.carrier(True)
    for number in range(100, 140):
        gateway.cards["r1"].captured.append(word(number))
        await valley.pass_time(STEP)
    gateway.carrier(False)
    await valley.pass_time(1.0)
    assert valley.gateway.heard("s1") == [word(number) for number in range(100, 140)]


async def test_a_stranger_is_not_put_through(valley):
    valley.phone.perform("ring:+99123", valley.clock.now())
    await valley.pass_time(4.0)
    assert not valley.line.call
    assert not valley.gateway.ptt("s1.call")


async def test_a_text_is_told_only_when_it_lies_on_the_gateways_disk(valley):
    valley.gateway.shelf.slow = True
    valley.phone.perform("text:+8613800138000:水位超警", valley.clock.now())
    await valley.pass_time(5.0)
    assert [fact.text for _, fact in valley.gateway.shelf.kept] == ["水位超警"]
    told_facts = [payload for _, _, payload in valley.ledger.entries if payload.get("text")]
    assert told_facts == []
    valley.gateway.shelf.settle()
    await valley.pass_time(5.0)
    told_facts = [payload for _, _, payload in valley.ledger.entries if payload.get("text")]
    assert [payload["text"] for payload in told_facts] == ["水位超警"]
    assert valley.phone.store == {}


async def test_the_far_end_hangs_up_and_the_lease_ends(valley):
    valley.phone.perform("ring:+8613800138000", valley.clock.now())
    await valley.pass_time(4.0)
    valley.phone.perform("hang_up", valley.clock.now())
    await valley.pass_time(3.0)
    assert not valley.line.call
    assert not valley.gateway.ptt("s1.call")
