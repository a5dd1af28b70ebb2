"""`spillway broadcast --wait`: waits for the proofs of sound, not for ever; what was not heard is a failure."""

import json

import pytest

from central.broadcasts.messages import ClipTold
from central.cli import broadcast as command
from central.cli.tables import proof
from central.readmodels import ProofView
from link.contract import facts
from link.contract.field_facts import SoundProved
from tests.central.cli.conftest import Run, Town
from tests.central.cli.test_cli_commands import bad, good

WORDS = ("broadcast", "north", "--clip", "flood", "--channel", "test", "--wait", "--json")


def play(town: Town, verdict: str | None) -> None:
    """The loudspeaker begins, ends and is proved."""
    target = next(iter(town.desk.machines["b-1"].targets.values()))
    known = {"play": target.play, "line": "pa1"}
    started = facts.ClipStarted.model_validate(known | {"sha": town.desk.machines["b-1"].asked.clip.sha})
    town.desk.tell("b-1", ClipTold(target.gateway, started))
    ended = facts.ClipFinished.model_validate(known | {"result": "played", "played": 2.0})
    town.desk.tell("b-1", ClipTold(target.gateway, ended))
    if verdict is not None:
        told = SoundProved.model_validate(known | {"verdict": verdict, "share": 0.04, "rise": 1.0})
        town.later(0.2, lambda: town.desk.tell("b-1", ClipTold(target.gateway, told)))


@pytest.mark.parametrize("verdict", ["silent", "partly"])
def test_what_was_not_heard_whole_is_a_failure_with_its_figures(town: Town, run: Run, verdict: str) -> None:
    town.desk.play_at_once = False
    town.when(town.waited_for, lambda: play(town, verdict))
    result = run(*WORDS)
    bad(result, 1, f"gw-north/pa1 proven {verdict} (4 %, +1 dB)")
    assert json.loads(result.stdout)["targets"][0]["proof"]["verdict"] == verdict


def test_what_cannot_be_measured_is_no_failure(town: Town, run: Run) -> None:
    town.desk.play_at_once = False
    town.when(town.waited_for, lambda: play(town, "unknown"))
    assert good(run(*WORDS))["targets"][0]["proof"]["verdict"] == "unknown"


def test_the_wait_for_a_proof_has_an_end(town: Town, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PROOF_PATIENCE", 0.3)
    town.desk.play_at_once = False
    town.when(town.waited_for, lambda: play(town, None))
    seen = good(run(*WORDS))
    assert (seen["state"], seen["proving"]) == ("done", True)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (None, ""),
        (ProofView(verdict="unknown", why="relay only"), "unknown (relay only)"),
        (ProofView(verdict="played", share=0.976, rise=21.4), "played (98 %, +21 dB)"),
        (ProofView(verdict="unknown"), "unknown"),
    ],
)
def test_a_proof_in_words(view: ProofView | None, words: str) -> None:
    assert proof(view).plain == words
