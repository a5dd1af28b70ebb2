"""The real voice engine in trouble: killed, frozen, alone, too small, or shouted at by strangers."""

import asyncio
import contextlib
import os
import signal
import socket
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from link.voice.port import EngineStopped, LegDown, LegRefused, LegUp, PlayEnded, VoiceError, VoiceSettings
from link.voice.repair import repair_unclosed
from tests.link.voice.tones import RATE, loudness, tail, write_tone
from tests.system.voice_remote import RemoteEngine, RemoteSound, free_rtp_ports


class Engines:
    """Makes engines and ends them."""

    def __init__(self) -> None:
        self.made: list[RemoteEngine] = []
        self.mishandled: list[RemoteEngine] = []

    async def one(self, **changes: object) -> RemoteEngine:
        settings = {"rtp_port": free_rtp_ports(64), "rtp_ports": 64, "max_calls": 16, **changes}
        engine = RemoteEngine(VoiceSettings(**settings))  # type: ignore[arg-type]
        self.made.append(engine)
        await engine.start(lambda fact: None)
        return engine


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    yield engines
    for engine in engines.made:
        code = await engine.end()
        assert code == 0 or engine in engines.mishandled, f"exit code {code}"


async def leg(here: RemoteEngine, there: RemoteEngine) -> tuple[int, int]:
    await there.expect("t", 5)
    mine = await here.dial(there.uri, "t")
    await here.fact(LegUp)
    return mine, (await there.fact(LegUp)).leg


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
    mine, _ = await leg(here, there)
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
    mine, other = await leg(here, there)
    tone = await here.add_frames("tone", RemoteSound(hz=440), RemoteSound(), RATE)
    ear = await there.add_frames("ear", RemoteSound(), RemoteSound(), RATE)
    await here.connect(tone, mine)
    await there.connect(other, ear)
    assert await ear_of(there, ear, tmp_path) > 0.9
    await there.ask("hold", other, True)
    assert await ear_of(there, ear, tmp_path) < 0.01
    await there.ask("hold", other, False)
    assert await ear_of(there, ear, tmp_path) > 0.9
    assert not here.facts
    assert not there.facts


