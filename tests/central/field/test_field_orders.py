"""Orders: the receipt, the fact that follows, and nobody else's fact."""

import pytest

from central.field.orders import FOLLOWS, ORDERS_MOST, OrderRow, Orders
from link.contract import field_facts as told
from link.contract import orders
from link.contract.facts import CommandResult


def given(order, id: str = "o-1", subject: str = "gw-a/p1", known: Orders | None = None) -> Orders:
    row = OrderRow(id=id, subject=subject, what="x", order={}, by="wang", at_wall=1.0, changed_wall=1.0)
    return (known or Orders()).ordered(row, order)


def ended(number: str = "1") -> told.CallEnded:
    return told.CallEnded(line="p1", call=1, number=number, incoming=False, why="busy")


@pytest.mark.parametrize(
    ("order", "fact", "state"),
    [
        (orders.DialNumber(line="p1", number="1"), told.CallPlaced(line="p1", call=1, number="1"), "obeyed"),
        (orders.DialNumber(line="p1", number="1"), ended(), "failed"),
        (orders.AnswerCall(line="p1"), told.CallAnswered(line="p1", call=1), "obeyed"),
        (orders.HangUpCall(line="p1"), ended(), "obeyed"),
        (
            orders.TuneRig(line="p1", mode="LSB"),
            told.RigTuned(line="p1", frequency_hz=7, mode="LSB"),
            "obeyed",
        ),
        (
            orders.SelectTalkGroup(line="p1", group="1"),
            told.TalkGroupSelected(line="p1", group="1"),
            "obeyed",
        ),
        (
            orders.SendText(line="p1", id="o-1", to="1", text="x"),
            told.TextSent(line="p1", id="o-1"),
            "obeyed",
        ),
        (orders.SendText(line="p1", id="o-1", to="1", text="x"), told.TextSent(line="p1", id="o-2"), "sent"),
        (
            orders.SendStatus(line="p1", id="o-1", to="1", status=1),
            told.TextFailed(line="p1", id="o-1", why="busy"),
            "failed",
        ),
        (
            orders.SetBypass(bypass="p1", on=True),
            told.BypassChanged(bypass="p1", on=True, why="ordered"),
            "obeyed",
        ),
        (
            orders.SetBypass(bypass="p1", on=True),
            told.BypassChanged(bypass="p1", on=False, why="start"),
            "sent",
        ),
        (
            orders.DrillBypass(bypass="p1", drill="o-1"),
            told.BypassDrilled(bypass="p1", drill="o-1", ok=False, why="did not fall"),
            "failed",
        ),
        (
            orders.DrillBypass(bypass="p1", drill="o-1"),
            told.BypassDrilled(bypass="p1", drill="other", ok=True),
            "sent",
        ),
        (
            orders.AnswerCall(line="p1"),
            told.OrderRefused(line="p1", order="answer", why="no call"),
            "refused",
        ),
        (orders.AnswerCall(line="p1"), told.OrderRefused(line="p2", order="answer", why="no call"), "sent"),
    ],
)
def test_the_fact_that_answers_an_order(order, fact, state):
    after, id = given(order).heard("gw-a", fact, 2.0)
    row = after.rows["o-1"]
    assert (row.state, row.over, id) == (state, state != "sent", "o-1" if state != "sent" else None)
    if row.over:
        assert row.fact == type(fact).__name__
        assert row.why == getattr(fact, "why", "")


def test_a_fact_of_another_gateway_answers_nothing():
    after, id = given(orders.AnswerCall(line="p1")).heard("gw-b", told.CallAnswered(line="p1", call=1), 2.0)
    assert (after.rows["o-1"].over, id) == (False, None)


def test_the_oldest_order_that_waits_is_answered_first():
    both = given(orders.AnswerCall(line="p1"), "o-2", known=given(orders.AnswerCall(line="p1")))
    after, id = both.heard("gw-a", told.CallAnswered(line="p1", call=1), 2.0)
    assert (id, after.rows["o-1"].over, after.rows["o-2"].over) == ("o-1", True, False)


@pytest.mark.parametrize(
    ("order", "said", "state", "over"),
    [
        (orders.AnswerCall(line="p1"), "accepted", "accepted", False),
        (orders.AnswerCall(line="p1"), "rejected", "rejected", True),
        (orders.AnswerCall(line="p1"), "expired", "expired", True),
        (orders.AnswerCall(line="p1"), "dup", "sent", False),
        (orders.SendTones(line="p1", digits="1"), "accepted", "accepted", True),
        (orders.SendTones(line="p1", digits="1"), "running", "running", False),
    ],
)
def test_the_receipt_of_the_gateway(order, said, state, over):
    row = given(order).result(CommandResult(id="o-1", s=said, why="w"), 2.0).rows["o-1"]
    assert (row.state, row.over) == (state, over)


def test_what_has_ended_stays_as_it_ended():
    after, _ = given(orders.AnswerCall(line="p1")).heard("gw-a", told.CallAnswered(line="p1", call=1), 2.0)
    assert after.result(CommandResult(id="o-1", s="done"), 3.0) is after
    assert after.result(CommandResult(id="none", s="done"), 3.0) is after


def test_the_newest_stay():
    known = Orders()
    for number in range(ORDERS_MOST + 3):
        known = given(orders.AnswerCall(line="p1"), f"o-{number}", known=known)
    assert (len(known.rows), len(known.sent), "o-2" in known.rows) == (ORDERS_MOST, ORDERS_MOST, False)


def test_every_order_of_the_field_is_known_here():
    elsewhere = {orders.DialLeg, orders.OpenSession, orders.PlayClip, orders.StopClip, orders.PlayTone}
    assert set(FOLLOWS) == set(orders.ORDERS.values()) - elsewhere
