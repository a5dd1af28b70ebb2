"""The technician's command line: what it prints, how it ends, and that the three processes start as ever."""

import json
import sys
from pathlib import Path

import pytest

from firmware import __main__ as entry
from firmware.technician import cli
from firmware.technician.keying import output_of
from firmware.technician.trouble import CannotDo
from hw.board import load_board

BOARDS = Path(__file__).parents[3] / "docs" / "boards"
ANALOG = BOARDS / "analog-radio.toml"


def test_the_wiring_sheet_as_text_as_json_and_drawn(tmp_path, capsys):
    assert cli.main(["wiring", str(ANALOG), "--svg", str(tmp_path / "sheet.svg")]) == 0
    assert capsys.readouterr().out.startswith("WIRING SHEET  board analog-radio (real)")
    assert (tmp_path / "sheet.svg").read_text().startswith("<svg ")
    assert cli.main(["wiring", str(ANALOG), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "analog-radio"


def test_what_could_not_be_run_ends_with_2_and_says_why(tmp_path, capsys):
    for words in (["wiring", str(tmp_path / "none")], ["doctor", "--config", str(tmp_path / "none")]):
        assert cli.main(words) == 2
        assert "none" in capsys.readouterr().err
    assert cli.main(["wiring", str(ANALOG), "--svg", str(tmp_path / "no" / "sheet.svg")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor"])
    assert ended.value.code == 2


def test_faults_end_with_1(tmp_path, capsys):
    (tmp_path / "gateway.toml").write_text("gateway = 'x'\n")
    assert cli.main(["doctor", "--config", str(tmp_path / "gateway.toml"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == 1


def test_the_one_command_leads_to_the_technician_s_and_to_the_processes(monkeypatch, capsys):
    assert not cli.COMMANDS.keys() & {"run", "voice", "guard"}
    monkeypatch.setattr(sys, "argv", ["gateway", "wiring", str(ANALOG)])
    assert entry.main() == 0 and "WIRING SHEET" in capsys.readouterr().out
    started = []
    monkeypatch.setattr(entry, "set_up", lambda *words, **more: started.append(words))
    monkeypatch.setattr(entry, "guard", lambda config: started.append(config) or 0)
    monkeypatch.setattr(sys, "argv", ["gateway", "--config", "a/gw.toml", "guard", "--verbose"])
    assert entry.main() == 0 and started == [("guard@gw", True), Path("a/gw.toml")]


def test_lines_whose_driver_keys_them_are_refused_with_the_way_to_do_it():
    analog, trunked = load_board(ANALOG), load_board(BOARDS / "trunked-and-shortwave.toml")
    assert output_of(analog, "r1").name == "r1.ptt" and output_of(analog, "pa1").name == "pa1.amp"
    assert output_of(trunked, "hf1").kind == "rig"
    with pytest.raises(CannotDo, match="switched by its driver in the running gateway"):
        output_of(trunked, "t1")
    with pytest.raises(CannotDo, match="there is: t1, m1, hf1"):
        output_of(trunked, "r9")
