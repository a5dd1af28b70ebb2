"""`spillway fleet`: gateways with their updates, bundles from files, roll-outs in the words of the contract."""

import json
import sys
from pathlib import Path

import pytest

from central.__main__ import main as central_main
from central.cli import fleet, fleet_core, fleet_tables
from central.readmodels import GatewayView
from central.update_models import UpdateView


def bundle(folder: Path, text: str = "good 2.5\n") -> str:
    (folder / "gateway.raucb").write_text(text)
    return str(folder / "gateway.raucb")


def started(run, *words: str) -> dict:
    done = run("fleet", "rollout", "start", *words, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_bundle_is_sent_once_and_known_by_its_version(town, run, tmp_path):
    assert fleet.app.info.help and fleet_core.SEND_PATIENCE > 60
    done = run("fleet", "bundle", "add", bundle(tmp_path))
    assert (done.exit_code, "2.5" in done.stdout, "rollout start 2.5" in done.stderr) == (0, True, True)
    town.desk.updates._shelf.settings = None  # whatever is sent now is refused
    first = json.loads(run("fleet", "bundle", "add", bundle(tmp_path), "--json").stdout)
    held = json.loads(run("fleet", "bundle", "list", "--json").stdout)
    assert [each["version"] for each in held] == ["2.0", "3.0", "2.5"] and held[2] == first
    assert first["name"] == "gateway.raucb"
    assert run("fleet", "bundle", "remove", "2.5").exit_code == 0
    assert "2.5" not in run("fleet", "bundle", "list").stdout


def test_a_stranger_s_bundle_and_a_file_that_is_not_there_are_refused_in_words(town, run, tmp_path):
    done = run("fleet", "bundle", "add", bundle(tmp_path, "stranger\n"))
    assert done.exit_code == 1 and "signed by a key that this centre does not believe" in done.stderr
    assert run("fleet", "bundle", "add", str(tmp_path / "none.raucb")).exit_code == 2
    done = run("fleet", "rollout", "start", "9.9")
    assert done.exit_code == 2 and "no file 9.9 and no such bundle; the centre holds: 2.0, 3.0" in done.stderr


def test_a_roll_out_from_a_file_to_its_end_of_words(town, run, tmp_path):
    begun = started(
        run,
        bundle(tmp_path),
        *("--gateway", "gw-north", "--gateway", "gw-south", "--window", "1-4", "--gate", "90"),
    )
    assert (begun["version"], begun["state"], begun["window"]) == ("2.5", "running", [1, 4])
    assert begun["gate_s"] == 90
    shown = run("fleet", "rollout", "show", begun["id"])
    assert "ring 1 of 2, under way" in shown.stdout and "gw-south" in shown.stdout
    assert "paused by wang" in run("fleet", "rollout", "pause", begun["id"]).stdout
    assert run("fleet", "rollout", "pause", begun["id"]).exit_code == 1
    assert "under way" in run("fleet", "rollout", "resume", begun["id"]).stdout
    assert "left out" in run("fleet", "rollout", "leave-out", begun["id"], "gw-north").stdout
    assert "stopped: by wang" in run("fleet", "rollout", "stop", begun["id"]).stdout
    listed = json.loads(run("fleet", "rollout", "list", "--json").stdout)
    assert listed[0]["id"] == begun["id"] and listed[0]["state"] == "stopped"
    assert begun["id"] in run("fleet", "rollout", "list").stdout


def test_rings_by_hand_and_the_first_one(town, run):
    begun = started(run, "2.0", "--ring", "gw-south", "--ring", "gw-north")
    assert [(each["gateway"], each["ring"]) for each in begun["members"]] == [
        ("gw-south", 1),
        ("gw-north", 2),
    ]
    town.desk.updates._book.rollouts.clear()
    begun = started(run, "aaaaaa", "--first", "gw-south")
    assert begun["members"][0]["gateway"] == "gw-south" and begun["gateways"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--window", "1 to 4"), "no window"),
        (("--window", "1-24"), "no window"),
        (("--ring", "gw-north", "--gateway", "gw-south"), "rings name all their gateways"),
        (("--gateway", "gw-north", "--gateway", "gw-north"), "named twice"),
        (("--gateway", "NO SUCH"), "gateways.0"),
        (("--gate", "5"), "greater than or equal to 30"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(town, run, words, said):
    done = run("fleet", "rollout", "start", "2.0", *words)
    assert done.exit_code == 2 and said in done.stderr


def test_the_fleet_list_has_the_state_of_the_update(town, run):
    told = UpdateView(job="u-1", version="3.0", phase="streaming", pct=40, why="the line broke")
    plain = town.desk.view

    def updating():
        view = plain()
        north = view.gateways[0]
        reported = north.reported.model_copy(update={"update": told})
        north = north.model_copy(update={"reported": reported})
        return view.model_copy(update={"gateways": (north, *view.gateways[1:])})

    town.desk.view = updating
    shown = run("fleet", "list").stdout
    for words in ("gw-north", "3.0 (u-1)", "streaming", "40 %", "the line broke", "gw-south"):
        assert words in shown
    rows = json.loads(run("fleet", "list", "--json").stdout)
    assert rows[0]["reported"]["update"]["phase"] == "streaming" and rows[1]["reported"]["update"] is None


def test_a_phase_has_its_colour():
    good = UpdateView(job="u-1", version="3.0", phase="good", pct=100)
    view = GatewayView.model_validate({"gateway": "gw-a", "online": True, "reported": {"update": good}})
    assert fleet_tables.fleet([view]).row_count == 1
    assert [str(fleet_tables._word(each).style) for each in ("good", "failed")] == ["green", "red"]


def test_the_centres_own_program_has_the_same_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("fleet", "rollout", "start", "--help"), ("gateway", "new", "--help")):
        monkeypatch.setattr(sys, "argv", ["central", *words])
        with pytest.raises(SystemExit) as ended:
            central_main()
        assert ended.value.code == 0
        assert f"central {' '.join(words[:-1])}" in capsys.readouterr().out
