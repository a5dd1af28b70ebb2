"""The real voice engine in trouble: killed, frozen, cut off, held, or made to work for long."""

import asyncio
import os
import signal
import socket
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from link.voice.port import EngineStopped, LegDown, LegUp, PlayEnded, VoiceError
from link.voice.repair import repair_unclosed
from tests.link.voice.tones import RATE, loudness, tail, write_tone
from tests.system.voice_remote import Engines, RemoteEngine, RemoteSound, leg_between


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    yield engines
    await engines.end()


async def test_what_was_recorded_can_be_played(engines: Engines, tmp_path: Path) -> None:
    here = await engines.one()
    tone = await here.add_frames("tone", RemoteSound(hz=440), RemoteSound(), RATE)
    ear = await here.add_frames("ear", RemoteSound(), RemoteSound(), RATE)
    recorder = await here.record(tmp_path / "over.wav")
    await here.connect(tone, recorder)
    await asyncio.sleep(1.0)
    await here.close(recorder)
    player = await here.play(tmp_path / "over.wav")
    await here.connect(player, ear)
    await here.fact(PlayEnded, port=player)
    await here.ask("heard", ear, str(tmp_path / "heard.raw"))
    assert loudness(tail((tmp_path / "heard.raw").read_bytes(), 0.5), 440) > 0.9


async def test_a_recording_survives_kill_9(engines: Engines, tmp_path: Path) -> None:
    here = await engines.one()
    engines.mishandled.append(here)
    tone = await here.add_frames("tone", RemoteSound(hz=440), RemoteSound(), RATE)
    recorder = await here.record(tmp_path / "over.wav")
    await here.connect(tone, recorder)
    await asyncio.sleep(4.0)
    here.kill(signal.SIGKILL)
    await here.end()
    with pytest.raises((wave.Error, EOFError)), wave.open(str(tmp_path / "over.wav")):
        pass
    (repaired,) = repair_unclosed(tmp_path)
    print(f"recording of 4.0 s killed with -9: {repaired.seconds:.2f} s are there")
    assert repaired.seconds >= 3.6
    with wave.open(str(tmp_path / "over.wav")) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(repaired.seconds)
        sound = file.readframes(file.getnframes())
    assert loudness(sound, 440) > 0.9
    again = await engines.one()
    player = await again.play(tmp_path / "over.wav")
    await again.close(player)


async def test_a_leg_whose_far_end_died_goes_down_by_itself(engines: Engines) -> None:
    here, there = await engines.one(media_timeout=5.0), await engines.one()
    engines.mishandled.append(there)
    mine, _ = await leg_between(here, there)
    await asyncio.sleep(6.0)
    assert (await here.stats(mine)).rx_packets > 0, "an idle leg must outlive the watch"
    there.kill(signal.SIGKILL)
    began = time.monotonic()
    down = await here.fact(LegDown, seconds=12, leg=mine)
    print(f"far end killed with -9: leg down after {time.monotonic() - began:.1f} s")
    assert down.code == 408
    assert "no media" in down.reason


async def ear_of(engine: RemoteEngine, source: int, folder: Path) -> float:
    """How loud 440 Hz now is at a frame port that is connected to `source`."""
    await asyncio.sleep(0.6)
    await engine.ask("heard", source, str(folder / "heard.raw"))
    return loudness(tail((folder / "heard.raw").read_bytes(), 0.2), 440)


async def test_a_connection_wished_before_the_answer_is_made_with_it(
    engines: Engines, tmp_path: Path
) -> None:
    here, there = await engines.one(), await engines.one()
    tone = await here.add_frames("tone", RemoteSound(hz=440), RemoteSound(), RATE)
    ear = await there.add_frames("ear", RemoteSound(), RemoteSound(), RATE)
    await there.expect("t", 5)
    there.kill(signal.SIGSTOP)
    mine = await here.dial(there.uri, "t")
    await here.connect(tone, mine)
    await asyncio.sleep(0.3)
    there.kill(signal.SIGCONT)
    await there.connect((await there.fact(LegUp)).leg, ear)
    assert await ear_of(there, ear, tmp_path) > 0.9


