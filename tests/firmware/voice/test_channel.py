"""Uplink: what was said before a carrier's end is sent, its squelch tail never."""

from functools import partial

import pytest

from firmware.voice.channel import CUT_MARGIN_MS, UPLINK_TAIL, Uplink
from hw.sound.capture import FRAME_NS, Capture
from link.hosting.clock import HandClock, settle_loop

MS = 1_000_000


class Radio:
    """A card that captures numbered frames on a hand-turned clock, and a bridge that takes one each 20 ms."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.source = Capture(self.now_ns)
        self.heard: list[int] = []
        self.joined = False
        self.number = 0
        self.uplink = Uplink(self, self.clock, partial(self.join, True), partial(self.join, False))

    def now_ns(self) -> int:
        return round(self.clock.now() * 1e9)

    async def join(self, on: bool) -> None:
        self.joined = on

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        self.source.open_capture(since_ns, delay_ms)

    def close_capture(self, until_ns: int | None = None) -> None:
        self.source.close_capture(until_ns)

    async def run(self, frames: int) -> None:
        for _ in range(frames):
            await self.clock.advance(0.02)
            self.number += 1
            self.source.deliver(self.number.to_bytes(2, "little") * 320, self.now_ns() - 8 * MS)
            frame = self.source.pop()
            if frame is not None and self.joined:
                self.heard.append(int.from_bytes(frame[:2], "little"))


@pytest.fixture
async def radio():
    made = Radio()
    await made.run(20)
    yield made
    made.uplink.stop()
    await settle_loop()


async def test_without_a_tail_all_is_sent_up_to_the_end(radio):
    await radio.uplink.begin(radio.now_ns(), 0)
    await radio.run(50)
    radio.uplink.end(radio.now_ns())
    await radio.run(20)
    assert radio.heard[0] <= 21
    assert radio.heard == list(range(radio.heard[0], radio.heard[-1] + 1))
    assert radio.heard[-1] >= 70
    assert not radio.joined


@pytest.mark.parametrize("tail_ms", [60, 150, 500])
@pytest.mark.parametrize("told_late", [0, 2])
async def test_the_tail_is_never_sent_and_the_rest_is(radio, tail_ms, told_late):
    opened = radio.now_ns()
    await radio.uplink.begin(opened, tail_ms)
    await radio.run(100)
    ended_ns, last = radio.now_ns(), radio.number
    await radio.run(told_late)
    radio.uplink.end(ended_ns)
    await radio.run(60)
    assert radio.heard[0] <= 21, "the opening is complete"
    assert radio.heard == list(range(radio.heard[0], radio.heard[-1] + 1))
    clean = last - -(-tail_ms // 20)
    assert clean - 2 <= radio.heard[-1] <= clean
    assert not radio.joined


async def test_an_end_without_its_time_is_cut_from_now(radio):
    await radio.uplink.begin(radio.now_ns(), 100)
    await radio.run(50)
    last = radio.number
    radio.uplink.end(0)
    await radio.run(40)
    assert last - 8 <= radio.heard[-1] <= last - 5


async def test_who_comes_back_soon_loses_nothing_and_brings_no_tail(radio):
    await radio.uplink.begin(radio.now_ns(), 150)
    await radio.run(50)
    ended = radio.number
    radio.uplink.end(radio.now_ns())
    await radio.run(3)
    again = radio.number
    await radio.uplink.begin(radio.now_ns(), 150)
    await radio.run(60)
    tail = set(range(ended - 6, again - 1))
    assert not tail & set(radio.heard)
    assert set(range(22, ended - 9)) <= set(radio.heard)
    assert set(range(again + 1, radio.number - 15)) <= set(radio.heard)
    assert radio.heard == sorted(set(radio.heard))
    assert radio.joined


async def test_the_line_stays_joined_for_what_is_late(radio):
    await radio.uplink.begin(radio.now_ns(), 200)
    await radio.run(50)
    radio.uplink.end(radio.now_ns())
    await radio.run(round((UPLINK_TAIL * 1000 + 200 + CUT_MARGIN_MS) / 20) - 1)
    assert radio.joined
    await radio.run(2)
    assert not radio.joined


async def test_shut_is_silence_at_once(radio):
    await radio.uplink.begin(radio.now_ns(), 200)
    await radio.run(50)
    heard = len(radio.heard)
    await radio.uplink.shut()
    await radio.run(40)
    assert len(radio.heard) == heard
    assert not radio.uplink.is_open
    assert FRAME_NS == 20 * MS
