"""Rack: clips. Progress is what the card really took; an end is told once, with what went wrong."""

import wave
from pathlib import Path

import pytest

from firmware.voice.players import PROGRESS_EVERY
from link.contract import neighbour as say
from link.hosting.clock import settle_loop
from tests.firmware.voice.test_rack import Rig
from tests.flows.gateway import RATE
from tests.flows.world import word


@pytest.fixture
async def rig():
    made = await Rig().start()
    yield made
    await made.rack.stop()
    await settle_loop()


def clip(path: Path, seconds: float, first: int = 0) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        for number in range(round(seconds * 50)):
            out.writeframes(word(first + number))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return clip(tmp_path / "clip.wav", 2.0)


def start(path: Path, play: str = "p1", **more: float) -> say.StartClip:
    return say.StartClip(play=play, line="r1", path=str(path), **more)


def progress(rig: Rig, play: str = "p1") -> list[float]:
    return [f.seconds for f in rig.told if isinstance(f, say.ClipProgress) and f.play == play]


def ends(rig: Rig) -> list[tuple[str, bool]]:
    return [(fact.play, fact.ok) for fact in rig.told if isinstance(fact, say.ClipDone)]


async def test_a_clip_is_played_whole_and_its_end_told_once(rig, path):
    await rig.obey(start(path))
    await rig.pass_time(3.0)
    assert rig.played() == [word(n) for n in range(100)]
    assert ends(rig) == [("p1", True)]
    assert rig.told[-1].seconds == pytest.approx(2.0, abs=0.05)
    assert rig.card.mode == "shut"


async def test_progress_comes_with_the_first_frame_and_then_twice_a_second(rig, path):
    await rig.obey(start(path))
    await rig.pass_time(2.5)
    told = progress(rig)
    assert told[0] <= 0.06
    assert len(told) == 4
    assert told == sorted(told)
    assert told[1] - told[0] == pytest.approx(PROGRESS_EVERY, abs=0.05)
    assert told[-1] == pytest.approx(1.5, abs=0.1)


async def test_progress_is_what_the_card_took_and_not_what_time_went_by(rig, path):
    taken = rig.card.push
    rig.card.push = lambda frame: None  # the card is gone: it takes nothing
    await rig.obey(start(path))
    await rig.pass_time(1.0)
    assert progress(rig) == []
    rig.card.push = taken
    await rig.pass_time(0.5)
    assert max(progress(rig)) <= 0.5


async def test_a_clip_that_the_card_took_half_of_is_told_as_half(rig, path):
    taken, count = rig.card.push, [0]

    def push(frame: bytes) -> None:
        count[0] += 1
        if count[0] % 2:
            taken(frame)

    rig.card.push = push
    await rig.obey(start(path))
    await rig.pass_time(3.0)
    assert rig.told[-1].seconds == pytest.approx(1.0, abs=0.05)


async def test_a_cut_ends_it_at_once_and_tells_nothing(rig, path):
    await rig.obey(start(path))
    await rig.pass_time(0.5)
    await rig.obey(say.CutClip(play="p1"))
    count = len(rig.card.played)
    await rig.pass_time(1.0)
    assert len(rig.card.played) == count
    assert ends(rig) == []
    assert rig.card.mode == "shut"


async def test_a_cut_of_what_does_not_play_is_harmless(rig):
    await rig.obey(say.CutClip(play="unknown"))
    assert rig.told == []


async def test_an_order_that_is_repeated_plays_once(rig, path):
    await rig.obey(start(path), start(path))
    await rig.pass_time(3.0)
    assert rig.played() == [word(n) for n in range(100)]
    assert ends(rig) == [("p1", True)]


async def test_two_clips_each_have_their_own_progress_and_the_card_stays_open_for_the_second(
    rig, path, tmp_path
):
    long = clip(tmp_path / "long.wav", 3.0, 500)
    await rig.obey(start(path))
    await rig.pass_time(1.0)
    await rig.obey(start(long, "p2"))
    await rig.pass_time(1.5)
    assert ends(rig) == [("p1", True)]
    assert rig.card.mode == "open"
    assert max(progress(rig, "p2")) <= 1.5
    await rig.pass_time(2.0)
    assert ends(rig) == [("p1", True), ("p2", True)]
    assert rig.told[-1].seconds == pytest.approx(3.0, abs=0.05)


async def test_a_file_that_cannot_be_played_is_told(rig, tmp_path):
    await rig.obey(start(tmp_path / "none.wav"))
    (end,) = rig.told
    assert (end.play, end.ok) == ("p1", False)
    assert "none.wav" in end.why
    await rig.pass_time(1.0)
    assert len(rig.told) == 1


async def test_what_the_loudspeaker_plays_is_heard_on_the_leg(rig, path):
    await rig.dial()
    await rig.obey(start(path))
    await rig.pass_time(2.5)
    assert rig.far.heard == [word(n) for n in range(100)]


async def test_a_leg_that_has_just_gone_does_not_silence_the_loudspeaker(rig, path):
    await rig.dial()
    rig.engine.drop_leg(rig.rack.channels["r1"].leg)
    await rig.rack.obey(start(path))  # before the rack hears of the loss
    await rig.pass_time(2.5)
    assert rig.played() == [word(n) for n in range(100)]
    assert ends(rig) == [("p1", True)]


async def test_a_gain_is_applied(rig, path):
    await rig.obey(start(path, gain_db=-6.0))
    await rig.pass_time(2.5)
    loud, quiet = (int.from_bytes(frame[:2], "little") for frame in (word(90), rig.played()[90]))
    assert quiet == pytest.approx(loud / 2, rel=0.02)


async def test_after_the_gateway_process_was_lost_the_same_clip_can_be_ordered_again(rig, path):
    await rig.obey(start(path))
    await rig.pass_time(0.5)
    await rig.rack.gateway_lost()
    assert rig.card.mode == "shut"
    rig.told.clear()
    rig.card.played.clear()
    await rig.pass_time(0.5)
    await rig.obey(start(path))
    await rig.pass_time(3.0)
    assert rig.played() == [word(n) for n in range(100)], "it sounds, and from its beginning"
    assert ends(rig) == [("p1", True)]
