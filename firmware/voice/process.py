"""`gateway voice`: starts the engine and the sound cards, serves the gateway process until told to end.

A card that cannot be opened is a health fact; the other lines work.
"""

import asyncio
import logging
from dataclasses import dataclass

from firmware import tape_shelf
from firmware.config import GatewaySettings
from firmware.voice.ears import Ears
from firmware.voice.monitors import watch_loudspeakers
from firmware.voice.rack import Rack
from firmware.voice.recorder import Recorder
from firmware.voice.signals import write_signals
from hw.board import load_board
from hw.sound.card import SoundCard, card_from_board
from hw.sound.facts import PlaybackDrained, SoundBack, SoundLost
from hw.sound.level import FLOOR_DBFS
from link.bus.stream import StreamClient
from link.contract import neighbour as say
from link.contract.wire import Wire
from link.hosting.clock import SystemClock
from link.hosting.stall import StallWatch
from link.voice.host import VoiceHost
from link.voice.pjsua_engine import PjsuaEngine
from link.voice.port import VoiceSettings
from link.voice.secured import loopback_or, voice_tls

log = logging.getLogger(__name__)

LEVELS_EVERY = 1.0
GATEWAY_LOST = 0.5
"""Seconds without the gateway process after which every card is shut; the guard was faster."""
PORTS_PER_LINE = 8


@dataclass
class Cards:
    """The cards of this gateway, by line, and what was last said of them."""

    by_line: dict[str, SoundCard]
    lost: dict[str, SoundLost]
    monitors: tuple[SoundCard, ...] = ()

    @property
    def all(self) -> tuple[SoundCard, ...]:
        """Cards of lines, and those that only listen to loudspeakers."""
        return (*self.by_line.values(), *self.monitors)

    def states(self) -> list[Wire]:
        """One fact for each card, for a gateway process that has just come."""
        told: list[Wire] = []
        for card in self.all:
            lost = self.lost.get(card.name)
            what, advice = (lost.reason[:200], lost.advice[:200]) if lost else ("", "")
            told.append(say.SoundState(card=card.name, ok=lost is None, what=what, advice=advice))
        return told

    def heard(self, fact: object, rack: Rack) -> list[Wire]:
        """Take in a card's fact; what the gateway is told of it."""
        match fact:
            case SoundLost(card=card):
                self.lost[card] = fact
            case SoundBack(card=card):
                self.lost.pop(card, None)
            case PlaybackDrained(card=card):
                for line in self.lines_of(card):
                    rack.drained(line)
                return []
            case _:
                return []
        return [state for state in self.states() if isinstance(state, say.SoundState) and state.card == card]

    def lines_of(self, card: str) -> tuple[str, ...]:
        """The lines at this card."""
        return tuple(line for line, owned in self.by_line.items() if owned.name == card)

    def levels(self) -> list[Wire]:
        """The last second of each card that sounds or hears something."""
        told: list[Wire] = []
        for card in self.all:
            state = card.state
            if max(state.capture.rms_dbfs, state.playback.rms_dbfs) > FLOOR_DBFS:
                told.append(
                    say.LevelReport(
                        card=card.name,
                        capture_rms=state.capture.rms_dbfs,
                        capture_peak=state.capture.peak,
                        playback_rms=state.playback.rms_dbfs,
                        playback_peak=state.playback.peak,
                        clipped=int(state.capture.clipped_per_s + state.playback.clipped_per_s),
                        dropped_frames=state.capture_dropped
                        + state.playback_dropped
                        + state.playback_overrun,
                    )
                )
        return told


class Performer:
    """Puts the rack and the cards behind one inbox."""

    def __init__(self, rack: Rack, cards: Cards, ears: Ears, host: VoiceHost) -> None:
        self._rack, self._cards, self._ears, self._host = rack, cards, ears, host

    async def obey(self, order: Wire) -> None:
        """See Rack.obey."""
        self._ears.ordered(order)
        await self._rack.obey(order)

    async def heard(self, fact: object) -> None:
        """Facts of the cards, of the ears and of the engine."""
        for told in (*self._cards.heard(fact, self._rack), *self._ears.told(fact)):
            self._host.tell(told)
        if isinstance(fact, SoundLost):
            for closed in self._ears.lost(fact, self._cards.lines_of(fact.card)):
                self._host.tell(closed)
        await self._rack.heard(fact)

    async def tell_levels(self) -> None:
        """Tell levels until cancelled."""
        while True:
            await asyncio.sleep(LEVELS_EVERY)
            for told in self._cards.levels():
                self._host.tell(told)


def _engine_settings(settings: GatewaySettings, lines: int) -> VoiceSettings:
    voice = settings.voice
    return VoiceSettings(
        bind_host=loopback_or(settings.plain, voice.host),
        rtp_port=voice.rtp_port,
        rtp_ports=voice.rtp_ports,
        rate_hz=voice.rate_hz,
        codecs=voice.codecs,
        max_calls=voice.max_calls,
        media_ports=max(64, PORTS_PER_LINE * lines),
        user_agent="spillway-gateway",
        tls=voice_tls(settings.plain, settings.tls),
    )


async def run_voice(settings: GatewaySettings) -> None:
    """Run the voice process until cancelled. EngineDied when the engine ends by itself."""
    board = load_board(settings.board)
    settings.run.mkdir(parents=True, exist_ok=True)
    engine = PjsuaEngine(_engine_settings(settings, len(board.lines)))
    client = StreamClient(settings.voice_socket, "voice")

    async def came() -> None:
        await recorder.gateway_lost()  # it knows nothing of what runs, and orders anew
        for told in (*rack.states(), *cards.states(), *ears.states()):
            host.tell(told)

    async def left() -> None:
        await rack.gateway_lost()
        ears.gateway_lost()

    host = VoiceHost(engine, client, say.GATEWAY_VOICE, came, left, GATEWAY_LOST)
    rate_hz = settings.voice.rate_hz
    tones = await asyncio.to_thread(write_signals, settings.run / "signals", rate_hz)
    limits = await engine.start(host.inbox.post)
    await asyncio.to_thread(tape_shelf.adopt, settings.recordings)
    recorder = Recorder(settings.recordings, engine, rate_hz, host.tell, SystemClock(), host.inbox.post)
    rack = Rack(engine, rate_hz, host.tell, SystemClock(), tones, recorder)
    cards = Cards({line.id: card_from_board(board, line.card) for line in board.lines}, {})
    ears = Ears(board, cards.by_line, host.inbox.post)
    # After the ears, which it leaves in place.
    cards.monitors = watch_loudspeakers(board, rack.prover, cards.by_line)
    performer = Performer(rack, cards, ears, host)
    tasks = [asyncio.create_task(StallWatch("gateway voice").run())]
    tasks.append(asyncio.create_task(performer.tell_levels()))
    try:
        for line, card in cards.by_line.items():
            card.start(host.inbox.post)
            await rack.add(line, card)
        for monitor in cards.monitors:
            monitor.start(host.inbox.post)
        await client.start(host.inbox.post)
        log.info("voice lines=%d version=%s", len(cards.by_line), limits.version)
        await host.run(performer)
    finally:
        for task in tasks:
            task.cancel()
        await rack.stop()
        await client.stop()
        await asyncio.gather(*(asyncio.to_thread(card.stop) for card in cards.all))
        await engine.stop()
        await recorder.stop()