async def test_hanging_up_on_a_far_end_that_is_cut_off_is_told_at_once(engines: Engines) -> None:
    here, there = await engines.one(), await engines.one()
    mine, _ = await leg(here, there)
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
    mine, _ = await leg(here, there)
    await here.connect(mine, await here.record(tmp_path / "over.wav"))
    await asyncio.sleep(0.5)
    assert await here.ask("timed_stop") < 1.5
    await there.fact(LegDown, seconds=2)
    assert repair_unclosed(tmp_path) == []
    with wave.open(str(tmp_path / "over.wav")) as file:
        assert file.getnframes() > 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_calls": 5000, "rtp_ports": 20000}, r"\d+ calls per process, 5000 .*build_pjsua2.*max_calls"),
        ({"rtp_ports": 16}, r"16 RTP ports, 32 .*rtp_ports"),
        ({"codecs": ("G729/8000",)}, r"codec G729/8000: not in this pjsua2 .*G722"),
        ({"bind_host": "192.0.2.1"}, r"SIP port 192.0.2.1:0/udp.*sip_port"),
    ],
)
async def test_what_cannot_be_started_says_why(
    engines: Engines, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(VoiceError, match=words):
        await engines.one(**changes)


async def test_a_sip_port_in_use_is_named(engines: Engines) -> None:
    here = await engines.one()
    assert here.limits is not None
    with pytest.raises(VoiceError, match=f"127.0.0.1:{here.limits.sip_port}/udp.*free it"):
        await engines.one(sip_port=here.limits.sip_port)


async def test_a_process_has_one_engine(engines: Engines) -> None:
    here = await engines.one()
    with pytest.raises(VoiceError, match="runs in this process"):
        await here.ask("second_engine")
    assert await here.alive() < 1


def sip(method: str, port: int, *headers: str, body: str = "", version: str = "SIP/2.0") -> bytes:
    """A request to the engine at `port`, as a stranger would send it."""
    lines = [
        f"{method} sip:node@127.0.0.1:{port} {version}",
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{os.urandom(6).hex()};rport",
        f"From: <sip:x@127.0.0.1>;tag={os.urandom(4).hex()}",
        f"To: <sip:node@127.0.0.1:{port}>",
        f"Call-ID: {os.urandom(8).hex()}",
        f"CSeq: 1 {method}",
        "Contact: <sip:x@127.0.0.1:9>",
        "Max-Forwards: 70",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 9 8\r\n"


def strange_messages(port: int) -> list[bytes]:
    """What strangers send."""
    typed = "Content-Type: application/sdp"
    return [
        b"",
        b"\0" * 1400,
        os.urandom(1400),
        b"GET / HTTP/1.0\r\n\r\n",
        b"INVITE",
        sip("OPTIONS", port),
        sip("REGISTER", port),
        sip("MESSAGE", port, "Content-Type: text/plain", body="hello"),
        sip("SUBSCRIBE", port, "Event: presence", "Expires: 60"),
        sip("REFER", port, "Refer-To: <sip:evil@127.0.0.1:9>"),
        sip("INVITE", port),
        sip("INVITE", port, typed, body=SDP),
        sip("INVITE", port, "X-Spillway-Token: a", "X-Spillway-Token: b", typed, body=SDP),
        sip("INVITE", port, "X-Spillway-Token: " + "x" * 1000, typed, body=SDP),
        sip("INVITE", port, "X-Spillway-Token: a b\tc", typed, body="m=nonsense"),
        sip("INVITE", port, typed, body=SDP * 20),
        sip("INVITE", port, "Replaces: 1;from-tag=2;to-tag=3", typed, body=SDP),
        sip("INVITE", port, version="SIP/7.0"),
        sip("BYE", port),
        sip("X" * 500, port),
    ]


async def test_strangers_change_nothing(engines: Engines) -> None:
    here, there = await engines.one(), await engines.one()
    mine, _ = await leg(here, there)
    assert there.limits is not None
    port = there.limits.sip_port
    known = "X-Spillway-Token: known-"
    for number in range(4):
        await there.expect(f"known-{number}", 5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        typed, g729 = "Content-Type: application/sdp", SDP.replace("9 8", "18")
        for number, body in enumerate((g729, "m=nonsense", SDP.replace("audio", "text"), "")):
            stranger.sendto(sip("INVITE", port, f"{known}{number}", typed, body=body), ("127.0.0.1", port))
        for _ in range(20):
            for message in strange_messages(port):
                with contextlib.suppress(OSError):
                    stranger.sendto(message, ("127.0.0.1", port))
            await asyncio.sleep(0.02)
    await asyncio.sleep(1.0)
    assert await there.alive() < 0.5
    assert {type(fact) for _, fact in there.facts} <= {LegRefused, LegDown}
    refused = [fact for _, fact in there.facts if isinstance(fact, LegRefused)]
    assert 1 <= len(refused) <= 60, "more than 20 refusals a second were told"
    assert (await here.stats(mine)).rx_packets > 0
    await there.expect("second", 5)
    second = await here.dial(there.uri, "second")
    await here.fact(LegUp, leg=second)


async def test_what_we_offer(engines: Engines) -> None:
    here = await engines.one()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(2)
        mine = await here.dial(f"sip:node@127.0.0.1:{peer.getsockname()[1]}", "my-token")
        invite = peer.recv(65535).decode()
    assert "X-Spillway-Token: my-token\r\n" in invite
    media = [line.split() for line in invite.split("\r\n") if line.startswith("m=")]
    assert len(media) == 1, "one audio stream and nothing else, no T.140 text above all"
    name, port, _, *types = media[0]
    assert name == "m=audio"
    assert [kind for kind in types if int(kind) < 96] == ["9", "8"]
    first = here.settings.rtp_port
    assert first <= int(port) < first + here.settings.rtp_ports
    await here.hang_up(mine)


async def test_a_leg_begins_with_packets_for_the_far_end_to_learn_from(engines: Engines) -> None:
    here, there = await engines.one(), await engines.one()
    mine, other = await leg(here, there)
    for engine, port in ((here, mine), (there, other)):
        stats = await engine.stats(port)
        assert 8 <= stats.tx_packets <= 30


async def test_all_legs_use_only_the_given_ports_again_and_again(engines: Engines) -> None:
    here, there = await engines.one(rtp_ports=32), await engines.one(rtp_ports=32)
    for turn in range(3):
        tokens = [f"t{turn}-{number}" for number in range(16)]
        for token in tokens:
            await there.expect(token, 10)
        legs = [await here.dial(there.uri, token) for token in tokens]
        for mine in legs:
            await here.fact(LegUp, leg=mine)
        with pytest.raises(VoiceError, match="dialled"):
            await here.dial(there.uri, "one-more")
        for engine in (here, there):
            assert engine.limits is not None
            media = udp_ports_of(engine.process.pid) - {engine.limits.sip_port}
            first = engine.settings.rtp_port
            given = set(range(first, first + 32))
            assert given <= media
            assert len(media - given) <= 1, "there is the wake-up socket and nothing else"
        for mine in legs:
            await here.hang_up(mine)
        for token in tokens:
            await here.fact(LegDown, token=token)
            await there.fact(LegDown, token=token)
        await asyncio.sleep(0.3)


def udp_ports_of(pid: int) -> set[int]:
    """Local UDP ports that a process has open."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            name = str(link.readlink())
            if name.startswith("socket:["):
                inodes.add(name[8:-1])
    rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return {int(row[1].partition(":")[2], 16) for row in rows if row[9] in inodes}


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
