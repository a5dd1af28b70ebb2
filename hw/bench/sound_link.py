"""The sound connections: one per card and direction, raw s16le mono 16 kHz after the first line.

Capture gets one frame per 20 ms of the bench clock; a reader that does not keep up loses frames.
"""

import asyncio
import json
import logging
import socket
from functools import partial

from hw.bench.device import Card
from hw.bench.gate import FRAME_BYTES
from hw.bench.messages import Sound
from hw.bench.world import World

log = logging.getLogger(__name__)

MOST_BEHIND = 6 * FRAME_BYTES
SOCKET_BUFFER = 16_384


class SoundBoard:
    """Which cards have their pipes plugged in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._links: dict[tuple[str, str, str], SoundLink] = {}
        self.lost_frames = 0
        for device in world.devices.values():
            for card in device.cards:
                card.gone = partial(self._gone, card)

    def open(self, link: "SoundLink", ask: Sound) -> str | None:
        """Connects a pipe to its card; the reason when it cannot be."""
        card = self._world.card(ask.gateway, ask.card)
        if card is None:
            return f"gateway {ask.gateway!r} has no card {ask.card!r} on this bench"
        if card.unplugged:
            return f"card {ask.card!r} of {ask.gateway!r} is unplugged"
        if (card.gateway, card.name, ask.dir) in self._links:
            return f"card {ask.card!r} of {ask.gateway!r}: {ask.dir} is busy (another process has it open)"
        self._links[card.gateway, card.name, ask.dir] = link
        link.card = card
        if ask.dir == "capture":
            card.capture = link.captured
        return None

    def close(self, link: "SoundLink", card: Card, direction: str) -> None:
        """The pipe is gone."""
        if self._links.get((card.gateway, card.name, direction)) is link:
            del self._links[card.gateway, card.name, direction]
            if direction == "capture":
                card.capture = None
            else:
                card.buffer.clear()

    def _gone(self, card: Card) -> None:
        """A card is pulled out: so are its pipes."""
        for direction in ("capture", "playback"):
            link = self._links.get((card.gateway, card.name, direction))
            if link is not None:
                link.transport.abort()

    def is_open(self, card: Card, direction: str) -> bool:
        """Whether a process has this direction of the card open."""
        return (card.gateway, card.name, direction) in self._links


class SoundLink(asyncio.Protocol):
    """One direction of one card."""

    transport: asyncio.Transport
    card: Card | None = None

    def __init__(self, board: SoundBoard, ask: Sound) -> None:
        self._board = board
        self._ask = ask

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answers whether the card opened."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        handle = transport.get_extra_info("socket")
        if handle is not None:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
        why = self._board.open(self, self._ask)
        if why is not None:
            log.info("gateway=%s card=%s refused=%r", self._ask.gateway, self._ask.card, why)
        answer = {"ok": True} if why is None else {"ok": False, "error": why}
        transport.write(json.dumps(answer).encode() + b"\n")
        if why is not None:
            transport.close()

    def captured(self, frame: bytes) -> None:
        """Sends one captured frame."""
        if self.transport.get_write_buffer_size() > MOST_BEHIND:
            self._board.lost_frames += 1
        elif not self.transport.is_closing():
            self.transport.write(frame)

    def data_received(self, data: bytes) -> None:
        """Playback."""
        if self.card is not None and self._ask.dir == "playback":
            self.card.buffer.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end closed, died or was unplugged."""
        if self.card is not None:
            self._board.close(self, self.card, self._ask.dir)
