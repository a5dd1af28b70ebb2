"""How the bench's commands end: codes and words, in JSON too."""

import json

import pytest
import typer

from hw.bench.cli_asking import ended, line_ref
from hw.bench.cli_people import add_people


def test_an_end_says_what_where_and_a_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(3, "no bench", "b.sock", "start one", False).exit_code == 3
    assert capsys.readouterr().err == "spillway: no bench [b.sock]\n  start one\n"
    assert ended(1, "no", "b", "a", True).exit_code == 1
    assert json.loads(capsys.readouterr().err) == {"what": "no", "where": "b", "advice": "a"}


def test_only_a_full_name_is_a_line() -> None:
    assert line_ref("gw1/r1") == "gw1/r1"
    with pytest.raises(typer.BadParameter, match="not a line"):
        line_ref("r1")


def test_every_act_has_its_command() -> None:
    app = typer.Typer()
    add_people(app)
    names = {command.name for command in app.registered_commands}
    assert {"call", "answer", "hang-up", "text", "status", "emergency", "position"} <= names
    assert {"contact", "level", "rain", "volts", "cable"} <= names
