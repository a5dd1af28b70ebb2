"""Backlog: pauses are shortened and joined, words are not; bounds and order; time scaling comes and goes."""

from array import array

import numpy as np
import pytest

from hw.sound.backlog import AFTER_SPEECH, BEFORE_SPEECH, FASTER_FROM, SEAM, SHORT, Backlog, peak_of
from hw.sound.tempo import load_library

SIZE = 640


def level(value: int) -> bytes:
    return array("h", [value] * 320).tobytes()


def put(backlog: Backlog, *values: int) -> None:
    for value in values:
        backlog.put(level(value), abs(value))


def taken(backlog: Backlog) -> list[int]:
    """What is played, by the middle sample of each frame."""
    out = []
    while (frame := backlog.take(last=True)) is not None:
        assert len(frame) == SIZE
        out.append(array("h", frame)[160])
    return out


def test_a_long_pause_keeps_its_beginning_and_its_end():
    backlog = Backlog(SIZE, None)
    put(backlog, 1000, 1001, *range(1, 31), 1002)
    kept = [*range(1, AFTER_SPEECH + 1), *range(31 - BEFORE_SPEECH, 31)]
    assert taken(backlog) == [1000, 1001, *kept, 1002]


def test_a_short_pause_is_left_alone():
    backlog = Backlog(SIZE, None)
    put(backlog, 1000, *range(1, 8), 1002)
    assert taken(backlog) == [1000, *range(1, 8), 1002]


def test_noise_far_below_the_voice_is_a_pause_and_a_soft_voice_is_none():
    backlog = Backlog(SIZE, None)
    put(backlog, 20000, *[300] * 20)
    assert len(backlog) == 1 + AFTER_SPEECH + BEFORE_SPEECH
    soft = Backlog(SIZE, None)
    put(soft, 2000, *[300] * 30)
    assert len(soft) == 31


def test_the_loudest_is_forgotten_so_that_who_speaks_softly_next_is_heard():
    backlog = Backlog(SIZE, None)
    put(backlog, 20000, *[1000] * 400)
    before = len(backlog)
    put(backlog, *[300] * 20)
    assert len(backlog) == before + 20


def test_with_little_waiting_pauses_are_left_alone():
    backlog = Backlog(SIZE, None)
    backlog.eager = True
    put(backlog, 1000, 1001)
    for value in range(1, 40):
        put(backlog, value)
        assert backlog.take() is not None
        assert len(backlog) >= SHORT - 1


def test_what_a_lead_makes_wait_is_left_alone_unless_it_waits_for_a_grant():
    lead, grant = Backlog(SIZE, None), Backlog(SIZE, None)
    grant.eager = True
    for backlog in (lead, grant):
        put(backlog, *[1000] * 6)
        for _ in range(30):
            put(backlog, 1)
            backlog.take()
    assert (len(lead), len(grant)) == (6, SHORT - 1)


def test_a_shortened_pause_is_joined_without_a_step():
    backlog = Backlog(SIZE, None)
    ramp = [20 + value for value in range(30)]
    put(backlog, 1000, *ramp)
    out = b""
    while frame := backlog.take(last=True):
        out += frame
    quiet = np.frombuffer(out, "<i2")[320:].astype(int)
    at = 320 * AFTER_SPEECH
    assert quiet[at] == ramp[AFTER_SPEECH], "it goes on where the dropped frame would have begun"
    assert quiet[at + SEAM] == ramp[-BEFORE_SPEECH]
    assert np.abs(np.diff(quiet)).max() <= 1


def test_the_oldest_goes_when_the_caller_says_so():
    backlog = Backlog(SIZE, None)
    put(backlog, 1000, 1001, 1002)
    backlog.drop_oldest()
    assert taken(backlog) == [1001, 1002]
    assert not backlog
    assert backlog.lag_ms == 0


def voice(frames: int) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 200 * np.arange(frames * 320) / 16000)).astype("<i2")


def fill(backlog: Backlog, sound: np.ndarray) -> None:
    for at in range(0, len(sound), 320):
        frame = sound[at : at + 320].tobytes()
        backlog.put(frame, peak_of(frame))


def test_much_is_played_faster_until_little_waits_and_never_a_frame_is_missing():
    backlog = Backlog(SIZE, load_library())
    fill(backlog, voice(40))
    lags = []
    for at in range(600):
        fill(backlog, voice(41 + at)[-320:])
        assert backlog.take() is not None
        lags.append(backlog.lag_ms)
    assert all(after <= before + 16 for before, after in zip(lags, lags[1:], strict=False))
    assert lags[-1] < 60
    faster = next(at for at, lag in enumerate(lags) if lag < 60)
    assert faster * 20 == pytest.approx((800 - 55) / 0.14 * 1.14 - 800, rel=0.25)
    assert np.array(lags[faster + 5 :]).std() == 0, "then it leaves as it comes"


def test_little_is_left_as_it_came():
    backlog = Backlog(SIZE, load_library())
    sound = voice(FASTER_FROM)
    fill(backlog, sound)
    out = b""
    while frame := backlog.take(last=True):
        out += frame
    assert out == sound.tobytes()


def test_clear_forgets_what_is_inside_the_time_scaling():
    backlog = Backlog(SIZE, load_library())
    fill(backlog, voice(20))
    backlog.take()
    backlog.clear()
    assert not backlog
    assert backlog.take(last=True) is None


def test_the_end_comes_out_whole_and_is_filled_up_with_silence():
    backlog = Backlog(SIZE, load_library())
    sound = voice(20)
    fill(backlog, sound)
    out = b""
    while frame := backlog.take(last=True):
        out += frame
    heard = np.frombuffer(out, "<i2")
    assert len(heard) % 320 == 0
    end = int(np.flatnonzero(heard)[-1]) + 1
    assert np.array_equal(heard[end - 100 : end], sound[: int(np.flatnonzero(sound)[-1]) + 1][-100:])
    assert len(sound) / end <= 1.15 + 246 / end
