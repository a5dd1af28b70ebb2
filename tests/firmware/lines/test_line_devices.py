"""Line: late grants, calls, deafness, stuck squelches and signals; every history keeps nothing keyed."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from firmware.effects import FeedOutput, Record, SafeOutput, TellVoice
from firmware.events import LinkChanged, OutputRead, VoiceChanged
from firmware.lines.machine import CALL_LEASE, Line
from firmware.lines.transmission import DRAIN_LIMIT
from firmware.talk import (
    CallChanged,
    CarrierChanged,
    Cease,
    Demand,
    DeviceChanged,
    EndCall,
    KeyLine,
    LineSettings,
    ReleaseLine,
    ToneWanted,
    TransmitGranted,
    TransmitLost,
    TransmitQueued,
)
from link.contract import facts
from link.contract import neighbour as voice
from link.contract.field_facts import GrantDelayed
from link.hosting.machine import Tick

LEASE = 1.5
TRUNKED = LineSettings(line="t1", ptt="t1.tx", card="t1", lead=0.0, tail=0.05, timeout=20.0, grant="device")
PHONE = LineSettings(line="s1", ptt="s1.call", card="s1", lead=0.0, timeout=20.0, calls=True, call_limit=30.0)
RADIO = LineSettings(line="r1", ptt="r1.ptt", card="r1", timeout=20.0, deaf=0.5, open_limit=30.0)


@dataclass
class Bench:
    """A line on a clock turned by hand; `lease` is the guard's, `demand` the device's."""

    settings: LineSettings
    now: float = 1000.0
    lease: float | None = None
    demand: float | None = None
    effects: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Line(self.settings)
        for event in (LinkChanged(up=True), VoiceChanged(up=True), facts.LegChanged(line="x", up=True)):
            self.post(event)

    def post(self, event: object) -> tuple[object, ...]:
        self.line, effects = self.line.handle(event, self.now)
        for effect in effects:
            match effect:
                case FeedOutput(until=until):
                    self.lease = until
                case SafeOutput():
                    self.lease = None
                case Demand(until=until):
                    assert self.lease is not None and self.lease >= until, (
                        "asked for more than the guard allows"
                    )
                    self.demand = until
                case Cease():
                    self.demand = None
        self.effects += effects
        return effects

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.line.deadline is not None and self.line.deadline <= end:
            self.now = max(self.now, self.line.deadline)
            before = self.line
            self.post(Tick())
            assert self.line != before or self.line.deadline is None or self.line.deadline > self.now
        self.now = end

    def key(self) -> None:
        self.post(KeyLine(self.now + LEASE, "south"))

    def talk(self, seconds: float) -> None:
        """The order is renewed every 0.4 s, as the centre does."""
        end = self.now + seconds
        while self.now < end:
            self.key()
            self.wait(min(0.4, end - self.now))

    def carrier(self, on: bool, talker: str = "") -> None:
        self.post(CarrierChanged(on, int(self.now * 1e9), talker))

    @property
    def armed(self) -> bool:
        return self.lease is not None and self.lease > self.now

    def told(self, kind: type) -> list[object]:
        orders = [e.order for e in self.effects if isinstance(e, TellVoice)]
        records = [e.fact for e in self.effects if isinstance(e, Record)]
        return [each for each in (*orders, *records, *self.effects) if isinstance(each, kind)]


def test_speech_waits_from_the_order_to_the_grant():
    bench = Bench(TRUNKED)
    bench.talk(0.8)
    assert bench.line.state == "asking"
    assert len(bench.told(voice.HoldDownlink)) == 1
    assert bench.told(voice.OpenDownlink) == [] and bench.told(facts.TransmitStarted) == []
    assert not bench.line.report().ptt
    bench.post(TransmitGranted())
    assert bench.told(voice.OpenDownlink) == [voice.OpenDownlink(line="t1", lead_ms=0)]
    assert bench.line.report().ptt


def test_who_let_go_before_the_grant_is_heard_all_the_same():
    bench = Bench(TRUNKED)
    bench.talk(0.6)
    bench.post(ReleaseLine())
    bench.wait(1.0)
    assert bench.armed and bench.demand is not None and bench.demand > bench.now
    bench.post(TransmitGranted())
    bench.wait(0.5)
    assert bench.armed, "what waited is being played"
    bench.post(voice.DownlinkDrained(line="t1"))
    bench.wait(0.1)
    assert bench.demand is None
    assert not bench.line.transmitting
    assert bench.armed, "the guard answers for a device that may not have heard it"
    bench.wait(0.6)
    assert not bench.armed


def test_a_grant_that_never_comes_is_told_once_and_not_asked_again():
    bench = Bench(TRUNKED)
    bench.talk(8.0)
    assert [(told.queued, told.why) for told in bench.told(GrantDelayed)] == [(False, "not granted in time")]
    assert bench.told(facts.TransmitStarted) == [] == bench.told(facts.TransmitEnded)
    assert not bench.armed and bench.line.state == "locked out"
    bench.post(ReleaseLine())
    bench.key()
    assert bench.line.state == "asking", "the next one who talks is asked for"


def test_queued_is_told_once():
    bench = Bench(TRUNKED)
    bench.talk(0.5)
    bench.post(TransmitQueued())
    bench.post(TransmitQueued())
    bench.talk(0.5)
    assert [told.queued for told in bench.told(GrantDelayed)] == [True]
    assert bench.line.state == "queued"


def test_a_terminal_that_is_not_ready_is_told_at_once():
    bench = Bench(TRUNKED)
    bench.post(DeviceChanged(False, "not registered"))
    bench.talk(2.0)
    assert [told.why for told in bench.told(GrantDelayed)] == ["not registered"]
    assert not bench.armed


def test_a_network_that_takes_the_transmitter_ends_the_transmission():
    bench = Bench(TRUNKED)
    bench.talk(0.4)
    bench.post(TransmitGranted())
    bench.post(TransmitLost("another talker"))
    assert [ended.why for ended in bench.told(facts.TransmitEnded)] == ["another talker"]
    assert bench.demand is None
    bench.talk(2.0)
    assert not bench.armed, "the same order does not ask again"


def test_the_talkers_name_is_in_the_report_while_he_talks():
    bench = Bench(TRUNKED)
    bench.carrier(True, "2001")
    assert bench.line.report().talker == "2001"
    assert [opened.talker for opened in bench.told(facts.LineOpened)] == ["2001"]
    bench.carrier(False)
    assert bench.line.report().talker is None


def test_a_phone_talks_and_hears_in_a_call_only_and_the_lease_is_the_calls():
    bench = Bench(PHONE)
    bench.carrier(True)
    bench.talk(1.0)
    assert not bench.line.opened and not bench.line.transmitting and not bench.armed
    bench.carrier(False)
    bench.post(ReleaseLine())
    bench.post(CallChanged("pending", "+861"))
    assert bench.armed and not bench.line.call
    bench.post(CallChanged("up", "+861"))
    bench.carrier(True)
    assert bench.line.opened and bench.line.report().talker == "+861"
    bench.carrier(False)
    bench.talk(1.0)
    assert bench.line.report().ptt
    bench.post(ReleaseLine())
    bench.post(voice.DownlinkDrained(line="s1"))
    bench.wait(0.5)
    assert bench.armed, "the call stands, the transmission has ended"
    bench.wait(CALL_LEASE + 1)
    assert bench.armed
    bench.post(CallChanged("none"))
    assert not bench.armed


def test_a_call_that_is_too_long_is_ended():
    bench = Bench(PHONE)
    bench.post(CallChanged("up", "+861"))
    bench.wait(30.1)
    assert bench.told(EndCall) == [EndCall("longest")]
    assert not bench.armed
    assert bench.told(SafeOutput) == [], (
        "the lease runs out: an order to be safe would keep the guard from hanging up"
    )


def test_a_call_that_the_guard_ends_is_hung_up():
    bench = Bench(PHONE)
    bench.post(CallChanged("up", "+861"))
    bench.post(OutputRead(True))
    bench.post(OutputRead(False, "longest"))
    assert bench.told(EndCall) == [EndCall("guard: longest")]


def test_after_its_own_transmission_nothing_opens_the_line_for_a_while():
    bench = Bench(RADIO)
    bench.talk(1.0)
    bench.post(ReleaseLine())
    bench.post(voice.DownlinkDrained(line="r1"))
    bench.wait(0.1)
    bench.carrier(True)
    assert not bench.line.opened
    bench.wait(0.5)
    assert bench.line.opened, "a carrier that stands is heard then"


def test_a_squelch_that_sticks_is_shut_out_until_it_closes():
    bench = Bench(RADIO)
    bench.carrier(True)
    bench.wait(30.1)
    assert not bench.line.opened
    (ill,) = bench.told(facts.HealthChanged)
    assert not ill.ok and ill.advice
    bench.talk(1.0)
    assert bench.line.transmitting, "a stuck squelch must not keep a warning from the air"
    bench.post(ReleaseLine())
    bench.wait(DRAIN_LIMIT + 1)
    bench.carrier(False)
    assert bench.told(facts.HealthChanged)[-1].ok
    bench.carrier(True)
    assert bench.line.opened


def test_a_signal_waits_for_the_talker_to_let_go_and_keys_by_itself_for_a_moment():
    bench = Bench(RADIO)
    bench.carrier(True)
    bench.post(ToneWanted("refused"))
    bench.wait(1.0)
    assert bench.told(voice.SoundTone) == []
    bench.carrier(False)
    assert bench.told(voice.SoundTone) == [voice.SoundTone(line="r1", tone="refused")]
    assert bench.armed
    bench.wait(1.0)
    bench.post(voice.DownlinkDrained(line="r1"))
    bench.wait(0.1)
    assert not bench.armed and not bench.line.transmitting


def test_a_signal_that_is_too_old_is_dropped():
    bench = Bench(RADIO)
    bench.carrier(True)
    bench.post(ToneWanted("refused"))
    bench.wait(11.0)
    bench.carrier(False)
    assert bench.told(voice.SoundTone) == [] and not bench.armed


EVENTS = st.one_of(
    st.tuples(st.just("carrier"), st.booleans()),
    st.tuples(st.just("key"), st.just(True)),
    st.tuples(st.just("release"), st.just(True)),
    st.tuples(st.just("post"), st.sampled_from((
        *(TransmitGranted(), TransmitQueued(), TransmitLost("x"), DeviceChanged(True), DeviceChanged(False, "no")),
        *(CallChanged("pending"), CallChanged("up", "+1"), CallChanged("none"), ToneWanted("queued")),
        *(OutputRead(True, "feed"), OutputRead(False, "longest"), OutputRead(False, "expired")),
        *(VoiceChanged(up=False), VoiceChanged(up=True), LinkChanged(up=False), LinkChanged(up=True)),
        *(voice.DownlinkDrained(line="t1"), facts.LegChanged(line="t1", up=True)),
    ))),
)  # fmt: skip


@given(st.sampled_from((TRUNKED, PHONE, RADIO)), st.lists(st.tuples(EVENTS, st.floats(0, 3)), max_size=40))
def test_no_history_keeps_anything_keyed_asked_for_or_open(settings, history):
    bench = Bench(settings)
    for (what, value), pause in history:
        match what:
            case "carrier":
                bench.carrier(bool(value), "2001")
            case "key":
                bench.key()
            case "release":
                bench.post(ReleaseLine())
            case _:
                bench.post(value)
        assert not (bench.line.opened and bench.line.transmitting)
        if bench.line.report().ptt and settings is not RADIO:
            assert bench.line.granted_at is not None
        bench.wait(pause)
    bench.post(CallChanged("none"))
    bench.wait(15.0)
    assert not bench.armed and not bench.line.transmitting
    assert bench.demand is None or bench.demand <= bench.now
    opened, closed = len(bench.told(voice.OpenUplink)), len(bench.told(voice.CloseUplink))
    assert opened - closed == int(bench.line.opened)


def test_a_gateway_that_freezes_while_the_device_lets_go_leaves_a_lease_that_ends():
    bench = Bench(TRUNKED)
    bench.talk(0.4)
    bench.post(TransmitGranted())
    bench.post(ReleaseLine())
    bench.post(voice.DownlinkDrained(line="t1"))
    bench.wait(0.1)
    assert bench.demand is None and bench.lease is not None
    assert bench.lease - bench.now <= 1.0, "frozen now, the guard lets go within a second"


def test_a_demand_outlives_the_transmission_that_it_carries():
    bench = Bench(TRUNKED)
    bench.talk(0.4)
    bench.post(TransmitGranted())
    bench.post(ReleaseLine())
    bench.post(voice.DownlinkDrained(line="t1"))
    demands = [each.until for each in bench.told(Demand)]
    bench.wait(TRUNKED.tail + 0.01)
    assert not bench.line.transmitting
    assert demands[-1] > bench.now, "an order that ends in time is no demand that ran out"
