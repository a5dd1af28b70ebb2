"""Capture: pre-roll, opening from a time, bounded lag, no lost end."""

from hypothesis import given
from hypothesis import strategies as st

from hw.sound.capture import FRAME_NS, GUARD_NS, MOST, MOST_GAPS, PRE_ROLL, SLACK_NS, Capture


class Hand:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def frame(number: int) -> bytes:
    return number.to_bytes(2, "little") * 320


def gathered(count: int) -> tuple[Capture, Hand]:
    """A capture with frames 1..count, frame n complete at n * 20 ms; the clock stands 8 ms after the last."""
    hand = Hand()
    capture = Capture(hand)
    for number in range(1, count + 1):
        capture.deliver(frame(number), number * FRAME_NS)
    hand.now = count * FRAME_NS + 8_000_000
    return capture, hand


def drain(capture: Capture) -> list[bytes]:
    found = []
    while (got := capture.pop()) is not None:
        found.append(got)
    return found


def test_closed_gives_nothing_and_keeps_only_the_pre_roll() -> None:
    capture, _ = gathered(50)
    assert capture.pop() is None
    assert capture.empty == 0
    capture.open_capture(0)
    assert drain(capture) == [frame(n) for n in range(41, 51)]
    assert capture.dropped == 0


def test_opening_drops_what_was_captured_more_than_a_frame_before() -> None:
    capture, _ = gathered(50)
    capture.open_capture(48 * FRAME_NS)
    assert drain(capture) == [frame(n) for n in (47, 48, 49, 50)]


def test_a_frame_that_has_just_come_waits_one_turn() -> None:
    hand = Hand()
    capture = Capture(hand)
    capture.open_capture(1_000_000_000)
    capture.deliver(frame(1), 1_000_000_000)
    hand.now = 1_000_000_000 + GUARD_NS - 1
    assert capture.pop() is None
    capture.deliver(frame(2), 1_020_000_000)
    hand.now += FRAME_NS
    assert capture.pop() == frame(1)
    hand.now += FRAME_NS
    assert capture.pop() == frame(2)
    assert capture.empty == 0


def test_open_it_never_holds_more_than_its_bound() -> None:
    capture, _ = gathered(50)
    capture.open_capture(50 * FRAME_NS)
    capture.pop()
    for number in range(51, 151):
        capture.deliver(frame(number), number * FRAME_NS)
    got = drain(capture)
    assert len(got) == MOST
    assert got[-1] == frame(150)
    assert capture.dropped == 101 - MOST


def test_a_long_pre_roll_is_not_cut_by_the_bound() -> None:
    capture, _ = gathered(50)
    capture.open_capture(0)
    got = []
    for number in range(51, 71):
        got.append(capture.pop())
        capture.deliver(frame(number), number * FRAME_NS)
    assert got == [frame(n) for n in range(41, 61)]
    assert capture.dropped == 0


def test_late_pops_are_counted_as_empty() -> None:
    capture, _ = gathered(3)
    capture.open_capture(0)
    drain(capture)
    assert capture.empty == 1


def test_closing_at_a_time_gives_everything_captured_until_then() -> None:
    capture, _ = gathered(3)
    capture.open_capture(0)
    assert capture.pop() == frame(1)
    capture.close_capture(3 * FRAME_NS + 5)
    assert [capture.pop(), capture.pop()] == [frame(2), frame(3)]
    assert capture.is_open
    capture.deliver(frame(4), 4 * FRAME_NS)
    capture.deliver(frame(5), 5 * FRAME_NS)
    assert capture.pop() == frame(4)
    assert not capture.is_open
    assert capture.pop() is None


def test_closing_at_once() -> None:
    capture, _ = gathered(3)
    capture.open_capture(0)
    capture.close_capture()
    assert capture.pop() is None


def test_a_lost_card_leaves_nothing_behind() -> None:
    capture, _ = gathered(3)
    capture.clear()
    capture.open_capture(0)
    assert capture.pop() is None


