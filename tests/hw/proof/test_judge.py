"""Proof of sound on synthetic rooms: speech, steady tones, rain, echoes and dead amplifiers."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.proof import judge as j
from hw.proof.collect import LIMIT, Collector, Evidence

SETTINGS = j.ProofSettings()


def speech(seconds: float, seed: int = 3) -> list[float]:
    """Envelope of speech: syllables of 120 to 300 ms with pauses, in dBFS per 20 ms."""
    chance, levels = random.Random(seed), []
    while len(levels) < seconds * 50:
        levels += [chance.uniform(-24, -10)] * chance.randint(6, 15)
        levels += [-70.0] * chance.randint(2, 9)
    return levels[: int(seconds * 50)]


def room(
    played: list[float],
    gain: float = -20.0,
    noise: float = -60.0,
    lag: int = 15,
    cut: float = 1.0,
    seed: int = 5,
    microphone: bool = True,
    relay: bool | None = None,
    ampere: tuple[float, float] | None = None,
) -> Evidence:
    """What is gathered when `played` sounds in a room; after the share `cut` the amplifier is dead."""
    chance, collector = random.Random(seed), Collector()
    track = [-100.0] * 50 + played + [-100.0] * 75
    for n, level in enumerate(track):
        source = track[n - lag] if n >= lag else -100.0
        alive = n - lag < 50 + cut * len(played)
        direct = source + gain if alive else -100.0
        heard = max(direct, noise + chance.gauss(0, 1.5))
        flow = None if ampere is None else ampere[level > -40 and n < 50 + cut * len(played)]
        collector.frame(level, heard if microphone else None, relay, flow)
    return collector.evidence()


@pytest.mark.parametrize("lag", [0, 5, 15, 38])
@pytest.mark.parametrize("seed", range(3))
def test_speech_that_sounded(lag, seed):
    proof = j.judge(room(speech(12, seed), lag=lag))
    assert (proof.verdict, proof.lag) == ("played", pytest.approx(lag * 0.02, abs=0.021))
    assert proof.correlation is not None
    assert proof.correlation > 0.8


@pytest.mark.parametrize("seed", range(10))
def test_a_dead_amplifier_is_silent_whatever_the_relay_says(seed):
    proof = j.judge(room(speech(12), cut=0.0, seed=seed, relay=True))
    assert (proof.verdict, proof.relay) == ("silent", 1.0)


def test_an_amplifier_that_dies_half_way():
    proof = j.judge(room(speech(20), cut=0.5))
    assert proof.verdict == "partly"
    assert proof.share == pytest.approx(0.5, abs=0.1)


def test_a_steady_tone_is_known_by_its_edges():
    assert j.judge(room([-12.0] * 500)).verdict == "played"
    assert j.judge(room([-12.0] * 500, cut=0.0)).verdict == "silent"
    assert j.judge(room([-12.0] * 500, cut=0.4)).verdict == "partly"


@pytest.mark.parametrize("seed", range(40))
def test_somebody_elses_sound_is_never_played(seed):
    """Other speech, as loud, while the own amplifier is dead."""
    ours, theirs = room(speech(15, 100 + seed)), room(speech(15, 200 + seed))
    mixed = Evidence(ours.played, theirs.heard, ours.relay, ours.current)
    assert j.judge(mixed).verdict == "unknown"


def test_rain_that_begins_is_not_the_clip():
    evidence = room(speech(15), cut=0.0)
    rain = evidence.heard[:200] + bytes(130 for _ in evidence.heard[200:])
    proof = j.judge(Evidence(evidence.played, rain, evidence.relay, evidence.current))
    assert (proof.verdict, proof.why) == ("unknown", "sound, but not what was played")


def test_a_storm_makes_it_unknown_not_silent():
    proof = j.judge(room(speech(12), noise=-15.0))
    assert (proof.verdict, proof.why) == ("unknown", "too noisy at the microphone")


def test_without_microphone_the_current_speaks_and_a_relay_alone_never_proves():
    with_current = j.ProofSettings(ampere=1.0)
    assert j.judge(room(speech(9), microphone=False, relay=True)).verdict == "unknown"
    assert j.judge(room(speech(9), microphone=False)).why == "no microphone and no current sensor"
    driven = room(speech(9), microphone=False, ampere=(0.3, 2.5))
    assert j.judge(driven, with_current).verdict == "played"
    assert j.judge(room(speech(9), microphone=False, ampere=(0.3, 0.4)), with_current).verdict == "silent"
    dying = room(speech(20), microphone=False, ampere=(0.3, 2.5), cut=0.5)
    assert j.judge(dying, with_current).verdict == "partly"
    always = room(speech(9), microphone=False, ampere=(2.5, 2.5))
    assert j.judge(always, with_current).verdict == "unknown"


def test_an_open_relay_is_silence():
    assert j.judge(room(speech(9), relay=False)).why == "the relay was open"


def test_nothing_played_and_no_quiet_before():
    assert j.judge(Evidence(b"", b"", b"", b"")).verdict == "unknown"
    evidence = room(speech(9))
    late = Evidence(
        *(column[50:] for column in (evidence.played, evidence.heard, evidence.relay, evidence.current))
    )
    assert j.judge(late).why == "too little quiet before the sound"


@given(st.lists(st.tuples(*[st.integers(0, 255)] * 4), max_size=300))
def test_any_evidence_gives_a_verdict(rows):
    columns = [bytes(column) for column in zip(*rows, strict=True)] or [b""] * 4
    proof = j.judge(Evidence(*columns), j.ProofSettings(ampere=1.0))
    assert proof.verdict in ("played", "partly", "silent", "unknown")
    assert proof.share is None or 0 <= proof.share <= 1


def test_ten_minutes_are_judged_in_the_time_a_worker_has():
    evidence = room(speech(600))
    began = time.process_time()
    assert j.judge(evidence).verdict == "played"
    assert time.process_time() - began < 2.0


def test_the_collector_is_bounded_and_takes_what_is_not_a_number():
    collector = Collector()
    for _ in range(LIMIT + 5):
        collector.frame(float("nan"), float("-inf"), None, float("nan"))
    assert (collector.missed, len(collector.evidence().heard)) == (5, LIMIT)
    assert set(collector.evidence().current) == {255}


@pytest.mark.parametrize("seconds", [6, 12, 30])
@pytest.mark.parametrize("cut", [0.2, 0.3, 0.5, 0.85])
def test_a_loudspeaker_that_dies_early_or_late_was_heard_partly(seconds, cut):
    verdicts = {j.judge(room(speech(seconds, seed), cut=cut, seed=seed)).verdict for seed in range(5)}
    assert verdicts == {"partly"}
