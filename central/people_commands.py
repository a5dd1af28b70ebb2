"""`central people first NAME`: for the technician on the centre's own machine, beside a running core or without it.

Exit codes: 0 invited, 1 it could not be written, 2 bad arguments or settings.
"""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from central.config import load_central
from central.people.first import invite_first
from central.people.rules import NAME
from link.hosting.settings import SettingsError

WORD = "people"
LASTS = 86_400.0
"""Seconds for which the first administrator's invitation is good."""


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; the exit code."""
    asked = _parser().parse_args(arguments)
    if not re.match(NAME, asked.name):
        sys.stderr.write(f"{asked.name!r} is no name: 1 to 32 of a-z, 0-9 and -, not beginning with -\n")
        return 2
    try:
        state = load_central(asked.config).state
        code = invite_first(state, asked.name, time.time() + LASTS)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error}; run this as the user that central core runs as\n")
        return 1
    sys.stdout.write(
        f"invitation for {asked.name} (administrator), good once within {LASTS / 3600:g} hours:\n\n    {code}\n\n"
        f"now: spillway people accept {asked.name}\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="central", description="People of the centre, on its own machine.")
    words = parser.add_subparsers(dest="word", required=True)
    people = words.add_parser(WORD, help="people of the centre")
    kinds = people.add_subparsers(dest="what", required=True)
    first = kinds.add_parser("first", help="invite the first administrator, or one when nobody can sign in")
    first.add_argument("name", help="his name, as it will stand in the journal")
    first.add_argument("--config", type=Path, required=True, help="settings file (TOML)")
    return parser
