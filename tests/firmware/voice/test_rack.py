"""Rack: legs, and sound from radio to leg and back, by orders; what was ordered outlives what comes late."""

import asyncio

import pytest

from firmware.voice.channel import CUT_MARGIN_MS, UPLINK_TAIL
from firmware.voice.downlink import FLIGHT
from firmware.voice.rack import Rack
from link.contract import neighbour as say
from link.hosting.clock import HandClock, settle_loop
from link.voice.fake import FakeAir, FakeEngine
from link.voice.port import LegUp, VoiceSettings
from tests.flows.doors import FakeCard
from tests.flows.gateway import FRAME, RATE
from tests.flows.world import word

TOKEN, NEXT = "token-one", "token-two"
SILENCE = bytes(FRAME)


class Far:
    """The other end of the leg: says what it is told to, keeps what it hears."""

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.heard: list[bytes] = []

    def pop(self) -> bytes | None:
        return self.words.pop(0) if self.words else None

    def push(self, frame: bytes) -> None:
        if frame != SILENCE:
            self.heard.append(frame)


class Rig:
    def __init__(self) -> None:
        self.clock, self.air, self.told = HandClock(), FakeAir(), []
        settings = VoiceSettings(rate_hz=RATE)
        self.engine, self.node = FakeEngine(self.air, "sip:gw", settings), FakeEngine(self.air, "sip:node")
        self.rack = Rack(self.engine, RATE, self.told.append, self.clock)
        self.card, self.far, self.at_node = FakeCard(self.clock), Far(), []
        self.facts: list[object] = []
        self.port = 0

    async def start(self) -> "Rig":
        await self.engine.start(self.facts.append)
        await self.node.start(self.at_node.append)
        await self.rack.add("r1", self.card)
        self.card.drained = lambda: self.rack.drained("r1")
        return self

    async def obey(self, *orders: object) -> None:
        for order in orders:
            await self.rack.obey(order)
        await self.settle()

    async def settle(self) -> None:
        """Give the rack the facts of its engine."""
        await settle_loop()
        while self.facts:
            await self.rack.heard(self.facts.pop(0))
            await settle_loop()

    async def dial(self, token: str = TOKEN) -> None:
        await self.node.expect(token, 60)
        await self.obey(say.ConnectLeg(line="r1", uri="sip:node", token=token))
        up = next((fact for fact in self.at_node if isinstance(fact, LegUp) and fact.token == token), None)
        if up is not None:
            self.port = self.port or await self.node.add_frames("far", self.far, self.far, RATE)
            await self.node.connect(self.port, up.leg)
            await self.node.connect(up.leg, self.port)

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            await self.clock.advance(0.02, self.settle)
            self.air.tick()
        await self.settle()

    def legs(self) -> list[tuple[bool, int]]:
        return [(fact.up, fact.code) for fact in self.told if isinstance(fact, say.LegState)]

    def played(self) -> list[bytes]:
        return [frame for _, frame in self.card.played]


@pytest.fixture
async def rig():
    made = await Rig().start()
    yield made
    await made.rack.stop()
    await settle_loop()


OPEN, CLOSE = say.OpenUplink(line="r1", since_ns=0), say.CloseUplink(line="r1")
KEY, FINISH, CUT = (
    say.OpenDownlink(line="r1", lead_ms=0),
    say.FinishDownlink(line="r1"),
    say.CutDownlink(line="r1"),
)
DRAINED = say.DownlinkDrained(line="r1")


# ---- legs


async def test_a_leg_that_is_answered_is_told_and_shown(rig: Rig):
    assert rig.rack.states() == (say.LegState(line="r1", up=False),)
    await rig.dial()
    assert rig.legs() == [(True, 200)]
    assert rig.rack.states() == (say.LegState(line="r1", up=True),)


async def test_a_leg_that_is_refused_is_told_with_its_code(rig: Rig):
    await rig.obey(say.ConnectLeg(line="r1", uri="sip:node", token="not-expected"))
    assert rig.legs() == [(False, 403)]


async def test_a_leg_that_is_lost_is_told_and_can_be_dialled_again(rig: Rig):
    await rig.dial()
    rig.engine.drop_leg(rig.rack.channels["r1"].leg)
    await rig.settle()
    assert rig.legs() == [(True, 200), (False, 408)]
    await rig.dial(NEXT)
    assert rig.legs()[-1] == (True, 200)


