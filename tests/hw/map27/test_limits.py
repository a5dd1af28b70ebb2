"""A MAP27 line takes no more than it can hold, says no by name, and is hurt by no frame and no event."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hw.map27.machine import Map27Line
from hw.map27.messages import Dial, HangUp, Key, MessageFailed, OrderRefused, Release, SendStatus, SendText
from hw.map27.orders import obey
from hw.map27.profile import profile
from hw.map27.protocol import LinkAck, LinkRequest, LinkTransfer
from hw.terminal import PortDown, PortUp, Told
from link.hosting.machine import Tick
from tests.hw.map27.rig import Loop

LINE = Map27Line(profile("generic"), "0/1000")


@pytest.mark.parametrize("order", [Key(99.0), Dial("0/1234"), HangUp(1)])
def test_an_order_before_the_radio_is_ready_is_refused(order: object) -> None:
    line = obey(LINE, order, 1.0)
    assert [each.fact for each in line.pending if isinstance(each, Told)] == [
        OrderRefused(type(order).__name__, "the radio is not ready")
    ]
    assert (line.call, line.demand, line.deadline) == (None, None, None)


def test_messages_before_the_radio_is_ready_fail_by_their_key() -> None:
    line = obey(obey(LINE, SendStatus("a", "0/1", 1), 1.0), SendText("b", "0/1", "x"), 1.0)
    facts = [each.fact for each in line.pending if isinstance(each, Told)]
    assert facts == [MessageFailed(key, "the radio is not ready") for key in ("a", "b")]


def test_a_text_longer_than_the_radio_takes_is_refused() -> None:
    loop = Loop()
    loop.radio.link.n1 = 1
    loop.ready()
    loop.tell(SendText("k", "0/1", "x" * 40))
    assert [fact.why for fact in loop.told(MessageFailed)] == ["longer than the radio takes (32 octets)"]


def test_a_demand_that_is_over_before_it_begins_is_refused() -> None:
    loop = Loop().ready()
    loop.key(0.0)
    assert [fact.why for fact in loop.told(OrderRefused)] == ["its time is over"]
    loop.tell(Release())
    assert loop.line.demand is None


messages = st.one_of(
    st.binary(max_size=12),
    st.builds(
        lambda kind, rest: bytes((kind,)) + rest,
        st.sampled_from(
            [0x80, 0x81, 0x82, 0x86, 0xA4, 0xA5, 0xA6, 0xB2, 0xC0, 0xC4, 0xC5, 0xD4, 0xD5, 0xE4, 0xE5]
        ),
        st.binary(max_size=8),
    ),
)
events = st.one_of(
    st.builds(LinkRequest, st.integers(0, 255), st.integers(0, 255)),
    st.builds(LinkAck, st.integers(0, 5), st.integers(0, 3)),
    st.builds(LinkTransfer, st.integers(0, 5), messages),
    messages,
    st.sampled_from(
        [PortUp(), PortDown("x"), Tick(), Key(1e9), Key(1e9, 3), Release(), Dial("0/7"), HangUp(1)]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=(HealthCheck.too_slow,))
@given(st.lists(events, max_size=60))
def test_whatever_a_radio_says_the_line_lives_and_is_bounded(history: list[object]) -> None:
    line, now = LINE, 100.0
    line, _ = line.handle(PortUp(), now)
    for event in history:
        now += 0.2
        if isinstance(event, bytes):  # in its turn
            event = LinkTransfer(line.link.expected, event)
        line, effects = line.handle(event, now)
        assert len(effects) < 60
        assert len(line.posts) <= 32
        assert not line.transmitting or line.on_air
        assert line.state in (
            "down",
            "idle",
            "asking",
            "queued",
            "transmitting",
            "receiving",
            "not registered",
        )
