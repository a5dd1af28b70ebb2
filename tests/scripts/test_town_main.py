"""The arguments of scripts/run and what is said about bad ones; nothing is started."""

import sys
from pathlib import Path

import pytest

from scripts.town import __main__ as program
from scripts.town.plan import TOWNS, TownPlan
from scripts.town.ports import EdgePorts, Ports
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


MODES = ((), ("--once",), ("--once", "--sabotage", "one-person"), ("--town", "relief"))


@pytest.mark.parametrize("words", MODES, ids=" ".join)
@pytest.mark.parametrize("more", [(), ("--plain",)], ids=("secured", "plain"))
def test_a_town_is_secured_in_every_mode_and_plain_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], more: tuple[str, ...]
) -> None:
    made: list[bool] = []

    def note(folder: object, plan: TownPlan, *_: object) -> None:
        made.append(plan.plain)
        raise TownError("seen")

    monkeypatch.setattr(program.Town, "create", note)
    assert call(monkeypatch, *words, *more) == 2
    assert made == [bool(more)]


def test_a_town_file_may_ask_for_a_plain_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[bool] = []

    def note(folder: object, plan: TownPlan, *_: object) -> None:
        made.append(plan.plain)
        raise TownError("seen")

    monkeypatch.setattr(program.Town, "create", note)
    shipped = (TOWNS / "two-radios.toml").read_text()
    for text in (f"plain = true\n{shipped}", shipped):
        (tmp_path / "mine.toml").write_text(text)
        assert call(monkeypatch, "--town", str(tmp_path / "mine.toml")) == 2
    assert made == [True, False]


@pytest.mark.parametrize("plain", [True, False])
async def test_a_plain_town_says_so_in_red_once_it_is_ready(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, plain: bool
) -> None:
    class Ready:
        plan = TownPlan((), plain=plain)
        units: tuple[str, ...] = ()
        folder, api = Path("/town"), "http://127.0.0.1:1"
        ports = Ports(1, 2, 4, edge=None if plain else EdgePorts(5060, 5061, 5062, 5063))

        async def start(self) -> None:
            """It did."""

        wait_ready = start

    await program._start(Ready())  # type: ignore[arg-type]
    said = capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    await program._start(Ready())  # type: ignore[arg-type]
    drawn = capsys.readouterr().out
    assert ("register at 127.0.0.1:5060 (UDP) or 127.0.0.1:5061 (TLS)" in said) is not plain
    assert ("PLAIN: nothing is signed or encrypted\n" in said) is plain and "\x1b" not in said
    assert ("\x1b[1;31mPLAIN: nothing is signed or encrypted\x1b[0m" in drawn) is plain


def test_sabotage_is_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from scripts.town import sabotage

    assert call(monkeypatch, "--list-sabotage") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(sabotage.NAMES)
