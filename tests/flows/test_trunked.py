"""Flow 1 over a TETRA terminal: late, queued and refused grants; who talks; a cable pulled in mid-talk."""

import pytest

from hw.bench.tetra import Terminal
from tests.flows.gateway import STEP
from tests.flows.world import World, told, word

TETRA = told("""
    board = { name = "flow", kind = "bench", socket = "/nowhere" }
    card = [{ name = "t1", driver = "bench" }]
    serial = [{ name = "tetra", device = "/bench/tetra" }]
    output = [{ name = "t1.tx", kind = "terminal", serial = "tetra", family = "tetra", longest = 60.0 }]
    [[line]]
    id = "t1"
    kind = "tetra"
    card = "t1"
    serial = "tetra"
    ptt = "t1.tx"
    group = "1000"
    timeout = 30.0
    tail_ms = 40
""")


class Valley(World):
    """gw-a has a radio, gw-b a TETRA terminal; both in one group."""

    def __init__(self) -> None:
        super().__init__({"gw-b": TETRA}, ("gw-a/r1", "gw-b/t1"))
        self.terminal = Terminal()
        self.port = self.gateways["gw-b"].ports.by_name["tetra"]

    async def settle(self) -> None:
        await super().settle()
        now = self.clock.now()
        while self.port.written or (said := self.terminal.take(now)):
            while self.port.written:
                self.terminal.hear(self.port.written.popleft(), now)
                said = b""
            self.port.say(said)
            await super().settle()

    async def talk(self, frames: int, first: int = 0) -> None:
        """The radio at gw-a speaks."""
        gateway = self.gateways["gw-a"]
        gateway.carrier(True)
        for number in range(first, first + frames):
            gateway.cards["r1"].captured.append(word(number))
            await self.pass_time(STEP)
        gateway.carrier(False)


@pytest.fixture
async def valley():
    world = Valley()
    await world.start()
    await world.pass_time(3.0)
    yield world
    await world.stop()


@pytest.mark.parametrize("late", [0.0, 0.3, 0.8, 1.5])
async def test_a_late_grant_loses_no_word(valley, late):
    valley.terminal.perform(f"grant_ms:{late * 1000:g}", valley.clock.now())
    await valley.talk(60)
    await valley.pass_time(4.0)
    assert valley.gateways["gw-b"].heard("t1") == [word(number) for number in range(60)]
    assert not valley.terminal.on_air, "let go after the last word"


async def test_nothing_is_asked_of_the_network_before_the_guard_allows_it(valley):
    await valley.talk(5)
    history = valley.gateways["gw-b"].guard.history
    assert [(out, on) for _, out, on in history][:1] == [("t1.tx", True)]
    demanded = [at for at, what in valley.terminal.seen if "CTSDC" in what or "ATD" in what or "CTXD" in what]
    assert history[0][0] <= demanded[0]


async def test_a_refused_grant_is_told_and_nothing_stays_keyed(valley):
    valley.terminal.perform("grant:1", valley.clock.now())
    await valley.talk(50)
    await valley.pass_time(3.0)
    assert valley.gateways["gw-b"].heard("t1") == []
    delayed = [e for kind, _, e in valley.ledger.entries if "queued" in e]
    assert delayed and delayed[0]["queued"] is False
    assert not valley.gateways["gw-b"].ptt("t1.tx")
    assert not valley.terminal.on_air


async def test_who_talks_on_the_network_keys_the_others_and_his_number_shows(valley):
    valley.terminal.perform("talk:09011638300002001", valley.clock.now())
    await valley.pass_time(0.5)
    line = valley.gateways["gw-b"].switchboard.lines["t1"].machine
    assert line.opened and line.report().talker == "2001"
    assert valley.gateways["gw-a"].ptt()
    valley.terminal.perform("hush", valley.clock.now())
    await valley.pass_time(1.0)
    assert not valley.gateways["gw-a"].ptt()


async def test_a_cable_pulled_in_mid_talk_lets_go_and_is_told(valley):
    await valley.talk(30)
    gateway = valley.gateways["gw-a"]
    gateway.carrier(True)
    await valley.pass_time(1.0)
    assert valley.terminal.on_air
    valley.port.pull()
    await valley.pass_time(0.1)
    assert not valley.gateways["gw-b"].ptt("t1.tx")
    line = valley.gateways["gw-b"].switchboard.lines["t1"].machine
    assert not line.transmitting
    assert not line.ready
