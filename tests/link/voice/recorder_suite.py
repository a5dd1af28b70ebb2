"""What every voice engine's recorders must do; the part of port_suite that needs nobody else."""

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from link.voice.port import PortId, VoiceEngine, VoiceError
from tests.link.voice.tones import RATE, loudness


class Station(Protocol):
    """One started engine: where it is dialled, and the facts it posted."""

    engine: VoiceEngine
    uri: str
    facts: list[object]


class Rig(Protocol):
    """Engines that reach each other; what is made here is stopped at the end of the test."""

    async def station(self, started: bool = True, edges: bool = False) -> Station: ...

    def source(self, hz: float = 0) -> Any:
        """A tone, or silence."""

    def ear(self) -> Any: ...

    async def heard(self, station: Station, port: PortId) -> bytes:
        """All that this frame port's ear was given so far."""

    async def popped(self, station: Station, port: PortId) -> int:
        """How often this frame port's source was asked for a frame."""

    async def pass_time(self, seconds: float) -> None: ...

    async def until(self, done: Callable[[], bool]) -> None: ...


async def frame_port(rig: Rig, station: Station, hz: float = 0, rate_hz: int = RATE) -> PortId:
    return await station.engine.add_frames(f"{hz}", rig.source(hz), rig.ear(), rate_hz)


class RecorderSuite:
    async def test_a_recording_runs_from_its_first_tick_to_its_last(self, rig: Rig, tmp_path: Path) -> None:
        here = await rig.station()
        tone = await frame_port(rig, here, 440)
        recorder = await here.engine.record(tmp_path / "over.wav")
        await rig.pass_time(0.5)
        await here.engine.connect(tone, recorder)
        await rig.pass_time(1.0)
        await here.engine.part(tone, recorder)
        await rig.pass_time(0.5)
        await here.engine.close(recorder)
        with wave.open(str(tmp_path / "over.wav")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            count = file.getnframes()
            sound = file.readframes(count)
        assert count % (RATE // 50) == 0, "whole ticks"
        assert count / RATE == pytest.approx(2.0, abs=0.3), "time with nothing connected is in it, as silence"
        assert not any(sound[: RATE // 2]) and not any(sound[-RATE // 2 :])
        assert loudness(sound[RATE * 3 // 2 : RATE * 5 // 2], 440) > 0.8

    async def test_recordings_of_one_bridge_stay_in_time_to_the_sample(
        self, rig: Rig, tmp_path: Path
    ) -> None:
        here = await rig.station()
        tone = await frame_port(rig, here, 440)
        moments, files = [], []
        for name in ("a", "b", "c"):
            files.append(await here.engine.record(tmp_path / f"{name}.wav"))
            moments.append(await here.engine.began(files[-1]))
            await rig.pass_time(0.11 + 0.027 * len(files))
        for recorder in files:
            await here.engine.connect(tone, recorder)
        await rig.pass_time(0.4)
        sounds = []
        for name, recorder in zip("abc", files, strict=True):
            await here.engine.close(recorder)
            with wave.open(str(tmp_path / f"{name}.wav")) as file:
                sounds.append(file.readframes(file.getnframes()))
        ends = min(2 * (m.tick * (RATE // 50)) + len(s) for m, s in zip(moments, sounds, strict=True))
        same = {
            sound[ends - 6400 - at : ends - 640 - at]
            for sound, at in ((s, 2 * m.tick * (RATE // 50)) for m, s in zip(moments, sounds, strict=True))
        }
        assert all(moment.sure for moment in moments)
        assert len(same) == 1 and any(same.pop()), "the same tick is the same sound in every file"
        later = await here.engine.when(moments[0].tick + 50)
        assert later.mono_ns - moments[0].mono_ns == pytest.approx(1e9, abs=0.06e9)
        with pytest.raises(VoiceError, match="no recorder"):
            await here.engine.began(files[0])

    async def test_a_recording_never_overwrites(self, rig: Rig, tmp_path: Path) -> None:
        here = await rig.station()
        (tmp_path / "old.wav").write_bytes(b"evidence")
        with pytest.raises(VoiceError, match="exists"):
            await here.engine.record(tmp_path / "old.wav")
        with pytest.raises(VoiceError, match="no such folder"):
            await here.engine.record(tmp_path / "nowhere" / "new.wav")
        assert (tmp_path / "old.wav").read_bytes() == b"evidence"
