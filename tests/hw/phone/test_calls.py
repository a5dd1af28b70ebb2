"""hw.phone.calls: what lists, rings and result words prove, and what they do not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hw.phone.calls import MOST, Call, Calls, Patience
from hw.phone.facts import CallAlerting, CallAnswered, CallArrived, CallEnded, CallerKnown
from hw.phone.lines import Listed

OUT = Listed(1, False, 2, number="139")
IN = Listed(1, True, 4, number="139")


def dialled(now: float = 0.0) -> Calls:
    return Calls().dial("139", now)[0]


def ringing() -> Calls:
    return Calls().ring("", 0.0)[0]


def stat(line: Listed, value: int, index: int = 1) -> Listed:
    return Listed(index, line.incoming, value, number=line.number)


def test_a_call_of_ours_from_dialling_to_its_end():
    calls, facts = dialled().listed((OUT,), 1.0)
    assert facts == () and calls.calls[0].state == "dialling"
    calls, facts = calls.listed((stat(OUT, 3),), 2.0)
    assert facts == (CallAlerting(1),) and calls.calls[0].state == "alerting"
    calls, facts = calls.listed((stat(OUT, 0),), 3.0)
    assert facts == (CallAnswered(1),) and calls.calls[0].state == "active"
    calls, facts = calls.result("NO CARRIER", 9.0)
    assert facts == (CallEnded(1, "139", False, "far end", 6.0),) and not calls.any


def test_an_empty_list_ends_nothing_while_a_call_is_set_up():
    calls, facts = dialled().listed((), 19.0)
    assert facts == () and calls.any
    assert calls.listed((), 21.0)[1] == (CallEnded(1, "139", False, "no carrier", 0.0),)


def test_a_listed_call_must_be_missing_twice():
    calls, _ = dialled().listed((stat(OUT, 0),), 1.0)
    calls, facts = calls.listed((), 2.0)
    assert facts == ()
    assert calls.listed((stat(OUT, 0),), 3.0)[0].calls[0].absent == 0
    assert calls.listed((), 3.0)[1][0].why == "far end"


def test_rings_stop_and_the_call_was_missed():
    calls, facts = Calls().ring("", 0.0)
    assert facts == (CallArrived(1, ""),)
    calls, facts = calls.ring("139", 0.1)
    assert facts == (CallerKnown(1, "139"),)
    calls, facts = calls.ring("", 3.0)
    assert facts == () and calls.deadline == 9.0
    assert calls.expire(8.9)[1] == ()
    calls, facts, hang_up = calls.expire(9.0)
    assert facts == (CallEnded(1, "139", True, "missed", 0.0),) and not hang_up


def test_a_ring_just_after_the_answer_is_old_news():
    calls, _ = ringing().answer().listed((stat(IN, 0),), 1.0)
    assert calls.ring("", 2.0)[1] == ()
    assert calls.ring("", 30.0)[1] == (CallArrived(2, "", True),)


def test_who_talked_does_not_ring_again():
    calls, _ = ringing().answer().listed((stat(IN, 0),), 1.0)
    calls, facts = calls.listed((IN,), 20.0)
    assert facts == (CallArrived(2, "139"),)
    assert calls.listed((IN,), 21.0)[1] == (CallEnded(1, "139", True, "far end", 20.0),)


def test_the_far_end_takes_too_long():
    calls, facts, hang_up = dialled().expire(90.0)
    assert hang_up and facts == ()
    assert calls.end_ending(91.0)[1] == (CallEnded(1, "139", False, "no answer", 0.0),)


def test_result_words():
    for word, why in {"BUSY": "busy", "NO ANSWER": "no answer", "NO DIALTONE": "no service"}.items():
        assert dialled().result(word, 1.0)[1] == (CallEnded(1, "139", False, why, 0.0),)
    assert ringing().result("BUSY", 1.0)[1] == ()
    both = ringing().dial("1", 1.0)[0]
    assert both.result("NO CARRIER", 2.0)[1] == ()  # of which one?


def test_a_second_caller_waits_and_is_no_lie():
    calls, _ = ringing().answer().listed((stat(IN, 0),), 1.0)
    calls, facts = calls.waiting("138", 9.0)
    assert facts == (CallArrived(2, "138", True),)
    calls, facts = calls.listed((stat(IN, 0), Listed(2, True, 5, number="138")), 10.0)
    assert facts == () and calls.lie == "" and calls.second is not None and calls.second.state == "waiting"


def test_lies():
    two = (IN, Listed(2, True, 4, number="138"))
    assert Calls().listed(two, 0.0)[0].lie == "two callers ring at once"
    active = (stat(OUT, 0), Listed(2, True, 0, number="138"))
    assert dialled().listed(active, 0.0)[0].lie == "two calls are active at once"
    assert Calls().listed((stat(IN, 0),), 0.0)[0].lie == "a call is active that nobody ordered"
    assert Calls().listed((OUT,), 0.0)[0].lie == "a call is dialled that nobody ordered"
    assert dialled().listed((stat(OUT, 0),), 0.0)[0].lie == ""


def test_without_a_list_ok_must_do():
    calls, facts = dialled().trust(2.0)
    assert facts == (CallAnswered(1, proved=False),)
    assert calls.trust(3.0) == (calls, ()) and Calls().trust(1.0)[1] == ()


listed = st.builds(Listed, st.integers(0, 9), st.booleans(), st.integers(0, 5), st.integers(0, 1))
steps = st.lists(
    st.one_of(
        st.lists(listed, max_size=20).map(lambda lines: lambda c, t: c.listed(tuple(lines), t)[0]),
        st.just(lambda c, t: c.ring("1", t)[0]),
        st.just(lambda c, t: c.waiting("2", t)[0]),
        st.sampled_from(["BUSY", "NO CARRIER"]).map(lambda word: lambda c, t: c.result(word, t)[0]),
        st.just(lambda c, t: c.dial("3", t)[0]),
        st.just(lambda c, t: c.hang_up(lambda call: "x").end_ending(t)[0]),
        st.just(lambda c, t: c.expire(t)[0]),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(steps)
def test_whatever_a_phone_says_the_table_is_bounded_and_the_numbers_are_unique(walk):
    calls = Calls(Patience())
    for now, step in enumerate(walk):
        calls = step(calls, float(now))
        numbers = [call.call for call in calls.calls]
        assert len(numbers) <= MOST and len(set(numbers)) == len(numbers)
        assert all(isinstance(call, Call) and call.state for call in calls.calls) and isinstance(
            calls.lie, str
        )
