"""hw.phone.sms: parts in any order, twice or never; texts that go out, are refused, delivered or lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hw.phone.facts import (
    SendText,
    TextArrived,
    TextDelivered,
    TextFailed,
    TextSent,
    TextUndelivered,
    TextUnreadable,
)
from hw.phone.lines import Failed
from hw.phone.pdu import Deliver, Part, Report, decode_submit, split
from hw.phone.sms import SET_WAIT, SETS, SLOTS, TOLD, TRIES, WAITING, Inbox, Outbox

AT = "2026-11-22T12:00:00+08:00"
LONG = "水库水位超过警戒线，请立即撤离。" * 20


def parts_of(text: str, ref: int = 1, sender: str = "+861") -> list[Deliver]:
    pieces = split(text)
    return [Deliver(sender, AT, each, Part(ref, len(pieces), n)) for n, each in enumerate(pieces, 1)]


def take(
    inbox: Inbox, messages: list[tuple[Deliver, int | None]], now: float = 0.0
) -> tuple[Inbox, list[object]]:
    facts: list[object] = []
    for message, slot in messages:
        inbox, more = inbox.take(message, slot, now)
        facts += more
    return inbox, facts


@settings(deadline=None)
@given(st.data())
def test_parts_in_any_order_and_any_number_of_times_are_told_once(data):
    parts = parts_of(LONG)
    order = data.draw(st.permutations(range(len(parts))))
    again = data.draw(st.lists(st.sampled_from(range(len(parts))), max_size=6))
    mixed = data.draw(st.permutations([*order, *again]))
    inbox, facts = take(Inbox(), [(parts[n], slot) for slot, n in enumerate(mixed)])
    assert [fact.text for fact in facts] == [LONG]
    inbox = inbox.remember(facts[0].key)
    assert inbox.sets == () and set(inbox.doomed) == set(range(len(mixed)))


def test_nothing_is_deleted_before_it_is_kept():
    inbox, (fact,) = take(Inbox(), [(Deliver("1", AT, "a"), 4)])
    assert inbox.doomed == ()
    assert inbox.remember(fact.key).doomed == (4,)


def test_a_message_read_again_is_not_told_again():
    inbox, (fact,) = take(Inbox(), [(Deliver("1", AT, "a"), 4)])
    inbox, facts = take(inbox.forget_slots(), [(Deliver("1", AT, "a"), 9)])
    assert facts == [] and inbox.remember(fact.key).doomed == (9,)
    inbox, facts = take(inbox.remember(fact.key).deleted(), [(Deliver("1", AT, "a"), 7)])
    assert facts == [] and inbox.doomed == (7,)
    _, facts = take(inbox, [(Deliver("1", "2026-11-22T12:00:01+08:00", "a"), 8)])
    assert len(facts) == 1  # the same words a second later are another message


def test_a_missing_part_is_named_when_the_wait_is_over():
    parts = parts_of(LONG)
    inbox, facts = take(Inbox(), [(parts[0], 1), (parts[2], 3)])
    assert facts == [] and inbox.deadline == SET_WAIT
    inbox, (fact,) = inbox.expire(SET_WAIT)
    assert isinstance(fact, TextArrived)
    assert fact.missing == tuple(range(2, len(parts) + 1))[:1] + tuple(range(4, len(parts) + 1))
    assert fact.text.startswith(parts[0].text + "…" + parts[2].text) and inbox.sets == ()
    assert inbox.remember(fact.key).doomed == (1, 3)


def test_a_reference_that_comes_round_begins_another_message():
    old, new = parts_of("a" * 300), parts_of("b" * 300)
    _, facts = take(Inbox(), [(old[0], 1), (new[0], 2), (new[1], 3)])
    assert [(fact.text[0], fact.missing) for fact in facts] == [("a", (2,)), ("b", ())]


def test_two_senders_with_the_same_reference_do_not_mix():
    ours, theirs = parts_of("a" * 300, sender="1"), parts_of("b" * 300, sender="2")
    _, facts = take(Inbox(), [(ours[0], 1), (theirs[1], 2), (ours[1], 3), (theirs[0], 4)])
    assert [fact.text for fact in facts] == ["a" * 300, "b" * 300]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 255), st.integers(0, 600)), max_size=200))
def test_a_flood_of_parts_does_not_make_it_grow(flood):
    inbox = Inbox()
    for n, (ref, total, slot) in enumerate(flood):
        inbox, _ = inbox.take(Deliver("1", AT, "x", Part(ref, total, min(total, 1 + n % 255))), slot, 0.0)
        inbox, _ = inbox.unreadable(f"{ref:02X}", "bad", slot)
    assert len(inbox.sets) <= SETS and len(inbox.told) <= TOLD and len(inbox.doomed) <= SLOTS


def test_what_is_no_message_is_told_with_its_octets_and_then_deleted():
    inbox, (fact,) = Inbox().unreadable("00FF", "ends too early", 5)
    assert fact == TextUnreadable(fact.key, "00FF", "ends too early")
    assert inbox.remember(fact.key).doomed == (5,)


def test_a_full_storage_gives_up_the_oldest_incomplete_message():
    inbox, _ = take(Inbox(), [(parts_of(LONG, 1)[0], 1)])
    inbox, _ = take(inbox, [(parts_of(LONG, 2)[0], 2)], 5.0)
    inbox, (fact,) = inbox.make_room()
    assert fact.missing and inbox.remember(fact.key).doomed == (1,) and len(inbox.sets) == 1
    assert Inbox().make_room() == (Inbox(), ())


# ---- going out ---------------------------------------------------------------------------------------------


def order(text: str = "水位", id: str = "t1", to: str = "+8613800138000", report: bool = True) -> Outbox:
    outbox, facts = Outbox().order(SendText(id, to, text, report))
    assert facts == ()
    return outbox


def test_a_long_text_goes_part_by_part_with_one_reference():
    outbox, facts, sent = order(LONG), (), []
    while (pdu := outbox.next(0.0)) is not None:
        sent.append(decode_submit(pdu[0]))
        outbox, more = outbox.accepted(len(sent))
        facts += more
    assert "".join(each.text for each in sent) == LONG and all(each.report for each in sent)
    assert [each.part for each in sent] == [Part(0, len(sent), n + 1) for n in range(len(sent))]
    assert facts == (TextSent("t1", len(sent)),)


def test_all_parts_of_a_text_are_in_the_same_alphabet():
    outbox = order("水" + "a" * 180)
    assert [pdu[26:28] for pdu, _ in outbox.waiting[0].pdus] == ["08"] * 3
    assert [pdu[26:28] for pdu, _ in order("a" * 180).waiting[0].pdus] == ["00"] * 2


def test_delivered_only_when_every_part_is():
    outbox = order("水" * 100)
    for ref in (8, 9):
        outbox, _ = outbox.accepted(ref)
    outbox, facts = outbox.reported(Report(9, "+8613800138000", AT, AT, 0))
    assert facts == ()
    outbox, facts = outbox.reported(Report(8, "13800138000", AT, AT, 0x20))  # still trying
    assert facts == ()
    outbox, facts = outbox.reported(Report(8, "13800138000", AT, AT, 0))
    assert facts == (TextDelivered("t1"),) and outbox.awaited == ()


def test_a_report_before_its_answer_counts():
    outbox, facts = order().reported(Report(8, "+8613800138000", AT, AT, 0x41))
    assert facts == ()
    outbox, facts = outbox.accepted(8)
    assert facts == (TextSent("t1", 1), TextUndelivered("t1", "failed (0x41)"))


def test_a_report_of_another_number_does_not_count():
    outbox, _ = order().accepted(8)
    outbox, facts = outbox.reported(Report(8, "+8613800138001", AT, AT, 0))
    assert facts == () and len(outbox.awaited) == 1


def test_what_may_pass_is_tried_again_and_what_may_not_is_not():
    outbox, now, tries = order(), 0.0, 0
    facts: tuple[object, ...] = ()
    while not facts:
        tries += 1
        outbox, facts = outbox.refused(Failed("CMS", 331), now)
        assert facts or outbox.next(now) is None
        now = outbox.deadline or now
    assert tries == TRIES and facts == (TextFailed("t1", "CMS 331 no network service"),)
    assert order().refused(Failed("CMS", 304), 0.0)[1] == (TextFailed("t1", "CMS 304 invalid PDU parameter"),)


def test_no_answer_is_not_tried_again():
    outbox, facts = order().fail("silence", sure=False)
    assert facts == (TextFailed("t1", "silence", False),) and outbox.waiting == ()


def test_what_cannot_be_sent_is_said():
    def refused(to: str, text: str) -> str:
        return Outbox().order(SendText("x", to, text))[1][0].why

    assert "number" in refused("水", "a") and "parts" in refused("1", "水" * 5000)
    outbox = Outbox()
    for n in range(WAITING):
        outbox, _ = outbox.order(SendText(str(n), "1", "a"))
    assert outbox.order(SendText("last", "1", "a"))[1] == (TextFailed("last", "too many texts are waiting"),)
    assert outbox.order(SendText("0", "1", "a")) == (outbox, ())
