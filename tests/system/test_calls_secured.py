"""Telephone calls in a secured node: the edge over TLS by its certificate, SRTP, and nobody else in its place."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from link.voice.call_port import CallCame, CallTo
from link.voice.pjsua_calls import LEG_WATCH_EVERY
from link.voice.port import LegDown, LegRefused, LegUp, VoiceSettings
from tests.link.voice.pki import HOSTS, Pki
from tests.link.voice.tones import loudness, tail
from tests.system.sip_stranger import PLAIN_OFFER, Stranger, invite
from tests.system.voice_remote import Engines, RemoteEngine, RemoteSound

EDGE = {"edges": ("127.0.0.1",)}


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    yield engines
    await engines.end()


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


def at(engine: RemoteEngine, number: str) -> str:
    return engine.uri.replace("sip:node@", f"sip:{number}@")


async def loud(here: RemoteEngine, mine: int, there: RemoteEngine, other: int, path: Path) -> float:
    tone = await here.add_frames("mouth", RemoteSound(hz=440), RemoteSound(), 16000)
    ear = await there.add_frames("ear", RemoteSound(), RemoteSound(), 16000)
    await here.connect(tone, mine)
    await there.connect(other, ear)
    await asyncio.sleep(1.0)
    await there.ask("heard", ear, str(path))
    return loudness(tail(path.read_bytes(), 0.3), 440)


async def test_the_edge_calls_over_tls_and_is_heard_both_ways(
    engines: Engines, pki: Pki, tmp_path: Path
) -> None:
    node = await engines.one(tls=pki.node(), **EDGE)
    edge = await engines.one(tls=pki.tls("edge", kind="both", sans=HOSTS), **EDGE)
    mine = await edge.call(CallTo(at(node, "2002"), "2001", srtp=True))
    came = await node.fact(CallCame, number="2002", caller="2001")
    await node.answer(came.leg)
    await edge.fact(LegUp, leg=mine)
    assert await loud(edge, mine, node, came.leg, tmp_path / "node.raw") > 0.8
    assert await loud(node, came.leg, edge, mine, tmp_path / "edge.raw") > 0.8


async def test_a_gateways_certificate_is_no_edges(engines: Engines, pki: Pki) -> None:
    node = await engines.one(tls=pki.node(), **EDGE)
    gateway = await engines.one(tls=pki.tls("gw-a"), **EDGE)
    mine = await gateway.call(CallTo(at(node, "2002"), "2001", srtp=True))
    assert (await gateway.fact(LegDown, leg=mine)).code == 403
    assert "no token" in (await node.fact(LegRefused)).reason


async def test_a_phone_that_offers_plain_sound_may_speak_and_a_gateway_may_not(
    engines: Engines, pki: Pki
) -> None:
    node = await engines.one(tls=pki.node(), **EDGE)
    assert node.limits is not None
    port = node.limits.sip_port
    edge = Stranger(port, pki.tls("edge", kind="both", sans=HOSTS))
    told = asyncio.create_task(asyncio.to_thread(edge.say, shown(invite(port, "", PLAIN_OFFER))))
    await node.refuse((await node.fact(CallCame)).leg, 486)
    assert " 486 " in await told
    required = shown(invite(port, "", PLAIN_OFFER), "X-Spillway-Srtp: required")
    assert " 488 " in await asyncio.to_thread(edge.say, required)
    await node.expect("t", 5, "gw-b")
    gateway = Stranger(port, pki.tls("gw-b"))
    assert " 488 " in await asyncio.to_thread(gateway.say, invite(port, "t", PLAIN_OFFER))


def shown(message: bytes, *more: str) -> bytes:
    """The INVITE as the edge would send it."""
    head = "\r\n".join(["X-Spillway-Caller: 2001", "X-Spillway-Kind: phone", *more, "Max-Forwards: 70"])
    return message.replace(b"Max-Forwards: 70", head.encode())


@pytest.mark.parametrize(("srtp", "profile"), [(True, "RTP/SAVP"), (False, "RTP/AVP")])
async def test_a_phone_is_called_with_encrypted_sound_where_its_policy_says_so(
    engines: Engines, srtp: bool, profile: str
) -> None:
    node = await engines.one(**EDGE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(3)
        await node.call(CallTo(f"sip:2002@127.0.0.1:{phone.getsockname()[1]}", "2001", srtp=srtp))
        said = (await asyncio.to_thread(phone.recv, 65535)).decode()
    assert f" {profile} " in said
    assert "From: <sip:2001@127.0.0.1" in said
    assert "Session-Expires: 600" in said
    assert ("a=crypto:" in said) == srtp or not srtp


@pytest.mark.long
async def test_a_silent_telephone_is_not_hung_up_and_a_silent_gateway_is(engines: Engines) -> None:
    patience = LEG_WATCH_EVERY / 2
    assert VoiceSettings().media_timeout > LEG_WATCH_EVERY
    node, there = await engines.one(media_timeout=patience, **EDGE), await engines.one(**EDGE)
    mine = await there.call(CallTo(at(node, "2002"), "2001"))
    came = await node.fact(CallCame)
    await node.answer(came.leg)
    await there.fact(LegUp, leg=mine)
    await node.hold(came.leg, True)
    await node.expect("t", 5)
    await there.dial(node.uri, "t")
    lost = (await node.fact(LegUp, token="t")).leg
    engines.mishandled.append(there)
    there.kill(signal.SIGSTOP)
    assert (await node.fact(LegDown, leg=lost, seconds=6)).code == 408
    assert not [fact for _, fact in node.facts if isinstance(fact, LegDown)]
    there.kill()
