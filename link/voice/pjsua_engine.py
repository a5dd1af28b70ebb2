"""The voice engine on pjsua2: the door's face, in asyncio. It only passes orders to the pj thread.

Together with the other `pjsua_…` files the one door that imports pjsua2; their docstrings hold the library's traps. One
engine per process. Nothing here may keep a pj object: integers only.
"""

import asyncio
import ipaddress
import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from link.voice.call_port import CallTo, checked_digits, checked_number
from link.voice.pjsua_exchange import Exchange
from link.voice.pjsua_ports import first_tick
from link.voice.pjsua_thread import PjThread
from link.voice.port import (
    EngineStopped,
    FactSink,
    FrameSink,
    FrameSource,
    LegStats,
    Moment,
    PortId,
    VoiceError,
    VoiceLimits,
    VoiceSettings,
)
from link.voice.secured import SECURE
from link.voice.tokens import ExpectedTokens, checked_token, checked_uri

log = logging.getLogger(__name__)
T = TypeVar("T")

HOST = re.compile(r"(sip:(?:[^@]*@)?)(\[[0-9a-fA-F:.]+\]|[^@:;?\[\]]+)((?::[0-9]{1,5})?(?:[;?].*)?)")
LOOK_UP_MOST = 5.0
STOP_MOST = 2.8
FILE_CLOSE_MOST = 1.0


