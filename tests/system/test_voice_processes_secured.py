"""`central voice` as it is started, secured by its settings file: core's orders, a leg over TLS, settings that lack."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from link.bus.port import Frame
from link.bus.stream import StreamServer
from link.contract import neighbour as say
from link.hosting.inbox import Inbox
from link.voice.port import LegDown, LegUp
from tests.link.voice.pki import Pki
from tests.system.voice_remote import ROOT, Engines, free_rtp_ports

TOKEN = "a-token-of-gw-a"
SETTINGS = """
{top}
state = "state"
run = "{run}"
api = {{ tokens = "tokens.toml" }}
[voice]
rtp_port = {rtp}
rtp_ports = 64
max_calls = 16
{more}
"""
TLS = 'tls = {{ ca = "{pki}/ca.pem", crl = "{pki}/crl.pem", certificate = "{pki}/{own}.pem", key = "{pki}/{own}.key" }}'
PROBE = '\nprobe = {{ certificate = "probe.pem", key = "probe.key" }}'
"""A centre that is secured names it; the voice node does not open it."""


@dataclass
class Core:
    """Core's end of the socket to the voice node."""

    server: StreamServer
    inbox: Inbox
    run: Path

    async def told(self, kind: type) -> object:
        """The next fact of this kind."""
        async with asyncio.timeout(20):
            while True:
                item = await self.inbox.get()
                if isinstance(item, Frame) and isinstance(
                    fact := say.CENTRE_VOICE.decode(item.payload), kind
                ):
                    return fact

    def order(self, order: object) -> None:
        assert self.server.send("voice", say.CENTRE_VOICE.encode(order))


@pytest.fixture
async def core() -> AsyncIterator[Core]:
    with tempfile.TemporaryDirectory(prefix="sp-") as folder:  # short: a socket's path is limited
        inbox = Inbox("core", limit=1000)
        server = StreamServer(Path(folder) / "core-voice.sock", "core")
        await server.start(inbox.post)
        yield Core(server, inbox, Path(folder))
        await server.stop()


def start(folder: Path, run: Path, top: str, more: str = "") -> subprocess.Popen[str]:
    """The process, with its settings in `folder`."""
    text = SETTINGS.format(top=top, run=run, rtp=free_rtp_ports(64), more=more)
    (folder / "central.toml").write_text(text)
    words = [sys.executable, "-m", "central", "voice", "--config", str(folder / "central.toml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


async def test_the_node_offers_itself_over_tls_with_its_own_certificate(core: Core, tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki")
    node_tls, gateway_tls = pki.node(), pki.tls("gw-a")
    pki.tls("svc-centre")
    own = f'name = "localhost"\ncertificate = "{node_tls.certificate}"\nkey = "{node_tls.key}"'
    process = start(tmp_path, core.run, (TLS + PROBE).format(pki=pki.folder, own="svc-centre"), own)
    engines = Engines()
    try:
        ready = await core.told(say.NodeReady)
        assert isinstance(ready, say.NodeReady)
        assert ready.sip.startswith("localhost:")
        assert ready.sip.endswith(";transport=tls")
        owner, thief = await engines.one(tls=gateway_tls), await engines.one(tls=pki.tls("gw-b"))
        core.order(say.ExpectLeg(leg="gw-a/r1", token=TOKEN, ttl=20))
        await asyncio.sleep(0.5)
        await thief.dial(f"sip:r1@{ready.sip}", TOKEN)
        assert (await thief.fact(LegDown)).code == 403
        refused = await core.told(say.CallRefused)
        assert isinstance(refused, say.CallRefused)
        assert refused.source.endswith(" gw-b")
        assert refused.why == "token of another gateway"
        await owner.dial(f"sip:r1@{ready.sip}", TOKEN)
        await owner.fact(LegUp, token=TOKEN)
        answered = await core.told(say.LegAnswered)
        assert isinstance(answered, say.LegAnswered)
        assert answered.leg == "gw-a/r1"
    finally:
        await engines.end()
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert process.returncode == 0, said
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("top", "more", "words"),
    [
        ("", "", "table [tls] is missing"),
        (TLS + PROBE, 'certificate = "voice.pem"', "name both, or neither"),
        (TLS.replace("{own}.key", "other.key") + PROBE, "", "other.key"),
    ],
)
async def test_a_node_that_cannot_be_secured_does_not_start_plain(
    core: Core, tmp_path: Path, top: str, more: str, words: str
) -> None:
    pki = Pki(tmp_path / "pki")
    pki.node()
    process = start(tmp_path, core.run, top.format(pki=pki.folder, own="voice"), more)
    _, said = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode != 0
    assert words in said
    assert "Traceback" not in said
