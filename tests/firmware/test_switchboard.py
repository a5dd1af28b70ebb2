"""The gateway's table: each event reaches whom it should and nobody else; effects go out by their doors."""

from dataclasses import dataclass, field

import pytest

from firmware.effects import FeedOutput, Record, Report, SafeOutput, TellVoice
from firmware.events import LinkChanged, OutputRead, VoiceChanged
from firmware.paging.machine import FetchClip
from firmware.switchboard import VOICE_PEER
from firmware.talk import CarrierChanged, KeyLine, ReleaseLine
from firmware.uplink.messages import Arrived, Connected, HealthTold, Identity, LineTold, Obey, Publish, Talk
from firmware.wiring import describe, wire_gateway
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.port import BusDown, BusUp, Frame, Message, PeerDown, PeerUp
from link.bus.stream_fake import FakePlace, FakeStreamClient, FakeStreamServer
from link.contract import facts, orders
from link.contract import neighbour as voice
from link.contract.realtime import Keep, TalkFrame, Up
from link.contract.topics import Row
from link.hosting.beat import Beat, BeatChanged, BeatLost
from link.hosting.clock import HandClock
from link.hosting.inbox import Inbox
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeGuard
from tests.flows.gateway import BOARD

SHA = "a" * 64
PLAY = orders.PlayClip(play="p1", line="pa1", sha=SHA, size=100, seconds=2.0)


@dataclass
class Rig:
    """A wired switchboard whose runners do not run: what is posted stays in the inboxes."""

    clock: HandClock = field(default_factory=HandClock)
    fetched: list[object] = field(default_factory=list)
    feeds: list[tuple] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker, self.place = FakeBroker(self.clock.now), FakePlace()
        self.bus, self.guard = FakeBus(self.broker, "gw-a"), FakeGuard(self.clock)
        self.server = FakeStreamServer(self.place, "gateway")
        self.store = MemoryStore()
        file = parse_board(BOARD)
        identity = Identity("gw-a", "main", "1", "1.1", describe(file, {}))
        self.board = wire_gateway(
            file,
            identity,
            self.clock,
            self.bus,
            self.guard,
            self.server,
            self.fetched.append,
            MemoryShelf(),
            Ports(),
            self.store,
            plain_desk("gw-a"),
        )
        self.to_voice: list[object] = []

    async def start(self) -> "Rig":
        await self.server.start(self.board.from_neighbour)
        await self.bus.start(lambda fact: None)
        await self.start_client()
        self.posted()
        return self

    async def start_client(self) -> None:
        def heard(fact: object) -> None:
            if isinstance(fact, Frame):
                self.to_voice.append(voice.GATEWAY_VOICE.decode(fact.payload))

        await FakeStreamClient(self.place, VOICE_PEER).start(heard)
        self.settle()

    def settle(self) -> None:
        self.broker.settle()
        self.place.settle()

    def say(self, fact: voice.Wire) -> None:
        """The voice process says something."""
        self.board.from_neighbour(Frame(VOICE_PEER, voice.GATEWAY_VOICE.encode(fact)))

    def posted(self) -> dict[str, list[object]]:
        """What lies in each inbox since the last look, without health; `evidence`: all that was recorded."""
        board = self.board
        boxes: dict[str, Inbox] = {"uplink": board.uplink.inbox, "watch": board.watch.inbox}
        boxes |= {name: runner.inbox for name, runner in (board.lines | board.speakers).items()}
        found: dict[str, list[object]] = {}
        for name, box in boxes.items():
            items = [box.get_nowait() for _ in range(len(box))]
            if items:
                found[name] = [item for item in items if not isinstance(item, HealthTold)]
        found["evidence"] = list(self.store.facts)
        self.store.facts.clear()
        return {name: items for name, items in found.items() if items}


@pytest.fixture
async def rig() -> Rig:
    return await Rig().start()


def health(subject: str, what: str = "", advice: str = "") -> facts.HealthChanged:
    return facts.HealthChanged(subject=subject, ok=not what, what=what, advice=advice)


