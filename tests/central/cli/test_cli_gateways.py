"""Gateways as the command line shows them: a word and when they were heard, and what they have not taken in."""

import io

import pytest
from rich.console import Console

from central.cli.tables import ago, gateways
from central.desired_models import ReportedView, TriggerReadyView
from central.readmodels import GatewayView

NOW = 1_700_000_000.0


def shown(**fields: object) -> str:
    page = io.StringIO()
    view = GatewayView.model_validate({"gateway": "gw-north", "online": True, "state": "online", **fields})
    Console(file=page, width=140).print(gateways((view,), NOW))
    return page.getvalue()


def test_each_state_is_a_word_with_the_time_since_it_was_heard():
    assert "online 4s" in shown(heard_wall=NOW - 4.2)
    assert "late 3min" in shown(state="late", heard_wall=NOW - 190)
    assert "offline 5h" in shown(online=False, state="offline", heard_wall=NOW - 5 * 3600)
    assert "offline" in shown(online=False, state="offline")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0s"), (59.9, "59s"), (60, "1min"), (7199, "1h"), (3 * 86400, "3d")],
)
def test_how_long_ago(seconds: float, words: str):
    assert ago(seconds) == words


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            ReportedView(rev_wanted=12, rev_seen=12, rev_applied=10, error="no file"),
            "12: 10 in force (no file)",
        ),
        (ReportedView(rev_wanted=12, rev_seen=11, rev_applied=11), "12: 11 in force (not reported yet)"),
        (ReportedView(rev_wanted=12, rev_seen=12, rev_applied=11), "12: 11 in force (waits for a file)"),
        (
            ReportedView(left_out=("trigger dam: there is no clip",)),
            "document: trigger dam: there is no clip",
        ),
        (
            ReportedView(triggers=(TriggerReadyView(trigger="dam", ready=False),)),
            "triggers without their clip: dam",
        ),
    ],
)
def test_what_it_has_not_taken_in_is_said(told: ReportedView, said: str):
    assert said in shown(reported=told.model_dump())


def test_a_gateway_that_has_taken_all_in_is_shown_without_a_remark():
    well = ReportedView(rev_wanted=12, rev_seen=12, rev_applied=12)
    assert "!" not in shown(reported=well.model_dump())
