"""Playout: zones, amplifier, warm-up, chime, clip, tail, amplifier, zones, in this order whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.effects import SafeOutput
from firmware.events import OutputRead, VoiceChanged
from firmware.paging.amplifier import OFF_WITHIN, ZONES_WITHIN, Amplifier
from firmware.paging.chime import Chime
from firmware.paging.machine import ClipHeld, Playout, SpeakerSettings
from link.contract import facts, orders
from link.contract import neighbour as voice
from tests.firmware.paging.bench import SHA, Bench, clip

ZONES = ("pa1.east", "pa1.west")
AMP = "pa1.amp"
SETTINGS = SpeakerSettings("pa1", AMP, "pa1", warm_up=0.3, tail=0.2, zones=ZONES, chime=True, chime_for=1.4)


def bench(**more: object) -> Bench:
    settings = SpeakerSettings(**{**vars(SETTINGS), **more})  # type: ignore[arg-type]
    return Bench(playout=Playout.start(settings)).ready()


def begin(made: Bench, *clips: orders.PlayClip) -> None:
    for each in clips:
        made.post(each)
    made.post(ClipHeld(SHA, "/a.wav"))


def chimes(made: Bench) -> int:
    return sum(isinstance(order, voice.SoundTone) for order in made.orders)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["order", "held", "stop", "progress", "done", "voice", "gone", "lock", "zone-lost"]),
        st.sampled_from(["p1", "p2", "p3"]),
        st.integers(0, 9),
        st.booleans(),
        st.sampled_from([0.0, 0.1, 0.3, 0.7, 2.0]),
    ),
    max_size=40,
)


@given(STEPS)
def test_the_amplifier_is_never_on_while_its_zones_are_switched(steps):
    made = bench()
    for what, play, priority, flag, pause in steps:
        match what:
            case "order":
                made.post(clip(play, priority, background=flag, chime=flag or None))
            case "held":
                made.post(ClipHeld(SHA, "/a.wav"))
            case "stop":
                made.post(orders.StopClip(play=play))
            case "progress":
                made.post(voice.ClipProgress(play=play, seconds=1.0))
            case "done":
                made.post(voice.ClipDone(play=play, ok=flag, seconds=2.0))
            case "voice" | "gone":
                made.post(VoiceChanged(up=what == "voice"))
            case "lock":
                made.lock()
        made.wait(pause)
    made.post(VoiceChanged(up=False))
    made.wait(5)
    on: set[str] = set()
    for _, out, state in made.history:
        if out != AMP:
            assert AMP not in on, "a zone was switched under load"
        else:
            assert not state or set(ZONES) <= on, "the amplifier went on without its zones"
        on = on | {out} if state else on - {out}
    assert on == set(), "nothing stays on when the voice is gone"


def test_one_playing_from_the_first_relay_to_the_last():
    made = bench()
    begin(made, clip("p1"))
    assert [out for _, out, on in made.history if on] == [*sorted(ZONES, key=made.place), AMP]
    start = made.history[-1][0]
    made.wait(0.31)
    assert chimes(made) == 1
    assert made.asked == []
    made.wait(1.4)
    assert made.asked == ["p1"]
    assert made.now - start >= 0.3 + 1.4
    made.sound("p1")
    made.wait(0.21)
    offs = [out for _, out, on in made.history if not on]
    assert offs[0] == AMP
    assert set(offs[1:]) == set(ZONES)
    assert not any(isinstance(fact, facts.HealthChanged) for fact in made.told)
    kinds = [type(order) for order in made.orders if not isinstance(order, voice.RelaySeen)]
    assert kinds == [voice.GatherProof, voice.SoundTone, voice.StartClip, voice.GatherProof]


def test_zones_that_do_not_answer_hold_the_warning_up_for_a_moment_only():
    amplifier = Amplifier(AMP, ZONES).start(10.0)
    amplifier, feeds = amplifier.drive(10.0, "p1")
    assert {feed.out for feed in feeds} == set(ZONES)
    amplifier, feeds = amplifier.drive(10.0 + ZONES_WITHIN, "p1")
    assert AMP in {feed.out for feed in feeds}


def test_an_amplifier_that_does_not_read_off_keeps_its_zones_for_a_moment_only():
    amplifier = Amplifier(AMP, ZONES).start(10.0).read(AMP, True, 10.0)
    amplifier, effects = amplifier.stop(20.0, "finished")
    assert effects == (SafeOutput(AMP, "finished"),)
    assert amplifier.drive(20.0, "")[1] == ()
    assert amplifier.drive(20.0 + OFF_WITHIN, "")[1] == tuple(SafeOutput(z, "finished") for z in ZONES)


def test_zones_are_leased_longer_than_the_amplifier():
    amplifier, feeds = Amplifier(AMP, ("z",)).start(0.0).read("z", True, 0.0).drive(0.0, "p1")
    ends = {feed.out: feed.until for feed in feeds}
    assert ends["z"] > ends[AMP]


def test_a_zone_that_went_off_under_a_clip_makes_it_no_played_one():
    made = bench(chime=False)
    begin(made, clip("p1"))
    made.wait(0.4)
    made.post(voice.ClipProgress(play="p1", seconds=0.1))
    made.post(OutputRead(False, "longest", "pa1.east"))
    assert made.on, "the rest may still warn somebody"
    made.post(voice.ClipDone(play="p1", ok=True, seconds=2.0))
    assert made.ended() == {"p1": "failed"}
    assert made.told[-1].why == "amplifier off: zone pa1.east longest"


def test_a_zone_that_never_went_on_makes_it_no_played_one():
    made = Bench(playout=Playout.start(SETTINGS), guard=False).ready()
    begin(made, clip("p1", chime=False))
    for out in ("pa1.west", AMP):
        made.post(OutputRead(True, "feed", out))
    made.wait(1.0)
    made.sound("p1")
    assert made.ended() == {"p1": "failed"}
    assert any(getattr(fact, "subject", "") == "amplifier pa1" for fact in made.told)


def test_an_amplifier_that_closes_late_is_warm_late():
    made = Bench(playout=Playout.start(SETTINGS), guard=False).ready()
    begin(made, clip("p1", chime=False))
    for zone in ZONES:
        made.post(OutputRead(True, "feed", zone))
    made.wait(0.2)
    made.post(OutputRead(True, "read-back", AMP))
    made.wait(0.29)
    assert made.asked == []
    made.wait(0.02)
    assert made.asked == ["p1"]


@pytest.mark.parametrize(("usual", "asked", "rings"), [(True, None, 1), (True, False, 0), (False, True, 1)])
def test_the_chime_is_the_boards_unless_the_order_says_else(usual, asked, rings):
    made = bench(chime=usual)
    begin(made, clip("p1", chime=asked))
    made.wait(2.0)
    assert chimes(made) == rings
    assert made.asked == ["p1"]


@pytest.mark.parametrize(("second", "rings"), [(5, 1), (3, 1), (8, 2)])
def test_the_chime_is_repeated_only_for_what_is_more_urgent(second, rings):
    made = bench()
    begin(made, clip("p1"))
    made.wait(1.8)
    made.sound("p1")
    begin(made, clip("p2", second))
    made.wait(1.5)
    assert chimes(made) == rings
    assert made.asked == ["p1", "p2"]


def test_after_the_amplifier_was_off_the_chime_sounds_again():
    made = bench()
    for play in ("p1", "p2"):
        begin(made, clip(play))
        made.wait(1.8)
        made.sound(play)
        made.wait(2.0)
    assert chimes(made) == 2


def test_two_chimes_never_sound_at_once():
    made = bench()
    begin(made, clip("p1", 3))
    made.wait(0.6)
    assert chimes(made) == 1
    begin(made, clip("p2", 8))
    made.wait(1.2)
    assert chimes(made) == 1
    assert made.asked == ["p2"]


def test_a_clip_that_wants_no_chime_does_not_wait_for_one():
    chime, rings = Chime(usual=True).before(clip("p1"), 10.0)
    assert rings
    assert chime.holds_up(clip("p1"), 10.5)
    assert not chime.holds_up(clip("p2", chime=False), 10.5)
    assert not chime.holds_up(clip("p1"), 11.5)
