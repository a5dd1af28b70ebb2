"""hw.guard.machine: the safety properties in every history, by a hand-turned clock; then the single rules."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hw.guard.machine import (
    LEFT_LIMIT_MS,
    REST_NS,
    Drive,
    Effect,
    Feed,
    GuardMachine,
    Hello,
    PeerLost,
    PinFailed,
    PinWorks,
    Refused,
    Report,
    Safe,
    Stop,
)
from link.hosting.machine import Tick

SLOW = (HealthCheck.too_slow,)  # the machine may be busy
MS = 1_000_000
S = 1000 * MS
OUTPUTS = (("a.ptt", 3.0), ("b.ptt", 8.0))
BYPASS = ("bypass", 0.0)


@dataclass
class Hand:
    """A machine, its pins and a clock turned by hand; ticks come at the deadline, as in the process."""

    now: int = 50 * S
    outputs: tuple[tuple[str, float], ...] = OUTPUTS
    pins: dict[str, bool] = field(default_factory=dict)
    said: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.machine, effects = GuardMachine.start(self.outputs, self.now)
        self._perform(effects)

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        self.said = list(effects)
        for effect in effects:
            if isinstance(effect, Drive):
                self.pins[effect.out] = effect.on

    def tell(self, event: object) -> list[Effect]:
        self.machine, effects = self.machine.handle(event, self.now)
        self._perform(effects)
        return self.said

    def feed(self, out: str = "a.ptt", left: int = 1500, age: int = 0) -> list[Effect]:
        return self.tell(Feed(out, left, self.now - age * MS))

    def wait(self, ms: int) -> None:
        """Time passes; a Tick at each deadline on the way."""
        end = self.now + ms * MS
        while self.machine.deadline is not None and self.machine.deadline <= end:
            self.now = max(self.now, self.machine.deadline)
            self.tell(Tick())
        self.now = end

    def reports(self) -> list[tuple[str, bool, str]]:
        return [(e.out, e.on, e.why) for e in self.said if isinstance(e, Report)]


outs = st.sampled_from(["a.ptt", "b.ptt", "bypass", "c.none"])
events = st.one_of(
    st.tuples(st.just("feed"), outs, st.integers(-10, LEFT_LIMIT_MS + 200), st.integers(-400, 6000)),
    st.tuples(st.just("feed"), outs, st.integers(1, 1500), st.integers(0, 50)),
    st.tuples(st.just("repeat")),
    st.tuples(st.just("safe"), outs, st.none() | st.integers(-100, 100)),
    st.tuples(st.just("lost")),
    st.tuples(st.just("failed"), outs),
    st.tuples(st.just("works"), outs),
    st.tuples(st.just("hello")),
    st.tuples(st.just("wait"), st.integers(0, 2500)),
    st.tuples(st.just("wait"), st.integers(0, 300)),
)


@settings(max_examples=400, deadline=None, suppress_health_check=SLOW)
@given(st.lists(events, max_size=60))
@example([("feed", "a.ptt", 1500, -400), ("lost",), ("wait", 500), ("repeat",)])
def test_in_every_history_an_output_is_on_only_by_a_live_lease(history: list[Any]) -> None:
    hand = Hand(outputs=(*OUTPUTS, BYPASS))
    longest = dict(hand.outputs)
    broken: set[str] = set()
    heard: list[Feed] = []
    orders: dict[str, list[Feed]] = {name: [] for name in longest}
    on_since: dict[str, int] = {}
    lost_at = 0
    for step in history:
        match step:
            case ("feed", out, left, age):
                heard.append(Feed(out, left, hand.now - age * MS))
                if out in orders:
                    orders[out].append(heard[-1])
                hand.tell(heard[-1])
            case ("repeat",) if heard:
                if heard[-1].at_ns > lost_at and heard[-1].out in orders:  # refused then, as from the future
                    orders[heard[-1].out].append(heard[-1])
                hand.tell(heard[-1])
            case ("safe", out, at):
                hand.tell(Safe(out, None if at is None else hand.now + at * MS))
                assert not hand.pins.get(out, False)
            case ("lost",):
                hand.tell(PeerLost())
                assert not any(hand.pins.values())
                lost_at = hand.now
                orders = {name: [] for name in longest}
            case ("failed" | "works" as what, out):
                hand.tell(PinFailed(out) if what == "failed" else PinWorks(out))
                broken = broken | {out} if what == "failed" else broken - {out}
            case ("hello",):
                hand.tell(Hello())
            case ("wait", ms):
                hand.wait(ms)
        for out, on in hand.pins.items():
            possible = [f.at_ns + f.left_ms * MS for f in orders[out] if 0 < f.left_ms <= LEFT_LIMIT_MS]
            assert not on or max(possible, default=0) > hand.now, "on without any live feed"
            on_since[out] = on_since.get(out, hand.now) if on else hand.now
            assert not longest[out] or hand.now - on_since[out] <= longest[out] * S, (
                "on longer than its longest"
            )
            assert not (on and out in broken), "on although its device does not take its value"
            held = next(h for h in hand.machine.outputs if h.name == out)
            assert held.on == on, "the machine and its pins disagree"
            assert not (held.on and held.locked)
    hand.wait(LEFT_LIMIT_MS)
    assert not any(hand.pins.values()), "no feed, and still on"


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 900)), min_size=1, max_size=40))
def test_late_feeds_do_not_beat_the_longest_on_time(gaps: list[tuple[int, int]]) -> None:
    """However a stuck gateway spaces its feeds, lapses under REST_NS included, longest locks it."""
    hand = Hand()
    began = hand.now
    for gap, left in gaps:
        hand.feed(left=left)
        hand.wait(left + min(gap, REST_NS // MS - 1))
        if hand.now - began >= 3 * S:
            hand.feed()
            assert not hand.pins["a.ptt"]


def test_start_drives_every_output_safe_and_says_so() -> None:
    hand = Hand()
    assert hand.pins == {"a.ptt": False, "b.ptt": False}
    assert hand.reports() == [("a.ptt", False, "start"), ("b.ptt", False, "start")]
    assert hand.machine.deadline is None


def test_feed_switches_on_until_its_end_and_not_longer() -> None:
    hand = Hand()
    hand.feed(left=1500)
    assert hand.pins["a.ptt"] and not hand.pins["b.ptt"]
    assert hand.reports() == [("a.ptt", True, "feed")]
    hand.wait(1499)
    assert hand.pins["a.ptt"]
    hand.wait(1)
    assert not hand.pins["a.ptt"]
    assert hand.reports() == [("a.ptt", False, "expired")]


def test_lease_counts_from_when_it_was_computed() -> None:
    hand = Hand()
    hand.feed(left=1500, age=1400)
    hand.wait(100)
    assert not hand.pins["a.ptt"]


def test_feed_computed_long_ago_does_nothing() -> None:
    hand = Hand()
    assert hand.feed(left=1500, age=1500) == []
    assert not hand.pins["a.ptt"]


def test_renewal_extends_without_a_gap() -> None:
    hand = Hand()
    hand.feed(left=500)
    hand.wait(400)
    assert hand.feed(left=500) == []
    hand.wait(499)
    assert hand.pins["a.ptt"]


def test_repetition_of_the_last_feed_extends_nothing() -> None:
    hand = Hand()
    feed = Feed("a.ptt", 1000, hand.now)
    hand.tell(feed)
    for _ in range(9):
        hand.wait(100)
        assert hand.tell(feed) == []
    hand.tell(Feed("a.ptt", 5000, feed.at_ns))
    hand.wait(100)
    assert not hand.pins["a.ptt"]
    assert hand.tell(feed) == []


def test_the_newest_lease_governs_even_if_it_is_shorter() -> None:
    hand = Hand()
    hand.feed(left=3000)
    hand.wait(100)
    hand.feed(left=50)
    hand.wait(50)
    assert not hand.pins["a.ptt"]


def test_newest_lease_that_is_over_already_ends_an_older_one() -> None:
    hand = Hand()
    hand.feed(left=2500)
    hand.wait(200)
    hand.feed(left=50, age=100)
    assert not hand.pins["a.ptt"]
    assert hand.reports() == [("a.ptt", False, "expired")]


def test_feed_from_the_future_and_overlong_feed_are_refused() -> None:
    hand = Hand()
    assert isinstance(hand.tell(Feed("a.ptt", 1000, hand.now + 1))[0], Refused)
    assert isinstance(hand.feed(left=LEFT_LIMIT_MS + 1)[0], Refused)
    assert isinstance(hand.feed(left=0)[0], Refused)
    assert isinstance(hand.feed(out="nobody")[0], Refused)
    assert hand.pins == {"a.ptt": False, "b.ptt": False}


def test_longest_locks_until_an_explicit_safe() -> None:
    hand = Hand()
    for _ in range(3):
        hand.feed(left=1500)
        hand.wait(1000)
    assert not hand.pins["a.ptt"]
    assert hand.reports() == [("a.ptt", False, "longest")]
    hand.feed()
    assert hand.reports() == [("a.ptt", False, "locked")]
    hand.wait(60_000)
    assert hand.feed() == [] and not hand.pins["a.ptt"]
    hand.tell(PeerLost())
    hand.wait(10)
    assert hand.feed() == [] and not hand.pins["a.ptt"], "a new connection does not unlock"
    hand.tell(Safe("a.ptt"))
    assert hand.reports() == [("a.ptt", False, "stop")]
    hand.wait(1)
    hand.feed()
    assert hand.pins["a.ptt"]


def test_safe_voids_older_feeds_and_ends_the_count() -> None:
    hand = Hand()
    hand.feed(left=2500)
    hand.wait(2000)
    old = Feed("a.ptt", 2500, hand.now - 1)
    hand.tell(Safe("a.ptt", hand.now))
    assert not hand.pins["a.ptt"]
    hand.wait(1)
    assert hand.tell(old) == []
    hand.feed(left=2500)
    hand.wait(2400)
    assert hand.pins["a.ptt"], "2 s + 2.4 s is over longest, but the safe order lies between"


def test_feed_computed_after_a_safe_that_is_still_on_its_way_counts() -> None:
    hand = Hand()
    safe, feed = Safe("a.ptt", hand.now - 2 * MS), Feed("a.ptt", 500, hand.now - MS)
    hand.tell(safe)
    hand.tell(feed)
    assert hand.pins["a.ptt"]


def test_a_safe_from_the_future_cannot_deafen_the_guard() -> None:
    hand = Hand()
    hand.tell(Safe("a.ptt", hand.now + 3600 * S))
    hand.wait(1)
    hand.feed()
    assert hand.pins["a.ptt"]


def test_peer_lost_makes_all_safe_and_voids_what_it_said() -> None:
    hand = Hand()
    feed = Feed("a.ptt", 3000, hand.now)
    hand.tell(feed)
    hand.feed("b.ptt")
    hand.wait(10)
    hand.tell(PeerLost())
    assert not any(hand.pins.values())
    assert hand.reports() == [("a.ptt", False, "peer-lost"), ("b.ptt", False, "peer-lost")]
    assert hand.tell(Feed("a.ptt", 3000, hand.now - 1)) == []
    assert not any(hand.pins.values())


def test_stop_writes_every_pin() -> None:
    hand = Hand()
    hand.feed()
    hand.tell(Stop())
    assert [e for e in hand.said if isinstance(e, Drive)] == [Drive("a.ptt", False), Drive("b.ptt", False)]


def test_pin_failed_is_told_once() -> None:
    hand = Hand()
    hand.feed()
    hand.tell(PinFailed("a.ptt"))
    assert hand.reports() == [("a.ptt", False, "pin-failed")]
    assert hand.tell(PinFailed("a.ptt")) == []


def test_hello_tells_everything_and_changes_nothing() -> None:
    hand = Hand()
    hand.feed("b.ptt")
    before = hand.machine
    hand.tell(Hello())
    assert hand.reports() == [("a.ptt", False, "start"), ("b.ptt", True, "feed")]
    assert hand.machine == before


def test_every_event_first_ends_what_is_over() -> None:
    hand = Hand()
    hand.feed(left=100)
    hand.now += 200 * MS  # the Tick is late
    hand.tell(Hello())
    assert not hand.pins["a.ptt"]
