"""A voice engine without a media library: the same port, in one process, on a hand-turned clock.

Fakes on one `FakeAir` dial each other by address; `FakeAir.tick()` carries one 20 ms frame through every
connection. It ships with the product and passes the real door's port tests. Verbs for trouble:
`refuse_dial`, `drop_leg`, `freeze`, `die`. No thread, no socket; files only for players and recorders.
"""

import asyncio
import itertools
from pathlib import Path

from link.voice.call_port import CallTo
from link.voice.fake_calls import FakeCalls
from link.voice.fake_parts import FakeFrames, FakeLeg, FakePlayer, FakeRecorder
from link.voice.patches import PatchTable
from link.voice.pcm import mix, read_frames, resample
from link.voice.port import (
    FRAME_MS,
    EngineStopped,
    FactSink,
    FrameSink,
    FrameSource,
    LegDown,
    LegRefused,
    LegStats,
    LegUp,
    Moment,
    PlayEnded,
    PortId,
    VoiceError,
    VoiceLimits,
    VoiceSettings,
    frame_bytes,
)
from link.voice.tokens import ExpectedTokens, checked_token, checked_uri
from link.voice.wav_files import check_recordable

_ids = itertools.count(1)


class FakeAir:
    """The network between fakes, and their common clock. `now` is in seconds."""

    def __init__(self) -> None:
        self.now, self.ticks = 0.0, 0
        self.engines: dict[str, FakeEngine] = {}

    def answering(self, uri: str) -> "FakeEngine | None":
        """The engine at the host of `uri`; as in the real one, the user part does not matter."""
        uri = uri.partition(";")[0]
        host = uri.removeprefix("sip:").rpartition("@")[2]
        there = (each for each in self.engines if each.removeprefix("sip:").rpartition("@")[2] == host)
        return self.engines.get(uri) or self.engines.get(next(there, ""))

    def tick(self, count: int = 1) -> None:
        """Let `count` frames of 20 ms pass through every engine."""
        for _ in range(count):
            self.now += FRAME_MS / 1000
            for engine in list(self.engines.values()):
                engine.carry()
            self.ticks += 1
            for engine in list(self.engines.values()):
                engine.arrive()


