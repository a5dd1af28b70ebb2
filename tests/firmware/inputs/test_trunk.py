"""The bypass as the gateway sees it: line, voice and guard in, feeds and evidence out."""

from firmware.effects import FeedOutput, Record, SafeOutput, TellHealth
from firmware.events import OutputRead, VoiceChanged
from firmware.inputs.board import Inputs
from firmware.inputs.trunk import Trunk
from firmware.talk import CallChanged, DeviceChanged
from hw.bypass import events as b
from hw.bypass.machine import BypassRelay, BypassSettings
from link.contract import facts, orders
from link.contract.field_facts import BypassChanged, BypassDrilled, OrderRefused, SupplyChanged
from link.hosting.clock import HandClock
from link.hosting.machine import Tick
from link.hosting.runner import Runner

LEG = facts.LegChanged(line="p1", up=True)


class Hand:
    """The trunk with a guard and a relay that do at once what they are told; `stuck` relays stay held."""

    def __init__(self, line: str = "p1", **settings: object) -> None:
        settings = {"name": "t1", "return_after": 5.0} | settings
        self.trunk = Trunk(BypassRelay(BypassSettings(**settings)), "t1.relay", line, ready=not line)  # type: ignore[arg-type]
        self.now = 100.0
        self.held = self.stuck = False
        self.effects: list[object] = []

    def do(self, *events: object) -> "Hand":
        for event in events:
            self.trunk, effects = self.trunk.handle(event, self.now)
            self.effects += effects
            for effect in effects:
                if isinstance(effect, FeedOutput | SafeOutput):
                    self._guard(isinstance(effect, FeedOutput))
        return self

    def _guard(self, on: bool) -> None:
        if on != self.held and not (self.stuck and not on):
            self.held = on
            self.do(OutputRead(on, "feed", "t1.relay"))
            if self.trunk.relay.settings.read_back:
                self.do(b.ReadBack(not on))

    def to(self, seconds: float) -> "Hand":
        until = self.now + seconds
        while (due := self.trunk.deadline) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(Tick())
        self.now = until
        return self

    def told(self, kind: type) -> list:
        return [
            effect.fact
            for effect in self.effects
            if isinstance(effect, Record) and isinstance(effect.fact, kind)
        ]

    def serve(self) -> "Hand":
        return self.do(b.ReadBack(True), VoiceChanged(True), DeviceChanged(True), LEG)


def test_it_is_held_only_when_voice_leg_and_device_are_there():
    hand = Hand().do(b.ReadBack(True), VoiceChanged(True), LEG).to(10)
    assert not hand.held
    hand.do(DeviceChanged(True)).to(10)
    assert hand.held
    feeds = [effect for effect in hand.effects if isinstance(effect, FeedOutput)]
    assert {effect.out for effect in feeds} == {"t1.relay"}
    assert len(feeds) >= 18, "renewed every half second"
    assert [fact.on for fact in hand.told(BypassChanged)] == [True, False]


def test_without_a_line_the_voice_process_counts():
    assert Hand(line="").do(VoiceChanged(True)).to(1).held


def test_what_the_trunk_loses_lets_it_fall_at_once():
    for lost in (
        VoiceChanged(False),
        DeviceChanged(False, "no service"),
        facts.LegChanged(line="p1", up=False),
    ):
        hand = Hand().serve().to(2)
        assert hand.held
        hand.do(lost)
        assert not hand.held
        assert hand.told(BypassChanged)[-1] == BypassChanged(bypass="t1", on=True, why="service")


def test_it_comes_back_only_after_all_has_been_well():
    hand = Hand().serve().to(2).do(VoiceChanged(False)).to(1).do(VoiceChanged(True), LEG).to(4.9)
    assert not hand.held
    assert hand.to(0.2).held


def test_a_guard_that_is_lost_is_a_bypass_even_if_nothing_reads_the_relay():
    hand = Hand(read_back=False).serve().to(2)
    hand.do(OutputRead(False, "guard-lost", "t1.relay"))
    assert hand.told(BypassChanged)[-1].on
    hand.held = False
    hand.to(1)  # the next feed finds a new guard
    assert not hand.told(BypassChanged)[-1].on


