"""Contacts, levels, rain, supply and the bypass of a trunk, from the wire at a gateway to the centre's journal."""

import pytest

from firmware.talk import DeviceChanged
from link.contract import orders
from tests.flows.instruments import Field


@pytest.fixture
async def field():
    world = await Field().start()
    yield world
    await world.stop()


def states(world, contact: str) -> list[str]:
    return [payload["state"] for payload in world.journal("contact", contact)]


async def test_what_is_so_at_the_start_is_told(field):
    assert states(field, "gate") == ["open"]
    assert states(field, "hatch") == ["open"]
    assert [(p["value"], p["unit"]) for p in field.journal("sensor", "dam")] == [(12.5, "m")]
    assert [p["supply"] for p in field.journal("supply")] == ["mains"]
    assert [p["on"] for p in field.journal("bypass", "trunk")] == [True, False]
    assert not field.bypassed
    assert field.ill() == {}


async def test_a_contact_closes_and_the_journal_knows(field):
    field.wire("gate", True)
    await field.pass_time(0.2)
    assert states(field, "gate") == ["open", "closed"]
    assert field.journal("contact", "gate")[-1]["active"] is True
    keyed = [(out, on) for gateway in field.gateways.values() for _, out, on in gateway.guard.history]
    assert [each for each in keyed if each[0] != "trunk.relay"] == [], "evidence keys nothing"


async def test_a_contact_behind_a_bus_closes_and_its_cable_is_cut(field):
    field.module.bits = {0: False, 1: True}
    await field.pass_time(0.6)
    assert states(field, "hatch") == ["open", "closed"]
    field.module.bits = {0: False, 1: False}
    await field.pass_time(1.0)
    assert states(field, "hatch") == ["open", "closed", "cut"]
    assert field.ill() == {"contact hatch": "wires cut"}


async def test_chatter_is_locked_out_and_believed_again(field):
    for n in range(40):
        field.wire("gate", n % 2 == 0)
        await field.pass_time(0.1)
    assert states(field, "gate").count("chatters") == 1
    assert len(states(field, "gate")) < 10
    assert "contact gate" in field.ill()
    await field.pass_time(11.0)
    assert states(field, "gate")[-1] == "open"
    assert field.ill() == {}


async def test_a_level_that_rises_is_told_and_a_wrong_telegram_is_not(field):
    field.dam.registers[0] = 9000
    await field.pass_time(4.9)
    field.dam.registers[0] = 1251
    await field.pass_time(5.0)
    field.dam.registers[0] = 1254
    await field.pass_time(10.0)
    assert [p["value"] for p in field.journal("sensor", "dam")] == [12.5, 12.51, 12.54]


async def test_rain_is_told(field):
    field.rain.registers[0] = 103
    await field.pass_time(11.0)
    (rain,) = field.journal("mm")
    assert (rain["sensor"], rain["mm"]) == ("rain", 0.6)


async def test_an_unplugged_sensor_is_lost_within_its_stale_time(field):
    field.bus_devices.disturb(2, "silent", 0.0)
    await field.pass_time(70.0)
    assert [p.get("why") for p in field.journal("sensor", "dam")] == [None, "no-answer"]
    assert {"sensor dam", "bus field device 2"} == set(field.ill())
    field.bus_devices.disturb(2, "normal", 0.0)
    await field.pass_time(10.0)
    assert field.journal("sensor", "dam")[-1]["value"] == 12.5
    assert field.ill() == {}


async def test_mains_fail_and_the_battery_runs_down(field):
    field.wire("mains", False)
    await field.pass_time(1.0)
    assert [p["supply"] for p in field.journal("supply")] == ["mains", "battery"]
    assert not field.bypassed, "the battery carries it"
    field.battery.registers[0] = 1050
    await field.pass_time(30.0)
    assert [p["supply"] for p in field.journal("supply")] == ["mains", "battery", "low"]
    assert field.bypassed, "and it stays so while the voltage stays low"
    assert field.journal("bypass", "trunk")[-1]["why"] == "power"
    field.battery.registers[0] = 1300
    field.wire("mains", True)
    await field.pass_time(12.0)
    assert not field.bypassed
    assert field.journal("supply")[-1]["supply"] == "mains"


async def test_a_drill_is_ordered_and_measured(field):
    field.core.command("gw-b", orders.DrillBypass(bypass="trunk", drill="d1", seconds=3))
    await field.pass_time(2.0)
    assert field.bypassed
    await field.pass_time(3.0)
    assert not field.bypassed
    (done,) = field.journal("drill")[-1:]
    assert done["ok"] and 0.03 <= done["fell"] <= 0.2 and 0.03 <= done["back"] <= 0.2


async def test_a_welded_relay_fails_its_drill(field):
    field.welded = True
    field.core.command("gw-b", orders.DrillBypass(bypass="trunk", drill="d1", seconds=3))
    await field.pass_time(5.0)
    done = field.journal("drill")[-1]
    assert not done["ok"] and done["why"] == "the relay did not fall"


async def test_a_trunk_is_ordered_past_the_gateway_and_back(field):
    field.core.command("gw-b", orders.SetBypass(bypass="trunk", on=True))
    await field.pass_time(1.0)
    assert field.bypassed
    assert field.journal("bypass", "trunk")[-1]["why"] == "ordered"
    field.core.command("gw-b", orders.SetBypass(bypass="trunk", on=False))
    await field.pass_time(6.0)
    assert not field.bypassed


async def test_the_voice_process_dies_and_the_trunk_is_bypassed(field):
    await field.gateway.client.stop()
    await field.pass_time(4.0)
    assert field.bypassed
    assert field.journal("bypass", "trunk")[-1]["why"] == "service"


async def test_a_gateway_that_is_killed_lets_the_relay_fall(field):
    field.gateway.kill()
    await field.pass_time(1.7)
    assert field.bypassed


async def test_a_device_that_loses_its_network_is_a_bypass_and_comes_back(field):
    field.gateway.switchboard._to_line("r1", DeviceChanged(False, "no service"))
    await field.pass_time(0.5)
    assert field.bypassed
    field.gateway.switchboard._to_line("r1", DeviceChanged(True))
    await field.pass_time(6.0)
    assert not field.bypassed
