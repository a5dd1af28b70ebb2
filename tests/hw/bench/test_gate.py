"""The gate: edges cut to samples, nothing lost between frames."""

from hypothesis import given
from hypothesis import strategies as st

from hw.bench.gate import FRAME_NS, FRAME_SAMPLES, SAMPLE_NS, SILENCE, WHOLE, Gate, cut


def test_constant_gates_are_whole_or_nothing() -> None:
    gate = Gate()
    assert gate.spans(0) == ()
    gate.set(True, 0)
    assert gate.spans(0) == WHOLE
    assert gate.spans(FRAME_NS) == WHOLE


def test_an_edge_within_the_frame_is_cut_to_the_sample() -> None:
    gate = Gate()
    gate.set(True, 100 * SAMPLE_NS)
    gate.set(False, 200 * SAMPLE_NS)
    gate.set(True, 300 * SAMPLE_NS + 1)
    assert gate.spans(0) == ((100, 200), (301, FRAME_SAMPLES))
    assert gate.spans(FRAME_NS) == WHOLE


def test_an_edge_of_the_next_frame_is_kept_for_it() -> None:
    gate = Gate()
    gate.set(True, FRAME_NS + 10 * SAMPLE_NS)
    assert gate.spans(0) == ()
    assert not gate.idle
    assert gate.spans(FRAME_NS) == ((10, FRAME_SAMPLES),)


def test_idle_only_when_off_and_told() -> None:
    gate = Gate()
    assert gate.idle
    gate.set(True, 0)
    gate.set(False, 5 * SAMPLE_NS)
    assert not gate.idle
    assert gate.spans(0) == ((0, 5),)
    assert gate.idle


def test_cut_silences_outside_the_spans() -> None:
    frame = bytes(range(1, 129)) * 5
    assert cut(frame, WHOLE) is frame
    assert cut(frame, ()) == SILENCE
    got = cut(frame, ((10, 20), (300, 320)))
    assert len(got) == len(frame)
    assert got[20:40] == frame[20:40]
    assert got[600:] == frame[600:]
    assert not any(got[:20]) and not any(got[40:600])


@given(st.lists(st.integers(0, 6 * FRAME_SAMPLES), max_size=30).map(sorted))
def test_frames_together_have_exactly_the_on_samples(times: list[int]) -> None:
    gate, on = Gate(), False
    for at in times:
        on = not on
        gate.set(on, at * SAMPLE_NS)
    expected = [sum(t <= n for t in times) % 2 == 1 for n in range(7 * FRAME_SAMPLES)]
    got = [False] * len(expected)
    for number in range(7):
        for first, end in gate.spans(number * FRAME_NS):
            for n in range(first, end):
                got[number * FRAME_SAMPLES + n] = True
    assert got == expected
