"""Wiring of what a gateway reads: who hears which input, instruments at their speed and place, mistakes in words."""

import pytest

from firmware.events import ContactRead, CurrentRead
from firmware.inputs.contacts import WireHeard
from firmware.switchboard import Switchboard
from firmware.talk import CarrierChanged
from firmware.uplink.messages import HealthTold, Identity
from firmware.wiring import describe, wire_gateway
from firmware.wiring_inputs import opened_here, sensor_bauds, wire_inputs
from firmware.wiring_modbus import wire_buses
from hw.board import parse_board
from hw.bypass import events as bypass
from hw.modbus.machine import Ask, Failed
from hw.sensors.machine import Measured
from hw.terminal import PortDown, PortUp
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.hosting.clock import HandClock
from link.hosting.settings import SettingsError
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeGuard

TEXT = """
board = { name = "flow", kind = "bench", socket = "/nowhere" }
card = [{ name = "r1", driver = "bench" }, { name = "pa1", driver = "bench" }]
serial = [{ name = "rs485", device = "/x" }]
bus = [{ name = "field", serial = "rs485" }]
output = [
    { name = "ptt", pin = 17, longest = 60.0 },
    { name = "amp", pin = 18, longest = 900.0 },
    { name = "relay", pin = 19, longest = 0.0 },
]
input = [
    { name = "cos", kind = "bit", bus = "field", address = 5, bit = 1 },
    { name = "amp.contact", pin = 5 },
    { name = "mains", pin = 6 },
    { name = "loop", pin = 7 },
    { name = "spare", pin = 8 },
]
contact = [{ name = "mains", input = "mains" }]
sensor = [
    { name = "amp.current", bus = "field", address = 2, profile = "PROFILE" },
    { name = "amp", bus = "field", address = 3, profile = "supply-volts" },
]
bypass = [{ name = "trunk", relay = "relay", mains = "mains", direct = "loop", volts = "VOLTS" }]
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "ptt"
cos = "cos"
[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "amp"
read_back = "amp.contact"
current = "amp.current"
"""
CURRENT = """
title = "Ammeter"
measures = "current"
address = 0
type = "uint16"
unit = "A"
low = 0.0
high = 100.0
"""


class Site:
    def __init__(self, profile: str, volts: str = "amp") -> None:
        self.board = parse_board(TEXT.replace("PROFILE", profile).replace("VOLTS", volts))
        self.clock = HandClock()
        self.guard = FakeGuard(self.clock)
        identity = Identity("gw-a", "main", "1", "1.1", describe(self.board, {}))
        bus, place = FakeBus(FakeBroker(), "gw-a"), FakeStreamServer(FakePlace(), "gateway")
        doors = (
            bus,
            self.guard,
            place,
            lambda effect: None,
            MemoryShelf(),
            Ports(),
            MemoryStore(),
            plain_desk(),
        )
        self.switchboard: Switchboard = wire_gateway(self.board, identity, self.clock, *doors)
        self.buses = wire_buses(self.board, self.clock, print, sensor_bauds(self.board))
        self.wired = wire_inputs(self.board, self.switchboard, self.buses.hosts, self.clock, self.guard)

    @property
    def trunk(self):
        return self.switchboard.inputs.trunks["trunk"]

    def health(self) -> list[tuple[str, str]]:
        found = posted(self.switchboard.uplink)
        told = [event.fact for event in found if isinstance(event, HealthTold)]
        return [(fact.subject, fact.what) for fact in told]


def posted(runner) -> list[object]:
    return [runner.inbox.get_nowait() for _ in range(len(runner.inbox))]


@pytest.fixture
def profile(tmp_path) -> str:
    (tmp_path / "ammeter.toml").write_text(CURRENT)
    return str(tmp_path / "ammeter.toml")


@pytest.fixture
def site(profile) -> Site:
    return Site(profile)


def test_what_nobody_hears_is_not_opened_and_bits_come_over_the_bus(site):
    assert [source.name for source in opened_here(site.board, site.wired.wires)] == [
        "amp.contact",
        "mains",
        "loop",
    ]


def test_everybody_hears_his_inputs(site):
    for name in ("cos", "amp.contact", "mains", "loop"):
        site.wired.wires.heard(name)(True, 7)
    assert posted(site.switchboard.lines["r1"]) == [CarrierChanged(True, 7)]
    assert posted(site.switchboard.speakers["pa1"]) == [ContactRead(True)]
    assert posted(site.switchboard.inputs.contacts["mains"]) == [WireHeard(True)]
    assert posted(site.trunk) == [bypass.Mains(True), bypass.DirectCall(True)]


def test_instruments_reach_those_who_watch_by_them(site):
    current, volts = site.wired.instruments["amp.current"], site.wired.instruments["amp"]
    current.heard(Measured("any", 2.5))
    volts.heard(Measured("any", 12.4))
    assert posted(site.switchboard.speakers["pa1"]) == [CurrentRead(2.5)]
    assert posted(site.trunk) == [bypass.Volts(12.4)]
    assert site.trunk.machine.relay.settings.stale == volts.profile.stale


def test_every_device_has_its_place_on_the_bus(site):
    host = site.buses.hosts["field"]
    assert set(host.clients) == {"sensor amp.current", "sensor amp", "inputs of 5"}
    _, effects = host.clients["sensor amp"].machine.handle(PortUp(), 0.0)
    assert [(ask.request.slave, ask.ticket) for ask in effects if isinstance(ask, Ask)] == [
        (3, "sensor amp/value")
    ]


def test_a_module_that_fails_is_told_with_the_names_of_its_inputs(site):
    module = site.buses.hosts["field"].clients["inputs of 5"]
    module.step(PortUp())
    module.step(Failed("inputs of 5/1", None, "no-answer"))
    assert site.health() == [("inputs cos", "cannot be read: no-answer")]
    module.step(PortDown())
    assert site.health() == []


def test_a_crash_of_a_bypass_lets_its_relay_fall(site, monkeypatch):
    site.guard.feed("relay", 5.0, "bypass")
    monkeypatch.setattr(type(site.trunk.machine), "_outside", None)
    site.trunk.step(bypass.Mains(True))
    assert not site.guard.driven["relay"]


def test_a_bypass_that_watches_no_voltage_is_refused(profile):
    with pytest.raises(
        SettingsError, match=r"bypass 'trunk': volts = 'amp.current' measures current, not a voltage"
    ):
        Site(profile, volts="amp.current")


def test_a_profile_that_does_not_exist_is_named():
    with pytest.raises(SettingsError, match=r"no sensor profile 'x'; there are .*supply-volts"):
        Site("x")
