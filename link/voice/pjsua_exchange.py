"""The exchange: every leg and port of the pjsua2 engine, and who hears whom. Lives in the pj thread.

Part of the pjsua2 door. Integers outside, pj objects inside; nothing from the network may raise past here.
Traps: a port without a listener is not read, so a leg's jitter buffer would keep half a second of old sound
and play it into the next over: legs and frame ports always feed the bridge's null device too. The first two
neighbouring packets make a G.722 receiver learn the sender's clock and throw its jitter buffer away, which
must not be speech: a leg begins with a quarter second of silence at full rate. A call that ends inside
onIncomingCall (no common codec, say) aborts the process: calls are answered after that callback.
"""

import itertools
import time
from collections import deque
from pathlib import Path
from typing import Any

import pjsua2 as pj

from link.voice.call_port import CallTo
from link.voice.edge import EdgeCall, Edges
from link.voice.metronome import Metronome
from link.voice.patches import Pair, PatchTable
from link.voice.peers import Peers
from link.voice.pjsua_calls import Calls
from link.voice.pjsua_legs import Gate, Leg, call_param, gate_config, guarded
from link.voice.pjsua_ports import FramePort, Player, Recorder, error_text, log, log_failure
from link.voice.pjsua_tls import Connections
from link.voice.port import (
    FactSink,
    FrameSink,
    FrameSource,
    LegDown,
    LegUp,
    PlayEnded,
    PortId,
    VoiceError,
    VoiceSettings,
    frame_bytes,
)
from link.voice.screen import Screen
from link.voice.tokens import ExpectedTokens

WARM_UP = 0.25
SETTLE = 0.2
"""Seconds between disconnecting a player and dropping it."""
WATCH_EVERY = 1.0

_ids = itertools.count(1)


