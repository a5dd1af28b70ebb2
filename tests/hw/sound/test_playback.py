"""Playback: the hold gate, draining, the bounded pipe, idle silence."""

import os

from hypothesis import given
from hypothesis import strategies as st

from hw.sound.playback import FRAME_NS, IDLE_AFTER, MOST_HELD, MOST_SHUT, Playback

SIZE = 640
SILENCE = bytes(SIZE)


class Hand:
    now = 0

    def __call__(self) -> int:
        return self.now


LOUD = 1000


def frame(number: int) -> bytes:
    """Frame `number`, loud enough to be speech."""
    return (LOUD + number).to_bytes(2, "little") * 320


class Card:
    """A playback whose child reads what there is after every push."""

    def __init__(self, lag_ms: int = 60) -> None:
        self.hand = Hand()
        self.sink = Playback(SIZE, lag_ms, self.hand)
        self.fd = self.sink.plug()
        os.set_blocking(self.fd, False)
        self.heard: list[int] = []

    def push(self, data: bytes) -> list[int]:
        """Pushes, and gives the numbers of the frames that came out of the pipe."""
        self.hand.now += FRAME_NS
        self.sink.push(data)
        return self.read()

    def read(self) -> list[int]:
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return []
        assert len(data) % SIZE == 0
        values = (int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), SIZE))
        out = [value - LOUD if value else 0 for value in values]
        self.heard += out
        return out


def test_frames_pass_through_at_once() -> None:
    card = Card()
    assert [card.push(frame(n)) for n in (1, 2, 3)] == [[1], [2], [3]]
    assert (card.sink.written, card.sink.dropped, card.sink.lost) == (3, 0, 0)


def test_a_witness_sees_what_was_written_when_it_was_and_nothing_else() -> None:
    card, seen = Card(), []
    card.sink.witness = seen.append
    card.sink.hold_playback()
    card.push(frame(1))
    assert seen == []
    card.sink.release_playback()
    card.push(frame(2))
    assert seen == [frame(1)]
    card.sink.unplug()
    card.push(frame(3))
    assert seen == [frame(1)]


def test_held_frames_come_out_in_order_one_per_push() -> None:
    card = Card()
    card.sink.hold_playback()
    assert [card.push(frame(n)) for n in (1, 2, 3)] == [[], [], []]
    assert card.sink.queued == 3
    card.sink.release_playback()
    assert [card.push(frame(n)) for n in (4, 5, 6)] == [[1], [2], [3]]
    assert card.sink.queued == 3


def test_silence_before_the_speech_is_not_held() -> None:
    card = Card()
    card.sink.hold_playback()
    card.push(SILENCE)
    card.push(b"")
    card.push(frame(1))
    card.push(SILENCE)
    assert card.sink.queued == 2


def test_the_hold_is_bounded() -> None:
    card = Card()
    card.sink.hold_playback()
    for number in range(1, MOST_HELD + 11):
        card.push(frame(number))
    assert card.sink.queued == MOST_HELD
    assert card.sink.overrun == 10
    card.sink.release_playback()
    assert card.push(frame(999)) == [11]


def test_shut_keeps_only_the_newest_speech_and_forgets_silence() -> None:
    card = Card()
    card.sink.shut_playback()
    for number in range(1, 100):
        assert card.push(frame(number)) == []
    assert card.sink.queued == MOST_SHUT
    card.sink.hold_playback()
    card.sink.release_playback()
    assert card.push(frame(100)) == [100 - MOST_SHUT]
    card.sink.shut_playback()
    assert card.sink.queued == 0
    card.push(frame(1))
    for _ in range(MOST_SHUT):
        card.push(SILENCE)
    assert card.sink.queued == 0


def test_finishing_empties_the_queue_takes_no_new_sound_and_says_drained_after_the_lag() -> None:
    card = Card(lag_ms=60)
    card.sink.hold_playback()
    for number in (1, 2):
        card.push(frame(number))
    card.sink.release_playback()
    card.sink.finish_playback()
    assert not card.sink.drained(card.hand.now)
    assert card.push(frame(8)) == [1]
    assert card.push(frame(9)) == [2]
    card.push(frame(10))
    assert card.heard == [1, 2]
    start = card.hand.now
    assert not card.sink.drained(start)
    assert not card.sink.drained(start + 59_000_000)
    assert card.sink.drained(start + 60_000_000)
    assert not card.sink.drained(start + 120_000_000)
    assert card.push(frame(11)) == [11]


