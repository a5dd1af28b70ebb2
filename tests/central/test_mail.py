"""Mail: every row becomes its fact, in order; what does not decode is counted, and stops nobody."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.mail import Mail, decode
from central.store.arrivals import Parcel
from link.bus.port import BusDown, BusUp, Message
from link.contract import facts
from link.contract.batch import BatchHead, encode_batch
from link.contract.documents import Reported, encode_document
from link.contract.envelope import EnvelopeError, pack
from link.contract.realtime import encode_report
from link.contract.topics import Row, Topics
from link.hosting.clock import HandClock, settle_loop

TOPICS = Topics("main")
TREES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=9), lambda inner: st.lists(inner, max_size=4)
)
REPORT = facts.RealtimeReport(n=1, mono_ms=5, lines=())
BIRTH = facts.Birth(sid="s1", boot="b1", fw="1")
DEATH = facts.Death(sid="s1")
SNAPSHOT = facts.Snapshot(sid="s1", fw="1", lines=())
RESULT = facts.CommandResult(id="c1", s="done")
REPORTED = Reported(rev_seen=4, rev_applied=3, missing=("ab" * 32,))
BEAT = facts.Heartbeat(s="s1", t=1)
EVENT = facts.Event(seq=1, wall_ms=10, mono_ms=20, fact=facts.LineOpened(line="r1"))
HEAD = BatchHead(epoch=1, first_seq=1, boot="b1", t0_ms=10, mono0_ms=20)
BATCH = encode_batch(HEAD, (EVENT,))


def packed(fact: facts.Wire) -> bytes:
    return pack(fact.model_dump(mode="python"))


class Desk:
    def __init__(self) -> None:
        self.got: list[tuple[str, object]] = []
        self.mail = Mail(TOPICS, HandClock(), lambda gateway, fact: self.got.append((gateway, fact)))

    def take(self, row: Row, payload: bytes, retain: bool = False, gateway: str = "gw-a") -> None:
        self.mail.take(Message(TOPICS.of(row, gateway), payload, retain))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("row", "payload", "fact"),
    [
        (Row.REALTIME_UP, encode_report(REPORT), REPORT),
        (Row.LIVE, packed(BIRTH), BIRTH),
        (Row.LIVE, packed(DEATH), DEATH),
        (Row.STATE, packed(SNAPSHOT), SNAPSHOT),
        (Row.EVENTS, BATCH, Parcel("gw-a", "evt", BATCH, 1_700_000_000_000)),
        (Row.ALARMS, b"unread", Parcel("gw-a", "alm", b"unread", 1_700_000_000_000)),
        (Row.RESULT, packed(RESULT), RESULT),
        (Row.HEARTBEAT, packed(BEAT), BEAT),
        (Row.REPORTED, encode_document(REPORTED), REPORTED),
    ],
)
def test_each_row_becomes_its_fact(desk: Desk, row: Row, payload: bytes, fact: object):
    desk.take(row, payload)
    assert desk.got == [("gw-a", fact)]


def test_a_row_that_carries_nothing_for_the_centre_is_passed_over():
    assert decode(Row.COMMAND, Message("t", b"{}")) is None


def test_a_report_from_the_brokers_store_is_refused(desk: Desk):
    desk.take(Row.REALTIME_UP, encode_report(REPORT), retain=True)
    assert desk.got == []
    assert desk.mail.refused == {("gw-a", "retained"): 1}


def test_a_birth_from_the_brokers_store_is_taken(desk: Desk):
    desk.take(Row.LIVE, packed(BIRTH), retain=True)
    assert desk.got == [("gw-a", BIRTH)]


def test_news_of_the_connection_has_no_gateway(desk: Desk):
    desk.mail.take(BusUp("s"))
    desk.mail.take(BusDown("gone"))
    assert desk.got == [("", BusUp("s")), ("", BusDown("gone"))]


@pytest.mark.parametrize(
    "topic",
    ["sw/1/other/up/gw-a/rt", "sw/1/main/dn/gw-a/rt", "sw/1/main/bc/cmd", "sw/1/main/up/gw-a/x", "nonsense"],
)
def test_what_is_not_addressed_to_the_centre_is_refused(desk: Desk, topic: str):
    desk.mail.take(Message(topic, encode_report(REPORT)))
    assert desk.got == []
    assert desk.mail.refused == {("", "misaddressed"): 1}


@pytest.mark.parametrize("row", [Row.REALTIME_UP, Row.LIVE, Row.STATE, Row.RESULT, Row.HEARTBEAT])
@pytest.mark.parametrize("payload", [b"", b"\xff\xff", b"{", pack([]), pack({}), pack("x"), pack(None)])
def test_rubbish_on_any_row_costs_its_sender_that_message(desk: Desk, row: Row, payload: bytes):
    desk.take(row, payload)
    assert desk.got == []
    assert sum(desk.mail.refused.values()) == 1
    assert next(iter(desk.mail.refused))[0] == "gw-a"


def test_a_flood_of_rubbish_is_told_once_and_counted(desk: Desk, caplog: pytest.LogCaptureFixture):
    for _ in range(100):
        desk.take(Row.LIVE, b"rubbish")
    desk.take(Row.LIVE, b"rubbish", gateway="gw-b")
    assert desk.mail.refused == {("gw-a", "codec"): 100, ("gw-b", "codec"): 1}
    assert [record.message.split()[0] for record in caplog.records] == ["from=gw-a", "from=gw-b"]


def test_decode_names_what_is_wrong():
    with pytest.raises(EnvelopeError, match="retained"):
        decode(Row.REALTIME_UP, Message("x", encode_report(REPORT), retain=True))


async def test_the_mailbox_tells_how_long_a_message_had_waited():
    clock, got = HandClock(), []
    mail = Mail(TOPICS, clock, lambda gateway, fact: got.append((gateway, fact)))
    mail.come(Message(TOPICS.of(Row.LIVE, "gw-a"), packed(BIRTH)))
    await clock.advance(0.25)
    task = asyncio.create_task(mail.run())
    await settle_loop()
    assert got == [("gw-a", BIRTH)] and mail.lag == pytest.approx(0.25)
    mail.come(BusDown("gone"))
    await settle_loop()
    assert got[1] == ("", BusDown("gone")) and mail.lag == 0.0
    task.cancel()


async def test_the_mailbox_is_served_in_order(desk: Desk):
    task = asyncio.create_task(desk.mail.run())
    desk.mail.inbox.post(Message(TOPICS.of(Row.LIVE, "gw-a"), packed(BIRTH)))
    desk.mail.inbox.post(Message(TOPICS.of(Row.LIVE, "gw-a"), b"rubbish"))
    desk.mail.inbox.post(BusDown("gone"))
    await settle_loop()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert desk.got == [("gw-a", BIRTH), ("", BusDown("gone"))]


async def test_a_flood_leaves_the_others_of_the_loop_their_turn(desk: Desk):
    for _ in range(200):
        desk.mail.inbox.post(Message("elsewhere", b""))
    reading = asyncio.create_task(desk.mail.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert 0 < len(desk.mail.inbox) < 200, "leases are renewed on this loop"
    reading.cancel()


@given(
    st.binary(max_size=300)
    | st.builds(pack, st.dictionaries(st.sampled_from(["v", "rev_seen", "missing"]), TREES))
)
def test_any_reported_document_is_taken_or_counted(payload: bytes):
    desk = Desk()
    desk.take(Row.REPORTED, payload, retain=True)
    assert len(desk.got) + sum(desk.mail.refused.values()) == 1
