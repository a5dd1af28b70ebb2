"""Voice node: joins legs as core ordered by name, records them, and outlives what goes wrong."""

import asyncio
import hashlib
import wave
from pathlib import Path

import pytest

from central.voice.node import VoiceNode
from link.contract import neighbour as say
from link.hosting.clock import settle_loop
from link.voice.fake import FakeAir, FakeEngine
from link.voice.port import LegRefused, LegUp, VoiceSettings
from tests.flows.gateway import FRAME, RATE
from tests.flows.world import word

A, B, C = "gw-a/r1", "gw-b/r1", "gw-c/r1"
SETTINGS = VoiceSettings(rate_hz=RATE)


class Radio:
    """A gateway with one line: it says `words` and keeps what it hears, from when its leg stands."""

    def __init__(self, rig: "Rig", name: str) -> None:
        self.rig, self.words, self.heard, self.leg = rig, [], [], 0
        self.engine = FakeEngine(rig.air, f"sip:{name}-{len(rig.radios)}", SETTINGS)
        self.facts: list[object] = []

    def pop(self) -> bytes | None:
        return self.words.pop(0) if self.words else None

    def push(self, frame: bytes) -> None:
        if any(frame):
            self.heard.append(frame)

    async def dial(self, token: str) -> None:
        await self.engine.start(self.facts.append)
        self.port = await self.engine.add_frames("radio", self, self, RATE)
        self.leg = await self.engine.dial("sip:node", token)
        await self.engine.connect(self.leg, self.port)
        await self.engine.connect(self.port, self.leg)


class Rig:
    def __init__(self, folder: Path) -> None:
        self.air, self.told, self.facts = FakeAir(), [], []
        self.radios: list[Radio] = []
        self.engine = FakeEngine(self.air, "sip:node", SETTINGS)
        self.folder = folder

    async def start(self) -> "Rig":
        limits = await self.engine.start(self.facts.append)
        self.node = VoiceNode(self.engine, limits, self.folder, self.told.append, rate_hz=RATE)
        return self

    async def settle(self) -> None:
        await settle_loop()
        while self.facts:
            await self.node.heard(self.facts.pop(0))
            await settle_loop()

    async def radio(self, name: str) -> Radio:
        """A radio whose leg core has announced, and which dials."""
        token = f"token-{len(self.radios)}-xyz"
        await self.node.obey(say.ExpectLeg(leg=name, token=token))
        radio = Radio(self, name.replace("/", "-"))
        self.radios.append(radio)
        await radio.dial(token)
        await self.settle()
        return radio

    async def obey(self, *orders: object) -> None:
        for order in orders:
            await self.node.obey(order)
        await self.settle()

    async def talk(self, radio: Radio, *words: bytes) -> None:
        radio.words = list(words)
        for _ in range(len(words) + 4):
            self.air.tick()
        await self.settle()

    def of(self, kind: type) -> list:
        return [fact for fact in self.told if isinstance(fact, kind)]

    async def closed(self) -> say.RecordingClosed:
        """The next file that was closed; reading it takes a thread."""
        async with asyncio.timeout(5):
            await asyncio.gather(*self.node.tapings.closing)
        fact = self.of(say.RecordingClosed)[0]
        self.told.remove(fact)
        return fact


@pytest.fixture
async def rig(tmp_path: Path):
    made = await Rig(tmp_path / "recordings").start()
    yield made
    await made.node.stop()


def bridge(talkers: tuple[str, ...], listeners: tuple[str, ...], name: str = "valley") -> say.SetBridge:
    return say.SetBridge(bridge=name, talkers=talkers, listeners=listeners)


def frames(path: Path) -> list[bytes]:
    with wave.open(str(path), "rb") as file:
        sound = file.readframes(file.getnframes())
    pieces = (sound[at : at + FRAME] for at in range(0, len(sound), FRAME))
    return [piece for piece in pieces if any(piece)]


# ---- legs


async def test_a_leg_that_core_announced_is_told_by_its_name(rig: Rig):
    await rig.radio(A)
    assert rig.of(say.LegAnswered) == [say.LegAnswered(leg=A, codec="G722/16000")]
    assert list(rig.node.legs) == [A]
    assert rig.node.ready().legs == (A,)


async def test_a_leg_that_falls_is_told(rig: Rig):
    await rig.radio(A)
    rig.engine.drop_leg(rig.node.legs[A])
    await rig.settle()
    assert rig.of(say.LegLost) == [say.LegLost(leg=A, code=408, why="no media for 10 s")]
    assert rig.node.legs == {}


