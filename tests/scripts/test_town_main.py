"""The arguments of scripts/run and what is said about bad ones; nothing is started."""

import sys
from dataclasses import replace

import pytest

from scripts.town import __main__ as program
from scripts.town.plan import TownPlan, default_plan
from scripts.town.stages import TownError


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["scripts/run", *words])
    return program.main()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sabotage", "x"), "--sabotage needs --once"),
        (("--api-port", "70000"), "--api-port 70000: a port is 1 to 65535"),
        (("--once", "--sabotage", "nonsense"), "no sabotage 'nonsense'; known: "),
        (("--what",), "unrecognized arguments: --what"),
    ],
)
def test_bad_arguments_end_with_2_and_a_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as end:
        call(monkeypatch, *words)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_a_town_that_cannot_be_made_ends_with_2_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise TownError("a town runs here already")

    monkeypatch.setattr(program.Town, "create", refuse)
    assert call(monkeypatch) == 2
    assert capsys.readouterr().err == "town: a town runs here already\n"


@pytest.mark.parametrize("words", [(), ("--plain",)])
def test_a_town_is_plain_when_asked_for(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    made: list[bool] = []

    def note(folder: object, plan: TownPlan, *_: object) -> None:
        made.append(plan.plain)
        raise TownError("seen")

    secured = replace(default_plan(), plain=False)
    monkeypatch.setattr(program, "load_town", lambda path: secured)
    monkeypatch.setattr(program.Town, "create", note)
    assert call(monkeypatch, *words) == 2
    assert made == [bool(words)]


def test_sabotage_is_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from scripts.town import sabotage

    assert call(monkeypatch, "--list-sabotage") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(sabotage.NAMES)
