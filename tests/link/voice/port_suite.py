"""What every voice engine must do: the same tests for the fake and for pjsua2 over real RTP.

A rig makes engines, sources and ears, and lets time pass; a subclass gives the `rig` fixture.
"""

from pathlib import Path
from typing import Any

import pytest

from link.voice.port import (
    EngineStopped,
    LegDown,
    LegRefused,
    LegUp,
    PlayEnded,
    PortId,
    VoiceError,
)
from tests.link.voice.recorder_suite import RecorderSuite, Rig, Station, frame_port
from tests.link.voice.tones import loudness, tail, write_tone


def of(station: Station, kind: type, **match: object) -> list[Any]:
    """Its facts of one kind, with these fields."""
    facts = [fact for fact in station.facts if isinstance(fact, kind)]
    return [fact for fact in facts if all(getattr(fact, key) == value for key, value in match.items())]


async def joined(rig: Rig, token: str = "t1") -> tuple[Station, PortId, Station, PortId]:
    """Two stations and a leg between them: (dialler, its end, dialled, its end)."""
    here, there = await rig.station(), await rig.station()
    return here, *await leg_between(rig, here, there, token)


async def leg_between(rig: Rig, here: Station, there: Station, token: str) -> tuple[PortId, Station, PortId]:
    await there.engine.expect(token, 5.0)
    leg = await here.engine.dial(there.uri, token)
    await rig.until(lambda: bool(of(here, LegUp, token=token) and of(there, LegUp, token=token)))
    return leg, there, of(there, LegUp, token=token)[0].leg


