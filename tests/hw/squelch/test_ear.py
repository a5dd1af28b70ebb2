"""The ear: what a line wants is heard, nothing while deaf, nothing raised."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.sound.capture import Capture
from hw.squelch.ear import HOLE_NS, Ear, EarSettings
from hw.squelch.facts import Digit, SquelchChange
from hw.squelch.tones import dtmf
from hw.squelch.vox import LEAD_NS
from scripts.figures.noisy_speech import FRAME, human, scene, white
from tests.hw.squelch.sound import FRAME_NS, frames, quiet, sine

VOX = EarSettings("vox", dtmf=True)
MS = 1_000_000


def hear(ear: Ear, pcm: bytes, first_ns: int = 0) -> int:
    """Feeds it; the time of the last frame."""
    at_ns = first_ns
    for frame in frames(pcm):
        at_ns += FRAME_NS
        ear.frame(frame, at_ns)
    return at_ns


def make(settings: EarSettings = VOX) -> tuple[Ear, list]:
    told: list = []
    return Ear(16000, settings, told.append), told


def test_vox_and_digits_side_by_side():
    ear, told = make()
    hear(ear, quiet(0.5) + dtmf("7", 16000) + quiet(2))
    assert [each.key for each in told if isinstance(each, Digit)] == ["7"]
    assert [each.on for each in told if isinstance(each, SquelchChange)] == [True, False]
    assert not ear.on


def test_a_line_that_wants_nothing_hears_nothing():
    ear, told = make(EarSettings())
    hear(ear, sine(500, 1) + dtmf("7", 16000))
    assert told == []
    assert not ear.on


def test_syllabic_by_its_name():
    ear, told = make(EarSettings("syllabic"))
    sound = scene(human()[:1], white, 20, seed=2)
    hear(ear, sound.pcm)
    assert [each.on for each in told] == [True, False]
    assert told[0].since_ns // FRAME_NS == pytest.approx(sound.spoken[0][0] // FRAME, abs=10)


def test_deaf_while_the_line_speaks_and_for_its_tail():
    ear, told = make()
    ear.deaf_until(2**62)
    end_ns = hear(ear, sine(500, 2) + dtmf("5", 16000))
    ear.deaf_until(end_ns + 300 * MS)
    end_ns = hear(ear, sine(500, 0.3), end_ns)
    end_ns = hear(ear, quiet(1), end_ns)
    assert told == []
    hear(ear, sine(500, 0.3), end_ns)
    assert told == [SquelchChange(True, end_ns - LEAD_NS)]


def test_keying_closes_what_is_open():
    ear, told = make()
    end_ns = hear(ear, sine(500, 0.5))
    ear.deaf_until(2**62)
    assert ear.on
    hear(ear, sine(500, 0.1), end_ns)
    assert told[-1] == SquelchChange(False, end_ns + FRAME_NS)
    assert len(told) == 2


def test_no_opening_reaches_back_into_the_own_transmission():
    ear, told = make()
    ear.deaf_until(1000 * MS)
    hear(ear, sine(500, 2))
    assert told == [SquelchChange(True, 1000 * MS)]


@pytest.mark.parametrize("jump_ns", [HOLE_NS + FRAME_NS, -5 * FRAME_NS])
def test_a_hole_closes_what_stood_open_before_it(jump_ns):
    ear, told = make()
    end_ns = hear(ear, sine(500, 0.5))
    ear.frame(quiet(0.02), end_ns + jump_ns)
    assert told[-1] == SquelchChange(False, end_ns + jump_ns)


def test_a_lost_card_closes_with_the_first_frame_after_it():
    ear, told = make()
    end_ns = hear(ear, sine(500, 0.5))
    ear.lost()
    assert len(told) == 1
    ear.frame(quiet(0.02), end_ns + FRAME_NS)
    assert told[-1] == SquelchChange(False, end_ns + FRAME_NS)
    ear.frame(quiet(0.02), end_ns + 2 * FRAME_NS)
    assert len(told) == 2


def test_a_sink_that_fails_does_not_stop_the_reader(caplog):
    def refuse(_: object) -> None:
        raise RuntimeError("the loop is gone")

    ear = Ear(16000, VOX, refuse)
    with caplog.at_level(logging.ERROR):
        hear(ear, (sine(500, 0.5) + quiet(2)) * 3)
    assert ear.failures == 6
    assert len(caplog.records) == 1


def test_a_rate_it_cannot_listen_at_is_refused_at_once():
    with pytest.raises(ValueError, match="44100 Hz"):
        Ear(44100, EarSettings("syllabic"), print)
    with pytest.raises(ValueError, match="44100 Hz"):
        Ear(44100, EarSettings(dtmf=True), print)


def test_it_is_the_listener_of_a_capture():
    ear, told = make()
    capture = Capture()
    capture.listener = ear.frame
    for index, frame in enumerate(frames(quiet(0.2) + sine(500, 0.3)), 1):
        capture.deliver(frame, index * FRAME_NS)
    assert told == [SquelchChange(True, 200 * MS - LEAD_NS)]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["none", "vox", "syllabic"]),
    st.lists(
        st.tuples(st.binary(max_size=1500), st.integers(0, 2**33), st.sampled_from(["", "deaf", "lost"])),
        max_size=20,
    ),
)
def test_any_history_never_raises_and_changes_alternate(squelch, history):
    ear, told = make(EarSettings(squelch, dtmf=True))
    for pcm, at_ns, verb in history:
        if verb == "deaf":
            ear.deaf_until(at_ns)
        elif verb == "lost":
            ear.lost()
        ear.frame(pcm, at_ns)
    assert ear.failures == 0
    changes = [each.on for each in told if isinstance(each, SquelchChange)]
    assert changes == [index % 2 == 0 for index in range(len(changes))]


def test_an_opening_reaches_back_over_a_stall_to_the_first_frame_of_the_speech():
    """A busy machine: two frames of speech come in time, the others together 400 ms later."""
    ear, told = make()
    begun_ns = hear(ear, quiet(1)) + FRAME_NS
    late_ns = hear(ear, sine(500, 0.04), begun_ns - FRAME_NS) + 400 * MS
    for frame in frames(sine(500, 0.1)):
        ear.frame(frame, late_ns)
    (opened,) = told
    assert opened.on
    assert opened.since_ns <= begun_ns, "frames are kept by the time at which they came"
