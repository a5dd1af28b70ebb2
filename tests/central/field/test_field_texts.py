"""Texts: each once, forward only, bounded."""

from hypothesis import given
from hypothesis import strategies as st

from central.field.texts import TEXTS_MOST, TextRow, Texts
from link.contract import field_facts as told

SENT, DELIVERED = told.TextSent(line="p1", id="o-1"), told.TextDelivered(line="p1", id="o-1")
FAILED = told.TextFailed(line="p1", id="o-1", why="no service")
UNSURE = told.TextFailed(line="p1", id="o-1", why="no answer", sure=False)


def out(id: str = "o-1", at: float = 1.0) -> TextRow:
    row = {
        "id": id,
        "line": "gw-a/p1",
        "direction": "out",
        "number": "10086",
        "text": "水位",
        "state": "ordered",
    }
    return TextRow.model_validate({**row, "at_wall": at, "changed_wall": at})


def after(*facts) -> TextRow:
    texts = Texts().ordered(out())
    for fact in facts:
        texts, _ = texts.heard("gw-a", fact, 2.0)
    return texts.rows["o-1"]


def test_a_text_is_ordered_accepted_sent_and_delivered():
    texts = Texts().ordered(out()).result("o-1", True, "accepted", 2.0)
    assert texts.rows["o-1"].state == "accepted"
    assert [after(SENT).state, after(SENT, DELIVERED).state] == ["sent", "delivered"]


def test_a_late_sent_does_not_undo_a_delivery_and_a_delivery_corrects_a_doubtful_failure():
    assert after(DELIVERED, SENT).state == "delivered"
    assert (after(UNSURE).state, after(UNSURE).sure, after(UNSURE).why) == ("failed", False, "no answer")
    good = after(UNSURE, DELIVERED)
    assert (good.state, good.sure, good.why) == ("delivered", True, "")
    assert after(SENT, FAILED).state == "failed"


def test_a_rejected_order_is_a_failed_text():
    row = Texts().ordered(out()).result("o-1", False, "expired", 2.0).rows["o-1"]
    assert (row.state, row.why) == ("failed", "expired")


def test_a_text_that_is_told_again_is_the_same_text():
    came = told.TextArrived(line="p1", key="k", sender="10086", text="水位", how="sms")
    texts, id = Texts().heard("gw-a", came, 5.0)
    again, none = texts.heard("gw-a", came, 6.0)
    assert (id, none, again) == ("gw-a/p1:k", None, texts)
    row = texts.rows[id]
    assert (row.line, row.number, row.text, row.state, row.direction) == (
        "gw-a/p1",
        "10086",
        "水位",
        "arrived",
        "in",
    )
    elsewhere, other = texts.heard("gw-b", came, 6.0)
    assert other == "gw-b/p1:k" and len(elsewhere.rows) == 2


def test_facts_of_texts_that_are_not_known_change_nothing():
    texts, id = Texts().heard("gw-a", SENT, 1.0)
    assert (texts.rows, id) == ({}, None)


def test_the_newest_stay_and_are_shown_first():
    texts = Texts()
    for number in range(TEXTS_MOST + 3):
        texts = texts.ordered(out(f"o-{number}", float(number)))
    assert len(texts.rows) == TEXTS_MOST
    assert [row.id for row in texts.newest(2)] == [f"o-{TEXTS_MOST + 2}", f"o-{TEXTS_MOST + 1}"]
    assert texts.newest(5, line="gw-x/p1") == ()


@given(st.lists(st.sampled_from([SENT, DELIVERED, FAILED, UNSURE]), max_size=8))
def test_in_every_order_of_news_a_delivered_text_stays_delivered(history):
    assert (after(*history).state == "delivered") == (DELIVERED in history)