async def test_a_new_leg_replaces_the_old_one_and_its_end_is_no_news(rig: Rig):
    await rig.dial()
    await rig.dial(NEXT)
    assert rig.legs() == [(True, 200), (True, 200)]
    assert len(rig.engine.legs) == 1
    rig.far.words = [word(1)]
    await rig.obey(KEY)
    await rig.pass_time(0.2)
    assert rig.played() == [word(1)], "the new leg is heard"


async def test_an_address_that_cannot_be_dialled_is_told(rig: Rig):
    await rig.obey(say.ConnectLeg(line="r1", uri="http://node", token=TOKEN))
    (state,) = rig.told
    assert (state.up, state.code) == (False, 500)
    assert "sip:name@host" in state.why


async def test_an_order_for_a_line_without_a_card_is_harmless(rig: Rig):
    await rig.obey(say.OpenUplink(line="r9", since_ns=0), say.ConnectLeg(line="r9", uri="sip:x", token=TOKEN))
    assert rig.told == []
    clip = say.StartClip(play="p", line="r9", path="/x.wav")
    await rig.obey(clip)
    assert rig.told == [say.ClipDone(play="p", ok=False, why="the line has no working card")]


# ---- from the radio to the leg


async def test_a_talk_spurt_is_heard_from_its_first_word_to_its_last(rig: Rig):
    await rig.dial()
    rig.card.captured.extend(word(n) for n in range(6))
    await rig.obey(OPEN)
    await rig.pass_time(0.1)
    await rig.obey(CLOSE)
    await rig.pass_time(0.4)
    assert rig.far.heard == [word(n) for n in range(6)], "what was captured before the end is still sent"
    assert not rig.card.open


async def test_nothing_is_heard_while_the_line_is_closed(rig: Rig):
    await rig.dial()
    rig.card.captured.extend([word(1)] * 10)
    await rig.pass_time(0.3)
    assert rig.far.heard == []


async def test_a_leg_that_comes_late_carries_who_is_talking_already(rig: Rig):
    await rig.obey(OPEN)
    rig.card.captured.extend(word(n) for n in range(20))
    await rig.pass_time(0.1)
    await rig.dial()
    await rig.pass_time(0.4)
    assert rig.far.heard, "his last words are heard"
    assert rig.far.heard == [word(n) for n in range(20)][-len(rig.far.heard) :]


async def test_a_leg_that_comes_between_two_talk_spurts_is_quiet(rig: Rig):
    await rig.obey(OPEN)
    await rig.obey(CLOSE)
    await rig.pass_time(2 * UPLINK_TAIL)
    await rig.dial()
    rig.card.open = True
    rig.card.captured.extend([word(1)] * 10)
    await rig.pass_time(0.3)
    assert rig.far.heard == []


async def test_who_talks_again_during_the_tail_stays_joined(rig: Rig):
    await rig.dial()
    await rig.obey(OPEN, CLOSE)
    await rig.pass_time(UPLINK_TAIL / 2)
    await rig.obey(OPEN)
    await rig.pass_time(1.0)
    rig.card.captured.extend([word(7)])
    await rig.pass_time(0.1)
    assert rig.card.open
    assert rig.far.heard == [word(7)]


# ---- from the leg to the radio


async def test_speech_waits_for_the_lead_and_loses_nothing(rig: Rig):
    await rig.dial()
    rig.far.words = [word(n) for n in range(8)]
    began = rig.clock.now()
    await rig.obey(say.OpenDownlink(line="r1", lead_ms=400))
    await rig.pass_time(1.0)
    assert rig.played() == [word(n) for n in range(8)]
    assert rig.card.played[0][0] - began >= 0.4


async def test_nothing_reaches_the_radio_while_it_does_not_transmit(rig: Rig):
    await rig.dial()
    rig.far.words = [word(1)] * 10
    await rig.pass_time(0.5)
    assert rig.played() == []


async def test_a_finish_plays_what_waits_then_says_so_once(rig: Rig):
    await rig.dial()
    await rig.obey(say.OpenDownlink(line="r1", lead_ms=100))
    rig.far.words = [word(n) for n in range(10)]
    await rig.pass_time(0.24)
    await rig.obey(FINISH)
    await rig.pass_time(1.0)
    assert rig.played() == [word(n) for n in range(10)]
    assert [fact for fact in rig.told if fact == DRAINED] == [DRAINED]