class FakeEngine(FakeCalls):
    """`VoiceEngine` without a media library. `uri` is where others dial it, `name` what its certificate says."""

    def __init__(
        self, air: FakeAir, uri: str, settings: VoiceSettings | None = None, name: str | None = None
    ) -> None:
        self.uri, self.name = uri, name
        self.settings = settings or VoiceSettings()
        self.patches = PatchTable()
        self._air = air
        self._sink: FactSink | None = None
        self.expected = ExpectedTokens(lambda: air.now)
        self.legs: dict[PortId, FakeLeg] = {}
        self._frames: dict[PortId, FakeFrames] = {}
        self._players: dict[PortId, FakePlayer] = {}
        self._recorders: dict[PortId, FakeRecorder] = {}
        self.calling: dict[PortId, CallTo] = {}
        self._refusal: tuple[int, str] | None = None
        self.warm = asyncio.Event()
        self.warm.set()

    def refuse_dial(self, code: int = 503, reason: str = "Service Unavailable") -> None:
        """Let the next dial end with LegDown(code, reason)."""
        self._refusal = (code, reason)

    def drop_leg(self, leg: PortId, code: int = 408, reason: str = "no media for 10 s") -> None:
        """Lose a leg without a word between its ends; each finds out on its own."""
        found = self.legs[leg]
        self.end_leg(leg, code, reason)
        if found.other is not None:
            found.other.end_leg(found.other_port, code, reason)

    def freeze(self) -> None:
        """No order is answered any more, no frame is carried, no call is taken."""
        self.warm.clear()

    def thaw(self) -> None:
        """End of `freeze`; orders given meanwhile are carried out."""
        self.warm.set()

    def die(self, reason: str = "crashed") -> None:
        """End without being asked to. The other ends of the legs are told nothing."""
        self._end(reason)

    async def start(self, sink: FactSink) -> VoiceLimits:
        """See `VoiceEngine.start`."""
        if self._sink is not None:
            raise VoiceError("voice engine was started before; make a new one")
        if self.uri in self._air.engines:
            raise VoiceError(f"{self.uri}: taken; free it or set another sip_port (0 = any)")
        self._sink = sink
        self._air.engines[self.uri] = self
        return VoiceLimits(self.settings.max_calls, self.settings.media_ports, "fake", 5060)

    async def stop(self) -> None:
        """See `VoiceEngine.stop`."""
        if not self.warm.is_set():
            self._end("frozen: leave the process by os._exit")
            return
        for leg in list(self.legs):
            self._hang_up(leg)
        self._end("stopped")

    async def dial(self, uri: str, token: str) -> PortId:
        """See `VoiceEngine.dial`."""
        checked_uri(uri)
        checked_token(token)
        await self._ready()
        if len(self.legs) >= self.settings.max_calls:
            raise VoiceError(f"{uri}: cannot be dialled: too many calls")
        port = next(_ids)
        self.legs[port] = FakeLeg(token)
        asyncio.get_running_loop().call_soon(self._ring, port, uri)
        return port

    async def expect(self, token: str, ttl: float, peer: str = "") -> None:
        """See `VoiceEngine.expect`."""
        self.expected.expect(token, ttl, peer)

    async def hang_up(self, leg: PortId) -> None:
        """See `VoiceEngine.hang_up`."""
        await self._ready()
        self._hang_up(leg)

    async def add_frames(self, name: str, source: FrameSource, sink: FrameSink, rate_hz: int) -> PortId:
        """See `VoiceEngine.add_frames`."""
        await self._ready()
        self._frames[port := next(_ids)] = FakeFrames(source, sink, rate_hz)
        return port

    async def play(self, path: Path, loop: bool = False) -> PortId:
        """See `VoiceEngine.play`."""
        await self._ready()
        frames = read_frames(path, self.settings.rate_hz)
        self._players[port := next(_ids)] = FakePlayer(frames, loop)
        return port

    async def record(self, path: Path) -> PortId:
        """See `VoiceEngine.record`."""
        await self._ready()
        check_recordable(path)
        first = await self.when(self._air.ticks)
        self._recorders[port := next(_ids)] = FakeRecorder(path, first)
        return port

    async def began(self, recorder: PortId) -> Moment:
        """See `VoiceEngine.began`."""
        await self._ready()
        if recorder not in self._recorders:
            raise VoiceError(f"port {recorder} is no recorder (any more)")
        return self._recorders[recorder].began

    async def when(self, tick: int) -> Moment:
        """See `VoiceEngine.when`."""
        return Moment(tick, tick * FRAME_MS * 1_000_000, tick * FRAME_MS * 1_000_000)

    async def close(self, port: PortId) -> None:
        """See `VoiceEngine.close`."""
        await self._ready()
        if port in self.legs:
            raise VoiceError(f"port {port} is a leg; hang it up instead")
        self.patches.forget(port)
        self._frames.pop(port, None)
        self._players.pop(port, None)
        self._finish(self._recorders.pop(port, None))

    async def connect(self, source: PortId, sink: PortId, level: float = 1.0) -> None:
        """See `VoiceEngine.connect`."""
        await self._ready()
        for port in (source, sink):
            if not (port in self.legs or port in self._frames or self._is_file(port)):
                raise VoiceError(f"port {port} does not exist (any more); connect after it was made")
        self.patches.want((source, sink), level)

    async def part(self, source: PortId, sink: PortId) -> None:
        """See `VoiceEngine.part`."""
        await self._ready()
        self.patches.unwant((source, sink))

    async def set_gain(self, leg: PortId, gain: float) -> None:
        """See `VoiceEngine.set_gain`."""
        await self._ready()
        if leg not in self.legs:
            raise VoiceError(f"leg {leg} does not exist (any more); set its gain after LegUp")
        self.legs[leg].gain = gain

    async def stats(self, leg: PortId) -> LegStats:
        """See `VoiceEngine.stats`."""
        await self._ready()
        found = self.legs.get(leg)
        if found is None or found.other is None or (found.telephone and not found.answered):
            raise VoiceError(f"leg {leg} is not up; ask again after LegUp")
        return LegStats(found.rx_packets, found.tx_packets, 0, 0, 0.0, 0.0)

    async def alive(self) -> float:
        """See `VoiceEngine.alive`."""
        await self._ready()
        return 0.0

    def carry(self) -> None:
        """One tick: take a frame from every source, hand every sink what it shall hear."""
        if not self.warm.is_set():
            return
        given = {port: self._from(port) for port in (*self._frames, *self.legs)}
        to: dict[PortId, list[tuple[bytes, float]]] = {}
        connected: set[PortId] = set()
        for (source, sink), level in self.patches.wanted.items():
            if source in self._players and source not in given:
                given[source] = self._played(source)
            connected.add(sink)
            frame = given.get(source)
            if frame is not None:
                to.setdefault(sink, []).append((frame, level))
        silence = bytes(frame_bytes(self.settings.rate_hz))
        for port in {*self._frames, *self._recorders, *connected}:
            self._hand(port, mix(to[port]) if port in to else silence, port in connected)

    def arrive(self) -> None:
        """What was sent in this tick can be heard in the next."""
        for leg in self.legs.values():
            leg.heard, leg.coming = leg.coming, None

    def _from(self, port: PortId) -> bytes | None:
        leg = self.legs.get(port)
        if leg is not None:
            return leg.heard if leg.gain == 1.0 or leg.heard is None else mix([(leg.heard, leg.gain)])
        frames = self._frames[port]
        sound = frames.source.pop()
        return None if sound is None else resample(sound, frames.rate_hz, self.settings.rate_hz)

    def _played(self, port: PortId) -> bytes | None:
        player = self._players[port]
        if player.at == len(player.frames):
            if not player.loop:
                return None
            player.at = 0
        player.at += 1
        if player.at == len(player.frames) and not player.loop:
            self.post(PlayEnded(port))
        return player.frames[player.at - 1]

    def _hand(self, port: PortId, frame: bytes, connected: bool) -> None:
        if (frames := self._frames.get(port)) is not None:
            frames.sink.push(resample(frame, self.settings.rate_hz, frames.rate_hz))
        elif (leg := self.legs.get(port)) is not None and leg.other is not None and connected:
            if self.is_mute(leg):
                return
            leg.tx_packets += 1
            other = leg.other.legs.get(leg.other_port)
            if other is not None:
                other.coming = frame
                other.rx_packets += 1
        elif (recorder := self._recorders.get(port)) is not None:
            recorder.write(frame)

    def _ring(self, port: PortId, uri: str) -> None:
        leg = self.legs.get(port)
        if leg is None:
            return
        refusal, self._refusal = self._refusal, None
        there = self._air.answering(uri)
        if refusal is not None:
            self.end_leg(port, *refusal)
        elif leg.telephone and there is not None:
            self.ring_there(port, leg, uri, there)
        elif there is None or not there.warm.is_set():
            self.end_leg(port, 408, "Request Timeout")
        elif why := there.expected.take(leg.token, self.name):
            there.post(LegRefused(self.uri, why))
            self.end_leg(port, 403, "Forbidden")
        else:
            leg.other, leg.other_port = there, next(_ids)
            there.legs[leg.other_port] = FakeLeg(leg.token, self, port)
            there.post(LegUp(leg.other_port, leg.token, self.settings.codecs[0]))
            self.post(LegUp(port, leg.token, self.settings.codecs[0]))

    def _hang_up(self, port: PortId) -> None:
        leg = self.legs.get(port)
        if leg is not None:
            self.end_leg(port, 200, "OK")
            if leg.other is not None:
                cancelled = leg.telephone and not leg.answered
                leg.other.end_leg(leg.other_port, 487 if cancelled else 200, "Normal call clearing")

    def end_leg(self, port: PortId, code: int, reason: str) -> None:
        leg = self.legs.pop(port, None)
        if leg is not None:
            self.patches.forget(port)
            self.post(LegDown(port, leg.token, code, reason))

    def new_port(self) -> PortId:
        return next(_ids)

    def _is_file(self, port: PortId) -> bool:
        return port in self._players or port in self._recorders

    def _finish(self, recorder: FakeRecorder | None) -> None:
        if recorder is not None:
            recorder.close(self.settings.rate_hz)

    async def _ready(self) -> None:
        await self.warm.wait()
        if self._air.engines.get(self.uri) is not self:
            raise VoiceError("voice engine is not running; start it before using it")

    def post(self, fact: object) -> None:
        if self._sink is not None:
            asyncio.get_running_loop().call_soon(self._sink, fact)

    def _end(self, reason: str) -> None:
        if self._air.engines.get(self.uri) is not self:
            return
        del self._air.engines[self.uri]
        for leg in list(self.legs):
            self.end_leg(leg, 500, "voice engine stopped")
        for recorder in self._recorders.values():
            self._finish(recorder)
        self.post(EngineStopped(reason))
