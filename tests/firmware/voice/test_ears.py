"""Ears: which line is listened for what, deafness while it transmits, and what the gateway is told."""

import math
from array import array

import pytest

from firmware.voice.ears import Ears, wanted
from hw.board import parse_board
from hw.sound.capture import Capture
from hw.sound.facts import SoundLost
from hw.squelch.facts import SquelchChange
from hw.squelch.syllabic import LEAD_NS, LOOK_BACK
from hw.squelch.tones import dtmf
from link.contract import neighbour as say

RATE, FRAME = 16000, 640
BOARD = parse_board("""
board = { name = "b", kind = "bench", socket = "/nowhere" }
card = [{ name = "a", driver = "bench" }, { name = "b", driver = "bench" }, { name = "c", driver = "bench" }]
rig = [{ name = "hf" }]
output = [
  { name = "r1.ptt", pin = 17, longest = 60.0 }, { name = "r2.ptt", pin = 18, longest = 60.0 },
  { name = "hf.ptt", kind = "rig", rig = "hf", longest = 60.0 },
]
input = [{ name = "r1.cos", pin = 22 }]
[[line]]
id = "r1"
kind = "radio"
card = "a"
ptt = "r1.ptt"
cos = "r1.cos"
dtmf = true
[[line]]
id = "r2"
kind = "radio"
card = "b"
ptt = "r2.ptt"
squelch = "vox"
deaf_ms = 500
hang_ms = 300
[[line]]
id = "hf1"
kind = "shortwave"
card = "c"
ptt = "hf.ptt"
rig = "hf"
""")


class Source:
    listener = None
    pre_roll = 10


class Card:
    rate_hz = RATE

    def __init__(self) -> None:
        self.source = Source()


class Rig:
    def __init__(self) -> None:
        self.now = 0
        self.posted: list[object] = []
        self.cards = {line.id: Card() for line in BOARD.lines}
        self.ears = Ears(BOARD, self.cards, self.posted.append, lambda: self.now)  # type: ignore[arg-type]

    def hear(self, line: str, pcm: bytes) -> list[object]:
        """Sound at the line's card; what was posted."""
        self.posted.clear()
        for start in range(0, len(pcm) - FRAME + 1, FRAME):
            self.now += 20_000_000
            self.cards[line].source.listener(pcm[start : start + FRAME], self.now)
        return list(self.posted)


def loud(seconds: float) -> bytes:
    count = round(seconds * RATE)
    return array("h", (round(9000 * math.sin(n * 0.4)) for n in range(count))).tobytes()


def quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * RATE))


def test_each_line_gets_the_ear_it_asks_for():
    by_id = {line.id: wanted(line) for line in BOARD.lines}  # type: ignore[arg-type]
    assert (by_id["r1"].squelch, by_id["r1"].dtmf) == ("none", True)
    assert (by_id["r2"].squelch, by_id["r2"].vox.hang) == ("vox", 0.3)
    assert by_id["hf1"].squelch == "syllabic"


def test_a_line_with_an_ear_keeps_a_longer_pre_roll():
    rig = Rig()
    assert rig.cards["r2"].source.pre_roll >= 20


def test_all_that_an_ear_heard_is_still_kept_when_the_order_to_open_comes_late():
    """A syllabic squelch looks back for a second; a busy gateway orders as much as 0.9 s after it was told."""
    rig = Rig()
    capture = Capture(lambda: rig.now + 10_000_000)
    rig.cards["hf1"].source = capture  # type: ignore[assignment]
    rig.ears = Ears(BOARD, rig.cards, rig.posted.append, lambda: rig.now)  # type: ignore[arg-type]
    for number in range(1, 201):
        capture.deliver(number.to_bytes(FRAME, "little"), number * 20_000_000)
    rig.now = 200 * 20_000_000
    found_ns = rig.now - 45 * 20_000_000
    since_ns = found_ns - LOOK_BACK * 20_000_000 - LEAD_NS
    capture.open_capture(since_ns)
    first = capture.pop()
    assert first is not None
    assert int.from_bytes(first, "little") * 20_000_000 <= since_ns


def test_a_vox_opens_with_the_beginning_and_closes_after_its_hang():
    rig = Rig()
    (opened,) = rig.hear("r2", loud(0.5))
    assert opened.line == "r2" and opened.found.on and opened.found.since_ns <= 40_000_000
    (closed,) = rig.hear("r2", quiet(1.0))
    assert not closed.found.on
    told = say.SquelchChanged(line="r2", on=True, since_ns=opened.found.since_ns)
    assert rig.ears.told(opened) == (told,)


def test_a_line_hears_nothing_while_it_transmits_nor_shortly_after():
    rig = Rig()
    rig.ears.ordered(say.OpenDownlink(line="r2", lead_ms=0))
    assert [e for e in rig.hear("r2", loud(2.0)) if e.found.on] == []
    rig.ears.ordered(say.CutDownlink(line="r2"))
    assert [e for e in rig.hear("r2", loud(0.4)) if e.found.on] == []
    assert [e.found.on for e in rig.hear("r2", loud(0.6))] == [True]


def test_the_gateways_end_makes_it_hear_again():
    rig = Rig()
    rig.ears.ordered(say.HoldDownlink(line="r2"))
    rig.ears.gateway_lost()
    rig.hear("r2", quiet(0.6))
    assert [e.found.on for e in rig.hear("r2", loud(0.5))] == [True]


def test_digits_are_told():
    rig = Rig()
    heard = rig.hear("r1", quiet(0.2) + dtmf("5#", RATE) + quiet(0.3))
    assert [told.digit for each in heard for told in rig.ears.told(each)] == ["5", "#"]


def test_a_card_that_is_gone_closes_the_line():
    rig = Rig()
    rig.hear("r2", loud(0.5))
    (closed,) = rig.ears.lost(SoundLost("b", "gone", "plug it in"), ("r2",))
    assert closed == say.SquelchChanged(line="r2", on=False, since_ns=rig.now)
    assert rig.ears.lost(SoundLost("x", "gone", "plug it in"), ()) == ()


def test_a_gateway_that_comes_is_told_how_every_squelch_stands():
    rig = Rig()
    rig.hear("r2", loud(0.5))
    stands = {state.line: state.on for state in rig.ears.states()}
    assert stands["r2"] is True and stands["hf1"] is False


@pytest.mark.parametrize("fact", [None, "x", SquelchChange(True, 1)])
def test_other_facts_are_none_of_its_business(fact):
    assert Rig().ears.told(fact) == ()
