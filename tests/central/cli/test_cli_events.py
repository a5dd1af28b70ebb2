"""`spillway events`: what it prints, and the bytes it writes."""

import json
from pathlib import Path
from typing import Any

from typer.testing import Result

from central.cli import events, link_tables
from central.link_models import EventView, QuarantineView
from central.view import View
from tests.central.api.fake_events import ENTRY, EVENT
from tests.central.cli.conftest import Run, Town

assert events.app and link_tables.events and issubclass(EventView, View)


def good(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_events(town: Town, run: Run) -> None:
    assert [EventView.model_validate(each) for each in good(run("events", "list", "--json"))] == [EVENT]
    assert good(run("events", "list", "--gateway", "gw-south", "--json")) == []
    shown = run("events", "list").stdout
    for word in ("LineOpened", "line=r1", "evt 12", "1970", "none"):
        assert word in shown, shown


def test_links(town: Town, run: Run) -> None:
    shown = run("events", "links").stdout
    for word in ("gw-north", "13", "61 s", "4d", "12", "15"):
        assert word in shown, shown
    assert [each["gateway"] for each in good(run("events", "links", "--gateway", "gw-north", "--json"))] == [
        "gw-north"
    ]


def test_the_quarantine_and_its_bytes(town: Town, run: Run, tmp_path: Path) -> None:
    rows = good(run("events", "quarantine", "--json"))
    assert [QuarantineView.model_validate(each) for each in rows] == [ENTRY]
    shown = run("events", "quarantine", "--gateway", "gw-north").stdout
    assert "batch version 2" in shown and "01920200" in shown
    to = tmp_path / "raw"
    assert good(run("events", "raw", "3", "--to", str(to), "--json"))["bytes"] == 4
    assert to.read_bytes() == bytes.fromhex(ENTRY.head)
    missing = run("events", "raw", "9", "--to", str(to))
    assert missing.exit_code == 1 and "there is no entry 9" in missing.stderr
    nowhere = run("events", "raw", "3", "--to", str(tmp_path / "no" / "where"))
    assert nowhere.exit_code == 2 and "cannot be written" in nowhere.stderr