class Exchange(Calls):
    """Implements `LegOwner` and `pjsua_thread.Work`."""

    def __init__(self, settings: VoiceSettings, expected: ExpectedTokens, sink: FactSink) -> None:
        self._settings = settings
        self._sink = sink
        self._peers = Peers(settings.tls) if settings.tls is not None else None
        self._screening = Screen(expected, self._peers, self._post)
        self._connections = Connections(self._peers, self._screening) if self._peers is not None else None
        self._edges = Edges(settings.edges, self._peers.name if self._peers is not None else None)
        self._patches = PatchTable()
        self._legs: dict[PortId, Leg] = {}
        self._leaving: set[Leg] = set()
        self._frames: dict[PortId, FramePort] = {}
        self._parked: list[FramePort] = []
        self._players: dict[PortId, Player] = {}
        self.recorders: dict[PortId, Recorder] = {}
        self.clock = Metronome(bytes(frame_bytes(settings.rate_hz)))
        self._to_answer: deque[tuple[Leg, int]] = deque()
        self._grave: deque[tuple[float, Any]] = deque()
        self._watched = 0.0
        self._account: Any = None
        self._strict: Any = None
        self._drain: Any = None
        self._silence: Any = None
        self._warming: dict[PortId, float] = {}

    # --- pjsua_thread.Work

    def open(self, endpoint: Any, sip_port: int) -> None:
        """Set up the account and the drain."""
        if self._connections is not None:
            self._connections.listens(sip_port)
        self._drain = endpoint.audDevManager().getPlaybackDevMedia()
        self._silence = FramePort("silence", self._settings.rate_hz)
        self._silence.attach(self.clock, self.clock)
        self._silence.startTransmit(self._drain)
        self._account = Gate(self._screen)
        self._account.create(gate_config(self._settings, sip_port), True)
        if self._settings.edges:
            self._strict = Gate(self._screen)
            self._strict.create(gate_config(self._settings, sip_port, strict=True))

    @guarded
    def turn(self, now: float) -> None:
        """Answer who called, bury the dead, look after the silent."""
        self._answer_all()
        while self._grave and self._grave[0][0] <= now:
            self._grave.popleft()
        for port, until in list(self._warming.items()):
            if until <= now:
                self._warmed(self._legs[port])
        if now - self._watched >= WATCH_EVERY:
            self._watched = now
            self._watch(now)

    def calls(self) -> int:
        """Calls not yet ended, those on their way out included."""
        return len(self._legs) + len(self._leaving)

    def hang_up_all(self) -> None:
        """Say goodbye on every leg."""
        for leg in list(self._legs.values()):
            self._end(leg, 200, "voice engine stops")

    def drop_all(self) -> None:
        """Let go of every pj object. The bridge's clock must stand still."""
        for objects in (self._legs, self._frames, self._players, self.recorders):
            objects.clear()
        self._leaving.clear()
        self._to_answer.clear()
        self._parked.clear()
        self._grave.clear()
        self._drain = self._silence = None
        for account in (self._strict, self._account):
            if account is not None:
                account.shutdown()
        del account
        self._strict = self._account = None

    # --- legs

    def dial(self, uri: str, token: str) -> PortId:
        """Start a call."""
        leg = Leg(self, self._account, next(_ids), token)
        leg.encrypted = self._settings.tls is not None
        return self._dialled(leg, uri, call_param(token=token))

    def place(self, uri: str, to: CallTo) -> PortId:
        """Start a telephone call."""
        return self.call(next(_ids), uri, to)

    def _dialled(self, leg: Leg, uri: str, param: Any) -> PortId:
        self._legs[leg.port] = leg
        try:
            leg.makeCall(uri, param)
        except pj.Error as error:
            if self._legs.pop(leg.port, None) is None:
                return leg.port  # it has ended already, and its LegDown is posted
            self._bury(leg)
            raise VoiceError(f"{uri}: cannot be dialled: {error_text(error)}") from None
        return leg.port

    def hang_up(self, port: PortId) -> None:
        """End a call; one that is gone is no error (its LegDown may be on its way to the caller)."""
        leg = self._legs.get(port)
        if leg is not None:
            self._end(leg, 200, "hung up here")

    def leg_media(self, leg: Leg) -> None:
        """LegOwner: join it to what it shall hear."""
        self._patches.lost_media(leg.port)
        if leg.media is not None:
            leg.media.startTransmit(self._drain)
        for pair in self._patches.pairs_of(leg.port):
            self._settle(pair)
        self.leg_answered(leg)

    def leg_answered(self, leg: Leg) -> None:
        """LegOwner: warm it up once it is answered and has media."""
        if leg.media is None or not leg.confirmed or leg.port not in self._legs:
            return
        if leg.telephone:  # it sends all the time, and nobody waits for a quarter of a second to speak
            self._announce(leg)
        else:
            self._silence.startTransmit(leg.media)
            self._warming.setdefault(leg.port, time.monotonic() + WARM_UP)

    def _warmed(self, leg: Leg) -> None:
        """Its far end has learnt our clock: announce it, let it go idle."""
        del self._warming[leg.port]
        if leg.media is None:
            return
        self._silence.stopTransmit(leg.media)
        self._announce(leg)

    def _announce(self, leg: Leg) -> None:
        if not leg.announced:
            leg.announced = True
            leg.rx_seen = (-1, time.monotonic())
            self._post(LegUp(leg.port, leg.token, leg.codec()))

    def leg_ended(self, leg: Leg, code: int, reason: str) -> None:
        """LegOwner: SIP is done with it."""
        self._bury(leg)
        self._leaving.discard(leg)
        broken = self._connections is not None and not leg.incoming and not leg.confirmed and code >= 500
        self._forget(
            leg, code, (self._connections.trouble() if broken and self._connections else "") or reason
        )

    def _end(self, leg: Leg, code: int, reason: str) -> None:
        """Hang up and say so at once, with our code and reason; SIP takes its time."""
        for pair in self._patches.pairs_of(leg.port):
            self._patches.unwant(pair)
            self._settle(pair)
        self._leaving.add(leg)
        self._forget(leg, code, reason)
        leg.bye(code if leg.telephone and not leg.confirmed and code >= 300 else 0)

    def _forget(self, leg: Leg, code: int, reason: str) -> None:
        if self._legs.pop(leg.port, None) is not None:
            self._patches.forget(leg.port)
            self._warming.pop(leg.port, None)
            self._post(LegDown(leg.port, leg.token, code, reason))

    def _screen(self, call_id: int, source: str, message: str) -> None:
        call = self._edges.judge(source, message)
        code, token = self._judged(call, source, message)
        leg = Leg(self, self._account, next(_ids), token, call_id, source)
        if isinstance(call, EdgeCall):
            self._came(leg, call)
            return
        leg.encrypted = self._settings.tls is not None
        if code == 200:
            self._legs[leg.port] = leg
        else:
            self._leaving.add(leg)
        self._to_answer.append((leg, code))

    def _answer_all(self) -> None:
        while self._to_answer:
            leg, code = self._to_answer.popleft()
            try:
                if not leg.ended:
                    leg.answer(call_param(code))
            except pj.Error as error:
                log.info("event=answer-failed leg=%d error=%s", leg.port, error_text(error))
                self._end(leg, 500, "cannot be answered")

    def _watch(self, now: float) -> None:
        self._screening.watch()
        fallen = self._peers.fallen() if self._peers is not None else ()
        for leg in [leg for leg in self._legs.values() if leg.source in fallen]:
            self._end(leg, 403, "the caller's certificate was revoked")
        self._end_silent(now, self._settings.media_timeout)

    # --- frame ports, players, recorders

    def add_frames(self, name: str, source: FrameSource, sink: FrameSink, rate_hz: int) -> PortId:
        """Attach source and sink to a parked port of that rate, or to a new one."""
        port = next((p for p in self._parked if p.rate_hz == rate_hz), None)
        if port is None:
            port = FramePort(name, rate_hz)
        else:
            self._parked.remove(port)
        port.attach(source, sink)
        port.startTransmit(self._drain)
        number = next(_ids)
        self._frames[number] = port
        return number

    def play(self, path: Path, loop: bool) -> PortId:
        """Open a player."""
        number = next(_ids)
        sink = self._sink
        self._players[number] = Player(path, loop, lambda: sink(PlayEnded(number)))
        return number

    def record(self, path: Path) -> PortId:
        """Open a recorder, and let it run: its first frame is that of the tick after this."""
        number = next(_ids)
        self.recorders[number] = recorder = Recorder(path)
        recorder.run(self._silence, self.clock)
        return number

    def close(self, number: PortId) -> None:
        """Close anything but a leg."""
        if number in self._legs:
            raise VoiceError(f"port {number} is a leg; hang it up instead")
        if (frames := self._frames.get(number)) is not None:
            frames.park()
            frames.stopTransmit(self._drain)
        for pair in self._patches.pairs_of(number):
            self._patches.unwant(pair)
            self._settle(pair)
        self._patches.forget(number)
        if frames is not None:
            self._parked.append(self._frames.pop(number))
        player = self._players.pop(number, None)
        if player is not None:
            player.forget()
            self._grave.append((time.monotonic() + SETTLE, player))
        self.recorders.pop(number, None)

    # --- who hears whom

    def connect(self, pair: Pair, level: float) -> None:
        """Wish for a connection and make it if both ends have media."""
        for number in pair:
            if not self._known(number):
                raise VoiceError(f"port {number} does not exist (any more); connect after it was made")
        self._patches.want(pair, level)
        self._settle(pair)

    def part(self, pair: Pair) -> None:
        """Take it back."""
        self._patches.unwant(pair)
        self._settle(pair)

    def _settle(self, pair: Pair) -> None:
        source, sink = self._media(pair[0]), self._media(pair[1])
        there = source is not None and sink is not None
        try:
            if self._patches.must_undo(pair):
                self._patches.mark_undone(pair)
                if there:
                    source.stopTransmit(sink)
            if self._patches.must_make(pair) and there:
                param = pj.AudioMediaTransmitParam()
                param.level = level = self._patches.wanted[pair]
                source.startTransmit2(sink, param)
                self._patches.mark_made(pair, level)
        except pj.Error as error:
            # One end is on its way out, or its media is made anew: the next onCallMediaState settles it.
            log.info("event=not-settled source=%d sink=%d error=%s", *pair, error_text(error))

    def _known(self, number: PortId) -> bool:
        ports: tuple[dict[PortId, Any], ...] = (self._legs, self._frames, self._players, self.recorders)
        return any(number in objects for objects in ports)

    def _media(self, number: PortId) -> Any:
        leg = self._legs.get(number)
        if leg is not None:
            return leg.media
        return self._frames.get(number) or self._players.get(number) or self.recorders.get(number)

    def _bury(self, thing: Any) -> None:
        """Drop an object later, outside the callback it may be in."""
        self._grave.append((0.0, thing))

    def _post(self, fact: object) -> None:
        try:
            self._sink(fact)
        except Exception:  # noqa: BLE001 - the owner's loop may be closed; ours goes on
            log_failure("sink-failed")