async def test_connections_survive_a_hold_and_a_second_invite(engines: Engines, tmp_path: Path) -> None:
    here, there = await engines.one(), await engines.one()
    mine, other = await leg_between(here, there)
    tone = await here.add_frames("tone", RemoteSound(hz=440), RemoteSound(), RATE)
    ear = await there.add_frames("ear", RemoteSound(), RemoteSound(), RATE)
    await here.connect(tone, mine)
    await there.connect(other, ear)
    assert await ear_of(there, ear, tmp_path) > 0.9
    await there.ask("hold_media", other, True)
    assert await ear_of(there, ear, tmp_path) < 0.01
    await there.ask("hold_media", other, False)
    assert await ear_of(there, ear, tmp_path) > 0.9
    assert not here.facts
    assert not there.facts


async def test_hanging_up_on_a_far_end_that_is_cut_off_is_told_at_once(engines: Engines) -> None:
    here, there = await engines.one(), await engines.one()
    mine, _ = await leg_between(here, there)
    there.kill(signal.SIGSTOP)
    await here.hang_up(mine)
    down = await here.fact(LegDown, seconds=1.0)
    assert down.code == 200
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        never_answered = await here.dial(f"sip:node@127.0.0.1:{silent.getsockname()[1]}", "t")
        await here.hang_up(never_answered)
        await here.fact(LegDown, seconds=1.0, leg=never_answered)
    there.kill(signal.SIGCONT)


async def test_a_host_is_looked_up_before_the_call(engines: Engines) -> None:
    here, there = await engines.one(), await engines.one()
    assert there.limits is not None
    await there.expect("t", 5)
    await here.dial(f"sip:node@localhost:{there.limits.sip_port}", "t")
    await here.fact(LegUp)
    with pytest.raises(VoiceError, match=r"no-such-host\.invalid: no address found"):
        await here.dial("sip:node@no-such-host.invalid", "t")


async def test_a_frozen_engine_never_answers_and_is_left_within_3_s(engines: Engines) -> None:
    here = await engines.one()
    engines.mishandled.append(here)
    await here.ask("hang_pj_thread", 60)
    assert not await here.ask("answers_within", 1.0)
    took = await here.ask("timed_stop")
    assert took <= 3.0
    assert "frozen" in (await here.fact(EngineStopped)).reason


async def test_stop_is_quick_with_legs_and_recorders(engines: Engines, tmp_path: Path) -> None:
    here, there = await engines.one(), await engines.one()
    mine, _ = await leg_between(here, there)
    await here.connect(mine, await here.record(tmp_path / "over.wav"))
    await asyncio.sleep(0.5)
    assert await here.ask("timed_stop") < 1.5
    await there.fact(LegDown, seconds=2)
    assert repair_unclosed(tmp_path) == []
    with wave.open(str(tmp_path / "over.wav")) as file:
        assert file.getnframes() > 0


def rss_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_many_calls_and_ports_leave_nothing_behind(engines: Engines, tmp_path: Path) -> None:
    here, there = await engines.one(), await engines.one()
    clip = write_tone(tmp_path / "clip.wav", 440, 0.1)
    first = 0.0
    for turn in range(60):
        tokens = [f"t{turn}-{number}" for number in range(8)]
        for token in tokens:
            await there.expect(token, 10)
        legs = [await here.dial(there.uri, token) for token in tokens]
        ends = [(await there.fact(LegUp, token=token)).leg for token in tokens]
        for mine in legs:
            await here.fact(LegUp, leg=mine)
        tone = await here.add_frames("tone", RemoteSound(hz=440), RemoteSound(), RATE)
        for mine, end in zip(legs, ends, strict=True):
            player = await there.play(clip)
            recorder = await there.record(tmp_path / f"{turn}-{end}.wav")
            await here.connect(tone, mine)
            await there.connect(player, end)
            await there.connect(end, recorder)
            if end % 2:
                await asyncio.sleep(0.01 * (end % 12))
                await there.close(player)
            else:
                await there.fact(PlayEnded, port=player)
                await there.close(player)
            await there.close(recorder)
        await here.close(tone)
        for mine in legs:
            await here.hang_up(mine)
        for mine, end in zip(legs, ends, strict=True):
            await here.fact(LegDown, leg=mine)
            await there.fact(LegDown, leg=end)
        if turn == 30:
            first = rss_mb(there.process.pid)
    there.facts.clear()
    grown = rss_mb(there.process.pid) - first
    now = rss_mb(there.process.pid)
    print(f"480 calls, 480 players, 480 recorders: {now:.0f} MB, {grown:.1f} MB more than half way")
    assert grown < 25
    assert repair_unclosed(tmp_path) == []
