"""`python -m scripts.town`: runs the town until Ctrl-C, or plays the tour once. Started by scripts/run.

Exit codes: 0 ended in order (with --once: every check passed), 1 a fault or a failed check, 2 it cannot start
here (a town runs already, a port is in use, a bad argument).
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from central.front.errors import FrontError
from link.bus.port import BusError
from link.certs.errors import CertError
from link.hosting.settings import SettingsError
from link.hosting.tls_settings import PLAIN
from link.sealing.keyfile import KeyFileError
from scripts.town.edge_file import told as telephones_at
from scripts.town.plan import TOWNS
from scripts.town.ports import PortError
from scripts.town.ready import NotReady
from scripts.town.stages import TownError
from scripts.town.town import Town
from scripts.town.town_file import load_town
from scripts.town.unit import UnitFailed
from scripts.town.watch import say, warn, watch

log = logging.getLogger("town")

CANNOT_START = 2
FAULT = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Entry point; returns the exit code."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    if arguments.list_sabotage:
        return _list_sabotage()
    try:
        return asyncio.run(_run(arguments))
    except (TownError, PortError, BusError, CertError, FrontError, KeyFileError, SettingsError) as error:
        sys.stderr.write(f"town: {error}\n")
        return CANNOT_START
    except (UnitFailed, NotReady) as error:
        sys.stderr.write(f"town: {error}\n")
        return FAULT
    except BrokenPipeError:  # whoever read our lines has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"town: {error}\n")
        return CANNOT_START


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/run", description="Run all of Spillway on this machine.")
    parser.add_argument("--dir", type=Path, default=Path(".town"), help="the town's folder (default .town)")
    parser.add_argument(
        "--api-port", type=int, default=0, metavar="N", help="port of the API (default: free)"
    )
    parser.add_argument(
        "--town", default="default", metavar="FILE", help="a town file, or the name of one that is shipped"
    )
    parser.add_argument("--plain", action="store_true", help="nothing is signed or encrypted (else all is)")
    parser.add_argument("--once", action="store_true", help="play the tour, check it, end")
    parser.add_argument("--sabotage", metavar="NAME", help="with --once: break one thing; the tour must fail")
    parser.add_argument("--list-sabotage", action="store_true", help="what can be broken")
    arguments = parser.parse_args()
    if arguments.once and arguments.town != "default":
        parser.error("--once plays in the default town: leave --town out")
    if arguments.sabotage and not arguments.once:
        parser.error("--sabotage needs --once")
    if not 0 <= arguments.api_port <= 65535:
        parser.error(f"--api-port {arguments.api_port}: a port is 1 to 65535, 0 for any free one")
    if arguments.sabotage:
        from scripts.town import sabotage

        if arguments.sabotage not in sabotage.NAMES:
            parser.error(f"no sabotage {arguments.sabotage!r}; known: {', '.join(sabotage.NAMES)}")
    return arguments


async def _run(arguments: argparse.Namespace) -> int:
    """Until a signal, or until the tour is over."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    town = _make(arguments)
    stopped = asyncio.create_task(stop.wait())
    playing = asyncio.create_task(_play(town, arguments.sabotage) if arguments.once else _show(town, stop))
    try:
        await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            return playing.result()
        if arguments.once:
            say("stopped before the tour was over")
        return FAULT if arguments.once else 0
    finally:
        for task in (playing, stopped):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        with contextlib.suppress(OSError):  # the terminal may be gone: the town has to end all the same
            say("stopping")
        await town.stop()


def _make(arguments: argparse.Namespace) -> Town:
    plan = load_town(_town_file(arguments.town))
    plan = replace(plan, plain=plan.plain or arguments.plain)
    wrap: dict[str, list[str]] = {}
    if arguments.sabotage:
        from scripts.town import sabotage

        plan, wrap = sabotage.arrange(arguments.sabotage, plan)
    return Town.create(arguments.dir, plan, wrap, arguments.api_port)


def _town_file(name: str) -> Path:
    """A path as it is given; a bare name is a shipped town."""
    path = Path(name)
    return path if path.suffix or path.exists() else TOWNS / f"{name}.toml"


async def _show(town: Town, stop: asyncio.Event) -> int:
    try:
        await _start(town)
    except NotReady as error:  # somebody is watching: show what there is
        say(f"{error}; logs: {town.folder / 'logs'}")
    await watch(town, stop)
    return 0


async def _play(town: Town, sabotage: str | None) -> int:
    from scripts.town import tour

    await _start(town)
    return await tour.play(town, sabotage)


async def _start(town: Town) -> None:
    say(f"starting {len(town.units)} processes; their logs: {town.folder / 'logs'}")
    await town.start()
    await town.wait_ready()
    say(f"ready; API {town.api}")
    if town.ports.edge is not None:
        say(telephones_at(town.ports.edge))
    if town.plan.plain:
        warn(PLAIN)


def _list_sabotage() -> int:
    from scripts.town import sabotage

    for name, what in sabotage.NAMES.items():
        print(f"{name:16} {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
