"""Line: every history of events keeps its promises; a few histories told in words."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from firmware.effects import FeedOutput, SafeOutput, TellVoice
from firmware.events import LinkChanged, OutputRead, VoiceChanged
from firmware.lines.machine import Line
from firmware.lines.transmission import DRAIN_LIMIT
from firmware.talk import CarrierChanged, KeyLine, LineSettings, ReleaseLine
from link.contract import facts
from link.contract import neighbour as voice
from link.hosting.machine import Tick

LEASE = 1.5
SETTINGS = LineSettings(line="r1", ptt="r1.ptt", card="r1", lead=0.05, tail=0.05, timeout=20.0)


@dataclass
class Bench:
    """A line with the guard's view of its output, turned by hand."""

    line: Line = field(default_factory=lambda: Line(SETTINGS))
    now: float = 1000.0
    lease: float | None = None
    effects: list[object] = field(default_factory=list)

    def post(self, event: object) -> tuple[object, ...]:
        self.line, effects = self.line.handle(event, self.now)
        for effect in effects:
            if isinstance(effect, FeedOutput):
                assert effect.until > self.now, "a lease that is over was fed"
                assert effect.until <= self.now + LEASE, "a gateway that freezes now would key for too long"
                self.lease = effect.until
            if isinstance(effect, SafeOutput):
                self.lease = None
        self.effects += effects
        return effects

    def wait(self, seconds: float) -> None:
        """Let time pass, with a Tick at every deadline, as the runner does it."""
        end = self.now + seconds
        while self.line.deadline is not None and self.line.deadline <= end:
            self.now = max(self.now, self.line.deadline)
            before = self.line
            self.post(Tick())
            assert self.line != before or self.line.deadline is None or self.line.deadline > self.now, (
                "a deadline that nothing comes of would spin"
            )
        self.now = end

    @property
    def keyed(self) -> bool:
        """What the guard would drive."""
        return self.lease is not None and self.lease > self.now

    def ready(self) -> "Bench":
        self.post(LinkChanged(up=True))
        self.post(VoiceChanged(up=True))
        self.post(facts.LegChanged(line="r1", up=True))
        return self

    def key(self, talker: str = "south") -> None:
        self.post(KeyLine(self.now + LEASE, talker))

    def carrier(self, on: bool) -> None:
        self.post(CarrierChanged(on, int(self.now * 1e9)))


def orders(effects: list[object], kind: type) -> list[object]:
    return [e.order for e in effects if isinstance(e, TellVoice) and isinstance(e.order, kind)]


EVENTS = st.one_of(
    st.tuples(st.just("carrier"), st.booleans()),
    st.tuples(st.just("key"), st.just(True)),
    st.tuples(st.just("release"), st.just(True)),
    st.tuples(st.just("link"), st.booleans()),
    st.tuples(st.just("voice"), st.booleans()),
    st.tuples(st.just("leg"), st.booleans()),
    st.tuples(st.just("drained"), st.just(True)),
    st.tuples(st.just("output"), st.booleans()),
    st.tuples(st.just("locked"), st.just(False)),
)


def apply(bench: Bench, what: str, value: bool) -> None:
    match what:
        case "carrier":
            bench.carrier(value)
        case "key":
            bench.key()
        case "release":
            bench.post(ReleaseLine())
        case "link":
            bench.post(LinkChanged(up=value))
        case "voice":
            bench.post(VoiceChanged(up=value))
        case "leg":
            bench.post(facts.LegChanged(line="r1", up=value))
        case "drained":
            bench.post(voice.DownlinkDrained(line="r1"))
        case "output":
            bench.post(OutputRead(value, "feed"))
        case "locked":
            bench.post(OutputRead(False, "longest"))


@given(st.lists(st.tuples(EVENTS, st.floats(0, 3)), max_size=40))
def test_no_history_keeps_the_transmitter_on_without_a_fresh_order(history):
    bench, ordered, released = Bench(), -1e9, -1e9
    for (what, value), pause in history:
        apply(bench, what, value)
        if what == "key":
            ordered = bench.now
        if what == "release":
            released = bench.now
        bench.wait(pause)
        if bench.keyed:
            fresh = bench.now < ordered + LEASE
            draining = bench.now < released + DRAIN_LIMIT
            assert fresh or draining
            assert bench.line.transmitting
        if not (bench.line.link and bench.line.voice and bench.line.leg):
            assert not bench.keyed


@given(st.lists(st.tuples(EVENTS, st.floats(0, 1)), max_size=40))
def test_what_was_opened_is_always_closed_and_never_while_transmitting(history):
    bench = Bench()
    for (what, value), pause in history:
        apply(bench, what, value)
        assert not (bench.line.opened and bench.line.transmitting)
        bench.wait(pause)
    opened = len(orders(bench.effects, voice.OpenUplink))
    closed = len(orders(bench.effects, voice.CloseUplink))
    assert opened - closed == int(bench.line.opened)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 1)), max_size=30))
