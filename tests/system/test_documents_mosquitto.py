"""Conformance of presence and documents on a real mosquitto: late wills, retained commands, a broker without memory,
revisions that went back (T6, T7, T9, T10 of the contract)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from link.contract import facts, orders
from link.contract.batch import command_for, encode_command
from link.contract.documents import Configuration, Desired, decode_state, encode_document
from link.contract.envelope import pack, unpack
from link.contract.realtime import Keep, TalkFrame, encode_frame
from link.contract.topics import Row
from tests.system.documents_rig import GATEWAY, TOPICS, DocumentsRig
from tests.system.mosquitto_fixture import Mosquitto, open_broker  # noqa: F401


@pytest.fixture
async def rig(open_broker: Mosquitto, tmp_path: Path) -> AsyncIterator[DocumentsRig]:  # noqa: F811
    started = await DocumentsRig(open_broker, tmp_path).start()
    yield started
    await started.stop()


async def test_t6_a_will_that_comes_after_the_birth_keeps_the_gateway_online(rig: DocumentsRig):
    sid = rig.machine.sid
    late = pack(facts.Death(sid="0123456789abcdef").model_dump(mode="python"))
    rig.stranger.says(Row.LIVE, late, retain=True)
    await rig.until(lambda: late in rig.stranger.payloads)
    await rig.until(lambda: unpack(rig.stranger.payload(Row.LIVE)).get("sid") == sid)
    await asyncio.sleep(0.2)
    assert rig.machine.state == "online" and rig.machine.sid == sid
    assert "gateway.offline" not in rig.ledger.kinds()


async def test_the_will_of_the_present_session_ends_it(rig: DocumentsRig):
    sid = rig.machine.sid
    rig.stranger.says(Row.LIVE, pack(facts.Death(sid=sid).model_dump(mode="python")), retain=True)
    await rig.until(lambda: "gateway.offline" in rig.ledger.kinds())
    assert rig.machine.state == "offline"


async def test_t7_what_is_retained_on_a_row_of_orders_is_refused_live_and_from_the_store(rig: DocumentsRig):
    order = orders.PlayClip(play="p1", line="pa1", sha="ab" * 32, size=100, seconds=1.0)
    command = encode_command(command_for(order, GATEWAY, 999, int(rig.clock.wall())))
    rig.stranger.says(Row.COMMAND, command, retain=True)
    frame = encode_frame(TalkFrame(seq=99, keep=(Keep(line="r1", lease_ms=1000),)), bytes(32))
    rig.stranger.says(Row.REALTIME_DOWN, frame, retain=True)
    await rig.until(lambda: len(rig.refused()) >= 2)
    assert {*rig.refused()} == {("command", "retained"), ("realtime_down", "retained")}
    rig.broker.kill()
    await rig.until(lambda: not rig.gateway.uplink.machine.up)
    rig.broker.start()
    await rig.until(lambda: rig.gateway.uplink.machine.up and rig.stranger.ups == 2)
    assert rig.fetched == [], "nothing was obeyed"


async def test_t9_a_broker_that_lost_its_store_has_all_state_of_both_ends_again(
    rig: DocumentsRig, capsys: pytest.CaptureFixture[str]
):
    rows = (Row.LIVE, Row.STATE, Row.REPORTED, Row.DESIRED)
    wanted = {*(TOPICS.of(row, GATEWAY) for row in rows), TOPICS.of(Row.CENTRE)}
    await rig.until(lambda: wanted <= {*rig.stranger.newest})
    await asyncio.sleep(0.3)  # the connections have settled: they come back within the spread
    rig.broker.kill()
    await rig.until(lambda: not rig.core.bus_up)
    rig.broker.start()
    took = await rig.until(lambda: rig.stranger.ups == 2 and wanted <= {*rig.stranger.newest})
    with capsys.disabled():
        print(f"\n  state of both ends at an empty broker: {took:.2f} s after its start", end=" ")
    assert decode_state(rig.stranger.newest[TOPICS.of(Row.CENTRE)].payload).on
    assert unpack(rig.stranger.payload(Row.LIVE))["on"] == 1
    await rig.until(lambda: rig.machine.online)


async def test_t10_an_older_and_a_changed_document_are_ignored_and_reported(rig: DocumentsRig):
    good = rig.stranger.payload(Row.DESIRED)
    for rev in (1, 1):
        other = Desired(rev=rev, cfg=Configuration(record="all"))
        rig.stranger.says(Row.DESIRED, encode_document(other), retain=True)
    await rig.until(lambda: ("desired", "old-revision") in rig.refused())
    assert rig.host.runner.machine.held.document.rev == 1
    assert rig.host.runner.machine.held.configuration.record == "island"
    rig.stranger.says(Row.DESIRED, good, retain=True)
    await asyncio.sleep(0.2)
    assert rig.host.runner.machine.report.rev_applied == 1


async def test_the_state_of_the_centre_falls_with_its_connection(rig: DocumentsRig):
    """It may be back so soon that the fall is seen only in the order of the messages."""
    topic = TOPICS.of(Row.CENTRE)
    cid, known = decode_state(rig.stranger.newest[topic].payload).cid, len(rig.stranger.messages)

    def told() -> list[tuple[bool, str]]:
        after = [message for message in rig.stranger.messages[known:] if message.topic == topic]
        states = [decode_state(message.payload) for message in after]
        return [(state.on, state.cid) for state in states]

    session = rig.core_bus._session
    session._sock.shutdown(2)  # no goodbye
    await rig.until(lambda: any(on and new != cid for on, new in told()))
    assert (False, cid) in told()
    await rig.until(lambda: decode_state(rig.stranger.newest[topic].payload).on)
    assert decode_state(rig.stranger.newest[topic].payload).cid != cid