def leg(line: str, up: bool) -> facts.LegChanged:
    return facts.LegChanged(line=line, up=up)


def speaker_told(up: bool) -> LineTold:
    return LineTold(facts.LineReport(line="pa1", carrier=False, ptt=False, leg=up))


LEGS = [
    (voice.LegState(line="r1", up=True), {"r1": [leg("r1", True)], "evidence": [leg("r1", True)]}),
    (voice.LegState(line="pa1", up=True), {"uplink": [speaker_told(True)], "evidence": [leg("pa1", True)]}),
    (voice.LegState(line="x9", up=True), {"evidence": [leg("x9", True)]}),
]
FROM_VOICE = [
    *LEGS,
    (voice.VoiceBeat(lag_ms=1.0), {"watch": [Beat()]}),
    (voice.DownlinkDrained(line="r1"), {"r1": [voice.DownlinkDrained(line="r1")]}),
    (voice.DownlinkDrained(line="x9"), {}),
    (voice.ClipProgress(play="p", seconds=1), {"pa1": [voice.ClipProgress(play="p", seconds=1)]}),
    (
        voice.SoundJudged(play="p", line="pa1", verdict="silent"),
        {"pa1": [voice.SoundJudged(play="p", line="pa1", verdict="silent")]},
    ),
    (voice.ClipDone(play="p", ok=True), {"pa1": [voice.ClipDone(play="p", ok=True)]}),
    (
        voice.SoundState(card="r1", ok=False, what="gone", advice="plug it in"),
        {"evidence": [health("card r1", "gone", "plug it in")]},
    ),
    (voice.SoundState(card="r1", ok=False), {"evidence": [health("card r1", "not working")]}),
    (voice.SoundState(card="r1", ok=True), {"evidence": [health("card r1")]}),
    (
        voice.LevelReport(card="r1", capture_rms=-20, capture_peak=-3, playback_rms=-90, playback_peak=-90),
        {},
    ),
]


@pytest.mark.parametrize(("fact", "reached"), FROM_VOICE, ids=lambda value: type(value).__name__)
async def test_a_fact_of_the_voice_process_reaches_whom_it_should(rig: Rig, fact, reached):
    rig.say(fact)
    assert rig.posted() == reached


async def test_rubbish_of_the_voice_process_reaches_nobody(rig: Rig, caplog):
    rig.board.from_neighbour(Frame(VOICE_PEER, b"rubbish"))
    rig.board.from_neighbour(Frame(VOICE_PEER, voice.CENTRE_VOICE.encode(voice.SetBridge(bridge="b"))))
    assert rig.posted() == {}
    assert caplog.text.count("from=voice refused=") == 2


async def test_an_edge_of_a_pin_reaches_its_line(rig: Rig):
    rig.board.from_pin("r1")(True, 123)
    assert rig.posted() == {"r1": [CarrierChanged(True, 123)]}


async def test_facts_of_the_broker_reach_the_uplink(rig: Rig):
    message = Message("sw/1/main/dn/gw-a/cmd", b"x")
    rig.board.from_bus(message)
    (arrived,) = rig.posted()["uplink"]
    assert isinstance(arrived, Arrived)
    assert (arrived.message, arrived.wall) == (message, rig.clock.wall())
    rig.board.from_bus(BusUp("s1"))
    assert rig.posted() == {"uplink": [Connected("s1", rig.board.stamp())], "evidence": [health("broker")]}
    rig.board.from_bus(BusDown("refused"))
    assert rig.posted() == {"uplink": [BusDown("refused")], "evidence": [health("broker", "refused")]}


async def test_the_guards_read_back_reaches_the_line_of_the_output(rig: Rig):
    rig.board.from_guard("r1.ptt", True, "feed")
    rig.board.from_guard("pa1.amp", True, "feed")
    rig.board.from_guard("unknown", True, "feed")
    assert rig.posted() == {
        "r1": [OutputRead(True, "feed", "r1.ptt")],
        "pa1": [OutputRead(True, "feed", "pa1.amp")],
    }