def test_an_order_bypasses_until_it_is_ordered_back():
    hand = Hand().serve().to(2).do(orders.SetBypass(bypass="t1", on=True)).to(60)
    assert not hand.held
    assert hand.told(BypassChanged)[-1].why == "ordered"
    assert hand.do(orders.SetBypass(bypass="t1", on=False)).to(6).held


def test_an_order_for_what_is_already_so_is_answered():
    hand = Hand().serve().to(2).do(VoiceChanged(False)).to(1)
    told = len(hand.told(BypassChanged))
    hand.do(orders.SetBypass(bypass="t1", on=True)).to(1)
    assert hand.told(BypassChanged)[told:] == [BypassChanged(bypass="t1", on=True, why="ordered")]


def test_a_drill_is_measured_and_refused_while_somebody_talks():
    hand = Hand().serve().to(2)
    hand.do(CallChanged("up", "1")).do(orders.DrillBypass(bypass="t1", drill="d1", seconds=3))
    assert [(fact.ok, fact.why) for fact in hand.told(BypassDrilled)] == [(False, "a call is on the trunk")]
    hand.do(CallChanged("none")).do(orders.DrillBypass(bypass="t1", drill="d2", seconds=3)).to(10)
    done = hand.told(BypassDrilled)[-1]
    assert (done.drill, done.ok, done.fell, done.back) == ("d2", True, 0.0, 0.0)
    assert hand.held


def test_a_welded_relay_is_told_with_advice():
    hand = Hand().serve().to(2)
    hand.stuck = True
    hand.do(orders.SetBypass(bypass="t1", on=True)).to(2)
    (fault,) = [effect for effect in hand.effects if isinstance(effect, TellHealth)]
    assert (fault.subject, fault.what) == ("bypass t1", "stays-held")
    assert "welded" in fault.advice


def test_supply_is_told():
    hand = Hand().serve().do(b.Mains(True), b.Mains(False), b.Volts(10.0)).to(3)
    assert [fact.supply for fact in hand.told(SupplyChanged)] == ["mains", "battery", "low"]
    assert not hand.held


def test_after_a_crash_it_is_let_fall_and_comes_back_with_what_it_knew():
    hand = Hand().serve().to(2)
    hand.trunk, effects = hand.trunk.started_over(hand.now)
    hand._guard(False)
    assert effects == ()
    assert not hand.to(4.5).held
    assert hand.to(1.0).held


class Desk:
    def __init__(self) -> None:
        self.inputs, self.recorded = Inputs(), []
        self.inputs.trunks["t1"] = Runner(
            "t1", Trunk(BypassRelay(BypassSettings("t1")), "o", "p1"), print, HandClock()
        )

    def order(self, order) -> bool:
        return self.inputs.order(order, self.recorded.append)

    def posted(self) -> list[object]:
        inbox = self.inputs.trunks["t1"].inbox
        return [inbox.get_nowait() for _ in range(len(inbox))]


def test_orders_find_their_bypass_and_are_refused_without_one():
    desk = Desk()
    order = orders.SetBypass(bypass="t1", on=True)
    assert desk.order(order)
    assert desk.posted() == [order]
    assert desk.order(orders.SetBypass(bypass="t9", on=True))
    assert desk.order(orders.DrillBypass(bypass="t9", drill="d1"))
    refused, drilled = desk.recorded
    assert isinstance(refused, OrderRefused) and "t9" in refused.why
    assert isinstance(drilled, BypassDrilled) and not drilled.ok
    assert not desk.order(orders.HangUpCall(line="p1"))


def test_only_the_trunk_of_a_line_hears_of_it():
    desk = Desk()
    desk.inputs.of_line("another", DeviceChanged(True))
    assert desk.posted() == []
    desk.inputs.of_line("p1", DeviceChanged(True))
    desk.inputs.voice(up=True)
    assert desk.posted() == [DeviceChanged(True), VoiceChanged(True)]


def test_two_bypasses_tell_one_supply():
    inputs = Inputs()
    told = Record(SupplyChanged(supply="battery", volts=12.0))
    assert inputs.is_news(told)
    assert not inputs.is_news(told)
    assert inputs.is_news(Record(SupplyChanged(supply="mains", volts=13.0)))
    assert inputs.is_news(FeedOutput("o", 1.0, "bypass"))