def test_finishing_drains_by_itself_when_the_media_clock_stands_still() -> None:
    card = Card()
    card.sink.hold_playback()
    for number in (1, 2, 3):
        card.push(frame(number))
    card.sink.finish_playback()
    now, turns = card.hand.now, 0
    while not card.sink.drained(now):
        now += FRAME_NS
        card.hand.now = now
        card.read()
        turns += 1
        assert turns < 50
    assert card.heard == [1, 2, 3]


def test_drained_waits_for_a_child_that_has_not_read() -> None:
    card = Card(lag_ms=0)
    card.hand.now += FRAME_NS
    card.sink.push(frame(1))
    card.sink.finish_playback()
    assert not card.sink.drained(card.hand.now)
    card.read()
    assert card.sink.drained(card.hand.now)


def test_a_full_pipe_drops_and_never_blocks() -> None:
    card = Card()
    for number in range(1, 60):
        card.sink.push(frame(number))
    assert card.sink.dropped + card.sink.written == 59
    assert card.sink.written <= 12
    card.read()
    card.sink.push(frame(60))
    assert card.read() in ([60], [])


def test_a_slow_card_clock_leaves_a_bounded_backlog() -> None:
    card = Card()
    for number in range(1, 500):
        card.sink.push(frame(number))
        if number % 10:  # reads nine frames for ten pushed
            os.read(card.fd, SIZE)
        assert card.sink._in_pipe() <= 6 * SIZE
    assert card.sink.dropped > 30


def test_without_a_card_frames_are_lost_and_counted() -> None:
    card = Card()
    card.sink.unplug()
    card.sink.push(frame(1))
    assert card.sink.lost == 1
    assert card.read() == []
    card.sink.finish_playback()
    assert not card.sink.drained(card.hand.now)
    assert card.sink.drained(card.hand.now + 60_000_000)


def test_a_fresh_child_does_not_get_old_sound() -> None:
    card = Card()
    card.sink.push(frame(1))
    card.sink.unplug()
    card.sink.plug()
    assert card.read() == []


def test_long_silence_is_not_written_and_the_next_word_is() -> None:
    card = Card()
    card.push(frame(1))
    for _ in range(IDLE_AFTER):
        assert card.push(SILENCE) == [0]
    assert card.push(SILENCE) == []
    assert card.push(frame(2)) == [2]


def test_a_queue_left_over_is_forgotten_in_long_silence() -> None:
    card = Card()
    card.sink.hold_playback()
    card.push(frame(1))
    card.push(frame(2))
    card.sink.release_playback()
    for _ in range(IDLE_AFTER + 5):
        card.push(SILENCE)
    assert card.heard[:2] == [1, 2]
    assert card.sink.queued == 0
    assert card.push(frame(3)) == [3]


@given(st.lists(st.sampled_from(["push", "hold", "release", "finish", "tick"]), max_size=80))
def test_nothing_is_reordered_doubled_or_made_up(actions: list[str]) -> None:
    card = Card(lag_ms=20)
    number = 0
    for action in actions:
        if action == "push":
            number += 1
            card.push(frame(number))
        elif action == "tick":
            card.hand.now += 3 * FRAME_NS
            card.sink.drained(card.hand.now)
            card.read()
        else:
            {
                "hold": card.sink.hold_playback,
                "release": card.sink.release_playback,
                "finish": card.sink.finish_playback,
            }[action]()
    assert card.heard == sorted(set(card.heard))
    assert all(1 <= n <= number for n in card.heard)


def test_the_noise_of_an_idle_leg_is_not_speech_and_does_not_delay_the_first_word() -> None:
    card = Card()
    card.sink.shut_playback()
    noise = (3).to_bytes(2, "little") * 320
    for _ in range(40):
        card.push(noise)
    card.sink.hold_playback()
    card.push(noise)
    card.push(frame(1))
    card.push(frame(2))
    card.sink.release_playback()
    came = [card.push(frame(number)) for number in (3, 4, 5)]
    assert [1] in came, "the first word is late by the frames kept before it, and no more"
    assert card.sink.queued <= 2 + 2


def test_silence_that_a_working_card_is_not_given_counts_as_taken() -> None:
    card = Card()
    card.push(frame(1))
    for _ in range(IDLE_AFTER + 10):
        card.push(SILENCE)
    assert card.sink.taken == IDLE_AFTER + 11
    assert card.sink.written < card.sink.taken
    card.sink.unplug()
    card.push(SILENCE)
    assert card.sink.taken == IDLE_AFTER + 11
