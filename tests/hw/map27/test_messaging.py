"""hw.map27.messaging and what the radio says of itself: status, texts, contact, field strength."""

from dataclasses import replace

from hw.map27.messages import (
    FieldRead,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    RegistrationChanged,
    SendStatus,
    SendText,
    StatusReceived,
    TextReceived,
)
from hw.map27.messaging import MESSAGES_LIMIT
from hw.map27.network import Address, progress
from hw.map27.protocol import LinkTransfer
from tests.hw.map27.rig import Loop


def test_contact_and_field_strength_are_told_when_they_change() -> None:
    loop = Loop().ready()
    loop.verb("field:9")
    loop.verb("field:9")
    loop.verb("out_of_range")
    loop.run(0.5)
    assert loop.told(FieldRead) == [FieldRead(9)]
    assert loop.told(RegistrationChanged) == [RegistrationChanged(False, "out of contact")]
    assert loop.line.state == "not registered"


def test_status_and_texts_go_out_one_after_the_other() -> None:
    loop = Loop().ready()
    loop.tell(SendStatus("a", "0/2001", 7))
    loop.tell(SendText("b", "3/2001", "gate 2 open"))
    loop.tell(SendStatus("c", "0/2001", 32))
    loop.tell(SendText("d", "0/2001", "水位"))
    loop.tell(SendStatus("e", "nobody", 1))
    loop.run(0.5)
    assert loop.told(MessageDelivered) == [MessageDelivered("a"), MessageDelivered("b")]
    assert [fact.key for fact in loop.told(MessageFailed)] == ["c", "d", "e"]
    assert list(loop.radio.statuses) == [("0/2001", 7)]
    assert list(loop.radio.texts) == [("3/2001", "gate 2 open")]


def test_messages_that_wait_are_bounded_and_end_with_the_radio() -> None:
    loop = Loop().ready()
    loop.verb("silent")
    for number in range(MESSAGES_LIMIT + 2):
        loop.tell(SendStatus(str(number), "0/2001", 1))
    assert [fact.why for fact in loop.told(MessageFailed)] == ["too many wait"] * 2
    loop.pull()
    assert len(loop.told(MessageFailed)) == MESSAGES_LIMIT + 2


def test_what_the_network_says_of_a_message() -> None:
    loop = Loop().ready()
    for outcome, kind in (("queuing", MessageSent), ("negative", MessageFailed)):
        if not loop.line.posts:
            loop.line = replace(loop.line, link=replace(loop.line.link, credit=0))
            loop.tell(SendStatus("k", "0/2001", 1))
        ack = progress(outcome, Address(0, 2001), 4, kind=0)  # type: ignore[arg-type]
        loop.tell(LinkTransfer(loop.line.link.expected, ack))
        assert loop.told(kind)
    assert [fact.why for fact in loop.told(MessageFailed)] == ["out of reach or abandoned"]


def test_status_and_texts_come_in() -> None:
    loop = Loop().ready()
    loop.verb("status:0/2001:31")
    loop.verb("text:0/2001:pump: off")
    loop.run(0.2)
    assert loop.told(StatusReceived) == [StatusReceived("0/2001", 31)]
    assert loop.told(TextReceived) == [TextReceived("0/2001", "pump: off", False)]
