"""Telephone calls at the node: what core orders happens to the right leg, what happens is told by name."""

import wave
from pathlib import Path

import pytest

from central.voice.calls import NodeCalls
from central.voice.node import VoiceNode
from central.voice.sounds import SOUNDS, write_sounds
from link.contract import call_talk as say
from link.contract import neighbour
from link.hosting.clock import settle_loop
from link.voice.call_port import CallCame, CallDigit, CallTo
from link.voice.fake import FakeAir, FakeEngine
from link.voice.port import LegDown, LegUp, VoiceSettings
from tests.flows.gateway import FRAME, RATE
from tests.flows.world import word

SETTINGS = VoiceSettings(rate_hz=RATE, edges=("node", "edge"))


class Sound:
    """A phone's mouth and ear."""

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.heard: list[bytes] = []

    def pop(self) -> bytes | None:
        return self.words.pop(0) if self.words else None

    def push(self, frame: bytes) -> None:
        if any(frame):
            self.heard.append(frame)


class Rig:
    """A node and an edge on one air; `told` is what core hears."""

    def __init__(self, folder: Path) -> None:
        self.air, self.told, self.there = FakeAir(), [], True
        self.facts: list[object] = []
        self.edge_facts: list[object] = []
        self.engine = FakeEngine(self.air, "sip:node", SETTINGS)
        self.edge = FakeEngine(self.air, "sip:edge", SETTINGS)
        self.folder = folder

    async def start(self) -> "Rig":
        limits = await self.engine.start(self.facts.append)
        await self.edge.start(self.edge_facts.append)
        sounds = write_sounds(self.folder / "sounds", RATE)
        self.node = VoiceNode(self.engine, limits, self.folder, self.tell, "node", RATE, "edge", sounds)
        return self

    def tell(self, fact: object) -> bool:
        self.told.append(fact)
        return self.there

    async def settle(self) -> None:
        await settle_loop()
        while self.facts:
            await self.node.heard(self.facts.pop(0))
            await settle_loop()

    async def obey(self, *orders: object) -> None:
        for order in orders:
            await self.node.obey(order)
        await self.settle()

    async def phone_calls(self, number: str = "2002") -> tuple[int, str]:
        """A phone dials; its leg at the edge and the name that the node gave it."""
        leg = await self.edge.call(CallTo(f"sip:{number}@node", "2001"))
        await self.settle()
        return leg, self.of(say.CallArrived)[-1].leg

    def of(self, kind: type) -> list:
        return [fact for fact in self.told if isinstance(fact, kind)]


@pytest.fixture
async def rig(tmp_path: Path) -> Rig:
    return await Rig(tmp_path).start()


async def test_a_call_that_came_is_told_and_waits(rig: Rig) -> None:
    _, name = await rig.phone_calls()
    (came,) = rig.of(say.CallArrived)
    assert (came.caller, came.number, came.kind) == ("2001", "2002", "phone")
    assert name.startswith(say.CALL)
    assert not [fact for fact in rig.edge_facts if isinstance(fact, LegUp | LegDown)]


async def test_without_core_it_is_refused_at_once(rig: Rig) -> None:
    rig.there = False
    await rig.phone_calls()
    assert [fact.code for fact in rig.edge_facts if isinstance(fact, LegDown)] == [503]


async def test_a_number_is_dialled_at_the_edge_and_answers(rig: Rig) -> None:
    await rig.obey(say.PlaceCall(leg="call:x-1", number="*9#", caller="2001", trunk="carrier"))
    (came,) = [fact for fact in rig.edge_facts if isinstance(fact, CallCame)]
    assert (came.number, came.caller, came.trunk) == ("*9%23", "2001", "carrier")
    await rig.edge.ring(came.leg)
    await rig.edge.answer(came.leg)
    await rig.settle()
    assert rig.of(say.CallRang) == [say.CallRang(leg="call:x-1")]
    assert [fact.leg for fact in rig.of(say.CallAnswered)] == ["call:x-1"]


async def test_a_number_that_cannot_be_dialled_ends_as_a_fact(rig: Rig) -> None:
    calls = NodeCalls(rig.engine, {}, rig.told.append)
    await calls.obey(say.PlaceCall(leg="call:x-1", number="2002", caller="2001"))
    (gone,) = rig.of(say.CallGone)
    assert (gone.leg, gone.code) == ("call:x-1", 480)
    assert "[telephony]" in gone.why


