"""The broadcast machine on a hand-turned clock: the ordinary courses, and what must hold over all of them."""

import pytest

from central.broadcasts.asked import Clip
from central.broadcasts.messages import (
    Approve,
    Cancel,
    Changed,
    ClipTold,
    Deliver,
    GatewayOffline,
    GatewayOnline,
    Keep,
    RecordEnd,
    RecordFrom,
    Result,
    Stop,
)
from central.broadcasts.target import ANSWER_LIMIT, PROOF_WITHIN, RESEND_AFTER
from central.broadcasts.view import view
from link.contract import facts
from tests.central.broadcasts.bench import LINES, SECONDS, SHA, Bench, asked


def test_a_test_broadcast_goes_out_at_once_and_is_done_when_all_have_played() -> None:
    bench = Bench("test")
    orders = bench.of(Deliver)
    assert [(o.gateway, o.order.line, o.order.play) for o in orders] == [
        ("gw-a", "pa1", "b1.pa1"),
        ("gw-a", "pa2", "b1.pa2"),
        ("gw-b", "pa1", "b1.pa1"),
    ]
    assert {o.channel for o in orders} == {"test"} and {o.ttl for o in orders} == {30}
    assert bench.machine.state == "sending"
    for line in LINES:
        bench.answer(line)
        bench.started(line)
    assert bench.machine.state == "playing"
    bench.wait(SECONDS)
    for line in LINES:
        bench.finished(line)
    assert bench.machine.state == "done" and bench.machine.over and bench.machine.settled
    bench.wait(PROOF_WITHIN)
    assert bench.machine.deadline is None
    assert not bench.of(Cancel)


def test_journal_and_recording_come_before_the_first_order_and_close_after_the_last_end() -> None:
    bench = Bench("test")
    kinds = [type(effect) for _, effect in bench.effects]
    assert kinds == [Keep, Changed, RecordFrom, Deliver, Deliver, Deliver]
    assert bench.of(RecordFrom)[0].legs == LINES
    for line in LINES:
        bench.finished(line)
    assert [k.kind for k in bench.of(Keep)] == [
        "broadcast.asked",
        *["broadcast.target-ended"] * 3,
        "broadcast.over",
    ]
    assert len(bench.of(RecordEnd)) == 1


def test_a_live_one_waits_for_a_second_person() -> None:
    bench = Bench("live")
    assert bench.machine.state == "waiting" and not bench.of(Deliver)
    bench.tell(Approve("wang"))
    bench.tell(Approve(" Wang "))
    bench.tell(Approve(""))
    assert not bench.of(Deliver) and bench.machine.state == "waiting"
    assert [k.kind for k in bench.of(Keep)][1:] == ["broadcast.approval-refused"] * 3
    bench.tell(Approve("li"))
    assert len(bench.of(Deliver)) == 3
    assert [a.by for a in view(bench.machine).approvals] == ["li"]


@pytest.mark.parametrize(
    ("prepare", "by", "words"),
    [
        (lambda b: None, "wang", "second, different person"),
        (lambda b: b.tell(Stop("li")), "li", "stopped by li"),
        (lambda b: b.wait(300.0), "li", "time is over"),
        (lambda b: b.tell(Approve("li")), "zhao", "approved already"),
        (lambda b: None, "  ", "needs a name"),
    ],
)
def test_an_objection_says_why(prepare: object, by: str, words: str) -> None:
    bench = Bench("live")
    prepare(bench)  # type: ignore[operator]
    assert words in bench.machine.objection(by, bench.now)


def test_nobody_approves_and_it_expires() -> None:
    bench = Bench("live")
    bench.wait(299.0)
    assert bench.machine.state == "waiting"
    bench.wait(2.0)
    assert bench.machine.state == "expired" and set(bench.states().values()) == {"undelivered"}
    bench.tell(Approve("li"))
    bench.tell(GatewayOnline("gw-a"))
    assert not bench.of(Deliver) and not bench.of(RecordFrom)


def test_an_order_without_receipt_is_sent_again_and_then_no_more() -> None:
    bench = Bench("test", window=300.0)
    bench.answer("gw-a/pa1")
    bench.answer("gw-a/pa2")
    bench.wait(60.0)
    times = [at - 1000.0 for at, e in bench.effects if isinstance(e, Deliver) and e.gateway == "gw-b"]
    assert times == [0.0, 2.0, 6.0, 14.0, 30.0] and len(times) == len(RESEND_AFTER) + 1


