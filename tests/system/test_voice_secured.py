"""Voice over mutual TLS with SRTP: real engines, real certificates, the wire, and tokens in the wrong hands."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from link.voice.port import LegDown, LegRefused, LegUp, PortId, VoiceError
from tests.link.voice.pki import Pki
from tests.link.voice.tones import loudness, tail
from tests.system.sip_stranger import PLAIN_OFFER, SRTP_OFFER, WEAK_OFFER, Stranger, invite, tcp_ports_towards
from tests.system.test_voice_strangers import udp_ports_of
from tests.system.voice_remote import Engines, RemoteEngine, RemoteSound
from tests.system.voice_wire import WireTap

PCMA = {"codecs": ("PCMA/8000",), "rate_hz": 8000}
RTP_HEAD = 12


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    yield engines
    await engines.end()


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


async def leg_of(gateway: RemoteEngine, node: RemoteEngine, name: str, token: str = "t") -> tuple[int, int]:
    await node.expect(token, 5, name)
    mine = await gateway.dial(node.uri, token)
    await gateway.fact(LegUp, token=token)
    return mine, (await node.fact(LegUp, token=token)).leg


def from_alaw(data: bytes) -> bytes:
    """G.711 A-law to s16le."""
    codes = np.frombuffer(data, np.uint8) ^ 0x55
    exponent, mantissa = (codes >> 4) & 7, (codes & 15).astype(int)
    size = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent, 1) - 1
    )
    return np.where(codes & 0x80, size, -size).astype("<i2").tobytes()


async def heard_and_wired(here: RemoteEngine, node: RemoteEngine, folder: Path) -> tuple[float, float, int]:
    """A tone from `here`: how loud the node hears it, how loud it lies open on the wire, and in how many packets."""
    mine, other = await leg_of(here, node, "gw-a")
    rate = here.settings.rate_hz
    tone = await here.add_frames("radio", RemoteSound(hz=440), RemoteSound(), rate)
    ear = await node.add_frames("ear", RemoteSound(), RemoteSound(), rate)
    await node.connect(other, ear)
    first = here.settings.rtp_port
    with WireTap() as wire:
        await here.connect(tone, mine)
        await asyncio.sleep(1.5)
    await node.ask("heard", ear, str(folder / "heard.raw"))
    sent = [data for source, _, data in wire.payloads if first <= source < first + 64 and data[0] >> 6 == 2]
    sound = from_alaw(b"".join(data[RTP_HEAD : RTP_HEAD + 160] for data in sent if len(data) >= 172))
    heard = tail((folder / "heard.raw").read_bytes(), 0.5, rate)
    return loudness(heard, 440, rate), loudness(tail(sound, 0.5, rate), 440, rate), len(sent)


async def test_sound_arrives_and_is_not_to_be_heard_on_the_wire(
    engines: Engines, pki: Pki, tmp_path: Path
) -> None:
    node = await engines.one(tls=pki.node(), **PCMA)
    here = await engines.one(tls=pki.tls("gw-a"), **PCMA)
    heard, wired, packets = await heard_and_wired(here, node, tmp_path)
    print(f"SRTP: heard {heard:.2f}, open on the wire {wired:.3f} in {packets} packets")
    assert heard > 0.8
    assert packets > 40
    assert wired < 0.1


async def test_plain_sound_does_lie_open_on_the_wire(engines: Engines, tmp_path: Path) -> None:
    node, here = await engines.one(**PCMA), await engines.one(**PCMA)
    heard, wired, _ = await heard_and_wired(here, node, tmp_path)
    assert heard > 0.8
    assert wired > 0.8, "the test before this one would see plain sound"


async def test_both_ends_talk_over_the_one_connection_of_the_gateway(engines: Engines, pki: Pki) -> None:
    node, here = await engines.one(tls=pki.node()), await engines.one(tls=pki.tls("gw-a"))
    assert node.limits is not None
    assert here.limits is not None
    legs = [await leg_of(here, node, "gw-a", f"t{number}") for number in range(3)]
    await node.hang_up(legs[0][1])
    assert (await here.fact(LegDown, leg=legs[0][0])).code == 200
    await here.hang_up(legs[1][0])
    assert (await node.fact(LegDown, leg=legs[1][1])).code == 200
    assert len(tcp_ports_towards(here.process.pid, node.limits.sip_port)) == 1
    assert tcp_ports_towards(node.process.pid, here.limits.sip_port) == []


async def test_a_node_is_dialled_by_a_name_in_its_certificate(engines: Engines, pki: Pki) -> None:
    node, here = await engines.one(tls=pki.node(sans=("localhost",))), await engines.one(tls=pki.tls("gw-a"))
    await node.expect("t", 5, "gw-a")
    await here.dial(node.uri.replace("127.0.0.1", "localhost"), "t")
    await here.fact(LegUp, token="t")


@pytest.mark.parametrize(("offer", "code"), [(PLAIN_OFFER, 488), (WEAK_OFFER, 406), (SRTP_OFFER, 200)])
async def test_only_an_offer_of_strong_srtp_is_answered(
    engines: Engines, pki: Pki, offer: str, code: int
) -> None:
    node = await engines.one(tls=pki.node())
    assert node.limits is not None
    await node.expect("t", 5, "gw-a")
    stranger = Stranger(node.limits.sip_port, pki.tls("gw-a"))
    answer = await asyncio.to_thread(stranger.say, invite(node.limits.sip_port, "t", offer))
    assert answer.startswith(f"SIP/2.0 {code}")
    await asyncio.sleep(0.5)
    assert not [fact for _, fact in node.facts if isinstance(fact, LegUp)]
    assert await node.alive() < 1


async def test_a_token_in_the_hands_of_another_gateway_opens_nothing(engines: Engines, pki: Pki) -> None:
    node = await engines.one(tls=pki.node())
    owner, thief = await engines.one(tls=pki.tls("gw-a")), await engines.one(tls=pki.tls("gw-b"))
    await node.expect("t", 5, "gw-a")
    stolen = await thief.dial(node.uri, "t")
    assert (await thief.fact(LegDown, leg=stolen)).code == 403
    refused = await node.fact(LegRefused, reason="token of another gateway")
    assert refused.source.endswith(" gw-b")
    await owner.dial(node.uri, "t")
    await node.fact(LegUp, token="t")
    again = await owner.dial(node.uri, "t")
    assert (await owner.fact(LegDown, leg=again)).code == 403
    assert (await node.fact(LegRefused)).reason == "unknown or used token"
    late = await owner.dial(node.uri, "never-issued")
    assert (await owner.fact(LegDown, leg=late)).code == 403


async def test_a_call_without_a_token_or_over_another_way_is_refused(engines: Engines, pki: Pki) -> None:
    node, here = await engines.one(tls=pki.node()), await engines.one(tls=pki.tls("gw-a"))
    assert node.limits is not None
    port = node.limits.sip_port
    await leg_of(here, node, "gw-a")
    stranger = Stranger(port, pki.tls("gw-b"))
    answer = await asyncio.to_thread(stranger.say, invite(port, "", SRTP_OFFER))
    assert answer.startswith("SIP/2.0 403")
    assert (await node.fact(LegRefused)).reason == "no token"
    first = node.settings.rtp_port
    wake_up = [each for each in udp_ports_of(node.process.pid) if not first <= each < first + 64]
    await node.expect("u", 5, "gw-a")
    answers = []
    for own in (
        0,
        *tcp_ports_towards(here.process.pid, port),
    ):  # from anywhere, and from where gw-a speaks TLS
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", own))
            sock.setblocking(False)
            for target in wake_up:
                sock.sendto(invite(target, "u", SRTP_OFFER, "UDP"), ("127.0.0.1", target))
            await asyncio.sleep(1.0)
            answers.append(final_status(sock))
    assert answers == ["406", "406"], "the library turns away what is not over TLS, before the screen would"
    assert not [fact for _, fact in node.facts if isinstance(fact, LegUp)]


def final_status(sock: socket.socket) -> str:
    """The last status that came, "" when none did."""
    status = ""
    while True:
        try:
            line = sock.recv(65535).decode(errors="replace").partition("\r\n")[0]
        except BlockingIOError:
            return status
        status = line.split()[1] if line.startswith("SIP/2.0 ") else status


async def test_an_address_that_is_not_for_tls_is_not_dialled(engines: Engines, pki: Pki) -> None:
    here = await engines.one(tls=pki.tls("gw-a"))
    for uri in ("sip:line@127.0.0.1:5060", "sip:line@127.0.0.1:5060;transport=udp"):
        with pytest.raises(VoiceError, match="not for TLS"):
            await here.dial(uri, "t")


async def test_a_leg_survives_hold_and_carries_sound_again(
    engines: Engines, pki: Pki, tmp_path: Path
) -> None:
    node, here = await engines.one(tls=pki.node()), await engines.one(tls=pki.tls("gw-a"))
    mine, other = await leg_of(here, node, "gw-a")
    tone = await here.add_frames("radio", RemoteSound(hz=440), RemoteSound(), 16000)
    ear: PortId = await node.add_frames("ear", RemoteSound(), RemoteSound(), 16000)
    await here.connect(tone, mine)
    await node.connect(other, ear)
    await node.ask("hold_media", other, True)
    await asyncio.sleep(0.5)
    await node.ask("hold_media", other, False)
    await asyncio.sleep(1.5)
    await node.ask("heard", ear, str(tmp_path / "heard.raw"))
    assert loudness(tail((tmp_path / "heard.raw").read_bytes(), 0.4), 440) > 0.8