class PjsuaEngine:
    """`VoiceEngine` on pjsua2."""

    def __init__(self, settings: VoiceSettings | None = None) -> None:
        self._settings = settings or VoiceSettings()
        self._expected = ExpectedTokens(time.monotonic)
        self._thread: PjThread | None = None
        self._exchange: Exchange | None = None
        self._sink: FactSink | None = None
        self._recordings: dict[PortId, Path] = {}
        self._stopped_told = threading.Lock()

    async def start(self, sink: FactSink) -> VoiceLimits:
        """See `VoiceEngine.start`."""
        if self._thread is not None:
            raise VoiceError("voice engine was started before; make a new one")
        self._sink = sink
        self._exchange = Exchange(self._settings, self._expected, sink)
        self._thread = PjThread(self._settings, self._exchange)
        self._thread.start()
        limits = await asyncio.wrap_future(self._thread.started)
        self._thread.ended.add_done_callback(lambda ended: self._tell_stopped(ended.result()))
        log.info(
            "event=voice-engine-up calls=%d ports=%d version=%s sip_port=%d",
            limits.calls,
            limits.ports,
            limits.version,
            limits.sip_port,
        )
        return limits

    async def stop(self) -> None:
        """See `VoiceEngine.stop`."""
        if self._thread is None:
            return
        self._thread.end()
        done, _ = await asyncio.wait({asyncio.wrap_future(self._thread.ended)}, timeout=STOP_MOST)
        if not done:
            log.error("event=voice-engine-frozen advice=leave-by-os._exit")
            self._tell_stopped("frozen: leave the process by os._exit")

    async def dial(self, uri: str, token: str) -> PortId:
        """See `VoiceEngine.dial`."""
        there, token = self._there, checked_token(token)
        return await self._do(partial(there.dial, await self._found(uri), token))

    async def call(self, to: CallTo) -> PortId:
        """See `TelephoneEngine.call`."""
        there = self._there
        for text in (to.caller, *([to.trunk] if to.trunk else [])):
            checked_number(text)
        return await self._do(partial(there.place, await self._found(to.uri), to))

    async def ring(self, leg: PortId, early: bool = False) -> None:
        """See `TelephoneEngine.ring`."""
        await self._do(partial(self._there.ring, leg, early))

    async def answer(self, leg: PortId) -> None:
        """See `TelephoneEngine.answer`."""
        await self._do(partial(self._there.answer, leg))

    async def refuse(self, leg: PortId, code: int) -> None:
        """See `TelephoneEngine.refuse`."""
        await self._do(partial(self._there.refuse, leg, code))

    async def send_digits(self, leg: PortId, digits: str) -> None:
        """See `TelephoneEngine.send_digits`."""
        await self._do(partial(self._there.send_digits, leg, checked_digits(digits)))

    async def hold(self, leg: PortId, held: bool) -> None:
        """See `TelephoneEngine.hold`."""
        await self._do(partial(self._there.hold, leg, held))

    async def _found(self, uri: str) -> str:
        """`uri` as the library may have it."""
        found = await resolved(checked_uri(uri))
        if self._settings.tls is None:
            return found
        if not uri.endswith(SECURE):
            raise VoiceError(f"uri {uri[:80]!r}: not dialled, it is not for TLS; {SECURE} has to end it")
        return uri  # the host's name must stand in the certificate; that it has an address was just seen

    async def expect(self, token: str, ttl: float, peer: str = "") -> None:
        """See `VoiceEngine.expect`."""
        self._expected.expect(token, ttl, peer)

    async def hang_up(self, leg: PortId) -> None:
        """See `VoiceEngine.hang_up`."""
        await self._do(partial(self._there.hang_up, leg))

    async def add_frames(self, name: str, source: FrameSource, sink: FrameSink, rate_hz: int) -> PortId:
        """See `VoiceEngine.add_frames`."""
        return await self._do(partial(self._there.add_frames, name, source, sink, rate_hz))

    async def play(self, path: Path, loop: bool = False) -> PortId:
        """See `VoiceEngine.play`."""
        return await self._do(partial(self._there.play, path, loop))

    async def record(self, path: Path) -> PortId:
        """See `VoiceEngine.record`."""
        port = await self._do(partial(self._there.record, path))
        self._recordings[port] = path
        return port

    async def began(self, recorder: PortId) -> Moment:
        """See `VoiceEngine.began`."""
        return await self._do(partial(first_tick, self._there.recorders, recorder))

    async def when(self, tick: int) -> Moment:
        """See `VoiceEngine.when`."""
        return self._there.clock.when(tick)

    async def close(self, port: PortId) -> None:
        """See `VoiceEngine.close`."""
        await self._do(partial(self._there.close, port))
        path = self._recordings.pop(port, None)
        if path is not None:
            await _header_written(path)

    async def connect(self, source: PortId, sink: PortId, level: float = 1.0) -> None:
        """See `VoiceEngine.connect`."""
        await self._do(partial(self._there.connect, (source, sink), level))

    async def part(self, source: PortId, sink: PortId) -> None:
        """See `VoiceEngine.part`."""
        await self._do(partial(self._there.part, (source, sink)))

    async def set_gain(self, leg: PortId, gain: float) -> None:
        """See `VoiceEngine.set_gain`."""
        await self._do(partial(self._there.set_gain, leg, gain))

    async def stats(self, leg: PortId) -> LegStats:
        """See `VoiceEngine.stats`."""
        return await self._do(partial(self._there.stats, leg))

    async def alive(self) -> float:
        """See `VoiceEngine.alive`."""
        began = time.monotonic()
        await self._do(time.monotonic)
        return time.monotonic() - began

    @property
    def _there(self) -> Exchange:
        if self._exchange is None:
            raise VoiceError("voice engine is not running; start it before using it")
        return self._exchange

    async def _do(self, order: Callable[[], T]) -> T:
        if self._thread is None:
            raise VoiceError("voice engine is not running; start it before using it")
        return await asyncio.wrap_future(self._thread.submit(order))

    def _tell_stopped(self, reason: str) -> None:
        if self._sink is not None and self._stopped_told.acquire(blocking=False):
            self._sink(EngineStopped(reason))


async def resolved(uri: str) -> str:
    """`uri` with its host's name replaced by its IPv4 address: the library would look it up in the pj thread
    and stand still as long as the name server does. VoiceError when there is no such host."""
    match = HOST.fullmatch(uri)
    if match is None:
        raise VoiceError(f"uri {uri[:80]!r}: sip:name@host[:port] expected")
    before, host, after = match.groups()
    try:
        ipaddress.ip_address(host.strip("[]"))
        return uri
    except ValueError:
        pass
    try:
        async with asyncio.timeout(LOOK_UP_MOST):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, family=socket.AF_INET)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise VoiceError(f"{host}: no address found ({error}); check the name and the name server") from None
    return f"{before}{found[0][4][0]}{after}"


async def _header_written(path: Path) -> None:
    """Wait until the bridge's clock has closed the recording (its header then names a length)."""
    until = time.monotonic() + FILE_CLOSE_MOST
    while time.monotonic() < until:
        try:
            with path.open("rb") as file:
                head = file.read(8)
        except OSError:
            return
        if head[4:8] not in (b"", b"\0\0\0\0"):
            return
        await asyncio.sleep(0.005)
    log.warning("event=recording-not-closed path=%s", path)