def test_to_thousands_an_order_has_time_to_leave_before_it_is_sent_again_or_given_up() -> None:
    """10,000 orders left within 28 s: each had been sent three times by then, and was given up when its turn came."""
    lines = tuple(f"gw-{number:05}/pa1" for number in range(3000))
    names = tuple(line.partition("/")[0] for line in lines)
    bench = Bench("test", names, window=300.0, targets=lines)
    bench.wait(16.9)
    assert len(bench.of(Deliver)) == len(lines)
    bench.wait(0.2)
    assert len(bench.of(Deliver)) == 2 * len(lines)
    bench.answer(lines[0])
    bench.wait(SECONDS + 15 + ANSWER_LIMIT - 0.2)
    assert bench.states()[lines[0]] == "accepted"
    bench.wait(0.4)
    assert bench.states()[lines[0]] == "unknown"


def test_who_took_the_order_late_has_his_time_from_then() -> None:
    bench = Bench("test", window=300.0)
    bench.wait(29.0)
    for line in LINES:
        bench.answer(line)
    bench.wait(SECONDS + ANSWER_LIMIT - 0.1)
    assert set(bench.states().values()) == {"accepted"}
    bench.wait(0.2)
    assert set(bench.states().values()) == {"unknown"}


def test_silence_ends_as_unknown_never_as_played_and_is_cancelled() -> None:
    bench = Bench("test")
    for line in LINES:
        bench.answer(line)
    bench.wait(SECONDS + ANSWER_LIMIT - 0.1)
    assert not bench.machine.over
    bench.wait(0.2)
    assert set(bench.states().values()) == {"unknown"} and bench.machine.state == "failed"
    assert {c.gateway for c in bench.of(Cancel)} == {"gw-a", "gw-b"} and not bench.machine.settled
    bench.finished("gw-a/pa1")
    target = bench.machine.targets["gw-a/pa1"]
    assert target.result == "unknown" and target.late == "played" and target.confirmed


def test_partly_when_one_loudspeaker_failed() -> None:
    bench = Bench("test")
    bench.finished("gw-a/pa1")
    bench.finished("gw-a/pa2", "failed", 0.0)
    bench.answer("gw-b/pa1", "rejected", "no such line")
    assert bench.machine.state == "partly"
    assert bench.machine.targets["gw-b/pa1"].why == "no such line"


def test_played_that_was_cut_short_is_a_failure() -> None:
    bench = Bench("test")
    bench.finished("gw-a/pa1", "played", 3.0)
    target = bench.machine.targets["gw-a/pa1"]
    assert target.result == "failed" and "cut short: 3.0 of 10.0" in target.why


def test_a_short_clip_of_which_the_card_took_nothing_was_not_played() -> None:
    bench = Bench("test", clip=Clip(SHA, 16_044, 0.5, "gong"))
    bench.finished("gw-a/pa1", "played", 0.0)
    assert bench.states()["gw-a/pa1"] == "failed"


def test_another_clip_than_ordered_is_a_failure_and_is_stopped() -> None:
    bench = Bench("test")
    bench.started("gw-a/pa1", "b" * 64)
    assert bench.machine.targets["gw-a/pa1"].result == "failed"
    assert [(c.gateway, c.order.play) for c in bench.of(Cancel)] == [("gw-a", "b1.pa1")]


def test_facts_of_another_playing_or_line_change_nothing() -> None:
    bench = Bench("test")
    before = bench.machine
    bench.tell(ClipTold("gw-a", facts.ClipFinished(play="b2.pa1", line="pa1", result="played", played=10.0)))
    bench.tell(ClipTold("gw-a", facts.ClipFinished(play="b1.pa1", line="pa9", result="played", played=10.0)))
    bench.tell(ClipTold("gw-c", facts.ClipFinished(play="b1.pa1", line="pa1", result="played", played=10.0)))
    bench.tell(Result("gw-a", facts.CommandResult(id="b1.pa10.0", s="rejected")))
    bench.tell(object())
    assert bench.machine == before


def test_an_offline_gateway_is_told_when_it_comes_and_undelivered_when_it_does_not() -> None:
    bench = Bench("test", online=("gw-a",))
    assert {d.gateway for d in bench.of(Deliver)} == {"gw-a"}
    bench.wait(20.0)
    bench.tell(GatewayOnline("gw-b"))
    assert [d.gateway for d in bench.of(Deliver)][-1] == "gw-b"
    late = Bench("test", online=("gw-a",))
    late.wait(300.0)
    assert late.machine.targets["gw-b/pa1"].state == "undelivered"
    late.tell(GatewayOnline("gw-b"))
    assert "gw-b" not in {d.gateway for d in late.of(Deliver)}


def test_a_gateway_that_was_born_again_is_told_again_with_the_same_play_and_a_new_command() -> None:
    bench = Bench("test")
    bench.answer("gw-b/pa1")
    bench.tell(GatewayOffline("gw-b"))
    bench.wait(5.0)
    bench.tell(GatewayOnline("gw-b"))
    told = [d for d in bench.of(Deliver) if d.gateway == "gw-b"]
    assert [d.order.play for d in told] == ["b1.pa1", "b1.pa1"]
    assert [d.id for d in told] == ["b1.pa1.0", "b1.pa1.1"]


