"""Voice node: legs come in equally loud; the tap is there while somebody talks, and costs nothing when it fails."""

from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.voice.loudness import Loudness
from central.voice.node import VoiceNode
from link.contract import neighbour as say
from link.voice.loudness import TARGET_DBFS
from link.voice.port import VoiceError
from tests.central.voice.test_node import A, B, C, Radio, Rig
from tests.flows.gateway import RATE
from tests.link.voice.test_loudness import Frames, loudness, voice


def words(level: float, seconds: float) -> list[bytes]:
    """Speech of this loudness in the bridge's frames."""
    frames = voice(level, seconds)
    stretch = RATE // 8000 or 1
    rounded = ([round(s) for s in frame for _ in range(stretch)] for frame in frames)
    return [array("h", (max(-32768, min(32767, s)) for s in frame)).tobytes() for frame in rounded]


def frames_of(heard: list[bytes]) -> Frames:
    return [list(array("h", frame)) for frame in heard]


class Levelled(Rig):
    async def start(self) -> "Levelled":
        limits = await self.engine.start(self.facts.append)
        self.loudness = Loudness(self.engine, RATE)
        self.node = VoiceNode(self.engine, limits, self.folder, self.told.append, loudness=self.loudness)
        return self

    async def over(self, radio: Radio, level: float, seconds: float = 4.0) -> None:
        radio.words = words(level, seconds)
        while radio.words:
            self.air.tick()
            await self.settle()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Levelled]:
    rig = await Levelled(tmp_path).start()
    yield rig
    await rig.node.stop()


def bridge(talker: str, *listeners: str) -> say.SetBridge:
    return say.SetBridge(bridge="valley", talkers=(talker,) if talker else (), listeners=listeners)


async def test_a_faint_and_a_loud_leg_are_heard_equally_loud(rig: Levelled):
    faint, loud, ear = [await rig.radio(name) for name in (A, B, C)]
    for radio, name, level in ((faint, A, -38.0), (loud, B, -14.0)):
        await rig.obey(bridge(name, C))
        await rig.over(radio, level)
        ear.heard.clear()
        await rig.over(radio, level)
        assert loudness(frames_of(ear.heard)) == pytest.approx(TARGET_DBFS, abs=2.0), name


async def test_the_tap_is_there_only_while_somebody_talks(rig: Levelled):
    await rig.radio(A)
    await rig.radio(B)
    assert len(rig.engine._frames) == 0
    await rig.obey(bridge(A, B))
    assert len(rig.engine._frames) == 1
    await rig.obey(bridge(B, A))
    assert len(rig.engine._frames) == 1
    await rig.obey(bridge("", B))
    assert len(rig.engine._frames) == 0


async def test_a_leg_that_comes_back_in_mid_talk_is_as_loud_as_before(rig: Levelled):
    radio, _ = await rig.radio(A), await rig.radio(B)
    await rig.obey(bridge(A, B))
    await rig.over(radio, -38.0)
    gain = rig.engine.legs[rig.node.legs[A]].gain
    assert gain > 3
    rig.engine.drop_leg(rig.node.legs[A])
    await rig.settle()
    assert len(rig.engine._frames) == 0
    await rig.radio(A)
    assert rig.engine.legs[rig.node.legs[A]].gain == pytest.approx(gain, rel=0.1)
    assert len(rig.engine._frames) == 1


async def test_trouble_with_a_tap_costs_no_voice(rig: Levelled, monkeypatch: pytest.MonkeyPatch):
    async def refuse(*arguments: object) -> int:
        raise VoiceError("no more ports")

    monkeypatch.setattr(rig.engine, "add_frames", refuse)
    await rig.obey(bridge(A, B))
    talker, listener = [await rig.radio(name) for name in (A, B)]
    assert [fact.leg for fact in rig.told if isinstance(fact, say.LegAnswered)] == [A, B]
    await rig.talk(talker, *words(-26.0, 0.5))
    assert listener.heard
