"""Flow 1 over a TETRA terminal: late, queued and refused grants; who talks; a cable pulled in mid-talk."""

import pytest

from hw.bench.tetra import Terminal
from tests.flows.terminals import Valley, words
from tests.flows.world import told

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


def tetra() -> Valley:
    return Valley(TETRA, "t1", "tetra", Terminal())


@pytest.fixture
async def valley():
    world = tetra()
    await world.start()
    await world.pass_time(3.0)
    yield world
    await world.stop()


@pytest.mark.parametrize("late", [0.0, 0.3, 0.8, 1.5])
async def test_a_late_grant_loses_no_word(valley, late):
    valley.device.perform(f"grant_ms:{late * 1000:g}", valley.clock.now())
    await valley.talk(60)
    await valley.pass_time(4.0)
    assert valley.gateway.heard("t1") == words(60)
    assert not valley.device.on_air, "let go after the last word"


async def test_nothing_is_asked_of_the_network_before_the_guard_allows_it(valley):
    await valley.talk(5)
    history = valley.gateway.guard.history
    assert [(out, on) for _, out, on in history][:1] == [("t1.tx", True)]
    demanded = [at for at, what in valley.device.seen if "CTSDC" in what or "ATD" in what or "CTXD" in what]
    assert history[0][0] <= demanded[0]


async def test_a_refused_grant_is_told_and_nothing_stays_keyed(valley):
    valley.device.perform("grant:1", valley.clock.now())
    await valley.talk(50)
    await valley.pass_time(3.0)
    assert valley.gateway.heard("t1") == []
    delayed = valley.payloads("queued")
    assert delayed and delayed[0]["queued"] is False
    assert not valley.gateway.ptt("t1.tx")
    assert not valley.device.on_air


async def test_who_talks_on_the_network_keys_the_others_and_his_number_shows(valley):
    valley.device.perform("talk:09011638300002001", valley.clock.now())
    await valley.pass_time(0.5)
    line = valley.line
    assert line.opened and line.report().talker == "2001"
    assert valley.gateways["gw-a"].ptt()
    valley.device.perform("hush", valley.clock.now())
    await valley.pass_time(1.0)
    assert not valley.gateways["gw-a"].ptt()


async def test_a_cable_pulled_in_mid_talk_lets_go_and_is_told(valley):
    await valley.talk(30)
    gateway = valley.gateways["gw-a"]
    gateway.carrier(True)
    await valley.pass_time(1.0)
    assert valley.device.on_air
    valley.port.pull()
    await valley.pass_time(0.1)
    assert not valley.line.report().ptt
    await valley.pass_time(0.6)
    assert not valley.gateway.ptt("t1.tx")
    line = valley.line
    assert not line.transmitting
    assert not line.ready


async def test_an_emergency_key_is_told_also_while_the_groups_call_stands(valley):
    await valley.talk(20)
    await valley.pass_time(1.0)
    valley.device.perform("emergency:2009", valley.clock.now())
    await valley.pass_time(0.5)
    called = [
        payload for kind, _, payload in valley.ledger.entries if "Emergency" in kind or "emergency" in kind
    ]
    assert called and called[0]["talker"] == "2009"
    assert valley.line.report().talker == "2009"
