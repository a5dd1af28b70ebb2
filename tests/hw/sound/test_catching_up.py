"""Playback after a late grant: nothing said is missing, it comes in order, at most 1.15 times as fast, in time."""

import os

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hw.sound.backlog import AFTER_SPEECH, BEFORE_SPEECH, FASTER_FROM
from hw.sound.playback import FRAME_NS, MOST_HELD, Playback

SIZE, RATE = 640, 16000
LOW_HZ, RISE = 200.0, 60.0
"""The voice is a tone that rises by RISE Hz with each second of its own time: its pitch tells what is said."""


class Line:
    """A playback on a hand-turned clock whose card reads everything at once."""

    def __init__(self) -> None:
        self.now = 0
        self.sink = Playback(SIZE, 0, lambda: self.now)
        self.fd = self.sink.plug()
        os.set_blocking(self.fd, False)
        self.heard = b""

    def push(self, frame: bytes) -> None:
        self.now += FRAME_NS
        self.sink.push(frame)
        self.read()

    def read(self) -> None:
        try:
            self.heard += os.read(self.fd, 65536)
        except BlockingIOError:
            self.heard += bytes(0)

    def finish(self) -> int:
        """Frames until drained."""
        self.sink.finish_playback()
        turns = 0
        while not self.sink.drained(self.now):
            self.push(b"")
            turns += 1
            assert turns < 400
        return turns


def said(pattern: list[tuple[int, int]]) -> tuple[list[bytes], int]:
    """Frames of (speech, pause) frame counts and how many of them are speech. The tone goes on over pauses."""
    frames, spoken = [], 0
    for speech, pause in pattern:
        at = np.arange(spoken * 320, (spoken + speech) * 320) / RATE
        sound = 9000 * np.sin(2 * np.pi * (LOW_HZ * at + RISE / 2 * at**2))
        frames += [sound[n * 320 : (n + 1) * 320].astype("<i2").tobytes() for n in range(speech)]
        frames += [bytes(SIZE)] * pause
        spoken += speech
    return frames, spoken


def clock_of(heard: bytes) -> np.ndarray:
    """Seconds of the voice's own time, at each upward zero crossing of what was heard."""
    sound = np.frombuffer(heard, "<i2").astype(float)
    ups = np.flatnonzero((sound[:-1] < 0) & (sound[1:] >= 0))
    ups = ups + sound[ups] / (sound[ups] - sound[ups + 1])
    periods = np.diff(ups)
    good = periods < RATE / (LOW_HZ - 20)
    told = (RATE / periods[good] - LOW_HZ) / RISE
    return np.median(np.lib.stride_tricks.sliding_window_view(told, 5), axis=1)  # edges of pauses jump