async def test_a_stranger_is_told_to_core(rig: Rig):
    await rig.node.heard(LegRefused("10.0.0.9:5060", "unknown or used token"))
    assert rig.told == [say.CallRefused(source="10.0.0.9:5060", why="unknown or used token")]


async def test_a_leg_without_a_name_is_hung_up(rig: Rig):
    await rig.engine.expect("a-token-of-nobody", 10)
    stranger = Radio(rig, "stranger")
    await stranger.dial("a-token-of-nobody")
    await rig.settle()
    assert rig.engine.legs == {}
    assert rig.told == []


async def test_tokens_of_dials_that_never_came_are_forgotten_with_the_next(rig: Rig):
    for number in range(50):
        await rig.node.obey(say.ExpectLeg(leg=A, token=f"token-{number}-never"))
    await rig.radio(B)
    assert len(rig.node._expected) == 1


async def test_hello_is_answered_with_what_there_is(rig: Rig):
    await rig.radio(A)
    await rig.obey(say.StartRecording(recording="g-1", path="a/g-1.wav", legs=(A,)), say.Hello())
    (ready,) = rig.of(say.NodeReady)
    assert (ready.legs, ready.recordings, ready.calls) == ((A,), ("g-1",), SETTINGS.max_calls)


# ---- bridges


async def test_talkers_are_heard_by_listeners_and_nobody_else(rig: Rig):
    a, b, c = [await rig.radio(name) for name in (A, B, C)]
    await rig.obey(bridge((A,), (B,)))
    await rig.talk(a, word(1), word(2))
    assert (a.heard, b.heard, c.heard) == ([], [word(1), word(2)], [])
    await rig.talk(b, word(3))
    assert (a.heard, c.heard) == ([], [])


async def test_a_bridge_is_the_whole_truth(rig: Rig):
    a, b, c = [await rig.radio(name) for name in (A, B, C)]
    await rig.obey(bridge((A,), (B,)), bridge((B,), (A, C)))
    await rig.talk(a, word(1))
    await rig.talk(b, word(2))
    assert (a.heard, b.heard, c.heard) == ([word(2)], [], [word(2)])
    await rig.obey(bridge((), ()))
    await rig.talk(b, word(3))
    assert (a.heard, c.heard) == ([word(2)], [word(2)])


async def test_two_bridges_do_not_part_each_other(rig: Rig):
    a, b, c = [await rig.radio(name) for name in (A, B, C)]
    await rig.obey(bridge((A,), (B,), "one"), bridge((A,), (B, C), "two"), bridge((), (), "two"))
    await rig.talk(a, word(1))
    assert (b.heard, c.heard) == ([word(1)], [])


