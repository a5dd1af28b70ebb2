"""The tape head: sound passes unchanged; a tape gets both directions mixed, and what was just before it."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from firmware.voice.tape_head import BEFORE, FRAME_NS, TapeHead, mixed

A, B = array("h", [1000] * 320).tobytes(), array("h", [-300] * 320).tobytes()
BOTH = array("h", [700] * 320).tobytes()
SILENCE = bytes(640)


class Card:
    """Gives what it is told to hear; what is pushed goes out at once, or waits."""

    def __init__(self) -> None:
        self.heard: list[bytes | None] = []
        self.pushed: list[bytes] = []
        self.holds = False
        self.witness = None

    def pop(self):
        return self.heard.pop(0) if self.heard else None

    def push(self, frame: bytes) -> None:
        self.pushed.append(frame)
        if not self.holds and any(frame):
            self.witness(frame)


class Tape:
    def __init__(self) -> None:
        self.frames: list[tuple[bytes | None, int]] = []
        self.ended: int | None = None

    def frame(self, frame, at_ns) -> None:
        assert self.ended is None
        self.frames.append((frame, at_ns))

    def finish(self, at_ns) -> None:
        assert self.ended is None
        self.ended = at_ns

    @property
    def sound(self):
        return [frame for frame, _ in self.frames]


class Rig:
    def __init__(self) -> None:
        self.now_ns, self.card = 1_000_000_000, Card()
        self.head = TapeHead(self.card, self.card, lambda: self.now_ns)
        self.card.witness = self.head.given

    def tick(self, heard: bytes | None = None, sent: bytes = SILENCE) -> None:
        self.now_ns += FRAME_NS
        self.card.heard.append(heard)
        assert self.head.pop() == heard
        self.head.push(sent)


def test_both_directions_are_mixed_and_pass_unchanged():
    rig, tape = Rig(), Tape()
    rig.head.change(tape)
    rig.tick(A)
    rig.tick(None, B)
    rig.tick(A, B)
    rig.tick()
    assert tape.sound == [A, B, BOTH, None]
    assert rig.card.pushed == [SILENCE, B, B, SILENCE]


def test_what_is_held_for_the_transmitter_is_recorded_when_it_goes_out():
    rig, tape = Rig(), Tape()
    rig.head.change(tape)
    rig.card.holds = True
    rig.tick(None, B)
    rig.card.holds = False
    rig.tick(None, B)
    assert tape.sound == [None, B]


def test_a_tape_begins_with_the_words_just_before_it():
    rig, tape = Rig(), Tape()
    for _ in range(30):
        rig.tick()
    rig.tick(A)
    rig.tick(None)
    rig.head.change(tape)
    rig.tick(B)
    assert tape.sound == [A, None, B]
    at = [at_ns for _, at_ns in tape.frames]
    assert at == [rig.now_ns - 2 * FRAME_NS, rig.now_ns - FRAME_NS, rig.now_ns]


def test_no_more_than_a_little_is_kept_from_before():
    rig, tape = Rig(), Tape()
    for _ in range(50):
        rig.tick(A)
    rig.head.change(tape)
    rig.tick(A)
    assert len(tape.frames) == BEFORE + 1


def test_one_tape_after_the_other_without_a_frame_lost_or_doubled():
    rig, first, second = Rig(), Tape(), Tape()
    rig.head.change(first)
    rig.tick(A)
    rig.head.change(second)
    rig.tick(B)
    rig.head.change(None)
    rig.tick(A)
    assert (first.sound, second.sound) == ([A], [B])
    assert first.ended is not None and second.ended is not None


def test_a_tape_that_is_ended_before_it_began_is_finished():
    rig, tape = Rig(), Tape()
    rig.head.change(tape)
    rig.head.change(None)
    rig.tick(A)
    assert tape.sound == [] and tape.ended == rig.now_ns


def test_when_the_clock_has_ended_the_rest_is_settled():
    rig, tape = Rig(), Tape()
    rig.head.change(tape)
    rig.tick(A)
    rig.head.change(None)
    rig.head.settle(rig.now_ns)
    assert tape.ended == rig.now_ns


SAMPLES = st.lists(st.integers(-32768, 32767), min_size=4, max_size=4)


@given(SAMPLES, SAMPLES)
def test_a_mix_never_wraps_around(one, other):
    got = array("h", mixed(array("h", one).tobytes(), array("h", other).tobytes()))
    assert list(got) == [max(-32768, min(32767, a + b)) for a, b in zip(one, other, strict=True)]
    assert mixed(None, A) == mixed(A, None) == A and mixed(None, None) is None
