"""The clips of the voice rack: files under way to a line's card, what the card took of them, and their ends.

It performs orders and reports facts; it decides nothing. Progress is what the card took, never what was handed over.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from link.contract import neighbour as say
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.voice.port import PortId, VoiceEngine, VoiceError

if TYPE_CHECKING:
    from firmware.voice.rack import Channel

log = logging.getLogger(__name__)

FRAMES_PER_SECOND = 50
LAST_WORDS = 0.1
"""Seconds between the last frame of a player and its arrival at the card, with some to spare."""
PROGRESS_EVERY = 0.5
PROGRESS_LOOK = 0.02


@dataclass
class Playing:
    """One file under way."""

    line: str
    port: PortId
    from_taken: int
    watch: asyncio.Task[None]


class Players:
    """Every file under way on the channels of one rack."""

    def __init__(
        self,
        engine: VoiceEngine,
        channels: "Mapping[str, Channel]",
        tell: Callable[[Wire], object],
        clock: Clock,
    ) -> None:
        self.channels = channels
        self._engine = engine
        self._tell = tell
        self._clock = clock
        self._playing: dict[str, Playing] = {}
        self._tones: dict[PortId, str] = {}
        self._lasts: set[asyncio.Task[None]] = set()

    async def start(self, channel: "Channel", order: say.StartClip) -> None:
        """Play a file to the line's card and leg; an order repeated does nothing. VoiceError."""
        if order.play in self._playing:
            return
        player = await self._engine.play(Path(order.path))
        channel.card.release_playback()
        watch = asyncio.create_task(self._watch(order.play))
        self._playing[order.play] = Playing(channel.line, player, channel.card.sink.taken, watch)
        await self._engine.connect(player, channel.port, 10 ** (order.gain_db / 20))
        if channel.leg is not None:  # what the loudspeaker line plays is recorded at the centre
            try:
                await self._engine.connect(player, channel.leg)
            except VoiceError as error:  # the leg has just gone: a warning sounds without it
                log.warning("clip=%s plays without its leg error=%s", order.play, error)

    async def set_gain(self, play: str, gain_db: float) -> None:
        """How loud the card plays a file from now on; one that has ended is no error. VoiceError."""
        playing = self._playing.get(play)
        if playing is not None:
            port = self.channels[playing.line].port
            await self._engine.connect(playing.port, port, 10 ** (gain_db / 20))

    async def sound(self, channel: "Channel", path: Path, gate: bool) -> None:
        """Play one of our own signals: it is no clip, nobody is told of it and no progress counts it. `gate`: it opens
        the card by itself, as on a loudspeaker line; a talk line has its downlink for that. VoiceError."""
        player = await self._engine.play(path)
        self._tones[player] = channel.line if gate else ""
        if gate:
            channel.card.release_playback()
        await self._engine.connect(player, channel.port)

    def _played(self, playing: Playing) -> float:
        taken = self.channels[playing.line].card.sink.taken - playing.from_taken
        return round(taken / FRAMES_PER_SECOND, 2)

    async def _watch(self, play: str) -> None:
        """Tell the progress of a clip: at its first frame, then every PROGRESS_EVERY."""
        pause = PROGRESS_LOOK
        while play in self._playing:
            await self._clock.sleep_until(self._clock.now() + pause)
            playing = self._playing.get(play)
            if playing is None:
                return
            seconds = self._played(playing)
            if seconds > 0:
                pause = PROGRESS_EVERY
                self._tell(say.ClipProgress(play=play, seconds=seconds))

    async def end(self, play: str) -> float:
        """Stop a file; the seconds that the card took of it."""
        playing = self._playing.pop(play, None)
        if playing is None:
            return 0.0
        seconds = self._played(playing)
        playing.watch.cancel()
        await self._engine.close(playing.port)
        self._shut_if_still(playing.line)
        return seconds

    def _shut_if_still(self, line: str) -> None:
        if line not in self._tones.values() and not any(p.line == line for p in self._playing.values()):
            self.channels[line].card.shut_playback()

    async def _tone_over(self, port: PortId) -> None:
        await self._clock.sleep_until(self._clock.now() + LAST_WORDS)
        line = self._tones.pop(port, None)
        await self._engine.close(port)
        if line:
            self._shut_if_still(line)

    async def _last_words(self, play: str) -> None:
        """The player has handed over its last frame; it still has to come through the bridge to the card."""
        playing = self._playing[play]
        playing.watch.cancel()
        counted = (
            self._played(playing) + 1 / FRAMES_PER_SECOND
        )  # what follows the last frame is not the clip's
        await self._clock.sleep_until(self._clock.now() + LAST_WORDS)
        if self._playing.get(play) is playing:
            seconds = min(counted, await self.end(play))
            self._tell(say.ClipDone(play=play, ok=True, seconds=round(seconds, 2)))

    def ended(self, port: PortId) -> None:
        """The engine has handed over the last frame of a player."""
        play = next((name for name, p in self._playing.items() if p.port == port), None)
        if play is None and port not in self._tones:
            return
        task = asyncio.create_task(self._tone_over(port) if play is None else self._last_words(play))
        self._lasts.add(task)
        task.add_done_callback(self._lasts.discard)

    async def end_all(self) -> None:
        """End every clip and signal without a word."""
        for port in tuple(self._tones):
            del self._tones[port]
            await self._engine.close(port)
        for play in tuple(self._playing):
            await self.end(play)
