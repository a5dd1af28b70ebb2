"""`python -m scripts.figures`: measures and prints; started by scripts/bench. Ends with 0 unless it cannot measure."""

import argparse
import asyncio
import json
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.figures import (
    authority,
    edges,
    families,
    legs,
    link,
    loudness,
    recorders,
    speech,
    squelch,
    start,
    voice,
)
from scripts.figures.figure import Figure
from scripts.town.ports import PortError
from scripts.town.ready import NotReady
from scripts.town.stages import TownError
from scripts.town.unit import UnitFailed

PARTS = (
    "voice",
    "legs",
    "recorders",
    "edges",
    "start",
    "speech",
    "idle",
    "squelch",
    "families",
    "link",
    "authority",
    "loudness",
)
STARTS_FOR_OVERS = 4
TRIES_FOR_FAMILIES = 10
OUT = Path(".cache/figures.json")


def main() -> int:
    """Entry point; the exit code."""
    arguments = _arguments()
    try:
        figures = _measure(arguments)
    except (TownError, PortError, UnitFailed, NotReady, OSError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    told = {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "figures": [figure.told() for figure in figures],
    }
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8")
    if arguments.json:
        print(text, end="")
    else:
        show(figures)
        print(f"as JSON: {arguments.out}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure the town. No pass or fail.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this (may be repeated)")
    parser.add_argument(
        "--tries", type=int, default=200, help="presses and tones (default 200); a tenth for families"
    )
    parser.add_argument(
        "--overs", type=int, default=12, help="spoken overs (default 12); a quarter for start"
    )
    parser.add_argument("--seconds", type=float, default=20, help="how long the idle town is looked at")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--out", type=Path, default=OUT, help=f"where the JSON is kept (default {OUT})")
    return parser.parse_args()


def _measure(arguments: argparse.Namespace) -> list[Figure]:
    wanted = arguments.only or PARTS
    figures: list[Figure] = []
    if "voice" in wanted:
        for secured in (False, True):
            figures += voice.measure(arguments.tries // 4 or 1, secured=secured)
    if "legs" in wanted:
        figures += legs.measure()
    if "recorders" in wanted:
        figures += recorders.measure()
    if "edges" in wanted:
        figures += asyncio.run(edges.measure(arguments.tries))
    if "start" in wanted:
        figures += start.measure(-(-arguments.overs // STARTS_FOR_OVERS))
    if "squelch" in wanted:
        figures += squelch.measure()
    if "loudness" in wanted:
        figures += loudness.measure()
    if "authority" in wanted:
        figures += authority.measure(arguments.tries)
    if "link" in wanted:
        figures += link.measure()
    if "families" in wanted:
        figures += asyncio.run(families.measure(-(-arguments.tries // TRIES_FOR_FAMILIES)))
    if "speech" in wanted or "idle" in wanted:
        overs = arguments.overs if "speech" in wanted else 0
        figures += asyncio.run(speech.measure(overs, arguments.seconds if "idle" in wanted else 0))
    return figures


def show(figures: list[Figure]) -> None:
    """The table; beside each figure its budget, how much of it is used, and the load."""
    table = Table(title=f"Measured on {os.cpu_count()} cores")
    table.add_column("what")
    for column in ("n", "p50", "p99", "max", "unit", "allowed", "used", "load"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("how")
    for figure in figures:
        numbers = [f"{value:.1f}" for value in (figure.p50, figure.p99, figure.most)]
        limits = {k: v for k, v in vars(figure.budget).items() if v is not None}
        allowed = " ".join(f"{'max' if k == 'most' else k} {v:g}" for k, v in limits.items())
        used = " ".join(f"{ratio:.2f}" for ratio in figure.ratios().values())
        load = f"{figure.load[0]:.1f}–{figure.load[1]:.1f}"
        table.add_row(
            figure.name, str(len(figure.values)), *numbers, figure.unit, allowed, used, load, figure.note
        )
    Console(width=None if sys.stdout.isatty() else 170, highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main())