def test_a_carrier_that_stands_is_opened_as_soon_as_the_transmitter_is_off(history):
    bench = Bench()
    for (what, value), pause in history:
        apply(bench, what, value)
        bench.wait(pause)
    bench.wait(10.0)  # no order any more: every lease and every drain is over
    assert not bench.keyed
    assert bench.line.opened == bench.line.carrier


def test_an_order_keys_opens_the_path_with_lead_and_feeds_the_lease():
    bench = Bench().ready()
    bench.effects.clear()
    bench.key()
    assert bench.keyed
    assert orders(bench.effects, voice.OpenDownlink) == [voice.OpenDownlink(line="r1", lead_ms=50)]
    bench.effects.clear()
    bench.wait(0.4)
    bench.key()
    assert not orders(bench.effects, voice.OpenDownlink), "a renewal opens nothing again"
    assert bench.lease == bench.now + LEASE


def test_a_silent_centre_unkeys_at_the_end_of_the_lease():
    bench = Bench().ready()
    bench.key()
    bench.wait(LEASE - 0.01)
    assert bench.keyed
    bench.wait(0.02)
    assert not bench.keyed
    assert bench.line.state == "idle"


def test_a_release_plays_what_waits_then_a_tail_then_unkeys():
    bench = Bench().ready()
    bench.key()
    bench.wait(1.0)
    bench.post(ReleaseLine())
    bench.wait(0.5)
    assert bench.keyed, "speech still waits"
    bench.post(voice.DownlinkDrained(line="r1"))
    bench.wait(0.04)
    assert bench.keyed, "the tail is not over"
    bench.wait(0.02)
    assert not bench.keyed


def test_a_released_line_that_never_drains_is_unkeyed_all_the_same():
    bench = Bench().ready()
    bench.key()
    bench.post(ReleaseLine())
    bench.wait(DRAIN_LIMIT + 0.01)
    assert not bench.keyed
    assert not bench.line.transmitting


def test_a_new_order_while_draining_goes_on_without_a_gap():
    bench = Bench().ready()
    bench.key()
    bench.post(ReleaseLine())
    bench.effects.clear()
    bench.key("dam")
    assert orders(bench.effects, voice.OpenDownlink) == [voice.OpenDownlink(line="r1", lead_ms=0)]
    bench.wait(LEASE - 0.1)
    assert bench.keyed
    assert bench.line.state == "transmitting"


def test_link_voice_and_leg_lost_unkey_at_once():
    for loss in (LinkChanged(up=False), VoiceChanged(up=False), facts.LegChanged(line="r1", up=False)):
        bench = Bench().ready()
        bench.key()
        bench.post(loss)
        assert not bench.keyed, loss
        assert not bench.line.transmitting


def test_an_order_does_not_key_over_somebody_who_talks_here():
    bench = Bench().ready()
    bench.carrier(True)
    bench.key()
    assert not bench.keyed
    bench.carrier(False)
    assert bench.keyed, "the order still stands when he lets go"


def test_a_carrier_that_rose_during_transmission_is_not_lost():
    bench = Bench().ready()
    bench.key()
    bench.carrier(True)
    assert not bench.line.opened
    bench.wait(LEASE + 0.1)
    assert bench.line.opened


def test_a_transmission_beyond_the_time_out_is_locked_until_released():
    bench = Bench().ready()
    for _ in range(60):
        bench.key()
        bench.wait(0.4)
    assert not bench.keyed
    assert bench.line.state == "locked out"
    bench.post(ReleaseLine())
    bench.key()
    assert bench.keyed


def test_the_report_shows_the_guards_read_back_not_the_order():
    bench = Bench().ready()
    bench.key()
    assert not bench.line.report().ptt
    bench.post(OutputRead(True, "feed"))
    assert bench.line.report().ptt


def test_nothing_needs_attention_when_nothing_happens():
    assert Line(SETTINGS).deadline is None
    assert replace(Line(SETTINGS), carrier=True).deadline is None


def test_a_line_that_drains_is_fed_in_small_portions_up_to_its_limit():
    bench = Bench().ready()
    bench.key()
    bench.post(ReleaseLine())
    released = bench.now
    while bench.now < released + DRAIN_LIMIT - 0.05:
        bench.wait(0.05)
        assert bench.keyed
    bench.wait(0.1)
    assert not bench.keyed


def test_a_line_that_drains_lets_go_itself_before_its_lease_can_run_out():
    bench = Bench(Line(replace(SETTINGS, tail=0.6))).ready()
    bench.key()
    bench.post(ReleaseLine())
    bench.wait(0.3)
    bench.post(voice.DownlinkDrained(line="r1"))
    bench.wait(0.55)  # fed once more within the tail
    last = bench.lease
    bench.wait(0.1)
    assert not bench.line.transmitting
    assert last is not None
    assert last > bench.now, "guard and line would have let go at the same moment, either of them first"
