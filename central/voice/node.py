"""The voice node: answers the gateways' legs and carries telephone calls, joins them as core orders, records.

It holds what core ordered as names (`gateway/line`) and applies it to whatever legs stand, so that a leg that
returns is joined again at once. Without core for CORE_LOST seconds nobody is joined and every file is closed.
It must never decide who hears whom.
"""

import asyncio
import logging
import shutil
import wave
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

from central.voice.calls import NodeCalls
from central.voice.loudness import Loudness
from link.contract import neighbour as say
from link.contract.call_talk import CALL, PlaceCall
from link.contract.wire import Wire
from link.voice.call_port import CallHeld, TelephoneEngine
from link.voice.port import LegDown, LegRefused, LegUp, PortId, VoiceError, VoiceLimits
from link.voice.repair import repair_file

log = logging.getLogger(__name__)

CORE_LOST = 2.0
FULL_BELOW = 1 << 20
"""Bytes of room below which a disk counts as full."""

Connection = tuple[str, str]


@dataclass
class Taping:
    """One recording under way."""

    port: PortId
    path: str
    legs: tuple[str, ...]
    joined: set[PortId] = field(default_factory=set)


class VoiceNode:
    """Orders in by `obey`, engine facts by `heard`; facts for core go out through `tell`."""

    def __init__(
        self,
        engine: TelephoneEngine,
        limits: VoiceLimits,
        recordings: Path,
        tell: Callable[[Wire], object],
        sip: str = "",
        edge: str = "",
        sounds: dict[str, Path] | None = None,
        loudness: Loudness | None = None,
    ) -> None:
        """`sip` is where gateways dial, with what has to follow the port; loopback when left out. `edge` and `sounds`
        as in NodeCalls. Without `loudness` everybody comes in as loud as he is."""
        self.legs: dict[str, PortId] = {}
        self._engine = engine
        self._limits = limits
        self._folder = recordings
        self._sip = sip or f"127.0.0.1:{limits.sip_port}"
        self._tell, self._loudness = tell, loudness
        self._expected: dict[str, str] = {}
        self._bridges: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._joined: set[Connection] = set()
        self._tapings: dict[str, Taping] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.calls = NodeCalls(engine, self.legs, tell, edge, sounds)

    def ready(self) -> say.NodeReady:
        """What core is told first."""
        return say.NodeReady(
            sip=self._sip,
            calls=self._limits.calls,
            version=self._limits.version,
            legs=tuple(self.legs),
            recordings=tuple(self._tapings),
        )

    async def obey(self, order: Wire) -> None:
        """Carry out one order of core. Trouble with it is logged and told, never raised."""
        try:
            match order:
                case say.ExpectLeg(leg=leg, token=token, ttl=ttl):
                    stale = [known for known, name in self._expected.items() if name == leg]
                    for known in stale:  # a dial that never came: its token is void with the next one
                        del self._expected[known]
                    self._expected[token] = leg
                    # Where certificates are shown, only this gateway's opens the leg.
                    await self._engine.expect(token, ttl, leg.partition("/")[0])
                case say.Hello():
                    self._tell(self.ready())
                case say.SetBridge(bridge=bridge, talkers=talkers, listeners=listeners):
                    self._bridges.pop(bridge, None)
                    if talkers or listeners:  # a patch that has ended is not remembered
                        self._bridges[bridge] = (talkers, listeners)
                    await self._apply()
                case say.StartRecording():
                    await self._start_recording(order)
                case say.SetRecordingLegs(recording=recording, legs=legs):
                    if recording in self._tapings:
                        self._tapings[recording].legs = legs
                        await self._join_tapings()
                case say.StopRecording(recording=recording):
                    await self._stop_recording(recording)
                case _:
                    await self.calls.obey(order)
                    if isinstance(order, PlaceCall):
                        await self._apply()
        except VoiceError as error:
            log.error("order=%s failed error=%s", type(order).__name__, error)

    async def heard(self, fact: object) -> None:
        """Take in one fact of the engine."""
        if await self.calls.heard(fact) and not isinstance(fact, LegDown):
            if isinstance(fact, LegUp | CallHeld):
                await self._join_tapings()
            return
        match fact:
            case LegUp(leg=port, token=token, codec=codec):
                await self._leg_up(port, token, codec)
            case LegDown(leg=port, code=code, reason=reason):
                await self._leg_down(port, code, reason)
            case LegRefused(source=source, reason=reason):
                self._tell(say.CallRefused(source=source[:200], why=reason[:200]))

    async def _leg_up(self, port: PortId, token: str, codec: str) -> None:
        name = self._expected.pop(token, None)
        if name is None:
            log.warning("leg=%d answered without a name; hung up", port)
            await tried(self._engine.hang_up(port))
            return
        old = self.legs.get(name)
        self.legs[name] = port
        if old is not None:
            self._joined = {pair for pair in self._joined if name not in pair}
            await tried(self._engine.hang_up(old))
        log.info("leg=%s up codec=%s", name, codec)
        await self._apply()
        await self._join_tapings()
        self._tell(say.LegAnswered(leg=name, codec=codec))

    async def _leg_down(self, port: PortId, code: int, reason: str) -> None:
        name = next((name for name, leg in self.legs.items() if leg == port), None)
        for taping in self._tapings.values():
            taping.joined.discard(port)
        if name is None:
            return
        del self.legs[name]
        self._joined = {pair for pair in self._joined if name not in pair}
        if self._loudness is not None:
            await self._loudness.follow({talker for talker, _ in self._joined}, dict(self.legs))
        log.info("leg=%s down code=%d reason=%s", name, code, reason)
        if name.startswith(CALL):
            return
        self._tell(say.LegLost(leg=name, code=code, why=reason[:200]))

    async def core_lost(self) -> None:
        """Nobody orders any more: part everybody, end telephone calls, close every file."""
        await self.calls.end_all()
        self._bridges.clear()
        await self._apply()
        for recording in tuple(self._tapings):
            await self._stop_recording(recording)

    async def stop(self) -> None:
        """Close what is open and wait for it."""
        await self.core_lost()
        if self._closing:
            await asyncio.wait(self._closing, timeout=5)

    async def _apply(self) -> None:
        """Make the engine's connections those that the bridges ask for, among legs that stand."""
        wanted = {
            (talker, listener)
            for talkers, listeners in self._bridges.values()
            for talker in talkers
            for listener in listeners
            if talker != listener and talker in self.legs and listener in self.legs
        }
        apart, join = self._joined - wanted, wanted - self._joined
        self._joined = wanted
        ports = self.legs
        await asyncio.gather(
            *(tried(self._engine.connect(ports[a], ports[b])) for a, b in join),
            *(tried(self._engine.part(ports[a], ports[b])) for a, b in apart if a in ports and b in ports),
        )
        if self._loudness is not None:  # after the voices: nothing of theirs waits for it
            await self._loudness.follow({talker for talker, _ in wanted}, dict(ports))

    async def _start_recording(self, order: say.StartRecording) -> None:
        if order.recording in self._tapings:
            return
        path = (self._folder / order.path).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            self._failed(order.recording, order.path, f"the path leaves {self._folder}")
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            port = await self._engine.record(path)
        except (OSError, VoiceError) as error:
            self._failed(order.recording, order.path, str(error))
            return
        self._tapings[order.recording] = Taping(port, order.path, order.legs)
        await self._join_tapings()

    async def _join_tapings(self) -> None:
        for taping in self._tapings.values():
            wanted = {self.legs[leg] for leg in taping.legs if leg in self.legs}
            for port in wanted - taping.joined:
                await tried(self._engine.connect(port, taping.port))
            for port in taping.joined - wanted:
                await tried(self._engine.part(port, taping.port))
            taping.joined = wanted

    async def _stop_recording(self, recording: str) -> None:
        taping = self._tapings.pop(recording, None)
        if taping is None:
            return
        task = asyncio.create_task(
            self._finish(recording, taping)
        )  # may take a second: no order waits for it
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _finish(self, recording: str, taping: Taping) -> None:
        path = taping.path
        await tried(self._engine.close(taping.port))
        try:
            seconds, sha, repaired = await asyncio.to_thread(whole, self._folder / path)
            free = await asyncio.to_thread(free_bytes, self._folder)
        except (OSError, EOFError, wave.Error) as error:
            self._failed(recording, path, f"{type(error).__name__}: {error}")
            return
        if free < FULL_BELOW:  # the recorder says nothing when the disk takes no more
            self._failed(recording, path, "the disk is full: its end may be missing; make room")
            return
        known = {"recording": recording, "path": path, "seconds": seconds, "sha": sha}
        state = "repaired" if repaired else "closed"
        self._tell(say.RecordingClosed.model_validate({**known, "state": state}))

    def _failed(self, recording: str, path: str, why: str) -> None:
        log.error("recording=%s path=%s failed why=%s", recording, path, why)
        fact = {"recording": recording, "path": path, "seconds": 0.0, "sha": "", "state": "failed"}
        self._tell(say.RecordingClosed.model_validate({**fact, "why": why[:200]}))


async def tried(work: Awaitable[None]) -> None:
    """One change of the engine. A leg that has gone (its LegDown is still on its way) costs only its own."""
    try:
        await work
    except VoiceError as error:
        log.warning("engine=unchanged error=%s", error)


def whole(path: Path) -> tuple[float, str, bool]:
    """As `measure`, after repairing a file that its recorder could not close; whether that was so."""
    try:
        return *measure(path), False
    except (EOFError, wave.Error):
        if repair_file(path) is None:
            raise
    return *measure(path), True


def free_bytes(folder: Path) -> int:
    """Room on the disk under `folder`. Looks at the disk: not on the event loop."""
    return shutil.disk_usage(folder).free


def measure(path: Path) -> tuple[float, str]:
    """Seconds of a WAV and the SHA-256 of the file (hex). Reads the whole file: not on the event loop."""
    with path.open("rb") as file:
        sha = file_digest(file, "sha256").hexdigest()
    with wave.open(str(path)) as wav:
        seconds = wav.getnframes() / wav.getframerate()
    return round(seconds, 3), sha
