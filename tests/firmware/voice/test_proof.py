"""Proof of sound in the voice process: what was played against what was heard, judged aside, told once."""

import math
import random
from array import array

import pytest

from firmware.voice.proof import AFTER, Prover
from firmware.voice.witness import MOST, QUIET_KEPT, Tap, Witness, level_of
from hw.proof.collect import FLOOR, Evidence
from link.contract import neighbour as say
from link.hosting.clock import HandClock, settle_loop

SAMPLES = 320
SILENCE = bytes(2 * SAMPLES)


def frame(dbfs: float, offset: int = 0) -> bytes:
    """20 ms of a tone with this rms."""
    peak = 32768 * 10 ** (dbfs / 20) * math.sqrt(2)
    return array("h", [round(peak * math.sin(n / 3)) + offset for n in range(SAMPLES)]).tobytes()


def speech(seconds: float, seed: int = 3) -> list[float]:
    chance, levels = random.Random(seed), []
    while len(levels) < seconds * 50:
        levels += [chance.uniform(-24, -10)] * chance.randint(6, 15)
        levels += [-100.0] * chance.randint(2, 9)
    return levels[: int(seconds * 50)]


class Sink:
    def __init__(self) -> None:
        self.taken, self.takes = 0, True

    def push(self, frame: bytes) -> None:
        self.taken += self.takes


class Rig:
    """A loudspeaker in a room: what its card takes comes back 5 frames later and 20 dB lower, unless it is mute."""

    def __init__(self, monitored: bool = True, ampere: float = 0.0) -> None:
        self.clock, self.told = HandClock(), []
        self.prover = Prover(self.told.append, self.clock)
        self.witness = self.prover.watch("pa1", ampere)
        self.sink = Sink()
        self.tap = self.prover.tap("pa1", self.sink)
        self.monitored, self.alive = monitored, True
        self.air: list[bytes] = [SILENCE] * 5

    def pass_frames(self, levels: list[float]) -> None:
        for level in levels:
            played = frame(level) if level > -90 else SILENCE
            self.tap.push(played)
            self.air.append(frame(level - 20) if level > -90 and self.alive else SILENCE)
            back = self.air.pop(0)
            if self.monitored:
                self.witness.heard(back if back != SILENCE else frame(-65), 0)

    async def playing(self, levels: list[float], play: str = "p1", alive: float = 1.0) -> say.SoundJudged:
        self.prover.obey(say.GatherProof(play=play, line="pa1"))
        part = round(len(levels) * alive)
        self.pass_frames(levels[:part])
        self.alive = alive == 1.0
        self.pass_frames(levels[part:])
        self.prover.obey(say.GatherProof(play=play, line="pa1", judge=True))
        self.pass_frames([-100.0] * round(AFTER / 0.02))
        await settle_loop()
        assert not any(getattr(fact, "play", "") == play for fact in self.told), "too early"
        await self.clock.advance(AFTER)
        for _ in range(200):
            await settle_loop()
            if self.told and self.told[-1].play == play:
                break
        (fact,) = [each for each in self.told if each.play == play]
        return fact


async def test_what_was_heard_is_played_with_its_figures():
    rig = Rig()
    rig.pass_frames([-100.0] * 100)
    fact = await rig.playing(speech(8))
    assert (fact.verdict, fact.why, fact.line) == ("played", "microphone", "pa1")
    assert fact.share is not None and fact.share > 0.95
    assert fact.correlation is not None and fact.correlation > 0.8
    assert fact.rise is not None and fact.rise > 20


@pytest.mark.parametrize(("alive", "verdict"), [(0.0, "silent"), (0.5, "partly")])
async def test_a_loudspeaker_that_is_mute_or_dies(alive, verdict):
    rig = Rig()
    rig.pass_frames([-100.0] * 100)
    rig.prover.obey(say.RelaySeen(line="pa1", on=True))
    assert (await rig.playing(speech(8), alive=alive)).verdict == verdict