async def test_nobody_hears_himself(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(bridge((A, B), (A, B)))
    await rig.talk(a, word(1))
    assert (a.heard, b.heard) == ([], [word(1)])


async def test_a_bridge_applies_to_legs_that_come_later(rig: Rig):
    await rig.obey(bridge((A,), (B,)))
    a = await rig.radio(A)
    b = await rig.radio(B)
    await rig.talk(a, word(1))
    assert b.heard == [word(1)]


async def test_a_leg_that_returns_is_joined_again(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(bridge((A,), (B,)))
    rig.engine.drop_leg(rig.node.legs[B])
    await rig.settle()
    again = await rig.radio(B)
    await rig.talk(a, word(1))
    assert (b.heard, again.heard) == ([], [word(1)])


async def test_a_leg_that_replaces_another_takes_its_place_in_the_bridge(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(bridge((A,), (B,)))
    newer = await rig.radio(B)
    assert len(rig.engine.legs) == 2, "the old one was hung up"
    assert rig.of(say.LegLost) == [], "and that is no news: the line has a leg"
    await rig.talk(a, word(1))
    assert (b.heard, newer.heard) == ([], [word(1)])


async def test_a_leg_that_has_just_fallen_does_not_end_the_node(rig: Rig):
    a, _ = await rig.radio(A), await rig.radio(B)
    await rig.obey(bridge((A,), (B, C)))
    rig.engine.drop_leg(rig.node.legs[B])
    rig.engine.drop_leg(rig.node.legs[A])
    await settle_loop()
    lost = rig.facts[:]
    rig.facts.clear()  # the news of both is still on its way when the third leg comes up
    await rig.radio(C)
    assert rig.of(say.LegAnswered)[-1].leg == C, "core is told, or it would dial again and again"
    rig.facts.extend(lost)
    await rig.settle()
    again = await rig.radio(A)
    await rig.talk(again, word(1))
    assert rig.radios[2].heard == [word(1)]
    assert a.heard == []


# ---- recordings


async def test_a_recording_holds_what_its_legs_say(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(say.StartRecording(recording="g-1", path="2024/g-1.wav", legs=(A,)))
    await rig.talk(a, word(1), word(2))
    await rig.talk(b, word(3))
    await rig.obey(say.StopRecording(recording="g-1"))
    closed, path = await rig.closed(), rig.folder / "2024/g-1.wav"
    assert frames(path) == [word(1), word(2)]
    assert (closed.recording, closed.path, closed.state) == ("g-1", "2024/g-1.wav", "closed")
    assert closed.sha == hashlib.sha256(path.read_bytes()).hexdigest()
    with wave.open(str(path)) as file:
        assert closed.samples == file.getnframes() > 0
    assert closed.seconds == round(closed.samples / RATE, 3)


async def test_a_leg_that_comes_later_is_recorded_from_there_on(rig: Rig):
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=(A,)))
    a = await rig.radio(A)
    await rig.talk(a, word(5))
    await rig.obey(say.StopRecording(recording="g-1"))
    await rig.closed()
    assert frames(rig.folder / "g-1.wav") == [word(5)]


async def test_other_legs_can_be_put_on_a_recording(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=(A,)))
    await rig.obey(say.SetRecordingLegs(recording="g-1", legs=(B,)))
    await rig.talk(a, word(1))
    await rig.talk(b, word(2))
    await rig.obey(say.SetRecordingLegs(recording="unknown", legs=(B,)), say.StopRecording(recording="g-1"))
    await rig.closed()
    assert frames(rig.folder / "g-1.wav") == [word(2)]


async def test_a_recording_starts_once_and_stops_once(rig: Rig):
    order = say.StartRecording(recording="g-1", path="g-1.wav", legs=())
    await rig.obey(order, order, say.StopRecording(recording="g-1"), say.StopRecording(recording="g-1"))
    assert (await rig.closed()).state == "closed"
    assert rig.of(say.RecordingClosed) == []


async def test_a_recording_that_cannot_begin_is_told_as_failed(rig: Rig):
    rig.folder.mkdir()
    (rig.folder / "taken.wav").write_bytes(b"somebody else's")
    await rig.obey(say.StartRecording(recording="g-1", path="taken.wav", legs=()))
    closed = await rig.closed()
    assert (closed.recording, closed.state, closed.path) == ("g-1", "failed", "taken.wav")
    assert closed.why
    assert (rig.folder / "taken.wav").read_bytes() == b"somebody else's"


async def test_a_folder_that_cannot_be_made_is_told_as_failed(rig: Rig):
    rig.folder.mkdir()
    (rig.folder / "2024").write_text("a file where a folder should be")
    await rig.obey(say.StartRecording(recording="g-1", path="2024/g-1.wav", legs=()))
    assert (await rig.closed()).state == "failed"


async def test_a_recording_never_leaves_its_folder(rig: Rig, tmp_path: Path):
    await rig.obey(say.StartRecording(recording="g-1", path="../escaped.wav", legs=()))
    assert not (tmp_path / "escaped.wav").exists()
    assert rig.node.ready().recordings == ()
    assert (await rig.closed()).state == "failed", "core must not believe that it runs"


async def test_a_file_that_is_gone_at_the_end_is_told_as_failed(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=()))

    def gone(path: Path, length: int) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("central.voice.tapings.finished", gone)
    await rig.obey(say.StopRecording(recording="g-1"))
    closed = await rig.closed()
    assert closed.state == "failed"
    assert "FileNotFoundError" in closed.why


# ---- the end of core


async def test_without_core_nobody_is_joined_and_every_file_is_closed(rig: Rig):
    a, b = await rig.radio(A), await rig.radio(B)
    await rig.obey(bridge((A,), (B,)), say.StartRecording(recording="g-1", path="g-1.wav", legs=(A,)))
    await rig.talk(a, word(1))
    await rig.node.core_lost()
    assert (await rig.closed()).recording == "g-1"
    await rig.talk(a, word(2))
    assert b.heard == [word(1)]
    assert rig.node.ready().legs == (A, B), "the legs stay up for the core that comes back"


async def test_stop_waits_until_every_file_is_measured(rig: Rig):
    await rig.obey(say.StartRecording(recording="g-1", path="g-1.wav", legs=()))
    await rig.node.stop()
    assert [fact.recording for fact in rig.of(say.RecordingClosed)] == ["g-1"]


async def test_a_leg_that_ended_before_it_was_named_does_no_harm(rig: Rig, caplog):
    await rig.node.heard(LegUp(999, "unknown-token", "G722/16000"))
    assert "answered without a name" in caplog.text
    await rig.radio(A)
    assert list(rig.node.legs) == [A]
