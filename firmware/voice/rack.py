"""The voice rack: this gateway's sound cards, legs and players, driven by orders of the gateway process.

Every line has one card and at most one leg; the leg's sound goes to the card's gate, the card's sound goes to the leg
while the line is open, and to the lines that a patch joins with it. It performs orders and reports facts; it decides
nothing.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware.voice.channel import Card, Uplink
from firmware.voice.downlink import Downlink
from firmware.voice.patches import Patches
from firmware.voice.players import Players
from firmware.voice.proof import Prover
from firmware.voice.recorder import Recorder
from firmware.voice.tape import TapeEnded
from link.contract import neighbour as say
from link.contract.patch_orders import SetPatch
from link.contract.recording_orders import EndRecording, RecordLine
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.voice.port import (
    LegDown,
    LegUp,
    PlayEnded,
    PortId,
    VoiceEngine,
    VoiceError,
)

log = logging.getLogger(__name__)


@dataclass
class Channel:
    """One line: its card, the card's port and its leg."""

    line: str
    card: Card
    port: PortId
    uplink: Uplink
    downlink: Downlink
    leg: PortId | None = None
    leg_up: bool = False
    token: str = ""


class Rack:
    """Orders in by `obey`, engine facts by `heard`; facts for the gateway go out through `tell`."""

    def __init__(
        self,
        engine: VoiceEngine,
        rate_hz: int,
        tell: Callable[[Wire], object],
        clock: Clock,
        tones: Mapping[str, Path] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.channels: dict[str, Channel] = {}
        self._engine = engine
        self._rate_hz = rate_hz
        self._tell = tell
        self._clock = clock
        self.prover = Prover(tell, clock)
        self._players = Players(engine, self.channels, tell, clock)
        self.patches = Patches(engine, self.channels)
        self._tones = tones or {}
        self.recorder = recorder

    async def add(self, line: str, card: Card) -> None:
        """Give `line` its card. VoiceError when the engine has no room."""
        card.shut_playback()
        source, sink = card.source, self.prover.tap(line, card.sink)
        if self.recorder is not None:
            source = sink = self.recorder.head(line, card, sink)
        port = await self._engine.add_frames(line, source, sink, self._rate_hz)

        async def join() -> None:
            if channel.leg is not None:
                await self._engine.connect(port, channel.leg)

        async def part() -> None:
            if channel.leg is not None:
                await self._engine.part(port, channel.leg)

        uplink = Uplink(card, self._clock, join, part)
        channel = Channel(line, card, port, uplink, Downlink(line, card, self._tell, self._clock))
        self.channels[line] = channel

    def drained(self, line: str) -> None:
        """All speech of `line` has left its card."""
        self._tell(say.DownlinkDrained(line=line))

    def states(self) -> tuple[say.LegState, ...]:
        """The legs as they stand, for a gateway process that has just come."""
        return tuple(say.LegState(line=c.line, up=c.leg_up) for c in self.channels.values())

    async def obey(self, order: Wire) -> None:
        """Carry out one order. Trouble is logged and told, never raised."""
        try:
            await self._carry_out(order)
        except VoiceError as error:
            log.error("order=%s failed error=%s", type(order).__name__, error)
            if isinstance(order, say.StartClip):
                self._tell(say.ClipDone(play=order.play, ok=False, why=str(error)[:200]))
            if isinstance(order, say.ConnectLeg):
                self._tell(say.LegState(line=order.line, up=False, code=500, why=str(error)[:200]))

    async def _carry_out(self, order: Wire) -> None:
        channel = self.channels.get(getattr(order, "line", ""))
        match order:
            case say.CutClip(play=play):
                await self._players.end(play)
            case say.SetClipGain(play=play, gain_db=gain_db):
                await self._players.set_gain(play, gain_db)
            case say.GatherProof() | say.RelaySeen():
                self.prover.obey(order)
            case SetPatch():
                await self.patches.set(order)
            case RecordLine() | EndRecording() if self.recorder is not None:
                await self.recorder.obey(order, channel.port if channel is not None else None)
            case _ if channel is None:
                log.warning("order=%s for a line without a working card", type(order).__name__)
                if isinstance(order, say.StartClip):
                    self._tell(say.ClipDone(play=order.play, ok=False, why="the line has no working card"))
            case say.ConnectLeg(uri=uri, token=token):
                await self._connect_leg(channel, uri, token)
            case say.OpenUplink(since_ns=since_ns, tail_cut_ms=tail_cut_ms):
                await channel.uplink.begin(since_ns, tail_cut_ms, self.patches.awaited(channel.line))
            case say.CloseUplink(at_ns=at_ns):
                channel.uplink.end(at_ns)
            case say.HoldDownlink():
                channel.downlink.hold()
            case say.OpenDownlink(lead_ms=lead_ms):
                channel.downlink.transmit(lead_ms)
            case say.FinishDownlink():
                channel.downlink.finish()
            case say.CutDownlink():
                channel.downlink.cut()
            case say.StartClip():
                await self._players.start(channel, order)
            case say.SoundTone(tone=tone) if tone in self._tones:
                await self._players.sound(channel, self._tones[tone], gate=tone == "chime")

    async def _connect_leg(self, channel: Channel, uri: str, token: str) -> None:
        if channel.leg is not None:
            old, channel.leg, channel.leg_up = channel.leg, None, False
            await self._engine.hang_up(old)
        channel.token = token
        leg = await self._engine.dial(uri, token)
        if channel.token == token:
            channel.leg = leg
            if channel.line not in self.patches.members:
                await self._engine.connect(leg, channel.port)
            if channel.uplink.is_open:  # somebody is talking already: he is heard from here on
                await self._engine.connect(channel.port, leg)

    async def heard(self, fact: object) -> None:
        """Take in one fact of the engine."""
        match fact:
            case LegUp(leg=leg, token=token):
                self._leg_changed(leg, token, up=True, code=200, why="")
            case LegDown(leg=leg, token=token, code=code, reason=reason):
                self._leg_changed(leg, token, up=False, code=code, why=reason)
            case PlayEnded(port=port):
                self._players.ended(port)
            case TapeEnded() if self.recorder is not None:
                await self.recorder.ended(fact)

    def _leg_changed(self, leg: PortId, token: str, up: bool, code: int, why: str) -> None:
        channel = next((c for c in self.channels.values() if c.token == token), None)
        if channel is None:
            return
        channel.leg = leg if up else None
        channel.leg_up = up
        self._tell(say.LegState(line=channel.line, up=up, code=code, why=why[:200]))

    async def gateway_lost(self) -> None:
        """Nobody orders any more: clips end, lines close, cards are shut. The guard has made outputs safe."""
        await self._players.end_all()
        await self.patches.clear()
        self.prover.forget()
        if self.recorder is not None:
            await self.recorder.gateway_lost()
        for channel in self.channels.values():
            channel.downlink.cut()
            await channel.uplink.shut()

    async def stop(self) -> None:
        """End every clip and task."""
        await self._players.end_all()
        self.prover.forget()
        for channel in self.channels.values():
            channel.downlink.stop()
            channel.uplink.stop()