async def test_two_calls_that_are_bridged_hear_each_other(rig: Rig) -> None:
    mine, name = await rig.phone_calls()
    await rig.obey(
        say.PlaceCall(leg="call:x-1", number="2002", caller="2001"),
        say.AnswerCall(leg=name),
        neighbour.SetBridge(bridge="c-1", talkers=(name, "call:x-1"), listeners=(name, "call:x-1")),
    )
    other = next(fact.leg for fact in rig.edge_facts if isinstance(fact, CallCame))
    await rig.edge.answer(other)
    await rig.settle()
    one, two = Sound(), Sound()
    for sound, leg in ((one, mine), (two, other)):
        port = await rig.edge.add_frames("phone", sound, sound, RATE)
        await rig.edge.connect(port, leg)
        await rig.edge.connect(leg, port)
    one.words, two.words = [word(1)], [word(2)]
    rig.air.tick(5)
    assert (one.heard, two.heard) == ([word(2)], [word(1)])


async def test_music_is_played_until_it_is_stopped(rig: Rig) -> None:
    mine, name = await rig.phone_calls()
    await rig.obey(say.AnswerCall(leg=name), say.PlayToCall(leg=name, sound="hold"))
    ear = Sound()
    await rig.edge.connect(mine, await rig.edge.add_frames("ear", ear, ear, RATE))
    rig.air.tick(20)
    assert len(ear.heard) > 10
    await rig.obey(say.PlayToCall(leg=name, sound="silence"))
    rig.air.tick(3)
    ear.heard.clear()
    rig.air.tick(20)
    assert ear.heard == []


async def test_a_word_to_a_talker_is_played_once(rig: Rig) -> None:
    mine, name = await rig.phone_calls()
    await rig.obey(say.AnswerCall(leg=name), say.PlayToCall(leg=name, sound="queued"))
    ear = Sound()
    await rig.edge.connect(mine, await rig.edge.add_frames("ear", ear, ear, RATE))
    rig.air.tick(60)
    await rig.settle()
    assert 8 < len(ear.heard) < 18
    assert not rig.engine._players


async def test_hold_keys_and_the_end_are_told_by_name(rig: Rig) -> None:
    mine, name = await rig.phone_calls()
    await rig.obey(say.AnswerCall(leg=name))
    await rig.edge.hold(mine, True)
    await rig.edge.send_digits(mine, "5")
    await rig.edge.hang_up(mine)
    await rig.settle()
    assert rig.of(say.CallHeldAway) == [say.CallHeldAway(leg=name, held=True)]
    assert rig.of(say.KeyPressed) == [say.KeyPressed(leg=name, digit="5")]
    assert [(fact.leg, fact.code) for fact in rig.of(say.CallGone)] == [(name, 200)]
    assert name not in rig.node.legs


async def test_keys_are_passed_on(rig: Rig) -> None:
    _, name = await rig.phone_calls()
    await rig.obey(say.AnswerCall(leg=name), say.PressKeys(leg=name, digits="12"))
    assert [fact.digit for fact in rig.edge_facts if isinstance(fact, CallDigit)] == ["1", "2"]


async def test_core_gone_ends_every_call(rig: Rig) -> None:
    await rig.phone_calls()
    await rig.phone_calls("2003")
    await rig.node.core_lost()
    await rig.settle()
    assert [fact.code for fact in rig.edge_facts if isinstance(fact, LegDown)] == [503, 503]
    assert rig.node.legs == {}


async def test_an_order_for_a_leg_that_has_gone_costs_nothing(rig: Rig) -> None:
    await rig.obey(say.EndCall(leg="call:gone"), say.PlayToCall(leg="call:gone", sound="busy"))
    assert rig.told == []


def test_every_sound_is_written_and_sounds(tmp_path: Path) -> None:
    paths = write_sounds(tmp_path, RATE)
    assert set(paths) == set(SOUNDS)
    for path in paths.values():
        with wave.open(str(path)) as file:
            assert file.getframerate() == RATE
            assert any(file.readframes(file.getnframes())), path
    assert write_sounds(tmp_path, RATE, Path("/music.wav"))["hold"] == Path("/music.wav")
    assert len(word(1)) == FRAME
