"""Voice over TLS and certificates that are not good: at either end, on the wire, revoked while a leg stands."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from link.voice.port import LegDown, LegRefused, LegUp, VoiceError, VoiceTls
from tests.link.voice.pki import NOW, Pki
from tests.system.sip_stranger import SRTP_OFFER, Stranger, invite
from tests.system.voice_remote import Engines, RemoteEngine

OVER = {"at": NOW - timedelta(days=100), "days": 30}


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    engines = Engines()
    yield engines
    await engines.end()


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "pki")


@pytest.fixture
def evil(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "evil", "evil-authority")


async def why_not(gateway: RemoteEngine, node: RemoteEngine, name: str = "gw-a") -> LegDown:
    """How a dial that must fail ends; the token itself is good."""
    await node.expect("t", 10, name)
    leg = await gateway.dial(node.uri, "t")
    down: LegDown = await gateway.fact(LegDown, seconds=10, leg=leg)
    assert not [fact for _, fact in (*gateway.facts, *node.facts) if isinstance(fact, LegUp)]
    return down


def node_of_evil(pki: Pki, evil: Pki) -> VoiceTls:
    return evil.node()


def node_expired(pki: Pki, evil: Pki) -> VoiceTls:
    return pki.node(**OVER)


def node_of_another_name(pki: Pki, evil: Pki) -> VoiceTls:
    return pki.node(sans=("voice.example",))


def node_that_is_a_gateway(pki: Pki, evil: Pki) -> VoiceTls:
    return pki.tls("gw-b", sans=("127.0.0.1",))


def node_revoked(pki: Pki, evil: Pki) -> VoiceTls:
    tls = pki.node()
    pki.revoke(tls)
    return tls


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (node_of_evil, "is not from our authority; check ca"),
        (node_expired, "has expired or is not valid yet; check this computer's clock"),
        (node_of_another_name, "does not name the host that was dialled; dial a name in it"),
        (node_that_is_a_gateway, "is not for this use; it is another machine's"),
        (node_revoked, "of voice is revoked; it must be issued anew"),
    ],
)
async def test_a_gateway_tells_what_is_wrong_with_the_nodes_certificate(
    engines: Engines, pki: Pki, evil: Pki, made: object, words: str
) -> None:
    node = await engines.one(tls=made(pki, evil))  # type: ignore[operator]
    here = await engines.one(tls=pki.tls("gw-a"))
    down = await why_not(here, node)
    assert down.reason.startswith(f"the voice node's certificate {words}")
    assert down.code >= 500
    seen = [fact.reason for _, fact in node.facts if isinstance(fact, LegRefused)]
    assert not [why for why in seen if "token" in why], "it never saw the token"


async def test_a_gateway_whose_certificate_is_over_is_refused_and_told_where_to_look(
    engines: Engines, pki: Pki
) -> None:
    node, here = await engines.one(tls=pki.node()), await engines.one(tls=pki.tls("gw-a", **OVER))
    down = await why_not(here, node)
    assert "may not believe this gateway's certificate; look for call.refused" in down.reason
    assert "has expired" in (await node.fact(LegRefused)).reason


async def test_without_a_certificate_or_with_one_of_another_authority_nothing_is_answered(
    engines: Engines, pki: Pki, evil: Pki
) -> None:
    node = await engines.one(tls=pki.node())
    assert node.limits is not None
    port = node.limits.sip_port
    await node.expect("t", 20, "gw-a")
    message = invite(port, "t", SRTP_OFFER)
    nobody = await asyncio.to_thread(Stranger(port, None).say, message)
    assert "certificate required" in nobody.lower()
    assert "did not return a certificate" in (await node.fact(LegRefused)).reason
    for tls in (evil.tls("gw-a"), pki.tls("gw-a", "server", ("127.0.0.1",))):
        answer = await asyncio.to_thread(Stranger(port, tls).say, message)
        assert answer == "closed"
        assert "its certificate" in (await node.fact(LegRefused)).reason
    good = await asyncio.to_thread(Stranger(port, pki.tls("gw-a")).say, message)
    assert good.startswith("SIP/2.0 200"), "the token was good all the time"


async def test_a_resumed_tls_session_does_not_pass_a_certificate_that_is_not_good(
    engines: Engines, pki: Pki, evil: Pki
) -> None:
    node = await engines.one(tls=pki.node())
    assert node.limits is not None
    port = node.limits.sip_port
    await node.expect("t", 20, "gw-a")
    revoked = pki.tls("gw-a")
    strangers = [Stranger(port, evil.tls("gw-a")), Stranger(port, revoked), Stranger(port, pki.tls("gw-b"))]
    for stranger in strangers:
        await asyncio.to_thread(stranger.say, invite(port, "", SRTP_OFFER))
    pki.revoke(revoked)
    answers = []
    for stranger in strangers:
        answers.append(await asyncio.to_thread(stranger.say, invite(port, "t", SRTP_OFFER), True))
        assert stranger.resumed, "else this attack was not tried"
    assert answers[:2] == ["closed", "closed"]
    assert answers[2].startswith("SIP/2.0 403")


async def test_a_revoked_gateway_loses_its_leg_and_gets_no_other(engines: Engines, pki: Pki) -> None:
    tls = pki.tls("gw-a")
    node, here, other = [await engines.one(tls=each) for each in (pki.node(), tls, pki.tls("gw-b"))]
    for gateway, name in ((here, "gw-a"), (other, "gw-b")):
        await node.expect(name, 5, name)
        await gateway.dial(node.uri, name)
        await gateway.fact(LegUp, token=name)
        await node.fact(LegUp, token=name)
    pki.revoke(tls)
    down = await node.fact(LegDown, token="gw-a")
    assert (down.code, down.reason) == (403, "the caller's certificate was revoked")
    await here.fact(LegDown, token="gw-a")
    await node.expect("t", 10, "gw-a")
    leg = await here.dial(node.uri, "t")  # over the connection that still stands
    assert (await here.fact(LegDown, leg=leg)).code == 403
    await node.fact(LegRefused)
    assert not [fact for _, fact in node.facts if isinstance(fact, LegDown)], "the other leg stands"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda pki, evil: VoiceTls(pki.node().ca, pki.folder / "none", pki.folder / "voice.key"),
            "cannot be read",
        ),
        (
            lambda pki, evil: VoiceTls(evil.node().ca, pki.node().certificate, pki.folder / "voice.key"),
            "authority",
        ),
        (
            lambda pki, evil: VoiceTls(pki.node().ca, pki.folder / "voice.pem", evil.node().key),
            "does not belong",
        ),
    ],
)
async def test_wrong_files_keep_an_engine_from_starting_and_are_named(
    engines: Engines, pki: Pki, evil: Pki, spoil: object, words: str
) -> None:
    with pytest.raises(VoiceError, match=words):
        await engines.one(tls=spoil(pki, evil))  # type: ignore[operator]
