"""Playout: a background clip is lowered and comes back; what was proved of a playing is told; troubles are told."""

import pytest

from firmware.events import ContactRead, CurrentRead, OutputRead, VoiceChanged
from firmware.paging.machine import ClipHeld
from firmware.paging.sounding import DUCK_DB, Sounding
from firmware.paging.watch import ANSWER_WITHIN, Watch
from link.contract import facts, field_facts, orders
from link.contract import neighbour as voice
from tests.firmware.paging.bench import SHA, Bench, clip


def gains(made: Bench) -> list[tuple[str, float]]:
    """What every clip was started or set at."""
    kinds = voice.StartClip | voice.SetClipGain
    return [(order.play, order.gain_db) for order in made.orders if isinstance(order, kinds)]


def music() -> Bench:
    made = Bench().ready()
    made.post(clip("music", 1, background=True, gain_db=-6.0))
    made.post(ClipHeld(SHA, "/a.wav"))
    made.wait(0.4)
    made.post(voice.ClipProgress(play="music", seconds=0.1))
    return made


def sounds_on(made: Bench, seconds: float, *plays: str) -> None:
    for _ in range(round(seconds / 0.5)):
        for play in plays:
            made.post(voice.ClipProgress(play=play, seconds=0.1))
        made.wait(0.5)


def speak(made: Bench, play: str = "words", priority: int = 5, **more: object) -> None:
    made.post(clip(play, priority, **more))
    made.post(ClipHeld(SHA, "/a.wav"))
    made.post(voice.ClipProgress(play=play, seconds=0.1))


def test_music_is_lowered_under_words_and_comes_back():
    made = music()
    speak(made)
    assert gains(made) == [("music", -6.0), ("music", -6.0 - DUCK_DB), ("words", 0.0)]
    assert made.cut == []
    sounds_on(made, 2.0, "music", "words")
    made.post(voice.ClipDone(play="words", ok=True, seconds=2.0))
    assert gains(made)[-1] == ("music", -6.0)
    assert made.ended() == {"words": "played"}
    sounds_on(made, 1.0, "music")
    made.post(voice.ClipDone(play="music", ok=True, seconds=4.0))
    assert made.ended() == {"words": "played", "music": "played"}
    assert [on for _, _, on in made.history] == [True], "the amplifier stayed on throughout"
    made.wait(1.0)
    assert not made.on


def test_words_under_more_urgent_words_are_ended_the_music_is_not():
    made = music()
    speak(made)
    speak(made, "flood", 9)
    assert made.ended() == {"words": "pre-empted"}
    assert made.playout.sounding[0].ducked
    assert made.current_plays() == ["music", "flood"]


def test_what_is_less_urgent_waits_for_the_end_of_the_music():
    made = music()
    speak(made, "gossip", 0)
    sounds_on(made, 1.0, "music")
    assert made.asked == ["music"]
    made.post(voice.ClipDone(play="music", ok=True, seconds=4.0))
    made.wait(0.1)
    assert made.asked == ["music", "gossip"]


def test_music_that_hangs_while_lowered_is_cut_and_the_words_go_on():
    made = music()
    speak(made)
    sounds_on(made, 2.5, "words")
    assert made.ended() == {"music": "failed"}
    assert made.cut == ["music"]
    assert made.on


def test_music_stopped_while_lowered_stays_stopped():
    made = music()
    speak(made)
    made.post(orders.StopClip(play="music"))
    made.post(voice.ClipDone(play="words", ok=True, seconds=2.0))
    made.wait(1.0)
    assert not made.on
    assert ("music", -6.0) not in gains(made)[1:]


def test_music_that_begins_lowered_is_started_so():
    lowered, told = Sounding(clip("music", gain_db=-3.0), "/a.wav").duck(True)
    assert told == ()
    assert lowered.start(5.0)[1].order.gain_db == -3.0 - DUCK_DB


# -- proof --


def judged(play: str, verdict: str, **more: object) -> voice.SoundJudged:
    return voice.SoundJudged.model_validate({"play": play, "line": "pa1", "verdict": verdict} | more)


def heard(made: Bench, play: str, verdict: str, **more: object) -> None:
    made.post(clip(play))
    made.post(ClipHeld(SHA, "/a.wav"))
    made.wait(0.4)
    made.sound(play)
    made.wait(1.0)
    made.post(judged(play, verdict, **more))


