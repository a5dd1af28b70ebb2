"""The real voice engine at its edges: what it refuses, offers and uses, and what strangers may do to it."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from link.voice.port import LegDown, LegRefused, LegUp, VoiceError
from tests.system.voice_remote import Engines, leg_between


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    yield engines
    await engines.end()


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
    mine, _ = await leg_between(here, there)
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
    mine, other = await leg_between(here, there)
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
