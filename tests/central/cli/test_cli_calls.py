"""`spillway call` against a real API."""

import json

from central.cli import call as commands
from tests.central.cli.conftest import Run, Town


def test_calls_are_listed_dialled_transferred_and_ended(town: Town, run: Run) -> None:
    shown = run("call", "list")
    assert "Duty room 2001" in shown.stdout
    made = json.loads(run("call", "dial", "2004", "2005", "--json").stdout)
    assert made["state"] == "ringing"
    assert "2003 ringing" in run("call", "transfer", "c-1", "2003", "--leaving", "2002").stdout
    ended = json.loads(run("call", "end", made["id"], "--json").stdout)
    assert (ended["state"], ended["why"]) == ("ended", "ended by wang")
    assert commands.table(()).row_count == 0


def test_two_calls_are_joined_and_a_refusal_says_why(town: Town, run: Run) -> None:
    joined = json.loads(run("call", "join", "c-1", "c-2", "--common", "2002", "--stays", "--json").stdout)
    assert [party["number"] for party in joined["parties"]] == ["2001", "2002", "2003"]
    refused = run("call", "transfer", "c-1", "2003", "--leaving", "2009")
    assert refused.exit_code == 1
    assert "cannot transfer" in refused.stderr
