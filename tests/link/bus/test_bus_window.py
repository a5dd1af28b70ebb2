"""The byte window: never more in flight than it holds, whatever the order of hand-over and answer."""

from hypothesis import given
from hypothesis import strategies as st

from link.bus import paho_packets
from link.bus.tally import Tally
from link.bus.window import Window


def test_takes_up_to_the_limit_and_no_more() -> None:
    window = Window(100, Tally("t"))
    assert window.take(60) and window.take(40) and not window.take(1)
    assert window.room() == 0


def test_larger_than_the_limit_only_when_empty() -> None:
    window = Window(100, Tally("t"))
    assert window.take(1)
    assert not window.take(101)
    window.give_back(1)
    assert window.take(101) and not window.take(1)
    assert window.room() == 0 and not window.empty()


def test_answer_before_sent_counts_once() -> None:
    window = Window(100, Tally("t"))
    assert window.take(50)
    window.acknowledged(7)
    window.settle()
    assert window.room() == 50
    window.sent(7, 50, "t")
    assert window.room() == 100 and window.empty()


def test_answer_for_an_unknown_id_gives_nothing() -> None:
    window = Window(100, Tally("t"))
    assert window.take(50)
    window.sent(1, 50, "t")
    window.acknowledged(2)
    assert window.room() == 50


def test_bound_holds_the_number_of_messages() -> None:
    window = Window(1000, Tally("t"))
    window.bound(2)
    assert window.take(1) and window.take(1) and not window.take(1)


def test_failure_codes_are_counted_in_either_order() -> None:
    tally = Tally("t")
    window = Window(100, tally)
    for mid, code in ((1, 0x87), (2, 0x10), (3, 0x97)):
        assert window.take(10)
        if mid == 3:
            window.acknowledged(mid, code)
            window.settle()
        window.sent(mid, 10, "some/topic")
        if mid != 3:
            window.acknowledged(mid, code)
    assert window.empty()
    assert tally.counts() == {"refused-by-broker": 2}


fates = st.sampled_from(["early", "late", "fail", "hang"])


@given(st.lists(st.tuples(st.integers(1, 60), fates), max_size=60))
def test_never_above_the_limit_and_nothing_leaks(steps: list[tuple[int, str]]) -> None:
    window = Window(100, Tally("t"))
    in_flight: dict[int, int] = {}
    for mid, (size, fate) in enumerate(steps):
        if not window.take(size):
            assert sum(in_flight.values()) + size > 100
            if in_flight:
                oldest = next(iter(in_flight))
                window.acknowledged(oldest)
                del in_flight[oldest]
            continue
        if fate == "fail":
            window.give_back(size)
            continue
        if fate == "early":
            window.acknowledged(mid)
        window.sent(mid, size, "t")
        if fate == "late":
            window.acknowledged(mid)
        if fate == "hang":
            in_flight[mid] = size
        assert sum(in_flight.values()) <= 100
        assert window.room() == 100 - sum(in_flight.values())


def test_it_knows_how_long_nothing_was_acknowledged():
    moments = iter((10.0, 13.0, 14.0, 16.0, 20.0))
    window = Window(1000, Tally("test"), now=lambda: next(moments))
    assert window.stalled() == 0.0, "nothing waits"
    assert window.take(10)
    window.sent(1, 10, "t")
    assert window.stalled() == 3.0
    assert window.take(10)
    window.sent(2, 10, "t")
    window.acknowledged(1)
    window.settle()
    assert window.stalled() == 2.0, "an answer is a sign of life for what still waits"
    window.acknowledged(2)
    window.settle()
    assert window.stalled() == 0.0


def test_packets_that_expire_share_their_properties():
    assert paho_packets.expiring(30) is paho_packets.expiring(30)
    assert paho_packets.expiring(30).MessageExpiryInterval == 30