@pytest.mark.parametrize("fact", [PeerUp(VOICE_PEER), PeerDown(VOICE_PEER, "closed")])
async def test_a_new_or_broken_connection_voids_the_beat(rig: Rig, fact):
    rig.board.from_neighbour(fact)
    assert rig.posted() == {"watch": [BeatLost()]}


async def test_the_voice_process_coming_or_going_reaches_every_line(rig: Rig):
    rig.board.perform_watch(BeatChanged(up=False))
    lost = health("voice", "the voice process does not answer")
    assert rig.posted() == {
        "r1": [VoiceChanged(up=False)],
        "pa1": [VoiceChanged(up=False)],
        "uplink": [speaker_told(False)],
        "evidence": [lost],
    }
    rig.board.perform_watch(BeatChanged(up=True))
    assert rig.posted() == {
        "r1": [VoiceChanged(up=True)],
        "pa1": [VoiceChanged(up=True)],
        "evidence": [health("voice")],
    }


# ---- effects


async def test_effects_of_a_line_go_out_by_their_doors(rig: Rig):
    perform = rig.board.perform_line("r1")
    perform(Report())
    assert rig.posted() == {"uplink": [LineTold(rig.board.lines["r1"].machine.report())]}
    perform(Record(facts.LineOpened(line="r1")))
    assert rig.posted() == {"evidence": [facts.LineOpened(line="r1")]}
    perform(TellVoice(voice.CutDownlink(line="r1")))
    rig.settle()
    assert rig.to_voice == [voice.CutDownlink(line="r1")]
    assert rig.posted() == {}


async def test_a_feed_carries_what_is_left_of_the_lease(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rig.guard, "feed", lambda out, left, why, at_ns: rig.feeds.append((out, left, why)))
    now, perform = rig.clock.now(), rig.board.perform_line("r1")
    perform(FeedOutput("r1.ptt", now + 1.5, "talker north"))
    perform(FeedOutput("r1.ptt", now + 0.001, "as good as over"))
    perform(FeedOutput("r1.ptt", now - 1.0, "over"))
    assert rig.feeds == [("r1.ptt", pytest.approx(1.5), "talker north")]


async def test_an_output_is_made_safe(rig: Rig):
    perform = rig.board.perform_line("r1")
    perform(FeedOutput("r1.ptt", rig.clock.now() + 1.5, "x"))
    assert rig.guard.driven == {"r1.ptt": True}
    perform(SafeOutput("r1.ptt", "released"))
    assert rig.guard.driven == {"r1.ptt": False}


async def test_effects_of_a_loudspeaker_go_out_by_their_doors(rig: Rig):
    rig.board.perform_speaker(FetchClip(SHA, 100))
    assert rig.fetched == [FetchClip(SHA, 100)]
    rig.board.perform_speaker(TellVoice(voice.CutClip(play="p")))
    rig.settle()
    assert rig.to_voice == [voice.CutClip(play="p")]


async def test_what_the_uplink_publishes_goes_out_as_its_row_says(rig: Rig):
    rig.board.perform_uplink(Publish(Row.STATE, "sw/1/main/up/gw-a/st/snapshot", b"s"))
    rig.board.perform_uplink(Publish(Row.REALTIME_UP, "sw/1/main/up/gw-a/rt", b"r"))
    rig.settle()
    assert [(m.payload, m.retain) for m in rig.broker.taken] == [(b"s", True), (b"r", False)]


async def test_the_link_reaches_radio_lines_only(rig: Rig):
    rig.board.perform_uplink(LinkChanged(up=True))
    assert rig.posted() == {"r1": [LinkChanged(up=True)]}