@given(st.lists(st.sampled_from(["deliver", "pop", "open", "close"]), max_size=200))
def test_what_is_given_is_in_order_and_never_twice(actions: list[str]) -> None:
    hand = Hand()
    capture = Capture(hand)
    number, given_out = 0, []
    for action in actions:
        hand.now += FRAME_NS // 2
        if action == "deliver":
            number += 1
            capture.deliver(frame(number), hand.now)
        elif action == "pop":
            got = capture.pop()
            if got is not None:
                given_out.append(int.from_bytes(got[:2], "little"))
        elif action == "open":
            capture.open_capture(hand.now)
        else:
            capture.close_capture()
        assert len(capture._held) <= PRE_ROLL + MOST
    assert given_out == sorted(set(given_out))


def delayed(hand: Hand, delay_ms: int) -> Capture:
    capture = Capture(hand)
    capture.open_capture(0, delay_ms)
    return capture


def test_a_delay_keeps_every_frame_so_long_and_loses_none():
    hand = Hand()
    capture, got = delayed(hand, 500), []
    for number in range(1, 200):
        hand.now = number * FRAME_NS
        capture.deliver(frame(number), hand.now)
        got.append(capture.pop())
    assert got[:25] == [None] * 25
    assert got[25:] == [frame(n) for n in range(1, 175)]
    assert (capture.dropped, capture.empty) == (0, 0)


def test_a_delay_that_a_lossy_card_has_eaten_up_is_made_up():
    hand = Hand()
    capture, ages = delayed(hand, 200), []
    for number in range(1, 200):
        hand.now = number * FRAME_NS
        if number % 10:  # the card loses every tenth frame
            capture.deliver(frame(number), hand.now)
        got = capture.pop()
        if got is not None:
            ages.append(hand.now - int.from_bytes(got[:2], "little") * FRAME_NS)
    assert min(ages) >= 200_000_000 - SLACK_NS
    assert capture.empty > 0


def test_after_a_gap_in_the_capture_nothing_from_behind_the_end_is_given():
    capture, _ = gathered(3)
    capture.open_capture(0)
    capture.close_capture(3 * FRAME_NS + 5)
    assert drain(capture) == [frame(1), frame(2), frame(3)]
    capture.deliver(frame(9), 9 * FRAME_NS)
    assert capture.pop() is None
    assert not capture.is_open


def test_opening_again_gives_the_last_words_first_and_skips_what_lies_between():
    hand = Hand()
    capture = delayed(hand, 1000)
    for number in range(1, 31):
        capture.deliver(frame(number), number * FRAME_NS)
    capture.close_capture(10 * FRAME_NS)
    capture.open_capture(20 * FRAME_NS, 1000)
    hand.now = 90 * FRAME_NS
    got = [capture.pop() for _ in range(22)]
    assert got == [frame(n) for n in (*range(1, 12), *range(19, 30))]


def test_a_carrier_that_flutters_leaves_nothing_behind():
    capture, hand = gathered(1)
    capture.open_capture(0, 500)
    for number in range(2, 2000):
        hand.now = number * FRAME_NS
        capture.deliver(frame(number), hand.now)
        capture.close_capture(hand.now)
        capture.open_capture(hand.now, 500)
        assert len(capture._gaps) <= MOST_GAPS
        assert len(capture._held) <= PRE_ROLL + MOST + 25


def test_a_listener_gets_every_frame_with_its_time_open_or_closed() -> None:
    capture = Capture()
    heard: list[tuple[bytes, int]] = []
    capture.listener = lambda pcm, at_ns: heard.append((pcm, at_ns))
    capture.deliver(frame(1), 20)
    capture.open_capture(0)
    capture.deliver(frame(2), 40)
    assert heard == [(frame(1), 20), (frame(2), 40)]


def test_a_longer_pre_roll_can_be_asked_for() -> None:
    hand = Hand()
    capture = Capture(hand)
    capture.pre_roll = 25
    for number in range(1, 51):
        capture.deliver(frame(number), number * FRAME_NS)
    hand.now = 50 * FRAME_NS + 8_000_000
    capture.open_capture(0)
    assert drain(capture) == [frame(n) for n in range(26, 51)]
    assert capture.dropped == 0
