"""The recorder at the rack: sound reaches the tape with a leg or without, orders begin and end it, facts follow."""

import pytest

from firmware.voice.rack import Rack
from firmware.voice.recorder import LAST_PAGES, LONGEST, Recorder
from firmware.voice.tape import TapeEnded
from link.contract import neighbour as say
from link.contract.link_facts import RecordingReady
from link.contract.recording_orders import EndRecording, RecordingKept, RecordingLost, RecordLine
from link.hosting.clock import HandClock, settle_loop
from link.voice.fake import FakeAir, FakeEngine
from link.voice.port import VoiceSettings
from tests.flows.doors import FakeCard
from tests.flows.gateway import FRAME, RATE

KEY = "5e" * 32
A, B = b"\x10\x00" * (FRAME // 2), b"\x20\x00" * (FRAME // 2)
RECORD = RecordLine(recording="gw-r1-1", line="r1", seal=KEY, group="valley", cause="talk")


class FakeTape:
    """Keeps its frames; `over` says what the real one would."""

    def __init__(self, folder, car, seal, rate_hz, post) -> None:
        self.car, self.seal, self.post = car, seal, post
        self.cut, self.sound, self.finished, self.joined, self.killed = False, [], False, 0, False

    def frame(self, frame, at_ns) -> None:
        self.sound.append(frame)

    def finish(self, at_ns) -> None:
        self.finished = True

    def kill(self) -> None:
        self.killed = True

    def join(self, seconds) -> bool:
        self.joined += 1
        return self.finished

    def over(self, why: str = "", kept: bool = True) -> TapeEnded:
        car = self.car
        ready = RecordingReady(
            recording=car.recording,
            line=car.line,
            sha=KEY,
            size=99,
            seconds=2.0,
            codec="opus",
            started_ms=car.started_ms,
            ended_ms=car.started_ms + 2000,
            cut=self.cut,
        )
        return TapeEnded(car.recording, car.line, ready if kept else None, 0, why, "advice" if why else "")


class Rig:
    def __init__(self) -> None:
        self.clock, self.air, self.told, self.tapes = HandClock(), FakeAir(), [], []
        self.engine = FakeEngine(self.air, "sip:gw", VoiceSettings(rate_hz=RATE))
        self.fails: OSError | None = None
        self.recorder = Recorder(
            None, self.engine, RATE, self.told.append, self.clock, self.told.append, make=self._make
        )
        self.rack = Rack(self.engine, RATE, self.told.append, self.clock, recorder=self.recorder)
        self.card = FakeCard(self.clock)

    def _make(self, *args) -> FakeTape:
        if self.fails:
            raise self.fails
        self.tapes.append(FakeTape(*args))
        return self.tapes[-1]

    async def start(self) -> "Rig":
        await self.engine.start(lambda fact: None)
        await self.rack.add("r1", self.card)
        return self

    async def obey(self, *orders) -> None:
        for order in orders:
            await self.rack.obey(order)

    def hear(self, *frames: bytes) -> None:
        """The radio is heard; each frame passes the media clock."""
        for frame in frames:
            self.card.captured.append(frame)
            self.air.tick()


@pytest.fixture
async def rig():
    made = await Rig().start()
    yield made
    await made.rack.stop()
    await settle_loop()


OPEN = say.OpenUplink(line="r1", since_ns=0)


async def test_a_line_without_a_leg_is_recorded_from_its_first_word(rig: Rig):
    await rig.obey(OPEN, RECORD)
    rig.hear(A, B, A)
    (tape,) = rig.tapes
    assert tape.sound == [A, B, A]
    assert (tape.seal, tape.car.group, tape.car.started_ms) == (KEY, "valley", rig.clock.wall() * 1000)


async def test_what_is_sent_is_recorded_too(rig: Rig, tmp_path):
    await rig.obey(RECORD, say.OpenDownlink(line="r1", lead_ms=0))
    rig.card.sink.push(A)  # as the bridge does, but past the head: only the witness tells
    rig.air.tick()
    assert rig.tapes[0].sound == [A]


async def test_without_an_order_nobody_listens_to_a_line_without_a_leg(rig: Rig):
    await rig.obey(OPEN, RECORD)
    rig.hear(A)
    assert rig.engine.patches.wanted
    await rig.obey(EndRecording(recording="gw-r1-1", cause="emergency"))
    rig.hear(B)
    (tape,) = rig.tapes
    assert tape.finished and tape.sound == [A] and tape.car.cause == "emergency"
    assert not rig.engine.patches.wanted
    await rig.rack.heard(tape.over())
    assert rig.told == [RecordingKept(recording="gw-r1-1", line="r1", seconds=2.0, size=99)]


async def test_a_second_order_ends_the_first_recording_and_a_repeated_one_does_nothing(rig: Rig):
    await rig.obey(OPEN, RECORD)
    rig.hear(A)
    await rig.obey(RECORD, RECORD.model_copy(update={"recording": "gw-r1-2"}))
    rig.hear(B)
    first, second = rig.tapes
    assert (first.sound, second.sound) == ([A], [B]) and first.finished and not second.finished
    await rig.recorder.stop()
    assert (first.joined, second.joined) == (1, 1) and not first.cut


async def test_an_end_of_something_else_changes_nothing(rig: Rig):
    await rig.obey(RECORD, EndRecording(recording="gw-r1-0"))
    rig.air.tick()
    assert not rig.tapes[0].finished


async def test_what_breaks_off_is_told_after_what_is_kept_of_it(rig: Rig):
    await rig.obey(OPEN, RECORD)
    rig.hear(A)
    await rig.rack.heard(rig.tapes[0].over("the disk is nearly full"))
    rig.hear(A)
    assert [type(fact) for fact in rig.told] == [RecordingKept, RecordingLost]
    assert rig.tapes[0].finished and not rig.engine.patches.wanted
    rig.told.clear()
    await rig.obey(RECORD.model_copy(update={"recording": "gw-r1-2"}))
    await rig.rack.heard(rig.tapes[1].over("no encoder", kept=False))
    assert rig.told == [RecordingLost(recording="gw-r1-2", line="r1", why="no encoder", advice="advice")]


async def test_what_cannot_begin_is_told(rig: Rig):
    rig.fails = OSError("too many open files")
    await rig.obey(RECORD)
    await rig.obey(RECORD.model_copy(update={"line": "r9"}))
    assert [(fact.line, fact.why) for fact in rig.told] == [
        ("r1", "cannot begin: too many open files"),
        ("r9", "the line has no working card"),
    ]
    assert all(fact.advice for fact in rig.told)


async def test_without_its_gateway_process_a_recording_ends_as_cut(rig: Rig):
    await rig.obey(OPEN, RECORD)
    rig.hear(A)
    await rig.rack.gateway_lost()
    rig.air.tick()
    assert rig.tapes[0].finished and rig.tapes[0].cut


async def test_a_recording_that_nobody_ends_ends_by_itself(rig: Rig):
    await rig.obey(RECORD)
    await rig.clock.advance(LONGEST - 1)
    rig.air.tick()
    assert not rig.tapes[0].finished
    await rig.clock.advance(2)
    rig.air.tick()
    assert rig.tapes[0].finished and rig.tapes[0].cut


@pytest.mark.parametrize("hangs", [True, False])
async def test_an_encoder_that_hangs_at_its_end_is_killed(rig: Rig, hangs: bool):
    await rig.obey(RECORD, EndRecording(recording="gw-r1-1"))
    await rig.clock.advance(LAST_PAGES - 1)
    if not hangs:
        await rig.rack.heard(rig.tapes[0].over())
    await rig.clock.advance(2)
    assert rig.tapes[0].killed is hangs


async def test_the_process_waits_for_its_files_after_the_engine_has_ended(rig: Rig):
    await rig.obey(RECORD)
    rig.air.tick()
    await rig.engine.stop()
    await rig.recorder.stop()
    assert rig.tapes[0].finished and rig.tapes[0].cut and rig.tapes[0].joined == 1