async def test_a_closed_relay_alone_proves_nothing():
    rig = Rig(monitored=False)
    rig.pass_frames([-100.0] * 100)
    rig.prover.obey(say.RelaySeen(line="pa1", on=True))
    fact = await rig.playing(speech(4))
    assert (fact.verdict, fact.why) == ("unknown", "relay only")


async def test_an_open_relay_is_silence():
    rig = Rig(monitored=False)
    rig.prover.obey(say.RelaySeen(line="pa1", on=False))
    assert (await rig.playing(speech(4))).verdict == "silent"


async def test_a_current_that_flows_with_the_sound_is_proof():
    rig = Rig(monitored=False, ampere=0.5)
    rig.prover.obey(say.RelaySeen(line="pa1", on=True, ampere=0.1))
    rig.pass_frames([-100.0] * 50)
    rig.prover.obey(say.RelaySeen(line="pa1", on=True, ampere=2.0))
    fact = await rig.playing(speech(4))
    assert (fact.verdict, fact.why) == ("played", "current")


async def test_a_clip_right_behind_another_is_judged_against_the_quiet_before_both():
    rig = Rig()
    rig.pass_frames([-100.0] * 100)
    assert (await rig.playing(speech(4), "p1")).verdict == "played"
    fact = await rig.playing(speech(4, seed=9), "p2")
    assert (fact.verdict, fact.why) == ("played", "microphone")


async def test_a_line_that_nobody_watches_gets_an_answer():
    clock, told = HandClock(), []
    prover = Prover(told.append, clock)
    prover.obey(say.RelaySeen(line="x9", on=True))
    prover.obey(say.GatherProof(play="p1", line="x9"))
    prover.obey(say.GatherProof(play="p1", line="x9", judge=True))
    await clock.advance(AFTER)
    assert told == [say.SoundJudged(play="p1", line="x9", verdict="unknown", why="nothing was gathered")]
    assert isinstance(prover.tap("x9", Sink()), Sink)


async def test_when_the_gateway_is_gone_nobody_is_told():
    rig = Rig()
    rig.prover.obey(say.GatherProof(play="p1", line="pa1"))
    rig.prover.obey(say.GatherProof(play="p1", line="pa1", judge=True))
    rig.prover.forget()
    await rig.clock.advance(2.0)
    assert rig.told == []


def played(evidence: Evidence | None) -> bytes:
    assert evidence is not None
    return evidence.played


def test_only_what_the_card_took_counts_as_played():
    witness, sink = Witness(), Sink()
    tap = Tap(sink, witness)
    witness.begin("p1")
    tap.push(frame(-10))
    sink.takes = False
    tap.push(frame(-10))
    assert list(played(witness.end("p1"))) == [179, 0]


def test_the_quiet_that_is_kept_is_bounded_and_no_sound():
    witness = Witness()
    for level in [*([-100.0] * 200), *([-20.0] * 5), *([-100.0] * 30)]:
        witness.played(frame(level) if level > -90 else SILENCE)
    witness.begin("p1")
    kept = played(witness.end("p1"))
    assert len(kept) == QUIET_KEPT
    assert set(kept) == {0}


def test_a_microphone_that_stops_is_unknown_after_a_moment():
    witness = Witness()
    witness.heard(frame(-30), 0)
    witness.begin("p1")
    for _ in range(10):
        witness.played(SILENCE)
    evidence = witness.end("p1")
    assert evidence is not None
    assert [level != 255 for level in evidence.heard] == [True] * 6 + [False] * 4


def test_playings_are_bounded():
    witness = Witness()
    for number in range(MOST + 1):
        witness.begin(f"p{number}")
    assert witness.end("p0") is None
    assert witness.end(f"p{MOST}") is not None


@pytest.mark.parametrize("dbfs", [-50.0, -20.0, -6.0])
@pytest.mark.parametrize("offset", [0, 900])
def test_levels_in_dbfs_without_the_dc_part(dbfs, offset):
    assert level_of(frame(dbfs, offset)) == pytest.approx(dbfs, abs=0.7)


def test_silence_has_a_level():
    assert level_of(SILENCE) == level_of(b"") == level_of(array("h", [900] * 320).tobytes()) == FLOOR
