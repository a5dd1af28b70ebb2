"""Broadcast: what gateways prove of their sound is shown, decides the end too, and is waited for, not for ever."""

import pytest

from central.broadcasts.messages import Changed, ClipTold
from central.broadcasts.target import ANSWER_LIMIT, NO_PROOF, PROOF_WITHIN
from central.broadcasts.view import resumed, view
from central.readmodels import BroadcastView
from link.contract.field_facts import SoundProved
from tests.central.broadcasts.bench import LINES, Bench


def prove(bench: Bench, line: str, verdict: str, **more: object) -> None:
    gateway, _, name = line.partition("/")
    fact = {"play": f"b1.{name}", "line": name, "verdict": verdict} | more
    bench.tell(ClipTold(gateway, SoundProved.model_validate(fact)))


def played() -> Bench:
    bench = Bench("test")
    for line in LINES:
        bench.answer(line)
        bench.started(line)
        bench.finished(line)
    return bench


def test_the_figures_of_a_proof_are_shown_as_they_come():
    bench = played()
    assert bench.machine.proving
    prove(bench, LINES[0], "played", why="microphone", share=0.97, correlation=0.9, rise=21.0)
    shown = view(bench.machine).targets[0].proof
    assert shown is not None
    assert (shown.verdict, shown.why, shown.share, shown.correlation, shown.rise) == (
        "played",
        "microphone",
        0.97,
        0.9,
        21.0,
    )
    assert bench.of(Changed)[-1].broadcast == "b1"
    assert view(bench.machine).targets[1].proof is None


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        (["played", "played", "played"], "done"),
        (["unknown", "unknown", "unknown"], "done"),
        (["played", "silent", "played"], "partly"),
        (["partly", "played", "played"], "partly"),
        (["partly", "partly", "partly"], "partly"),
        (["silent", "silent", "silent"], "failed"),
    ],
)
def test_what_is_proven_silent_was_not_played(verdicts, state):
    bench = played()
    assert bench.machine.state == "done"
    for line, verdict in zip(LINES, verdicts, strict=True):
        prove(bench, line, verdict)
    assert bench.machine.state == state
    assert not bench.machine.proving
    bench.wait(ANSWER_LIMIT)
    assert bench.machine.deadline is None


def test_a_proof_that_does_not_come_is_unknown_and_waited_for_no_longer():
    bench = played()
    bench.wait(PROOF_WITHIN + 0.1)
    assert not bench.machine.proving
    assert {target.proof.why for target in bench.machine.targets.values() if target.proof} == {NO_PROOF}
    assert bench.machine.state == "done"
    prove(bench, LINES[0], "silent")
    assert bench.machine.state == "partly", "late, but true"


def test_the_first_proof_counts():
    bench = played()
    prove(bench, LINES[0], "silent")
    prove(bench, LINES[0], "played")
    assert bench.machine.targets[LINES[0]].proof.verdict == "silent"


def test_a_proof_of_another_playing_changes_nothing():
    bench = played()
    bench.tell(ClipTold("gw-a", SoundProved(play="b9.pa1", line="pa1", verdict="silent")))
    assert bench.machine.targets[LINES[0]].proof is None


def test_nothing_is_awaited_of_what_never_began_to_sound():
    bench = Bench("test")
    for line in LINES:
        bench.answer(line)
        bench.finished(line, "failed", 0.0)
    assert not bench.machine.proving


def test_a_restarted_core_knows_the_proofs():
    bench = played()
    prove(bench, LINES[0], "silent", rise=1.0)
    seen = BroadcastView.model_validate_json(view(bench.machine).model_dump_json())
    again = resumed(seen, 5000.0, seen.created_wall + 60.0)
    assert again.targets[LINES[0]].proof == bench.machine.targets[LINES[0]].proof
    assert again.targets[LINES[1]].proof is None
