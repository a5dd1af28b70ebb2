"""The thin devices of a simulated gateway keep the promises of the doors they stand in for."""

import asyncio

from link.bus.port import Frame
from link.contract import neighbour as say
from scripts.fleet_parts.thin import OCTETS_A_SECOND, WAV_HEAD, ThinGuard, ThinVoice


async def test_a_guard_that_is_not_fed_lets_go() -> None:
    told: list[tuple[bool, str]] = []
    guard = ThinGuard(lambda out, on, why: told.append((on, why)))
    guard.feed("amp", 0.02, "clip")
    guard.feed("amp", 0.04, "clip")
    assert told == [(True, "feed")]
    async with asyncio.timeout(5):
        while len(told) < 2:
            await asyncio.sleep(0.005)
    assert told[1] == (False, "expired")


async def test_a_guard_lets_go_when_told() -> None:
    told: list[tuple[bool, str]] = []
    guard = ThinGuard(lambda out, on, why: told.append((on, why)))
    guard.feed("amp", 5.0, "clip")
    guard.safe("amp")
    guard.safe("amp")
    assert told == [(True, "feed"), (False, "stop")]


async def sounded(seconds: float, cut: bool) -> tuple[ThinVoice, list[object]]:
    said: list[object] = []
    voice = ThinVoice()

    def hear(fact: object) -> None:
        assert isinstance(fact, Frame)
        said.append(say.GATEWAY_VOICE.decode(fact.payload))

    await voice.start(hear)
    path = voice.hold("a" * 64, WAV_HEAD + int(seconds * OCTETS_A_SECOND))
    start = say.StartClip(play="p", line="pa1", path=path, gain_db=0.0)
    voice.send("voice", say.GATEWAY_VOICE.encode(start))
    if cut:
        voice.send("voice", say.GATEWAY_VOICE.encode(say.CutClip(play="p")))
    await asyncio.sleep(seconds + 0.1)
    return voice, said


async def test_a_clip_takes_its_length() -> None:
    voice, said = await sounded(0.15, cut=False)
    assert isinstance(said[0], say.ClipProgress)
    assert said[-1] == say.ClipDone(play="p", ok=True, seconds=0.15)
    assert voice.whole == {"p"}


async def test_a_clip_that_was_cut_did_not_sound() -> None:
    voice, said = await sounded(0.15, cut=True)
    assert said == [] and voice.whole == set()
