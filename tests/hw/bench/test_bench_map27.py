"""hw.bench.map27, its link and its verbs, by hand; hw.bench.map27_pty and hw.bench.device_pty on a real pty."""

import asyncio
import os
from pathlib import Path

import pytest

from hw.bench.device_pty import DevicePort
from hw.bench.map27 import BOOT, Radio, transfers
from hw.bench.map27_link import T0, T1, T3, TRIES, RadioLink
from hw.bench.map27_pty import Map27Port
from hw.bench.map27_trouble import VERBS, Trouble, split_verb
from hw.bench.trouble import TroubleError
from hw.map27.network import Condition, Ended, SetupProgress, decode
from hw.map27.protocol import Frame, LinkAck, LinkRequest, LinkTransfer, Splitter, encode

ON, OFF = b"\xb2\x03", b"\xb2\x02"
CALL = b"\xa4\x00\x03\xe8\x00\x08"


class Hand:
    """Speaks to a radio frame by frame; acknowledges everything."""

    def __init__(self) -> None:
        self.radio, self.number = Radio(), 0
        self.frames(LinkRequest(6, 1), now=0.0)
        self.frames(LinkAck(1, 1), now=0.0)

    def frames(self, *frames: Frame, now: float) -> list[Frame]:
        self.radio.hear(b"".join(map(encode, frames)), now)
        got: list[Frame] = []
        while data := self.radio.take(now):
            for frame in Splitter().feed(data):
                got.append(frame)
                if isinstance(frame, LinkTransfer):
                    self.radio.hear(encode(LinkAck(frame.number + 1, 1)), now)
        return got

    def say(self, data: bytes, now: float) -> list[object]:
        self.number += 1
        got = self.frames(LinkTransfer(self.number, data), now=now)
        return [decode(frame.data) for frame in got if isinstance(frame, LinkTransfer)]

    def later(self, now: float) -> list[object]:
        return [decode(frame.data) for frame in self.frames(now=now) if isinstance(frame, LinkTransfer)]


def test_it_transmits_on_a_call_and_nowhere_else() -> None:
    hand = Hand()
    assert hand.say(ON, 0.1) == [Condition(False, True, True, 120)]
    assert hand.say(CALL, 0.2) == []
    assert isinstance(hand.later(0.31)[0], SetupProgress)
    assert hand.say(ON, 0.4) == [Condition(True, True, True, 120)]
    assert hand.radio.on_air
    assert hand.say(OFF, 0.5) == [Condition(False, True, True, 120)]
    assert hand.say(b"\x86\x00\x03\xe8\x07", 0.6)[0] == Ended(True, 0x0B)
    assert [what for _, what in hand.radio.seen] == ["set-up", "on-air", "off-air", "disconnect"]


def test_a_stuck_one_stays_on_and_a_lying_one_comes_on_by_itself() -> None:
    hand = Hand()
    hand.radio.perform("lie_transmit", 0.1)
    assert hand.radio.on_air
    hand.radio.perform("stuck", 0.1)
    assert hand.say(OFF, 0.2)[-1] == Condition(True, True, True, 120)
    hand.radio.perform("normal", 0.3)
    hand.say(OFF, 0.3)
    assert not hand.radio.on_air


def test_its_link_asks_answers_repeats_and_keeps_alive() -> None:
    link = RadioLink()
    link.power_on(0.0)
    link.pass_time(T0)
    assert list(link.out) == [LinkRequest(14, 1)] * 2
    link.out.clear()
    link.hear(LinkAck(1, 1), 1.0)
    assert link.ready
    link.say(b"a", 1.0)
    link.pass_time(1.0 + T1)
    assert list(link.out) == [LinkAck(1, 1), LinkTransfer(1, b"a"), LinkTransfer(1, b"a")]
    link.hear(LinkAck(2, 1), 2.0)
    link.out.clear()
    link.pass_time(1.0 + T3)
    assert list(link.out) == [LinkAck(1, 1)]
    assert link.hear(LinkTransfer(1, b"x"), 12.0) == b"x"
    assert link.hear(LinkTransfer(1, b"x"), 12.0) is None
    assert link.resets == 0
    link.hear(LinkTransfer(50, b"x"), 12.0)
    assert (link.ready, link.resets) == (False, 1)


def test_its_link_gives_up_without_an_answer_and_when_its_partner_begins_anew() -> None:
    link = RadioLink()
    link.power_on(0.0)
    link.hear(LinkAck(1, 1), 0.0)
    link.say(b"a", 0.0)
    for turn in range(1, TRIES + 1):
        link.pass_time(turn * (T1 + 0.01))
    assert not link.ready
    link.hear(LinkAck(1, 1), 20.0)
    assert link.ready
    link.hear(LinkRequest(6, 1), 21.0)
    assert not link.ready
    assert link.resets == 2


def test_a_rebooting_one_hears_nothing_and_then_asks_for_a_link() -> None:
    hand = Hand()
    hand.radio.perform("reboot", 1.0)
    assert hand.frames(LinkRequest(6, 1), now=1.0 + BOOT - 0.1) == []
    assert hand.frames(now=1.0 + BOOT) == [LinkRequest(14, 1)]


@pytest.mark.parametrize(
    ("verb", "count"), [("lose:1", 0), ("corrupt:1", 0), ("silent", 0), ("duplicate", 2)]
)
def test_frames_are_lost_broken_or_doubled(verb: str, count: int) -> None:
    hand = Hand()
    hand.radio.perform(verb, 0.5)
    hand.radio.hear(encode(LinkTransfer(1, b"\xb0")), 0.5)
    assert Splitter().feed(hand.radio.take(0.5)) == [LinkAck(2, 1)] * count


def test_split_bytes_come_one_by_one() -> None:
    hand = Hand()
    hand.radio.perform("split_bytes", 0.5)
    hand.radio.hear(encode(LinkTransfer(1, b"\xb0")), 0.5)
    got = []
    while piece := hand.radio.take(0.5):
        got.append(piece)
    assert {len(piece) for piece in got} == {1}
    assert b"".join(got) == encode(LinkAck(2, 1))
    assert transfers(encode(LinkTransfer(1, b"x"))) == [b"x"]


def test_unknown_and_misspelt_verbs_are_explained() -> None:
    for verb in ("slient", "grant_ms", "silent:1", "grant_ms:x", "refuse:XY", "talk:me", "status:0/5:x"):
        with pytest.raises(TroubleError, match="silent|grant|refuse|talk|status"):
            Radio().perform(verb, 0.0)
    assert split_verb("lose:3") == ("lose", "3", "lose:N")
    assert Trouble() == Radio().trouble
    assert len(set(VERBS)) == len(VERBS)


async def test_on_a_pty_it_answers_and_can_be_pulled(tmp_path: Path) -> None:
    port = Map27Port(tmp_path)
    assert isinstance(port, DevicePort)
    path = port.plug("map27-0")
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, encode(LinkRequest(6, 1)))
    got, loop = b"", asyncio.get_running_loop()
    while LinkAck(1, 1) not in Splitter().feed(got):
        got += await loop.run_in_executor(None, os.read, fd, 100)
    port.pull()
    with pytest.raises(OSError, match="Input/output"):
        os.write(fd, b"x")
    os.close(fd)
    assert list(tmp_path.iterdir()) == []
