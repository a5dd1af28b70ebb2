"""Rack: chimes and other signals of our own, the gain of a clip that sounds, and proof of what did."""

from pathlib import Path

import pytest

from firmware.voice.rack import Rack
from link.contract import neighbour as say
from link.hosting.clock import settle_loop
from tests.firmware.voice.test_rack import Rig
from tests.firmware.voice.test_rack_clips import clip, progress, start
from tests.flows.gateway import RATE
from tests.flows.world import word


class ToneRig(Rig):
    def __init__(self, chime: Path) -> None:
        super().__init__()
        tones = {"chime": chime, "refused": chime}
        self.rack = Rack(self.engine, RATE, self.told.append, self.clock, tones)


@pytest.fixture
async def rig(tmp_path):
    made = await ToneRig(clip(tmp_path / "chime.wav", 0.4, first=5000)).start()
    yield made
    await made.rack.stop()
    await settle_loop()


CHIME = say.SoundTone(line="r1", tone="chime")


async def test_a_chime_opens_the_card_sounds_whole_and_shuts_it(rig):
    await rig.obey(CHIME)
    await rig.pass_time(1.0)
    assert rig.played() == [word(5000 + n) for n in range(20)]
    assert rig.card.mode == "shut"
    assert rig.told == [], "it is no clip"


async def test_a_chime_is_no_progress_of_the_clip_behind_it(rig, tmp_path):
    await rig.obey(CHIME)
    await rig.pass_time(0.42)
    await rig.obey(start(clip(tmp_path / "a.wav", 1.0)))
    await rig.pass_time(2.0)
    done = rig.told[-1]
    assert isinstance(done, say.ClipDone)
    assert done.seconds == pytest.approx(1.0, abs=0.05)
    assert progress(rig)[0] <= 0.1
    assert rig.played()[-50:] == [word(n) for n in range(50)]


async def test_the_end_of_a_chime_does_not_shut_the_card_under_a_clip(rig, tmp_path):
    await rig.obey(start(clip(tmp_path / "a.wav", 1.0)), CHIME)
    await rig.pass_time(0.7)
    assert rig.card.mode == "open"
    await rig.pass_time(1.0)
    assert rig.card.mode == "shut"


async def test_a_clip_that_is_cut_does_not_shut_the_card_under_a_chime(rig, tmp_path):
    await rig.obey(start(clip(tmp_path / "a.wav", 1.0)))
    await rig.pass_time(0.2)
    await rig.obey(say.CutClip(play="p1"), CHIME)
    await rig.obey(start(clip(tmp_path / "b.wav", 1.0), "p2"), say.CutClip(play="p2"))
    assert rig.card.mode == "open"
    await rig.pass_time(1.0)
    assert rig.card.mode == "shut"


async def test_a_signal_to_a_talker_leaves_the_gate_to_the_downlink(rig):
    await rig.obey(say.SoundTone(line="r1", tone="refused"))
    assert rig.card.mode == "shut"
    await rig.pass_time(1.0)
    assert rig.played() == []


async def test_a_signal_that_is_not_there_is_refused_in_the_log_only(rig):
    await rig.obey(say.SoundTone(line="r1", tone="queued"))
    assert rig.told == []


async def test_a_clip_is_lowered_while_it_sounds(rig, tmp_path):
    await rig.obey(start(clip(tmp_path / "a.wav", 2.0, first=20000), gain_db=0.0))
    await rig.pass_time(0.5)
    await rig.obey(say.SetClipGain(play="p1", gain_db=-20.0))
    await rig.pass_time(0.5)
    loud, soft = rig.played()[0], rig.played()[-1]
    assert int.from_bytes(soft[:2], "little") == pytest.approx(
        int.from_bytes(loud[:2], "little") / 10, rel=0.1
    )
    await rig.obey(say.SetClipGain(play="gone", gain_db=0.0))


async def test_what_sounded_without_a_watch_is_unknown(rig):
    await rig.obey(say.GatherProof(play="p1", line="r1", judge=True), say.RelaySeen(line="r1", on=True))
    await rig.pass_time(0.6)
    assert rig.told == [say.SoundJudged(play="p1", line="r1", verdict="unknown", why="nothing was gathered")]


async def test_a_signal_ends_with_the_gateway_process(rig):
    await rig.obey(CHIME)
    await rig.pass_time(0.1)
    await rig.rack.gateway_lost()
    heard = len(rig.played())
    await rig.pass_time(0.5)
    assert len(rig.played()) == heard