class VoiceSuite(RecorderSuite):
    async def test_a_leg_comes_up_at_both_ends(self, rig: Rig) -> None:
        here, leg, there, other = await joined(rig)
        assert of(here, LegUp) == [LegUp(leg, "t1", "G722/16000")]
        assert of(there, LegUp) == [LegUp(other, "t1", "G722/16000")]

    async def test_a_token_is_good_once(self, rig: Rig) -> None:
        here, _, there, _ = await joined(rig)
        second = await here.engine.dial(there.uri, "t1")
        await rig.until(lambda: bool(of(here, LegDown)))
        assert of(here, LegDown)[0].leg == second
        assert of(here, LegDown)[0].code == 403

    async def test_a_stranger_is_turned_away_and_told_of(self, rig: Rig) -> None:
        here, there = await rig.station(), await rig.station()
        leg = await here.engine.dial(there.uri, "nobody-knows")
        await rig.until(lambda: bool(of(here, LegDown) and of(there, LegRefused)))
        assert (of(here, LegDown)[0].leg, of(here, LegDown)[0].code) == (leg, 403)
        assert of(there, LegRefused)[0].source
        assert not of(there, LegUp)

    async def test_a_token_ends_with_its_time(self, rig: Rig) -> None:
        here, there = await rig.station(), await rig.station()
        await there.engine.expect("late", 0.1)
        await rig.pass_time(0.2)
        await here.engine.dial(there.uri, "late")
        await rig.until(lambda: bool(of(here, LegDown)))
        assert of(here, LegDown)[0].code == 403

    @pytest.mark.parametrize("token", ["", "two words", "a\r\nX: y", "x" * 129])
    async def test_a_token_that_is_none_is_refused_at_home(self, rig: Rig, token: str) -> None:
        here = await rig.station()
        with pytest.raises(VoiceError, match="token"):
            await here.engine.dial("sip:x@127.0.0.1:9", token)
        with pytest.raises(VoiceError, match="token"):
            await here.engine.expect(token, 1.0)

    @pytest.mark.parametrize("uri", ["", "node", "sip:a b@c", "sip:a@b\r\nX: y", "sip:" + "x" * 300])
    async def test_an_address_that_is_none_is_refused_at_home(self, rig: Rig, uri: str) -> None:
        here = await rig.station()
        with pytest.raises(VoiceError, match="uri"):
            await here.engine.dial(uri, "t")

    async def test_hanging_up_ends_both_ends(self, rig: Rig) -> None:
        here, leg, there, other = await joined(rig)
        port = await frame_port(rig, there)
        await there.engine.hang_up(other)
        await rig.until(lambda: bool(of(here, LegDown, leg=leg) and of(there, LegDown, leg=other)))
        assert of(here, LegDown)[0].code == 200
        with pytest.raises(VoiceError, match="does not exist"):
            await there.engine.connect(port, other)
        await there.engine.part(port, other)
        await there.engine.hang_up(other)
        assert len(of(there, LegDown)) == 1

    async def test_sound_passes_while_connected_and_only_then(self, rig: Rig) -> None:
        here, leg, there, other = await joined(rig)
        tone, ear = await frame_port(rig, here, 440), await frame_port(rig, there)
        await there.engine.connect(other, ear)
        await rig.pass_time(0.3)
        assert loudness(await rig.heard(there, ear), 440) < 0.01
        await here.engine.connect(tone, leg)
        await rig.pass_time(0.8)
        assert loudness(tail(await rig.heard(there, ear), 0.2), 440) == pytest.approx(1, abs=0.1)
        await here.engine.part(tone, leg)
        await rig.pass_time(0.5)
        assert loudness(tail(await rig.heard(there, ear), 0.2), 440) < 0.01

    async def test_both_directions_at_once(self, rig: Rig) -> None:
        here, leg, there, other = await joined(rig)
        mine, yours = await frame_port(rig, here, 440), await frame_port(rig, there, 700)
        for station, port, end in ((here, mine, leg), (there, yours, other)):
            await station.engine.connect(port, end)
            await station.engine.connect(end, port)
        await rig.pass_time(0.8)
        here_heard = tail(await rig.heard(here, mine), 0.2)
        there_heard = tail(await rig.heard(there, yours), 0.2)
        assert loudness(here_heard, 700) > 0.9 > 0.1 > loudness(here_heard, 440)
        assert loudness(there_heard, 440) > 0.9 > 0.1 > loudness(there_heard, 700)

    async def test_a_connection_waits_for_its_leg(self, rig: Rig) -> None:
        here, there = await rig.station(), await rig.station()
        tone, ear = await frame_port(rig, here, 440), await frame_port(rig, there)
        await there.engine.expect("t1", 5.0)
        leg = await here.engine.dial(there.uri, "t1")
        await here.engine.connect(tone, leg)
        await rig.until(lambda: bool(of(there, LegUp)))
        await there.engine.connect(of(there, LegUp)[0].leg, ear)
        await rig.pass_time(0.8)
        assert loudness(tail(await rig.heard(there, ear), 0.2), 440) > 0.9

    async def test_connecting_twice_is_connecting_once(self, rig: Rig) -> None:
        here = await rig.station()
        tone, ear = await frame_port(rig, here, 440), await frame_port(rig, here)
        await here.engine.connect(tone, ear)
        await here.engine.connect(tone, ear)
        await rig.pass_time(0.4)
        assert loudness(tail(await rig.heard(here, ear), 0.2), 440) == pytest.approx(1, abs=0.05)
        await here.engine.part(tone, ear)
        await rig.pass_time(0.4)
        assert loudness(tail(await rig.heard(here, ear), 0.2), 440) < 0.01

    async def test_a_new_level_replaces_the_old(self, rig: Rig) -> None:
        here = await rig.station()
        tone, ear = await frame_port(rig, here, 440), await frame_port(rig, here)
        for level in (0.5, 1.0, 0.0, 0.25):
            await here.engine.connect(tone, ear, level)
            await rig.pass_time(0.4)
            assert loudness(tail(await rig.heard(here, ear), 0.2), 440) == pytest.approx(level, abs=0.05)

    async def test_two_talkers_are_mixed(self, rig: Rig) -> None:
        here = await rig.station()
        one, two, ear = [await frame_port(rig, here, hz) for hz in (400, 900, 0)]
        await here.engine.connect(one, ear)
        await here.engine.connect(two, ear)
        await rig.pass_time(0.4)
        heard = tail(await rig.heard(here, ear), 0.2)
        assert loudness(heard, 400) == pytest.approx(1, abs=0.1)
        assert loudness(heard, 900) == pytest.approx(1, abs=0.1)

    async def test_a_frame_port_of_another_rate(self, rig: Rig) -> None:
        here = await rig.station()
        tone, ear = await frame_port(rig, here, 440, 8000), await frame_port(rig, here, 0, 8000)
        await here.engine.connect(tone, ear)
        await rig.pass_time(0.5)
        heard = await rig.heard(here, ear)
        assert len(heard) % 320 == 0
        assert loudness(tail(heard, 0.2, 8000), 440, 8000) > 0.8

    async def test_an_ear_is_clocked_with_silence(self, rig: Rig) -> None:
        here = await rig.station()
        ear = await frame_port(rig, here)
        await rig.pass_time(1.0)
        heard = await rig.heard(here, ear)
        assert 35 <= len(heard) // 640 <= 65
        assert heard == bytes(len(heard))

    async def test_a_source_is_emptied_while_nothing_is_connected(self, rig: Rig) -> None:
        here = await rig.station()
        port = await frame_port(rig, here, 440)
        before = await rig.popped(here, port)
        await rig.pass_time(1.0)
        assert 35 <= await rig.popped(here, port) - before <= 65
        await here.engine.close(port)
        await rig.pass_time(0.1)
        closed = await rig.popped(here, port)
        await rig.pass_time(0.3)
        assert await rig.popped(here, port) == closed

    async def test_a_closed_frame_port_is_deaf_and_void(self, rig: Rig) -> None:
        here = await rig.station()
        tone, ear = await frame_port(rig, here, 440), await frame_port(rig, here)
        await here.engine.connect(tone, ear)
        await rig.pass_time(0.2)
        await here.engine.close(tone)
        await rig.pass_time(0.4)
        assert loudness(tail(await rig.heard(here, ear), 0.2), 440) < 0.01
        with pytest.raises(VoiceError, match="does not exist"):
            await here.engine.connect(tone, ear)
        await here.engine.close(tone)
        again = await frame_port(rig, here, 500)
        assert again not in (tone, ear)
        await here.engine.connect(again, ear)
        await rig.pass_time(0.4)
        assert loudness(tail(await rig.heard(here, ear), 0.2), 500) > 0.9
        assert loudness(tail(await rig.heard(here, ear), 0.2), 440) < 0.05

    async def test_a_clip_is_played_from_its_first_sample_and_ends(self, rig: Rig, tmp_path: Path) -> None:
        here = await rig.station()
        ear = await frame_port(rig, here)
        clip = await here.engine.play(write_tone(tmp_path / "clip.wav", 600, 0.6))
        await rig.pass_time(0.3)
        assert not of(here, PlayEnded)
        await here.engine.connect(clip, ear)
        await rig.until(lambda: of(here, PlayEnded) == [PlayEnded(clip)])
        await rig.pass_time(0.1)
        heard = await rig.heard(here, ear)
        sounding = [at for at in range(0, len(heard), 640) if any(heard[at : at + 640])]
        assert (sounding[-1] - sounding[0]) // 640 + 1 == pytest.approx(30, abs=1)
        assert loudness(heard[sounding[0] : sounding[-1]], 600) > 0.9
        await here.engine.close(clip)
        await rig.pass_time(0.5)
        assert len(of(here, PlayEnded)) == 1

    async def test_a_looped_clip_goes_on(self, rig: Rig, tmp_path: Path) -> None:
        here = await rig.station()
        ear = await frame_port(rig, here)
        clip = await here.engine.play(write_tone(tmp_path / "clip.wav", 600, 0.2), loop=True)
        await here.engine.connect(clip, ear)
        await rig.pass_time(1.2)
        assert loudness(tail(await rig.heard(here, ear), 0.4), 600) > 0.5
        assert not of(here, PlayEnded)

    async def test_what_is_no_clip_is_named(self, rig: Rig, tmp_path: Path) -> None:
        here = await rig.station()
        (tmp_path / "text.wav").write_text("not a sound")
        stereo = write_tone(tmp_path / "stereo.wav", 600, 0.2, channels=2)
        for path in (tmp_path / "missing.wav", tmp_path / "text.wav", stereo):
            with pytest.raises(VoiceError, match=rf"{path.name}.*mono PCM16"):
                await here.engine.play(path)

    async def test_a_leg_is_not_closed_but_hung_up(self, rig: Rig) -> None:
        here, leg, _, _ = await joined(rig)
        with pytest.raises(VoiceError, match="hang it up"):
            await here.engine.close(leg)

    async def test_stats_count_packets(self, rig: Rig) -> None:
        here, leg, there, other = await joined(rig)
        tone = await frame_port(rig, here, 440)
        await here.engine.connect(tone, leg)
        await rig.pass_time(1.0)
        sent, received = await here.engine.stats(leg), await there.engine.stats(other)
        assert 30 <= sent.tx_packets <= 70
        assert 30 <= received.rx_packets <= 70
        assert received.rx_lost == 0
        with pytest.raises(VoiceError, match="not up"):
            await here.engine.stats(tone)

    async def test_alive(self, rig: Rig) -> None:
        here = await rig.station()
        assert 0 <= await here.engine.alive() < 0.5

    async def test_nothing_works_before_the_start(self, rig: Rig) -> None:
        here = await rig.station(started=False)
        with pytest.raises(VoiceError, match="start it"):
            await here.engine.alive()

    async def test_stop_tells_everybody(self, rig: Rig) -> None:
        here, _, there, other = await joined(rig)
        await here.engine.stop()
        await rig.until(lambda: bool(of(here, EngineStopped) and of(there, LegDown, leg=other)))
        assert here.facts[-1] == EngineStopped("stopped")
        assert of(here, LegDown)
        with pytest.raises(VoiceError):
            await here.engine.alive()
        await here.engine.stop()
        assert len(of(here, EngineStopped)) == 1
