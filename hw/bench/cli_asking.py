"""How the bench's commands ask the bench and answer whoever typed them: where it is, exit codes, words or JSON.

It finds the bench through SPILLWAY_TOWN or ./.town/town.json, or by --bench. Exit codes: 0 good, 1 the bench
refused, 2 wrong usage, 3 no bench answers.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from hw.bench.client import BenchAway, BenchRefused, Reply, ask
from link.contract.ids import LineRef

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
AtBench = Annotated[
    Path | None, typer.Option("--bench", metavar="SOCKET", help="Control socket of the bench.")
]


def line_ref(device: str) -> str:
    """A full line name, or a usage error."""
    try:
        return str(LineRef.parse(device))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="GATEWAY/LINE") from None


def asked(bench: Path | None, as_json: bool, op: str, wait_s: float, **fields: Any) -> Reply:
    """One request to the bench, or the end of the command."""
    path = bench or _socket(as_json)
    try:
        return ask(path, op, wait_s=wait_s, **fields)
    except BenchRefused as error:
        raise ended(1, str(error), str(path), "see `spillway bench list`", as_json) from None
    except BenchAway as error:
        raise ended(3, str(error), str(path), "start the town with scripts/run", as_json) from None


def _socket(as_json: bool) -> Path:
    named = os.environ.get("SPILLWAY_TOWN")
    note = Path(named) if named else Path(".town") / "town.json"
    note = note / "town.json" if note.is_dir() else note
    try:
        return note.parent / Path(json.loads(note.read_text(encoding="utf-8"))["bench"])
    except FileNotFoundError:
        advice = "start the town with scripts/run, or name the bench with --bench"
        raise ended(3, "no town runs here", str(note), advice, as_json) from None
    except (OSError, ValueError, KeyError, TypeError):
        advice = "a town with bench hardware writes it; name the bench with --bench"
        raise ended(2, "the town's note names no bench", str(note), advice, as_json) from None


def ended(code: int, what: str, where: str, advice: str, as_json: bool) -> typer.Exit:
    """How a command ends that cannot go on: says why and gives the exit code."""
    if as_json:
        sys.stderr.write(json.dumps({"what": what, "where": where, "advice": advice}) + "\n")
    else:
        sys.stderr.write(f"spillway: {what} [{where}]\n  {advice}\n")
    return typer.Exit(code)


def show(result: Any, as_json: bool, words: Callable[[Any], str]) -> None:
    """A model as JSON or in words."""
    if as_json:
        print_json(result.model_dump())
    else:
        sys.stdout.write(words(result) + "\n")


def print_json(value: object) -> None:
    """A value as JSON."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
