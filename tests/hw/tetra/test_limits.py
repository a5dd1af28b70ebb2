"""A TETRA line takes no more than it can hold, and says no by name."""

from hw.terminal import Told
from hw.tetra.calls import CALLS_LIMIT, Call, put
from hw.tetra.machine import TetraLine
from hw.tetra.messages import Dial, MessageFailed, OrderRefused, SendText
from hw.tetra.messaging import MESSAGES_LIMIT, send
from hw.tetra.orders import obey
from hw.tetra.profile import profile

LINE = TetraLine(profile("generic"), "1001")


def test_the_oldest_calls_go_when_there_are_too_many():
    line = LINE
    for instance in range(CALLS_LIMIT + 5):
        line = put(line, Call(instance))
    assert [call.instance for call in line.calls] == list(range(5, CALLS_LIMIT + 5))


def test_messages_that_wait_are_bounded_and_the_next_is_refused():
    line, told = LINE, []
    for number in range(MESSAGES_LIMIT + 3):
        line, effects = send(line, SendText(str(number), "1234", "水库泄洪"), 1.0)
        told += [each.fact for each in effects if isinstance(each, Told)]
    assert told
    assert all(isinstance(fact, MessageFailed) and "too many" in fact.why for fact in told)


def test_an_order_before_the_terminal_is_ready_changes_nothing_and_is_refused():
    line, effects = obey(LINE, Dial("1234"), 1.0)
    assert line == LINE
    assert [type(each.fact) for each in effects] == [OrderRefused]
