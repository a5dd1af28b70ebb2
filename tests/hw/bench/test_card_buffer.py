"""The simulated card's buffer: prefill, running dry, bounded lag."""

from hypothesis import given
from hypothesis import strategies as st

from hw.bench.card_buffer import MOST, PREFILL, CardBuffer
from hw.bench.gate import FRAME_BYTES


def frame(number: int) -> bytes:
    return number.to_bytes(2, "little") * 320


def test_it_starts_when_two_frames_are_held() -> None:
    buffer = CardBuffer()
    buffer.feed(frame(1))
    assert buffer.pop() is None
    buffer.feed(frame(2))
    assert [buffer.pop(), buffer.pop(), buffer.pop()] == [frame(1), frame(2), None]
    assert buffer.dry == 1


def test_a_lone_frame_is_not_kept_for_ever() -> None:
    buffer = CardBuffer()
    buffer.feed(frame(1))
    assert [buffer.pop() for _ in range(PREFILL + 2)] == [None] * PREFILL + [frame(1), None]


def test_bytes_may_come_in_any_pieces() -> None:
    buffer = CardBuffer()
    data = frame(1) + frame(2)
    for n in range(0, len(data), 7):
        buffer.feed(data[n : n + 7])
    assert buffer.pop() == frame(1)


def test_the_oldest_frames_go_when_it_is_full() -> None:
    buffer = CardBuffer()
    for number in range(1, MOST + 4):
        buffer.feed(frame(number))
    assert buffer.dropped == 3
    assert buffer.pop() == frame(4)


def test_a_pulled_card_forgets() -> None:
    buffer = CardBuffer()
    buffer.feed(frame(1) * 3)
    buffer.clear()
    assert buffer.pop() is None
    assert buffer.frames == 0


@given(st.lists(st.integers(0, 3), max_size=100))
def test_frames_come_out_in_order_and_the_lag_is_bounded(feeds: list[int]) -> None:
    buffer, number, out = CardBuffer(), 0, []
    for count in feeds:
        for _ in range(count):
            number += 1
            buffer.feed(frame(number))
        got = buffer.pop()
        if got is not None:
            assert len(got) == FRAME_BYTES
            out.append(int.from_bytes(got[:2], "little"))
        assert buffer.frames <= MOST
    assert out == sorted(set(out))
    assert len(out) + buffer.dropped + buffer.frames == number
