"""hw.guard.machine: what came with outputs of several kinds: no limit, broken devices, orders of a living gateway."""

from hw.guard.machine import LEFT_LIMIT_MS, Drive, PeerLost, PinFailed, PinWorks, Safe, Stop

from .test_machine import BYPASS, Hand


def test_a_bypass_relay_is_held_without_limit_but_not_without_a_lease() -> None:
    hand = Hand(outputs=(BYPASS,))
    for _ in range(50):
        hand.feed("bypass", left=LEFT_LIMIT_MS)
        hand.wait(LEFT_LIMIT_MS - 1)
        assert hand.pins["bypass"]
    hand.wait(1)
    assert not hand.pins["bypass"] and hand.reports() == [("bypass", False, "expired")]


def test_what_does_not_take_its_value_cannot_be_keyed_until_it_does() -> None:
    hand = Hand()
    hand.feed()
    hand.tell(PinFailed("a.ptt"))
    hand.wait(10)
    assert hand.feed() == [] and not hand.pins["a.ptt"], "told once, not for every feed"
    hand.tell(PeerLost())
    hand.wait(10)
    assert hand.feed() == [], "a new gateway does not mend it"
    assert hand.tell(PinWorks("a.ptt")) != [] and hand.reports() == [("a.ptt", False, "works-again")]
    assert hand.tell(PinWorks("a.ptt")) == []
    hand.wait(10)
    hand.feed()
    assert hand.pins["a.ptt"]


def test_a_fault_does_not_unlock_nor_start_the_count_anew() -> None:
    hand = Hand()
    for _ in range(3):
        hand.feed(left=1500)
        hand.wait(1000)
    assert hand.reports() == [("a.ptt", False, "longest")]
    hand.tell(PinFailed("a.ptt"))
    hand.tell(PinWorks("a.ptt"))
    hand.wait(10)
    hand.feed()
    assert not hand.pins["a.ptt"] and hand.reports() == [("a.ptt", False, "locked")]


def test_only_an_order_of_the_gateway_counts_as_let_go_by_its_driver() -> None:
    hand = Hand()
    hand.feed()
    hand.tell(Safe("a.ptt"))
    assert hand.said[0] == Drive("a.ptt", False, ordered=True)
    hand.wait(1)
    for event in (PeerLost(), Stop(), PinFailed("a.ptt")):
        hand.tell(PinWorks("a.ptt"))
        hand.wait(1)
        hand.feed()
        assert hand.pins["a.ptt"]
        hand.tell(event)
        assert Drive("a.ptt", False) in hand.said
    hand.tell(PinWorks("a.ptt"))
    hand.wait(1)
    hand.feed(left=5)
    hand.wait(5)
    assert Drive("a.ptt", False) in hand.said, "expired"
