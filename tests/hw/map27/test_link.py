"""hw.map27.link alone: establishment, numbers, window, retries, keep-alive and reset by the book."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.map27.link import T0_FIRST, WAITING_LIMIT, Link, Terms
from hw.map27.protocol import Frame, LinkAck, LinkRequest, LinkTransfer

NOW = 10.0
TERMS = Terms(n1=6, k=1, n2=4, t0_most=2.0, t3=5.0, t4=46.0)


def made(terms: Terms = TERMS, credit: int = 1) -> Link:
    """A link that stands, with credit."""
    link = Link(terms).start(NOW).link
    turn = link.received(LinkRequest(14, 7), NOW)
    assert turn.up
    return turn.link.received(LinkAck(1, credit), NOW).link


def numbers(frames: Sequence[Frame]) -> list[int]:
    return [frame.number for frame in frames if isinstance(frame, LinkTransfer)]


def test_it_asks_again_ever_more_slowly() -> None:
    turn = Link(TERMS).start(NOW)
    asked = [NOW]
    assert turn.out == (LinkRequest(6, 1),)
    while len(asked) < 8:
        at = turn.link.deadline
        assert at is not None
        turn = turn.link.tick(at)
        assert turn.out == (LinkRequest(6, 1),)
        asked.append(at)
    waits = [round(b - a, 3) for a, b in zip(asked, asked[1:], strict=False)]
    assert waits == [T0_FIRST, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_a_request_makes_the_link_and_the_lower_of_both_offers_counts() -> None:
    turn = Link(TERMS).start(NOW).link.received(LinkRequest(2, 5), NOW)
    assert turn.up
    assert turn.out == (LinkAck(1, 1),)
    assert (turn.link.n1, turn.link.k, turn.link.room) == (2, 1, 48)
    assert turn.link.send(b"x", NOW).out == (), "no credit yet"


def test_an_acknowledgement_makes_the_link_and_gives_credit() -> None:
    turn = Link(TERMS).start(NOW).link.received(LinkAck(1, 1), NOW)
    assert turn.up
    assert turn.out == (LinkAck(1, 1),)
    assert turn.link.send(b"x", NOW).out == (LinkTransfer(1, b"x"),)
    assert not Link(TERMS).start(NOW).link.received(LinkAck(9, 1), NOW).up, "of a link that is no more"


def test_a_message_before_the_link_stands_is_answered_with_a_request() -> None:
    turn = Link(TERMS).start(NOW).link.received(LinkTransfer(4, b"x"), NOW)
    assert (turn.out, turn.heard) == ((LinkRequest(6, 1),), ())


def test_a_repeated_request_before_a_word_is_said_is_the_same_link() -> None:
    link = Link(TERMS).start(NOW).link.received(LinkRequest(6, 1), NOW).link
    turn = link.received(LinkRequest(6, 1), NOW + 0.5)
    assert (turn.out, turn.lost, turn.link.ready) == ((LinkAck(1, 1),), "", True)


def test_a_request_in_the_middle_resets_the_link_and_forgets_what_waited() -> None:
    link = made().send(b"a", NOW).link.send(b"b", NOW).link
    turn = link.received(LinkRequest(6, 1), NOW + 1)
    assert turn.lost
    assert turn.up
    assert turn.out == (LinkRequest(6, 1), LinkAck(1, 1))
    assert turn.link.waiting == turn.link.flight == ()
    assert (turn.link.oldest, turn.link.expected) == (1, 1)


def test_one_goes_at_a_time_and_numbers_go_round() -> None:
    link = made()
    for count in range(1, 600):
        turn = link.send(b"x", NOW)
        assert numbers(turn.out) == [count & 0xFF]
        assert turn.link.send(b"y", NOW).out == ()
        link = turn.link.received(LinkAck((count + 1) & 0xFF, 1), NOW).link
        assert link.flight == ()


def test_a_wider_window_is_used_and_resent_as_a_whole() -> None:
    link = made(Terms(k=3, n2=4), credit=7)
    out: list[Frame] = []
    for data in (b"a", b"b", b"c", b"d"):
        turn = link.send(data, NOW)
        link, out = turn.link, [*out, *turn.out]
    assert numbers(out) == [1, 2, 3]
    turn = link.received(LinkAck(3, 2), NOW)
    assert numbers(turn.out) == [4]
    assert turn.link.deadline is not None
    again = turn.link.tick(turn.link.t1_at)
    assert numbers(again.out) == [3, 4]


def test_first_overtakes_what_waits_and_what_waits_is_bounded() -> None:
    link = made().send(b"now", NOW).link
    for count in range(WAITING_LIMIT + 9):
        link = link.send(b"%d" % count, NOW).link
    assert len(link.waiting) == WAITING_LIMIT
    link = link.send(b"stop", NOW, first=True).link
    assert len(link.waiting) == WAITING_LIMIT
    assert link.received(LinkAck(2, 1), NOW).out == (LinkTransfer(2, b"stop"),)
    assert link.without(lambda data: data == b"stop").holds(lambda data: data == b"stop") is False


def test_without_an_acknowledgement_it_says_it_again_and_then_gives_up() -> None:
    link, sent = made().send(b"a", NOW).link, 1
    while True:
        turn = link.tick(link.t1_at)
        link = turn.link
        if turn.lost:
            break
        assert turn.out == (LinkTransfer(1, b"a"),)
        sent += 1
    assert sent == TERMS.n2
    assert turn.out == (LinkRequest(6, 1),)
    assert not link.ready


def test_without_credit_it_waits_and_goes_on_when_there_is_some() -> None:
    link = made(credit=0).send(b"a", NOW).link
    assert link.flight == ()
    assert link.received(LinkAck(1, 1), NOW).out == (LinkTransfer(1, b"a"),)


def test_messages_are_taken_in_order_and_each_once() -> None:
    turn = made().received(LinkTransfer(1, b"a"), NOW)
    assert (turn.heard, turn.out) == ((b"a",), (LinkAck(2, 1),))
    again = turn.link.received(LinkTransfer(1, b"a"), NOW)
    assert (again.heard, again.out) == ((), (LinkAck(2, 1),))
    assert again.link.received(LinkTransfer(2, b"b"), NOW).heard == (b"b",)
    lost = again.link.received(LinkTransfer(77, b"c"), NOW)
    assert lost.lost
    assert lost.heard == ()


@pytest.mark.parametrize("expected", [0, 3, 200])
def test_an_acknowledgement_of_what_was_never_sent_resets(expected: int) -> None:
    link = made().send(b"a", NOW).link
    assert link.received(LinkAck(expected, 1), NOW).lost


def test_silence_is_filled_and_theirs_ends_the_link() -> None:
    link, now, kept = made(), NOW, 0
    while True:
        at = link.deadline
        assert at is not None
        assert at >= now
        now, turn = at, link.tick(at)
        link = turn.link
        if turn.lost:
            break
        assert turn.out == (LinkAck(1, 1),)
        kept += 1
    assert now == NOW + TERMS.t4
    assert kept == 9


def test_the_wait_for_an_acknowledgement_follows_the_speed_and_the_size() -> None:
    assert Terms(baud=9600).t1(0) == pytest.approx(0.1, abs=0.01)
    assert Terms(baud=9600).t1(10) == pytest.approx(0.5, abs=0.01)
    assert Terms(baud=1200).t1(10) == pytest.approx(4.0, abs=0.1)


def test_a_closed_port_hears_nothing_and_wants_nothing() -> None:
    link = made().stop()
    assert link.deadline is None
    assert link.received(LinkRequest(6, 1), NOW).out == ()
    assert link.tick(NOW + 100).out == ()
    assert link.send(b"x", NOW).out == ()


frames = st.one_of(
    st.builds(LinkRequest, st.integers(0, 255), st.integers(0, 255)),
    st.builds(LinkAck, st.integers(0, 4), st.integers(0, 3)),
    st.builds(LinkTransfer, st.integers(0, 4), st.binary(max_size=3)),
)


@given(
    st.lists(st.one_of(frames, st.sampled_from(["send", "tick", "first"])), max_size=40), st.integers(1, 3)
)
def test_whatever_it_hears_it_stays_within_its_window(history: list[object], k: int) -> None:
    link, now = Link(Terms(k=k)).start(NOW).link, NOW
    for step in history:
        now += 0.05
        if step == "tick":
            now = max(now, link.deadline or now)
            link = link.tick(now).link
        elif isinstance(step, str):
            link = link.send(b"x", now, first=step == "first").link
        elif isinstance(step, LinkRequest | LinkAck | LinkTransfer):
            link = link.received(step, now).link
        assert len(link.flight) <= k
        assert link.ready or not (link.flight or link.waiting)
        assert link.deadline is not None
