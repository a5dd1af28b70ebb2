"""Sound connections without sockets: opening, playback into the card, capture out of it, unplugging."""

import json
from pathlib import Path
from typing import Any, cast

from hw.bench.config import parse_config
from hw.bench.gate import FRAME_BYTES
from hw.bench.messages import Sound
from hw.bench.sound_link import MOST_BEHIND, SoundBoard, SoundLink
from hw.bench.world import World

from .conftest import config_text


class Wire:
    def __init__(self) -> None:
        self.data = b""
        self.closed = self.aborted = False
        self.behind = 0

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str) -> None:
        return None

    def get_write_buffer_size(self) -> int:
        return self.behind


class Cards:
    def __init__(self) -> None:
        self.world = World(parse_config(config_text(Path("b")), Path("b")), 0, lambda *_: None)
        self.board = SoundBoard(self.world)

    def open(self, gateway: str, card: str, direction: str) -> tuple[SoundLink, Wire, dict[str, Any]]:
        ask = Sound.model_validate({"op": "sound", "gateway": gateway, "card": card, "dir": direction})
        link, wire = SoundLink(self.board, ask), Wire()
        _connect(link, wire)
        answer, _, wire.data = wire.data.partition(b"\n")
        return link, wire, json.loads(answer)


def _connect(link: SoundLink, wire: Wire) -> None:
    import asyncio

    class Transport(asyncio.Transport):
        def __getattribute__(self, name: str) -> Any:
            return getattr(wire, name)

    link.connection_made(cast(Any, Transport()))


def test_playback_reaches_the_card_and_capture_leaves_it() -> None:
    cards = Cards()
    play, _, answer = cards.open("gw1", "r1", "playback")
    assert answer == {"ok": True}
    play.data_received(b"\1\2" * 320)
    device = cards.world.device("gw1/r1")
    assert device.buffer.frames == 1
    _, wire, _ = cards.open("gw1", "r1", "capture")
    cards.world.settle(0)
    cards.world.settle(20_000_000)
    assert len(wire.data) == 2 * FRAME_BYTES


def test_what_cannot_be_opened_says_why() -> None:
    cards = Cards()
    assert "no card 'r9'" in cards.open("gw1", "r9", "capture")[2]["error"]
    cards.open("gw1", "r1", "capture")
    link, wire, answer = cards.open("gw1", "r1", "capture")
    assert "busy" in answer["error"]
    assert wire.closed
    link.connection_lost(None)
    assert cards.board.is_open(cards.world.device("gw1/r1").cards[0], "capture")


def test_unplugging_pulls_both_pipes_and_plugging_lets_them_back() -> None:
    cards = Cards()
    device = cards.world.device("gw1/r1")
    capture, one, _ = cards.open("gw1", "r1", "capture")
    playback, two, _ = cards.open("gw1", "r1", "playback")
    playback.data_received(bytes(FRAME_BYTES))
    cards.world.trouble("gw1/r1", "unplug_sound", 0)
    assert one.closed and two.closed
    capture.connection_lost(None)
    playback.connection_lost(None)
    assert device.capture is None
    assert device.buffer.frames == 0
    assert "unplugged" in cards.open("gw1", "r1", "capture")[2]["error"]
    cards.world.trouble("gw1/r1", "plug_sound", 0)
    assert cards.open("gw1", "r1", "capture")[2] == {"ok": True}


def test_a_reader_that_does_not_keep_up_loses_frames_not_memory() -> None:
    cards = Cards()
    _, wire, _ = cards.open("gw1", "r1", "capture")
    wire.behind = MOST_BEHIND + 1
    cards.world.settle(0)
    assert wire.data == b""
    assert cards.board.lost_frames == 1