async def test_a_talk_frame_reaches_the_lines_it_names_and_unknown_ones_nobody(rig: Rig):
    now = rig.clock.now()
    keeps = (Keep(line="r1", lease_ms=1500, talker="north"), Keep(line="x9", lease_ms=1500))
    frame = TalkFrame(
        seq=1, keep=(*keeps, Keep(line="pa1", lease_ms=1500)), up=(Up(line="x9"), Up(line="pa1"))
    )
    rig.board.perform_uplink(Talk(frame, now))
    assert rig.posted() == {"r1": [KeyLine(now + 1.5, "north")]}
    rig.board.perform_uplink(Talk(TalkFrame(seq=2, up=(Up(line="r1"),)), now))
    assert rig.posted() == {"r1": [ReleaseLine()]}


async def test_a_lease_counts_from_the_arrival_of_its_frame(rig: Rig):
    frame = TalkFrame(seq=1, keep=(Keep(line="r1", lease_ms=1500),))
    rig.board.perform_uplink(Talk(frame, rig.clock.now() - 1.0))
    assert rig.posted() == {"r1": [KeyLine(rig.clock.now() + 0.5, "")]}


async def test_a_lease_ends_with_what_the_frame_is_worth(rig: Rig):
    now = rig.clock.now()
    frame = TalkFrame(seq=1, heard=3, keep=(Keep(line="r1", lease_ms=1500),))
    rig.board.perform_uplink(Talk(frame, now, now + 0.2))
    assert rig.posted() == {"r1": [KeyLine(now + 0.2, "")]}


def obey(order: voice.Wire) -> Obey:
    fields = {"id": "c", "to": "gw-a", "op": "x", "args": {}, "n": 1, "iat": 0, "exp": 1, "ttl": 1}
    return Obey(orders.Command.model_validate(fields), order)


async def test_orders_for_loudspeakers_reach_them(rig: Rig):
    rig.board.perform_uplink(obey(PLAY))
    rig.board.perform_uplink(obey(orders.StopClip(play="p1")))
    assert rig.posted() == {"pa1": [PLAY, orders.StopClip(play="p1")]}


@pytest.mark.parametrize("line", ["r1", "x9"])
async def test_a_clip_for_what_is_no_loudspeaker_is_refused_as_a_fact(rig: Rig, line: str):
    rig.board.perform_uplink(obey(PLAY.model_copy(update={"line": line})))
    (refused,) = rig.posted()["evidence"]
    assert (refused.play, refused.line, refused.result) == ("p1", line, "refused")


# ---- dials


async def test_a_dial_is_kept_until_voice_is_there_and_the_leg_stands():
    rig = Rig()
    await rig.server.start(rig.board.from_neighbour)
    dial = orders.DialLeg(line="r1", uri="sip:r1@node", token="abcdefgh")
    rig.board.perform_uplink(obey(dial))
    rig.settle()
    assert rig.to_voice == []
    await rig.start_client()
    assert rig.to_voice == [voice.ConnectLeg(line="r1", uri="sip:r1@node", token="abcdefgh")]
    rig.say(voice.LegState(line="r1", up=True))
    rig.to_voice.clear()
    rig.board.from_neighbour(PeerUp(VOICE_PEER))
    rig.settle()
    assert rig.to_voice == [], "the leg stood: its token is used up"


async def test_the_newest_dial_of_a_line_is_kept(rig: Rig):
    for token in ("first-one", "second-one"):
        rig.board.perform_uplink(obey(orders.DialLeg(line="r1", uri="sip:r1@node", token=token)))
    rig.settle()
    rig.to_voice.clear()
    rig.board.from_neighbour(PeerUp(VOICE_PEER))
    rig.settle()
    assert [order.token for order in rig.to_voice] == ["second-one"]


async def test_a_card_that_clips_is_told_once_and_once_when_it_is_well(rig: Rig):
    def level(clipped: int) -> voice.LevelReport:
        quiet = {"capture_rms": -20, "capture_peak": 32767, "playback_rms": -90, "playback_peak": 0}
        return voice.LevelReport(card="r1", clipped=clipped, **quiet)

    for clipped in (0, 900, 950, 3, 0):
        rig.say(level(clipped))
    advice = "turn down what feeds this card"
    told = [health("level r1", "clips 900 samples a second", advice), health("level r1")]
    assert rig.posted() == {"evidence": told}