def test_the_last_orders_live_no_longer_than_the_broadcast_may() -> None:
    bench = Bench("live", window=20.0)
    bench.wait(12.5)
    bench.tell(Approve("li"))
    assert {d.ttl for d in bench.of(Deliver)} == {7}
    tight = Bench("live", window=20.0)
    tight.wait(19.5)
    tight.tell(Approve("li"))
    assert not tight.of(Deliver)


# ---- stop --------------------------------------------------------------------------------------------------


def test_stop_reaches_every_delivered_target_and_waits_for_the_gateways() -> None:
    bench = Bench("test", online=("gw-a",))
    bench.started("gw-a/pa1")
    effects = bench.tell(Stop("li"))
    assert [(c.gateway, c.order.play) for c in effects if isinstance(c, Cancel)] == [
        ("gw-a", "b1.pa1"),
        ("gw-a", "b1.pa2"),
    ]
    assert bench.machine.state == "stopped" and not bench.machine.over
    assert bench.states()["gw-b/pa1"] == "stopped"
    bench.finished("gw-a/pa1", "stopped", 2.0)
    bench.stop_answer("gw-a/pa2")
    assert not bench.machine.over
    bench.wait(5.0)
    assert bench.machine.over and bench.states()["gw-a/pa2"] == "stopped"
    assert view(bench.machine).stopped_by == "li"


def test_stop_is_sent_again_without_a_receipt_and_when_the_gateway_returns() -> None:
    bench = Bench("test", online=("gw-a", "gw-b"))
    bench.tell(Stop("li"))
    bench.wait(10.0)
    sent = [c for c in bench.of(Cancel) if c.gateway == "gw-b"]
    assert len(sent) == 3 and len({c.id for c in sent}) == 3
    bench.wait(30.0)
    assert bench.states()["gw-b/pa1"] == "unknown" and not bench.machine.settled
    before = len(bench.of(Cancel))
    bench.tell(GatewayOnline("gw-b"))
    assert len(bench.of(Cancel)) == before + 1
    bench.finished("gw-b/pa1", "stopped", 1.0)
    assert bench.machine.targets["gw-b/pa1"].late == "stopped"


def test_a_receipt_nobody_waits_for_ends_nothing() -> None:
    bench = Bench("test", online=())
    bench.answer("gw-a/pa1", "rejected")
    bench.stop_answer("gw-a/pa1")
    bench.wait(10.0)
    bench.tell(GatewayOnline("gw-a"))
    assert bench.states()["gw-a/pa1"] == "ordered"
    assert [c.order.play for c in bench.tell(Stop("li")) if isinstance(c, Cancel)] == ["b1.pa1", "b1.pa2"]
    bench.tell(GatewayOnline("gw-a"))
    bench.stop_answer("gw-a/pa1", renewal=0)
    bench.wait(6.0)
    assert bench.states()["gw-a/pa1"] == "ordered", (
        "the gateway was born again: that receipt is worth nothing"
    )
    bench.stop_answer("gw-a/pa1")
    bench.wait(6.0)
    assert bench.states()["gw-a/pa1"] == "stopped"


def test_a_second_stop_is_a_new_command() -> None:
    bench = Bench("test", online=("gw-a",))
    bench.tell(Stop("li"))
    bench.tell(Stop("wang"))
    ids = [c.id for c in bench.of(Cancel)]
    assert len(ids) == len(set(ids)) == 4 and bench.machine.stopped_by == "li"


def test_stop_of_one_that_waits_means_nothing_was_ever_sent() -> None:
    bench = Bench("live")
    bench.tell(Stop("wang"))
    assert bench.machine.over and bench.machine.state == "stopped"
    bench.tell(Approve("li"))
    assert not bench.of(Deliver) and not bench.of(Cancel)


def test_stop_after_the_end_changes_nothing() -> None:
    bench = Bench("test")
    for line in LINES:
        bench.finished(line)
    bench.tell(Stop("li"))
    assert bench.machine.state == "done" and not bench.of(Cancel)


# ---- what may not be asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"targets": ()}, "no loudspeaker"),
        ({"targets": ("gw-a/pa1", "gw-a/pa1")}, "twice"),
        ({"by": " "}, "nobody"),
        ({"window": 0.5}, "window"),
        ({"window": 4000.0}, "window"),
        ({"id": "b.1"}, "dot"),
        ({"targets": ("pa1",)}, "GATEWAY/LINE"),
        ({"clip": Clip(SHA, 320_044, 4000.0)}, "seconds"),
    ],
)
def test_what_may_not_be_asked(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        asked(**more)
