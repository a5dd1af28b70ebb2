"""The field over the whole town on fakes: facts as a gateway tells them, orders as it receives them."""

import asyncio

from central.ports import Ledger
from link.contract import facts, orders
from link.contract import field_facts as told
from link.contract.realtime import decode_report
from link.contract.topics import Row
from link.contract.wire import Wire
from link.floor.messages import GrantTold
from tests.flows.test_radio_to_radio import say
from tests.flows.world import World


async def tell(world: World, gateway: str, fact: Wire) -> None:
    """The gateway's outbox takes a fact."""
    world.gateways[gateway].switchboard.record(fact)
    await world.pass_time(0.4)


def journal(world: World, kind: str) -> list[dict]:
    ledger: Ledger = world.ledger
    assert ledger is world.ledger
    return [payload for found, _, payload in world.ledger.entries if found == kind]


def tones(world: World) -> list[tuple[str, str]]:
    rows = [(name, payload) for kind, name, payload in world.ledger.entries if kind == "command"]
    return [(name, payload["args"]["tone"]) for name, payload in rows if payload["op"] == "line.tone"]


async def test_a_refused_grant_is_told_to_the_talker_by_a_tone_and_to_the_group(world):
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 10)
    assert world.gateways["gw-b"].ptt()
    await tell(world, "gw-b", told.GrantDelayed(line="r1", queued=False, why="network busy"))
    assert tones(world) == [("gw-a", "refused")]
    said = journal(world, "group.grant-refused")
    assert said == [{"line": "gw-b/r1", "talker": "gw-a/r1", "why": "network busy"}]
    assert world.core.field.notices[-1].what == "grant-refused"
    assert world.core.groups["valley"].machine.delayed == {
        "gw-b/r1": GrantTold("gw-b/r1", False, "network busy")
    }


async def test_an_emergency_takes_the_floor_and_is_noticed(world):
    world.gateways["gw-a"].carrier(True)
    world.gateways["gw-b"].carrier(True)
    await world.pass_time(0.2)
    assert world.core.groups["valley"].machine.holder == "gw-a/r1"
    await tell(world, "gw-b", told.EmergencyCalled(line="r1", talker="2001"))
    assert world.core.groups["valley"].machine.holder == "gw-b/r1"
    assert [(n.what, n.line) for n in world.core.field.notices] == [("emergency", "gw-b/r1")]
    assert journal(world, "group.emergency")[0]["talker"] == "2001"


async def test_the_talker_is_warned_before_the_time_out(world):
    world.gateways["gw-a"].carrier(True)
    await world.pass_time(14.5)
    assert tones(world) == []
    await world.pass_time(1.0)
    assert tones(world) == [("gw-a", "timeout")]
    assert world.core.groups["valley"].machine.holder == "gw-a/r1"


async def test_the_name_of_a_talker_reaches_the_other_lines(world):
    world.core.field._talkers = {"2001": "Boat 3"}
    gateway = world.core.gateways["gw-a"].machine
    lines = (facts.LineReport(line="r1", carrier=True, ptt=False, leg=True, talker="2001"),)
    report = facts.RealtimeReport(n=gateway.reported_n + 1, mono_ms=gateway.reported_mono_ms, lines=lines)
    kept = []
    world.core.lane.keep = lambda lines, talker, now: kept.append((tuple(lines), talker))
    world.core.from_mail("gw-a", report)
    for _ in range(20):
        await asyncio.sleep(0)
    assert kept[0] == (("gw-b/r1", "gw-c/r1"), "Boat 3")
    assert world.core.groups["valley"].machine.heard["gw-a/r1"].talker_id == "2001"


async def test_facts_of_the_field_stand_in_the_journal_in_words(world):
    await tell(world, "gw-a", told.SensorRead(sensor="level", value=12.34, unit="m"))
    (entry,) = journal(world, "fact.SensorRead")
    assert (entry["sensor"], entry["value"], entry["unit"]) == ("level", 12.34, "m")
    site = world.core.field.site("gw-a")
    assert site.sensors["level"].value == 12.34
    assert abs(site.sensors["level"].at_wall - world.clock.wall()) < 1.0, "on the centre's clock"


async def test_an_order_reaches_its_gateway_once_and_its_receipt_comes_back(world):
    seen = []
    world.core.field._changed = lambda kind, name: seen.append((kind, name))
    id = world.core.command("gw-a", orders.PlayTone(line="r1", tone="queued"), 2)
    await world.pass_time(0.5)
    results = [entry for entry in journal(world, "command.result") if entry["id"] == id]
    assert len(results) == 1
    assert results[0]["s"] in ("accepted", "done", "rejected")


def test_reports_carry_the_talker_over_the_wire():
    from link.contract.realtime import encode_report

    lines = (facts.LineReport(line="t1", carrier=True, ptt=False, leg=True, talker="2001"),)
    report = facts.RealtimeReport(n=1, mono_ms=5, lines=lines)
    assert decode_report(encode_report(report)) == report
    assert Row.REALTIME_UP.direction == "up"
