"""Commands of the field: what they send, print and refuse."""

import json
from typing import Any

import pytest
from typer.testing import Result

from central.api.changes import CHANGE, NoticeNow
from central.cli import field_tables, inputs, line, phone, rig, text
from central.cli.giving import followed
from central.cli.refusals import Misused
from central.cli.watch import applied
from central.field_models import LineFieldView, OrderView, SiteView, TextView
from tests.central.api.fake_field import PHONE, SITE, TEXT
from tests.central.cli.conftest import Run, Town

assert all(part.app for part in (inputs, line, phone, rig, text)) and followed


def good(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def bad(result: Result, code: int, *words: str) -> None:
    assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr)
    for word in words:
        assert word in result.stderr, result.stderr


def test_lines(town: Town, run: Run) -> None:
    assert [LineFieldView.model_validate(each) for each in good(run("line", "list", "--json"))] == list(
        SITE.lines
    )
    shown = run("line", "list").stdout
    for word in (
        "not registered",
        "4/5 -85 dBm",
        "7.1 MHz LSB",
        "ringing from +8613812345678",
    ):
        assert word in shown
    assert "Boat 3 (2001)" in shown
    assert LineFieldView.model_validate(good(run("line", "show", "gw-sat/p1", "--json"))) == PHONE
    shown = run("line", "show", "gw-sat/t1").stdout
    assert "30.50000 N 120.25000 E ± 20 m" in shown and "emergency" in shown
    bad(run("line", "show", "gw-sat/p2"), 1, "there is no line 'gw-sat/p2'", "did you mean 'gw-sat/p1'?")


def test_inputs_and_bypasses(town: Town, run: Run) -> None:
    assert SiteView.model_validate(good(run("input", "list", "--json"))[0]) == SITE
    shown = run("input", "list").stdout
    for word in (
        "battery 11.9 V",
        "active (open)",
        "12.34 m",
        "8 s",
        "no answer",
        "4.2 mm/h, 17.4 mm in all",
    ):
        assert word in shown
    assert good(run("bypass", "list", "--json"))[0]["bypass"] == "gw-sat/trunk1"
    assert "at the gateway" in run("bypass", "list").stdout


def test_texts(town: Town, run: Run) -> None:
    assert TextView.model_validate(good(run("text", "list", "--json"))[0]) == TEXT
    shown = run("text", "list", "--line", "gw-sat/p1").stdout
    assert "no service (it may have arrived)" in shown and "水位 12.3 m" in shown


@pytest.mark.parametrize(
    ("words", "order", "fields"),
    [
        ("line group gw-sat/t1 1001", "group", {"group": "1001"}),
        (
            "rig tune gw-sat/hf1 --frequency 7.1MHz --mode lsb",
            "tune",
            {"frequency_hz": 7_100_000, "mode": "LSB"},
        ),
        ("phone dial gw-sat/p1 +8613812345678", "dial", {"number": "+8613812345678"}),
        ("phone answer gw-sat/p1", "answer", {}),
        ("phone hang-up gw-sat/p1", "hang-up", {}),
        ("phone tones gw-sat/p1 1a#", "tones", {"digits": "1A#"}),
        ("text send gw-sat/p1 10086 水位", "text", {"number": "10086", "text": "水位"}),
        ("text status gw-sat/t1 2001 9", "status", {"number": "2001", "status": 9}),
        ("bypass set gw-sat/trunk1 off", "bypass-set", {"on": False}),
        ("bypass drill gw-sat/trunk1 --seconds 3", "bypass-drill", {"seconds": 3.0}),
    ],
)
def test_orders(town: Town, run: Run, words: str, order: str, fields: dict[str, object]) -> None:
    view = OrderView.model_validate(good(run(*words.split(), "--wait", "--json", "--as", "li")))
    assert (view.what, view.state, view.by, view.order) == (order, "obeyed", "li", fields)
    asked, _ = town.desk.field.asked[-1]
    assert (asked.order, asked.subject) == (order, words.split()[2])
    assert "followed by" in run(*words.split()).stdout


def test_an_order_is_waited_for_and_its_refusal_fails(town: Town, run: Run) -> None:
    field = town.desk.field
    field.at_once, field.ending = False, ("refused", "no call rings", "OrderRefused")
    town.when(lambda: "o-1" in field.given and town.listening(), lambda: field.end("o-1"))
    bad(run("phone", "answer", "gw-sat/p1", "--wait"), 1, "gw-sat/p1 did not answer: no call rings")
    view = good(run("phone", "answer", "gw-sat/p1", "--json"))
    assert (view["state"], view["over"]) == ("sent", False)


def test_an_order_that_nothing_follows_fails_when_patience_ends(
    town: Town, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.desk.field.at_once = False
    monkeypatch.setattr("central.cli.giving.PATIENCE", 0.3)
    bad(run("phone", "answer", "gw-sat/p1", "--wait"), 1, "nothing followed within 0.3 s; it is sent")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("rig tune gw-sat/hf1 --frequency fast", 2, "write 7.1MHz, 7100kHz or 7100000"),
        ("rig tune gw-sat/hf1 --frequency 7.1", 2, "is not a whole number of Hz"),
        ("rig tune gw-sat/hf1 --frequency 7100", 2, "a rig goes from 30 kHz to 60 MHz"),
        ("rig tune gw-sat/hf1 --mode SSB", 2, "mode"),
        ("rig tune gw-sat/hf1", 2, "nothing to tune"),
        ("phone dial gw-sat/p1 help", 2, "number"),
        ("phone tones gw-sat/p1 9X", 2, "digits"),
        ("phone dial gw-sat/p9 1", 1, "did you mean 'gw-sat/p1'?"),
    ],
)
def test_orders_that_cannot_be_given(town: Town, run: Run, words: str, code: int, said: str) -> None:
    bad(run(*words.split()), code, said)


@pytest.mark.parametrize(
    ("text", "hz"), [("7.1MHz", 7_100_000), ("7100 kHz", 7_100_000), ("7100000", 7_100_000)]
)
def test_frequencies(text: str, hz: int) -> None:
    assert rig.hertz(text) == hz
    assert field_tables.hertz(hz) == "7.1 MHz"
    with pytest.raises(Misused):
        rig.hertz("70MHz")


def test_a_notice_is_shown_by_watch(town: Town, run: Run) -> None:
    town.when(town.listening, town.desk.field.notice)
    lines = [CHANGE.validate_json(row) for row in run("watch", "--for", "2", "--json").stdout.splitlines()]
    news = [change for change in lines if isinstance(change, NoticeNow)]
    assert [each.notice.what for each in news] == ["emergency"]
    assert lines[0].sites == (SITE,)
    seen = applied(town.desk.view(), news[0])
    assert seen.notices == (news[0].notice,)
