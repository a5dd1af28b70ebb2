"""What a released version put on the wire is understood, and we still say the same in the same bytes."""

import pytest

from link.contract import documents, facts
from link.contract.authority import decode_authority, decode_stop
from link.contract.batch import UnknownFact, decode_batch, decode_command, encode_batch
from link.contract.envelope import pack, unpack
from link.contract.facts import EVIDENCE
from link.contract.keyring import decode_ring
from link.contract.orders import ORDERS
from link.contract.realtime import TalkGate, decode_report
from link.contract.signed import decode_signed
from link.contract.topics import ROOT, Row, Topics
from link.contract.wire import validated
from tests.contract import golden

KEPT = golden.kept()


def test_every_kind_of_message_has_golden_bytes():
    assert set(golden.messages()) | set(golden.GROWN) == set(KEPT)
    assert {type(fact) for fact in (*golden.FACTS, *golden.FIELD_FACTS, *golden.LINK_FACTS)} == set(EVIDENCE)
    assert {type(order) for order in golden.ORDERS} == set(ORDERS.values())
    told = {type(message).__name__ for _, message in golden.neighbours().values()}
    families = golden.voice.GATEWAY_VOICE, golden.voice.CENTRE_VOICE
    assert told == {name for family in families for name in family.kinds}


@pytest.mark.parametrize("name", [n for n in KEPT if not n.startswith("batch-of-") and n not in golden.GROWN])
def test_we_still_write_the_same_bytes(name):
    assert golden.messages()[name] == KEPT[name]


@pytest.mark.parametrize("name", ["batch-of-all", "batch-of-field", "batch-of-link", "batch-of-one"])
def test_a_deflated_batch_is_the_same_once_inflated(name):
    assert unpack(golden.messages()[name]) == unpack(KEPT[name])


def test_the_golden_report_is_understood():
    report = decode_report(KEPT["report"])
    assert (report.n, report.mono_ms, report.lines) == (3, 123456, (golden.LINE,))


def test_the_golden_frame_is_accepted_once():
    gate, frame = TalkGate(golden.KEY).accept(KEPT["frame"])
    assert (frame.seq, frame.keep[0].talker, frame.up[0].line) == (9, "north", "r2")
    assert (gate.seen, frame.heard) == (9, 0)


def test_the_golden_frame_that_names_its_report_is_accepted():
    _, frame = TalkGate(golden.KEY).accept(KEPT["frame-heard"])
    assert (frame.seq, frame.heard, frame.keep[0].talker, frame.up[0].line) == (9, 3, "north", "r2")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("birth", facts.Birth),
        ("death", facts.Death),
        ("snapshot", facts.Snapshot),
        ("result", facts.CommandResult),
        ("heartbeat", facts.Heartbeat),
        ("birth-2", facts.Birth),
        ("birth-3", facts.Birth),
        ("result-2", facts.CommandResult),
        ("centre-2", documents.CentreState),
        ("desired-2", documents.Desired),
        ("desired-listen", documents.Desired),
        ("reported", documents.Reported),
    ],
)
def test_golden_documents_are_understood(name, kind):
    understood = validated(kind, unpack(KEPT[name]))
    assert unpack(pack(understood.model_dump(mode="python"))) == unpack(KEPT[name])


@pytest.mark.parametrize(
    ("name", "kind"), [("centre", documents.CentreState), ("desired", documents.Desired)]
)
def test_documents_of_before_there_were_signatures_are_understood(name, kind):
    assert validated(kind, unpack(KEPT[name])).v == 1


def test_what_persons_signed_is_read_from_the_very_bytes():
    said = decode_authority(KEPT["authority"])
    assert (said.ch, said.zones, said.text) == ("live", ("north",), "水位超警")
    standing = decode_authority(KEPT["authority-standing"]).standing
    assert standing is not None
    assert (standing.trigger, standing.most) == ("dam", 3)
    stop = decode_stop(KEPT["stop"])
    assert (stop.ref, stop.by) == ("b-1", "li")
    ring = decode_ring(KEPT["keyring"])
    assert (ring.rev, ring.keys[0].holder) == (2, "wang")


def test_a_golden_delivery_carries_its_authority():
    command, _, signed = decode_command(KEPT["command-signed"])
    carried = decode_signed(command.doc)
    assert carried.raw == KEPT["authority"]
    assert [each.kid for each in carried.signatures] == [each.kid for each in signed.signatures]
    assert (command.sid, command.nonce, command.auth) == ("5e551017", "n-1", "b-1")


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("batch-of-all", golden.FACTS),
        ("batch-of-field", golden.FIELD_FACTS),
        ("batch-of-link", golden.LINK_FACTS),
    ],
)
def test_the_golden_batch_holds_every_fact(name, held):
    batch = decode_batch(KEPT[name])
    assert tuple(event.fact for event in batch.events) == held
    assert [event.seq for event in batch.events] == list(range(5, 5 + len(held)))


@pytest.mark.parametrize("order", golden.ORDERS, ids=lambda order: type(order).__name__)
def test_golden_commands_are_understood(order):
    command, decoded, signed = decode_command(KEPT[f"command-{type(order).__name__}"])
    assert decoded == order
    assert (command.to, signed.signatures) == ("gw-a", ())


@pytest.mark.parametrize("name", golden.neighbours())
def test_golden_words_between_neighbours_are_understood(name):
    family, message = golden.neighbours()[name]
    assert family.decode(KEPT[name]) == message


def test_a_newer_gateways_facts_and_fields_are_kept_or_ignored():
    head = golden.BatchHead(epoch=1, first_seq=1, boot="b", t0_ms=0, mono0_ms=0)
    event = facts.Event(seq=1, wall_ms=5, mono_ms=6, fact=facts.LineOpened(line="r1"))
    rows = unpack(encode_batch(head, (event,)))
    rows[7][0].append("a field of tomorrow")
    rows[7].append([200, 1, 1, None, "a fact of tomorrow"])
    batch = decode_batch(pack(rows))
    assert batch.events == (event,)
    assert batch.strange == ((2, UnknownFact(200, ("a fact of tomorrow",))),)


def test_topics_are_what_the_contract_says():
    topics = Topics("main")
    assert topics.of(Row.REALTIME_UP, "gw-a") == f"{ROOT}/main/up/gw-a/rt"
    assert topics.of(Row.COMMAND, "gw-a") == f"{ROOT}/main/dn/gw-a/cmd"
    assert topics.of(Row.CENTRE) == f"{ROOT}/main/bc/centre"
    for row in Row:
        assert topics.parse(topics.of(row, "gw-a")) == (row, "" if row.direction == "bc" else "gw-a")
    assert not Row.COMMAND.retain
    assert not Row.REALTIME_DOWN.retain
    assert Row.REALTIME_DOWN.expiry == 2


@pytest.mark.parametrize("topic", ["", "sw/1", "sw/1/main/up", "sw/2/main/up/gw-a/rt", "sw/1/main/up//rt"])
def test_other_topics_are_none_of_ours(topic):
    assert Topics("main").parse(topic) is None
