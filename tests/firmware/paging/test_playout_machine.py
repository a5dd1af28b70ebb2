"""Playout: what is ordered sounds once, in the right order, with a warm amplifier, and ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.events import OutputRead, VoiceChanged
from firmware.paging.amplifier import FEED_FOR
from firmware.paging.machine import ClipHeld, ClipMissing
from firmware.paging.queue import FETCH_PATIENCE
from firmware.paging.sounding import OVERRUN, START_LIMIT
from link.contract import facts, orders
from link.contract import neighbour as voice
from tests.firmware.paging.bench import SHA, Bench, clip

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["order", "held", "missing", "stop", "progress", "done", "failed", "voice", "gone"]),
        st.sampled_from(["p1", "p2", "p3"]),
        st.integers(0, 9),
        st.floats(0, 2),
    ),
    max_size=40,
)


@given(STEPS)
def test_every_order_ends_at_most_once_and_the_amplifier_never_outlives_its_reason(steps):
    bench = Bench()
    for what, play, priority, pause in steps:
        match what:
            case "order":
                bench.post(clip(play, priority))
            case "held":
                bench.post(ClipHeld(SHA, "/clips/a.wav"))
            case "missing":
                bench.post(ClipMissing(SHA, "no such file"))
            case "stop":
                bench.post(orders.StopClip(play=play))
            case "progress":
                bench.post(voice.ClipProgress(play=play, seconds=1.0))
            case "done":
                bench.post(voice.ClipDone(play=play, ok=True, seconds=2.0))
            case "failed":
                bench.post(voice.ClipDone(play=play, ok=False, why="unreadable"))
            case "voice":
                bench.post(VoiceChanged(up=True))
            case "gone":
                bench.post(VoiceChanged(up=False))
        bench.wait(pause)
        if bench.on:
            assert bench.playout.current is not None or bench.playout.tail_until is not None
    finished = [f.play for f in bench.told if isinstance(f, facts.ClipFinished)]
    assert len(finished) == len(set(finished))
    started = [f.play for f in bench.told if isinstance(f, facts.ClipStarted)]
    assert len(started) == len(set(started))
    played = {f.play for f in bench.told if isinstance(f, facts.ClipFinished) and f.result == "played"}
    assert played <= set(bench.asked)
    bench.post(VoiceChanged(up=False))
    bench.wait(5)
    assert not bench.on


def test_the_end_of_a_clip_that_was_not_asked_for_is_none():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/clips/a.wav"))
    bench.post(voice.ClipDone(play="p1", ok=True, seconds=2.0))
    assert bench.ended() == {}
    bench.wait(0.31)
    assert bench.asked == ["p1"]


def test_a_clip_is_fetched_warmed_up_played_and_followed_by_a_tail():
    bench = Bench().ready()
    bench.post(clip("p1"))
    assert bench.fetches == [SHA]
    assert not bench.on, "nothing is warmed for a clip that is not here"
    bench.post(ClipHeld(SHA, "/clips/a.wav"))
    assert bench.on
    assert bench.asked == []
    bench.wait(0.31)
    assert bench.asked == ["p1"]
    bench.sound("p1")
    assert bench.ended() == {"p1": "played"}
    assert bench.on, "the tail"
    bench.wait(0.21)
    assert not bench.on
    assert isinstance(bench.told[0], facts.ClipStarted)


def test_a_higher_priority_pre_empts_as_soon_as_its_file_is_here():
    bench = Bench().ready()
    bench.post(clip("p1", 3))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.4)
    bench.post(voice.ClipProgress(play="p1", seconds=0.02))
    bench.post(clip("p2", 8, sha="b" * 64))
    assert bench.playout.current == "p1"
    bench.post(ClipHeld("b" * 64, "/b.wav"))
    assert bench.playout.current == "p2"
    assert bench.cut == ["p1"]
    assert bench.asked[-1] == "p2", "the amplifier is warm: no second warm-up"
    assert bench.ended() == {"p1": "pre-empted"}


def test_equal_priority_waits_its_turn():
    bench = Bench().ready()
    for play in ("p1", "p2"):
        bench.post(clip(play))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.4)
    bench.sound("p1")
    bench.wait(0.01)
    assert bench.asked == ["p1", "p2"]


def test_warnings_sound_in_the_order_given_even_when_the_second_file_comes_first():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.wait(0.05)
    bench.post(clip("p2", sha="b" * 64))
    bench.post(ClipHeld("b" * 64, "/b.wav"))
    bench.wait(0.5)
    assert bench.asked == []
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.4)
    bench.sound("p1")
    bench.wait(0.01)
    assert bench.asked == ["p1", "p2"]


def test_a_file_that_does_not_come_holds_up_the_others_for_a_moment_only():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(clip("p2", sha="b" * 64))
    bench.post(ClipHeld("b" * 64, "/b.wav"))
    bench.wait(FETCH_PATIENCE + 0.5)
    assert bench.asked == ["p2"]


def test_the_same_order_twice_sounds_once_even_after_its_end():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.4)
    bench.post(clip("p1"))
    bench.sound("p1")
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(1)
    assert bench.asked == ["p1"]


def test_a_voice_process_that_never_starts_the_clip_is_a_failure_and_silence():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.3 + START_LIMIT + 0.3)
    assert bench.ended() == {"p1": "failed"}
    assert not bench.on
    assert not any(isinstance(f, facts.ClipStarted) for f in bench.told)


def test_a_voice_process_that_freezes_in_the_middle_is_a_failure_and_silence():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.4)
    bench.post(voice.ClipProgress(play="p1", seconds=0.5))
    bench.wait(FEED_FOR + 0.3)
    assert bench.ended() == {"p1": "failed"}
    assert not bench.on


def test_a_voice_process_that_dies_ends_the_clip_at_once():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.4)
    bench.post(voice.ClipProgress(play="p1", seconds=0.5))
    bench.post(VoiceChanged(up=False))
    assert bench.ended() == {"p1": "failed"}


def test_a_clip_that_cannot_be_had_fails_and_says_why():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipMissing(SHA, "404"))
    assert bench.ended() == {"p1": "failed"}
    assert bench.told[-1].why == "404"


def test_words_of_any_length_do_not_break_the_loudspeaker():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipMissing(SHA, "what a library says of an error " * 20))
    assert bench.ended() == {"p1": "failed"}


def test_a_clip_of_which_the_card_took_nothing_was_not_played():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(2.0)
    bench.post(voice.ClipDone(play="p1", ok=True, seconds=0.0))
    assert bench.ended() == {"p1": "failed"}


def test_without_a_guard_nothing_is_played_and_nothing_started():
    bench = Bench(guard=False).ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.3)
    bench.sound("p1")
    assert bench.ended() == {"p1": "failed"}
    assert not any(isinstance(f, facts.ClipStarted) for f in bench.told)


@pytest.mark.parametrize("why", ["guard-lost", "expired", "pin-failed"])
def test_a_clip_during_which_the_amplifier_went_off_sounds_on_and_was_not_played(why: str):
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.3)
    bench.post(voice.ClipProgress(play="p1", seconds=0.5))
    bench.post(OutputRead(False, why))
    bench.post(OutputRead(False, "start"))
    bench.wait(0.6)
    assert bench.on and not bench.cut, "the rest may still warn somebody"
    bench.post(OutputRead(True, "feed"))
    bench.post(voice.ClipDone(play="p1", ok=True, seconds=2.0))
    assert bench.ended() == {"p1": "failed"}
    assert bench.told[-1].why == f"amplifier off: {why}"


def test_an_amplifier_that_the_guard_locked_ends_the_clip_and_the_next_is_warmed_up_anew():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(clip("p2"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.3)
    bench.post(voice.ClipProgress(play="p1", seconds=0.5))
    bench.lock()
    assert bench.ended() == {"p1": "failed"}
    assert bench.asked == ["p1"], "the amplifier is cold"
    bench.wait(0.3)
    bench.sound("p2")
    assert bench.ended() == {"p1": "failed", "p2": "played"}


def test_the_guards_answer_to_the_end_of_one_clip_does_not_spoil_the_next():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.3)
    bench.sound("p1")
    bench.wait(0.2)
    bench.post(clip("p2"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.post(OutputRead(False, "stop"))
    bench.post(OutputRead(True, "feed"))
    bench.wait(0.3)
    bench.sound("p2")
    assert bench.ended() == {"p1": "played", "p2": "played"}


def test_a_clip_that_does_not_end_is_cut_though_progress_is_told():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(0.3)
    while bench.now < 1000.0 + 0.3 + 2.2 + OVERRUN + FEED_FOR:
        bench.post(voice.ClipProgress(play="p1", seconds=round(bench.now - 1000.0, 2)))
        bench.wait(0.5)
    assert bench.cut == ["p1"]
    assert bench.ended() == {"p1": "failed"}
    assert not bench.on


def test_an_order_for_another_loudspeaker_is_not_ours():
    bench = Bench().ready()
    bench.post(clip("p1", line="pa2"))
    assert bench.fetches == []


def test_stop_of_a_clip_that_waits_takes_it_off_the_list():
    bench = Bench().ready()
    bench.post(clip("p1"))
    bench.post(orders.StopClip(play="p1"))
    bench.post(ClipHeld(SHA, "/a.wav"))
    bench.wait(2)
    assert bench.asked == []
    assert bench.ended() == {"p1": "stopped"}