def over(pattern: list[tuple[int, int]], grant_ms: int) -> tuple[Line, int, list[float]]:
    line = Line()
    frames, spoken = said(pattern)
    line.sink.shut_playback()
    line.sink.hold_playback(for_grant=True)
    lags = []
    for number, frame in enumerate(frames):
        if number == -(-grant_ms // 20):
            line.sink.release_playback()
        line.push(frame)
        lags.append(line.sink.lag_ms)
    return line, spoken, lags


patterns = st.lists(st.tuples(st.integers(5, 60), st.integers(0, 50)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(patterns, st.integers(0, 1500))
@example([(45, 3), (45, 7), (45, 7), (26, 7), (26, 2)], 561)
def test_whatever_the_grant_no_word_is_missing_and_the_lag_is_the_grants(pattern, grant_ms):
    line, spoken, lags = over(pattern, grant_ms)
    assert max(lags) <= grant_ms + 100
    line.finish()
    assert (line.sink.overrun, line.sink.dropped, line.sink.lag_ms) == (0, 0, 0)
    told = clock_of(line.heard)
    told = told[told < spoken / 50 + 0.05]  # the edge after the last word reads as later than anything said
    assert told[0] < 0.05
    assert told[-1] > spoken / 50 - 0.05
    steps = np.diff(told)
    assert steps.min() > -0.02, "in order"
    assert steps.max() < 0.05, "nothing missing: two frames would show"
    sounding = np.frombuffer(line.heard, "<i2").astype(float)
    loud = np.convolve(np.abs(sounding), np.ones(80) / 80, "same") > 100
    assert spoken * 20 / (loud.sum() / 16) < 1.15 + 16 * len(pattern) / (spoken * 20)


@settings(max_examples=30)
@given(st.integers(340, 1500))
def test_the_lag_goes_away_while_somebody_speaks_without_a_pause(grant_ms):
    line, _, lags = over([(900, 0)], grant_ms)
    assert max(lags) >= grant_ms - 20
    assert lags[-1] < 60
    assert line.sink.queued <= 3


@settings(max_examples=30)
@given(st.integers(0, 1500), st.integers(5, 60))
def test_the_lag_goes_away_in_a_pause(grant_ms, spoken):
    kept = AFTER_SPEECH + BEFORE_SPEECH
    _, _, lags = over([(spoken, grant_ms // 20 + FASTER_FROM + kept)], grant_ms)
    assert lags[-1] < 60


def test_the_lag_of_a_lead_stays_what_it_is():
    line = Line()
    frames, _ = said([(30, 30), (30, 0)])
    line.sink.shut_playback()
    line.sink.hold_playback()
    for number, frame in enumerate(frames):
        if number == 6:
            line.sink.release_playback()
        line.push(frame)
    assert line.sink.lag_ms == 120


def test_a_tone_keeps_its_pitch_while_it_is_made_faster():
    line = Line()
    sound = (9000 * np.sin(2 * np.pi * 440 * np.arange(200 * 320) / RATE)).astype("<i2")
    line.sink.hold_playback()
    for number in range(200):
        if number == 50:
            line.sink.release_playback()
        line.push(sound[number * 320 : (number + 1) * 320].tobytes())
    heard = np.frombuffer(line.heard, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 1 << 18))
    assert float(np.argmax(spectrum)) * RATE / (1 << 18) == pytest.approx(440, rel=0.02)
    assert line.sink.lag_ms < 700


def test_five_seconds_of_speech_wait_and_then_the_oldest_goes():
    line = Line()
    frames, _ = said([(MOST_HELD + 10, 0)])
    line.sink.hold_playback()
    for frame in frames:
        line.push(frame)
    assert (line.sink.queued, line.sink.overrun) == (MOST_HELD, 10)
    line.finish()
    assert clock_of(line.heard)[0] == pytest.approx(0.2, abs=0.05)


def test_a_pause_that_waits_costs_no_word():
    line = Line()
    frames, spoken = said([(50, 1000), (50, 0)])
    line.sink.hold_playback()
    for frame in frames:
        line.push(frame)
    assert line.sink.overrun == 0
    line.finish()
    told = clock_of(line.heard)
    assert told[0] < 0.05
    assert told[-1] > spoken / 50 - 0.05


def test_drained_comes_only_when_all_has_left():
    line, _, _ = over([(100, 0)], 1000)
    waiting = line.sink.lag_ms
    turns = line.finish()
    assert turns >= waiting / 1.15 / 20
    assert line.sink.lag_ms == 0
    before = len(line.heard)
    line.push(b"")
    assert len(line.heard) == before + SIZE


def test_a_cut_in_the_middle_of_catching_up_forgets_everything():
    line, _, _ = over([(100, 0)], 1000)
    line.sink.shut_playback()
    assert (line.sink.lag_ms, line.sink.queued) == (0, 0)
    line.heard = b""
    line.sink.release_playback()
    for _ in range(10):
        line.push(b"")
    assert not any(line.heard)


actions = st.sampled_from(["speech", "noise", "silence", "hold", "release", "finish", "shut", "tick"])


@given(st.lists(st.tuples(actions, st.integers(1, 80)), max_size=40))
def test_no_order_of_events_raises_or_grows(events):
    line = Line()
    sounds = {"speech": said([(1, 0)])[0][0], "noise": (30).to_bytes(2, "little") * 320, "silence": b""}
    for action, count in events:
        if action in sounds:
            for _ in range(count):
                line.push(sounds[action])
        elif action == "tick":
            line.now += 3 * FRAME_NS
            line.sink.drained(line.now)
            line.read()
        else:
            getattr(line.sink, f"{action}_playback")()
        assert line.sink.queued <= MOST_HELD
        assert line.sink.lag_ms <= MOST_HELD * 20 + 60
