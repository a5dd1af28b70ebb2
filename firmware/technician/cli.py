"""`gateway status|wiring|doctor|levels|tone|ptt-test|provision|console`: the technician's command line.

Each command imports what it needs and no more: a wiring sheet is printed on any computer.
"""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from link.hosting.settings import SettingsError

COMMANDS = {
    "status": "how this gateway stands with its centre, and why",
    "wiring": "print the wiring sheet of a board file",
    "doctor": "name every fault of this gateway, with advice; keys nothing",
    "levels": "how loud a line is, and what to change at the mixer",
    "tone": "play 1 kHz to a line, keyed with --key",
    "ptt-test": "KEY a line's transmitter for a moment and check the read-back",
    "provision": "put the site on the card in force; run before the gateway's processes",
    "console": "keep saying on a screen where this gateway stands, in one line",
}
FINE, FAULT, NOT_RUN = 0, 1, 2


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(prog="gateway", description="For the technician.")
    commands = parser.add_subparsers(dest="command", required=True)
    made = {name: commands.add_parser(name, help=text, description=text) for name, text in COMMANDS.items()}
    made["wiring"].add_argument("board", type=Path, help="board file (TOML)")
    made["wiring"].add_argument("--svg", type=Path, metavar="FILE", help="draw it into this file as well")
    for name in ("status", "wiring", "doctor"):
        made[name].add_argument("--json", action="store_true", help="for programs")
    for name in ("status", "doctor", "levels", "tone", "ptt-test"):
        made[name].add_argument("--config", type=Path, required=True, help="settings file of the gateway")
    for name, seconds in (("levels", 5.0), ("tone", 5.0), ("ptt-test", 1.0)):
        made[name].add_argument("line", help="line id of the board file")
        made[name].add_argument("--seconds", type=float, default=seconds, help=f"how long; {seconds:g}")
    made["tone"].add_argument("--dbfs", type=float, default=-20.0, help="rms level; -20")
    made["tone"].add_argument("--key", action="store_true", help="KEY the transmitter meanwhile")
    made["tone"].add_argument("--yes", action="store_true", help="do not ask before keying")
    made["provision"].add_argument("--site", type=Path, required=True, help="the site's folder on the card")
    made["provision"].add_argument("--networks", type=Path, required=True, help="NetworkManager's keyfiles")
    for name in ("provision", "console"):
        made[name].add_argument(
            "--into", type=Path, required=True, help="folder of the sites, on the data partition"
        )
    made["provision"].add_argument("--console", type=Path, help="say it on this terminal or file as well")
    made["console"].add_argument("--console", type=Path, required=True, help="terminal or file to write to")
    return parser


def main(arguments: Sequence[str]) -> int:
    """0: no fault, 1: faults, 2: it could not be done."""
    asked = make_parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR)  # the findings say it better
    try:
        return _HANDLERS[asked.command](asked)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_RUN


def _wiring(asked: argparse.Namespace) -> int:
    from hw.board import load_board
    from hw.sheet.drawing import as_svg
    from hw.sheet.making import make_sheet
    from hw.sheet.text import as_text

    sheet = make_sheet(load_board(asked.board))
    if asked.svg is not None:
        try:
            asked.svg.write_text(as_svg(sheet), encoding="utf-8")
        except OSError as error:
            sys.stderr.write(f"{asked.svg}: cannot be written: {error.strerror}\n")
            return NOT_RUN
    sys.stdout.write(_json(sheet.as_data()) if asked.json else as_text(sheet))
    return FINE


def _status(asked: argparse.Namespace) -> int:
    from firmware.config import load_gateway
    from firmware.technician.status import read_page, status_text

    def work() -> str:
        page = read_page(load_gateway(asked.config))
        return _json(page) if asked.json else status_text(page, sys.stdout.isatty())

    return _told(work)


def _doctor(asked: argparse.Namespace) -> int:
    from firmware.technician.doctor import examine

    report = examine(asked.config)
    sys.stdout.write(_json(report.as_data()) if asked.json else report.as_text())
    return report.code


def _levels(asked: argparse.Namespace) -> int:
    from firmware.technician.host import Host
    from firmware.technician.levels import levels

    def work() -> str:
        if not 0 < asked.seconds <= 60:
            raise CannotDo(f"--seconds {asked.seconds:g}: give up to 60")
        patient = _patient(asked.config)
        _free_card(patient)
        return levels(patient.board, asked.line, asked.seconds, Host())

    from firmware.technician.trouble import CannotDo

    return _told(work)


def _tone(asked: argparse.Namespace) -> int:
    from firmware.technician.tone import tone

    def work() -> str:
        patient = _patient(asked.config)
        _free_card(patient)
        return _until_told(
            tone(patient.settings, patient.board, asked.line, asked.dbfs, asked.seconds, asked.key)
        )

    if asked.key and not asked.yes and not _agreed(asked.line):
        sys.stderr.write("not keyed\n")
        return NOT_RUN
    return _told(work)


def _ptt_test(asked: argparse.Namespace) -> int:
    from firmware.technician.tone import ptt_test

    def work() -> str:
        patient = _patient(asked.config)
        return _until_told(ptt_test(patient.settings, patient.board, asked.line, asked.seconds))

    return _told(work)


def _provision(asked: argparse.Namespace) -> int:
    from firmware.provisioning.disk import Disk
    from firmware.provisioning.provision import Places, provision
    from firmware.technician.console import Screen

    outcome = provision(Places(asked.site, asked.into, asked.networks), Disk())
    screen = Screen(asked.console)
    for words in outcome.words:
        sys.stdout.write(f"{words}\n")
        screen.say(words)
    return outcome.code


def _console(asked: argparse.Namespace) -> int:
    from firmware.technician.console import Screen, Teller, follow
    from link.hosting.clock import SystemClock

    async def work() -> str:
        await follow(Teller(asked.into), Screen(asked.console), SystemClock())
        return ""

    return _told(lambda: _until_told(work()))


def _patient(config: Path) -> Any:
    from firmware.config import load_gateway
    from firmware.technician.patient import Patient
    from hw.board import load_board

    settings = load_gateway(config)
    return Patient(config, settings, load_board(settings.board))


def _free_card(patient: Any) -> None:
    """CannotDo while the voice process has the cards."""
    from firmware.technician.trouble import CannotDo

    for process in patient.running("voice"):
        raise CannotDo(
            f"`gateway voice` (pid {process.pid}) has the sound card: stop it first"
            " (systemctl stop its unit, or kill its process)"
        )


def _agreed(line: str) -> bool:
    sys.stderr.write(
        f"This keys the transmitter of line {line}. Is the antenna or a dummy load there? [y/N] "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _told(work: Callable[[], str]) -> int:
    from firmware.technician.trouble import CannotDo

    try:
        sys.stdout.write(work())
    except CannotDo as error:
        sys.stderr.write(f"{error}\n")
        return FAULT
    except asyncio.CancelledError:
        sys.stderr.write("stopped; the guard has let go\n")
        return FAULT
    return FINE


def _until_told(work: Coroutine[Any, Any, str]) -> str:
    """Run it; Ctrl-C and SIGTERM cancel it, so that what is keyed is let go first."""

    async def serve() -> str:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        return await task

    return asyncio.run(serve())


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


_HANDLERS: dict[str, Callable[[argparse.Namespace], int]] = {
    "status": _status,
    "wiring": _wiring,
    "doctor": _doctor,
    "levels": _levels,
    "tone": _tone,
    "ptt-test": _ptt_test,
    "provision": _provision,
    "console": _console,
}