async def test_a_finish_does_not_shorten_the_lead(rig: Rig):
    await rig.dial()
    began = rig.clock.now()
    await rig.obey(say.OpenDownlink(line="r1", lead_ms=800))
    rig.far.words = [word(n) for n in range(5)]
    await rig.pass_time(0.2)
    await rig.obey(FINISH)
    await rig.pass_time(1.5)
    assert rig.card.played[0][0] - began >= 0.8, "the transmitter was not up before"
    assert rig.played() == [word(n) for n in range(5)]
    assert [fact for fact in rig.told if fact == DRAINED] == [DRAINED], "and the end was told"


async def test_speech_waits_for_a_late_grant_and_loses_nothing(rig: Rig):
    await rig.dial()
    rig.far.words = [word(n) for n in range(30)]
    began = rig.clock.now()
    await rig.obey(say.HoldDownlink(line="r1"))
    await rig.pass_time(0.3)
    await rig.obey(FINISH)
    await rig.pass_time(1.2)
    assert rig.played() == []
    assert DRAINED not in rig.told
    await rig.obey(KEY)
    await rig.pass_time(1.5)
    assert rig.played() == [word(n) for n in range(30)]
    assert rig.card.played[0][0] - began >= 1.5
    assert [fact for fact in rig.told if fact == DRAINED] == [DRAINED]


async def test_a_tail_cut_reaches_the_card(rig: Rig, monkeypatch):
    told: list[tuple[int | None, ...]] = []
    monkeypatch.setattr(rig.card, "open_capture", lambda *since: told.append(since))
    monkeypatch.setattr(rig.card, "close_capture", lambda *until: told.append(until))
    await rig.obey(say.OpenUplink(line="r1", since_ns=5, tail_cut_ms=150))
    await rig.obey(say.CloseUplink(line="r1", at_ns=2_000_000_000))
    await rig.pass_time(0.5)
    assert told == [(5, 150 + CUT_MARGIN_MS), (2_000_000_000 - 170_000_000,), ()]


async def test_a_finish_without_transmission_is_answered_at_once(rig: Rig):
    await rig.obey(FINISH)
    assert rig.told == [DRAINED]


async def test_the_last_words_may_still_be_on_their_way_at_the_finish(rig: Rig):
    await rig.dial()
    await rig.obey(KEY)
    await rig.obey(FINISH)
    await rig.pass_time(FLIGHT - 0.06)
    rig.far.words = [word(5)]
    await rig.pass_time(0.5)
    assert rig.played() == [word(5)]


async def test_a_cut_is_silence_at_once_and_forgets_what_waits(rig: Rig):
    await rig.dial()
    await rig.obey(say.OpenDownlink(line="r1", lead_ms=1000))
    rig.far.words = [word(n) for n in range(10)]
    await rig.pass_time(0.3)
    await rig.obey(CUT)
    await rig.pass_time(2.0)
    assert rig.played() == []
    assert DRAINED not in rig.told


async def test_a_key_during_the_end_takes_the_end_back(rig: Rig):
    await rig.dial()
    await rig.obey(KEY)
    await rig.obey(FINISH)
    await rig.obey(KEY)
    await rig.pass_time(FLIGHT * 2)
    assert DRAINED not in rig.told
    rig.far.words = [word(3)]
    await rig.pass_time(0.2)
    assert rig.played() == [word(3)]


# ---- the end


async def test_without_its_gateway_process_no_line_speaks_or_listens(rig: Rig):
    await rig.dial()
    await rig.obey(OPEN, say.OpenDownlink(line="r1", lead_ms=500))
    await rig.rack.gateway_lost()
    rig.far.words = [word(1)] * 10
    rig.card.captured.extend([word(2)] * 10)
    await rig.pass_time(1.0)
    assert rig.played() == []
    assert rig.far.heard == [], "an open microphone that nobody closes would stay open for ever"
    assert rig.card.mode == "shut"


async def test_stop_leaves_no_task_behind():
    rig = await Rig().start()
    await rig.dial()
    await rig.obey(OPEN, say.OpenDownlink(line="r1", lead_ms=500), FINISH)
    await rig.obey(CLOSE)
    await rig.rack.stop()
    await settle_loop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
