"""The voice node: answers the gateways' legs and carries telephone calls, joins them as core orders, records.

It holds what core ordered as names (`gateway/line`) and applies it to whatever legs stand, so that a leg that
returns is joined again at once. Without core for CORE_LOST seconds nobody is joined and every file is closed.
It must never decide who hears whom.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from central.voice.calls import NodeCalls
from central.voice.loudness import Loudness
from central.voice.tapings import Tapings, tried
from link.contract import neighbour as say
from link.contract.call_talk import CALL, PlaceCall
from link.contract.wire import Wire
from link.voice.call_port import CallHeld, TelephoneEngine
from link.voice.port import LegDown, LegRefused, LegUp, PortId, VoiceError, VoiceLimits

log = logging.getLogger(__name__)

CORE_LOST = 2.0
Connection = tuple[str, str]


class VoiceNode:
    """Orders in by `obey`, engine facts by `heard`; facts for core go out through `tell`."""

    def __init__(
        self,
        engine: TelephoneEngine,
        limits: VoiceLimits,
        recordings: Path,
        tell: Callable[[Wire], object],
        sip: str = "",
        rate_hz: int = 16000,
        edge: str = "",
        sounds: dict[str, Path] | None = None,
        loudness: Loudness | None = None,
    ) -> None:
        """`sip` is where gateways dial, with what has to follow the port; loopback when left out. `rate_hz` is the
        bridge's; `edge` and `sounds` as in NodeCalls. Without `loudness` everybody comes in as loud as he is."""
        self.legs: dict[str, PortId] = {}
        self._engine = engine
        self._limits = limits
        self._sip = sip or f"127.0.0.1:{limits.sip_port}"
        self._tell, self._loudness = tell, loudness
        self._expected: dict[str, str] = {}
        self._bridges: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._joined: set[Connection] = set()
        self.calls = NodeCalls(engine, self.legs, tell, edge, sounds)
        self.tapings = Tapings(engine, recordings, rate_hz, tell, secrets.token_hex(8))

    def ready(self) -> say.NodeReady:
        """What core is told first."""
        return say.NodeReady(
            sip=self._sip,
            calls=self._limits.calls,
            version=self._limits.version,
            legs=tuple(self.legs),
            recordings=tuple(self.tapings.running),
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
                    await self.tapings.start(order)
                    await self._tape()
                case say.SetRecordingLegs(recording=recording, legs=legs):
                    if recording in self.tapings.running:
                        self.tapings.running[recording].legs = legs
                        await self._tape()
                case say.StopRecording(recording=recording):
                    self.tapings.stop(recording)
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
                await self._tape()
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
        self._tell(say.LegAnswered(leg=name, codec=codec))

    async def _leg_down(self, port: PortId, code: int, reason: str) -> None:
        name = next((name for name, leg in self.legs.items() if leg == port), None)
        self.tapings.gone(port)
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
        for recording in tuple(self.tapings.running):
            self.tapings.stop(recording)

    async def stop(self) -> None:
        """Close what is open and wait for it."""
        await self.core_lost()
        if self.tapings.closing:
            await asyncio.wait(self.tapings.closing, timeout=5)

    async def _tape(self) -> None:
        await self.tapings.join(self._bridges, self.legs)

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
        await self._tape()
        if self._loudness is not None:  # after the voices: nothing of theirs waits for it
            await self._loudness.follow({talker for talker, _ in wanted}, dict(ports))