def proofs(made: Bench) -> list[tuple[str, str]]:
    return [(f.play, f.verdict) for f in made.told if isinstance(f, field_facts.SoundProved)]


def health(made: Bench) -> list[tuple[str, bool]]:
    return [(f.subject, f.ok) for f in made.told if isinstance(f, facts.HealthChanged)]


def test_a_proof_is_gathered_from_before_the_amplifier_and_told_once():
    made = Bench().ready()
    heard(made, "p1", "played", share=0.98, correlation=0.9, rise=21.0, why="microphone")
    gathered = [(o.play, o.judge) for o in made.orders if isinstance(o, voice.GatherProof)]
    assert gathered == [("p1", False), ("p1", True)]
    assert isinstance(made.orders[0], voice.GatherProof)
    made.post(judged("p1", "silent"))
    assert proofs(made) == [("p1", "played")]
    assert made.told[-1] == field_facts.SoundProved(
        play="p1", line="pa1", verdict="played", why="microphone", share=0.98, correlation=0.9, rise=21.0
    )


def test_nothing_is_proved_of_what_never_started():
    made = Bench().ready()
    made.post(clip("p1"))
    made.post(ClipHeld(SHA, "/a.wav"))
    made.post(orders.StopClip(play="p1"))
    made.post(judged("p1", "unknown"))
    assert proofs(made) == []


def test_a_voice_process_that_dies_leaves_the_proof_unknown():
    made = Bench().ready()
    made.post(clip("p1"))
    made.post(ClipHeld(SHA, "/a.wav"))
    made.wait(0.4)
    made.post(voice.ClipProgress(play="p1", seconds=0.5))
    made.post(VoiceChanged(up=False))
    assert proofs(made) == [("p1", "unknown")]


def test_the_voice_process_hears_how_the_relay_is():
    made = Bench().ready()
    heard(made, "p1", "played")
    seen = [order.on for order in made.orders if isinstance(order, voice.RelaySeen)]
    assert seen == [False, True, False]
    made.post(CurrentRead(1.5))
    assert made.orders[-1] == voice.RelaySeen(line="pa1", on=False, ampere=1.5)


# -- supervision --


def test_a_loudspeaker_proven_silent_twice_running_is_broken_until_it_is_heard():
    made = Bench().ready()
    heard(made, "p1", "silent")
    assert health(made) == []
    heard(made, "p2", "unknown")
    heard(made, "p3", "silent")
    assert health(made) == [("loudspeaker pa1", False)]
    heard(made, "p4", "partly")
    assert health(made) == [("loudspeaker pa1", False)]
    heard(made, "p5", "played")
    assert health(made) == [("loudspeaker pa1", False), ("loudspeaker pa1", True)]


def test_one_good_playing_between_two_silent_ones_is_no_fault():
    made = Bench().ready()
    for number, verdict in enumerate(["silent", "played", "silent"]):
        heard(made, f"p{number}", verdict)
    assert health(made) == []


def test_an_amplifier_that_does_not_answer_is_told_once_and_when_it_is_well():
    made = Bench(guard=False).ready()
    made.post(clip("p1"))
    made.post(ClipHeld(SHA, "/a.wav"))
    made.wait(0.4)
    made.sound("p1")
    assert health(made) == [("amplifier pa1", False)]
    made.post(OutputRead(True, "feed"))
    assert health(made) == [("amplifier pa1", False), ("amplifier pa1", True)]


@pytest.mark.parametrize("closed", [True, False])
def test_a_contact_that_contradicts_its_relay_is_told_without_any_broadcast(closed):
    made = Bench().ready()
    if not closed:
        made.post(OutputRead(True, "feed"))
    made.post(ContactRead(closed))
    made.wait(ANSWER_WITHIN - 0.1)
    assert health(made) == []
    made.wait(0.2)
    assert health(made) == [("contact pa1", False)]
    made.post(ContactRead(not closed))
    assert health(made)[-1] == ("contact pa1", True)


def test_a_watch_without_a_contact_never_contradicts():
    watch = Watch("pa1").compare(True, 0.0)
    assert watch.deadline is None
    assert watch.news(100.0)[1] == ()
