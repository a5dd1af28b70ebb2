"""`central voice`: starts the engine, mends what a crash left, joins core's socket, serves until told."""

import asyncio
import logging
from pathlib import Path

from central.config import CentralSettings, VoiceNodeSettings
from central.voice.loudness import Loudness
from central.voice.node import CORE_LOST, VoiceNode, measure
from central.voice.sounds import write_sounds
from link.bus.stream import StreamClient
from link.contract import neighbour as say
from link.hosting.stall import StallWatch
from link.voice.host import VoiceHost
from link.voice.pjsua_engine import PjsuaEngine
from link.voice.port import VoiceSettings, VoiceTls
from link.voice.repair import repair_unclosed
from link.voice.secured import SECURE, voice_tls

log = logging.getLogger(__name__)

PORTS_PER_CALL = 2
SPARE_PORTS = 128


def mend(folder: Path) -> list[say.RecordingClosed]:
    """Repair what a crash left unclosed below `folder`; one fact for each file. Not on the event loop."""
    facts = []
    for place in (folder, *sorted(each for each in folder.rglob("*") if each.is_dir())):
        for repaired in repair_unclosed(place):
            seconds, sha = measure(repaired.path)
            path = str(repaired.path.relative_to(folder))
            known = {"recording": repaired.path.stem, "path": path, "seconds": seconds, "sha": sha}
            facts.append(say.RecordingClosed.model_validate({**known, "state": "repaired"}))
    return facts


def _engine(voice: VoiceNodeSettings, tls: VoiceTls | None, edges: tuple[str, ...]) -> PjsuaEngine:
    """The engine of these settings, not started yet."""
    return PjsuaEngine(
        VoiceSettings(
            bind_host=voice.host,
            sip_port=voice.sip_port,
            rtp_port=voice.rtp_port,
            rtp_ports=voice.rtp_ports,
            rate_hz=voice.rate_hz,
            codecs=voice.codecs,
            max_calls=voice.max_calls,
            media_ports=voice.max_calls * PORTS_PER_CALL + SPARE_PORTS,
            user_agent="spillway-node",
            tls=tls,
            edges=edges,
        )
    )


async def run_node(settings: CentralSettings) -> None:
    """Run one voice node until cancelled. EngineDied when the engine ends by itself."""
    settings.recordings.mkdir(parents=True, exist_ok=True)
    settings.run.mkdir(parents=True, exist_ok=True)
    mended = await asyncio.to_thread(mend, settings.recordings)
    voice = settings.voice
    tls = voice_tls(settings.plain, settings.tls, voice.certificate, voice.key)
    dialled, edges = settings.way_to_edge
    engine = _engine(voice, tls, edges)
    music = settings.telephony.hold_music
    sounds = await asyncio.to_thread(write_sounds, settings.run / "sounds", voice.rate_hz, music)
    client = StreamClient(settings.voice_socket, "voice")

    async def came() -> None:
        host.tell(node.ready())
        while mended and host.tell(mended[-1]):
            mended.pop()

    async def left() -> None:
        await node.core_lost()

    host = VoiceHost(engine, client, say.CENTRE_VOICE, came, left, CORE_LOST)
    limits = await engine.start(host.inbox.post)
    sip = f"{voice.name or voice.host}:{limits.sip_port}{SECURE if tls is not None else ''}"
    edge = dialled and dialled + (SECURE if tls is not None else "")
    loudness = Loudness(engine, voice.rate_hz) if voice.level else None
    node = VoiceNode(engine, limits, settings.recordings, host.tell, sip, edge, sounds, loudness)
    stalls = asyncio.create_task(StallWatch("central voice").run())
    try:
        await client.start(host.inbox.post)
        log.info("node sip=%s calls=%d version=%s", sip, limits.calls, limits.version)
        await host.run(node)
    finally:
        stalls.cancel()
        await node.stop()
        await client.stop()
        await engine.stop()
