"""`python -m scripts.fleet_parts N`: a fleet of simulated gateways against a real centre. Started by scripts/fleet.

Exit codes: 0 nothing lost, nothing doubled, everything in time; 1 a fault; 2 it cannot run here.
"""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from link.bus.port import BusError
from scripts.fleet_parts.plan import A_PROCESS, MOST, FleetPlan
from scripts.fleet_parts.report import as_json, as_text, verdict
from scripts.fleet_parts.room import missing
from scripts.fleet_parts.run import FleetRun, Measured
from scripts.town.ports import PortError
from scripts.town.ready import NotReady
from scripts.town.stages import TownError
from scripts.town.unit import UnitFailed
from scripts.town.watch import say

CANNOT_START, FAULT = 2, 1


def main() -> int:
    """Entry point; returns the exit code."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    lacking = missing(arguments.size, A_PROCESS)
    if lacking:
        sys.stderr.write("".join(f"fleet: {each}\n" for each in lacking))
        return CANNOT_START
    plan = FleetPlan.fitting(arguments.size, arguments.minutes, arguments.rate, arguments.pace)
    run = FleetRun(plan, arguments.dir, (lambda text: None) if arguments.json else say)
    try:
        measured = asyncio.run(_until_told(run))
    except (TownError, PortError, BusError) as error:
        sys.stderr.write(f"fleet: {error}\n")
        return CANNOT_START
    except (UnitFailed, NotReady, OSError) as error:
        sys.stderr.write(f"fleet: {error}\n")
        return FAULT
    if measured is None:
        sys.stderr.write("fleet: stopped before the run was over\n")
        return FAULT
    print(as_json(measured) if arguments.json else f"\n{as_text(measured)}\n{verdict(measured)}")
    return FAULT if measured.troubles else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/fleet",
        description="Simulated gateways against a real broker and centre, on this machine.",
    )
    parser.add_argument("size", type=int, metavar="N", help=f"how many, 2 to {MOST}")
    parser.add_argument("--minutes", type=float, default=1.0, help="of the steady phase (default 1)")
    parser.add_argument(
        "--rate", type=float, help="events a second and gateway when steady (default 0.05; above 1000 50/N)"
    )
    parser.add_argument(
        "--pace", type=float, help="gateways that connect a second (default 200; above 1000 60)"
    )
    parser.add_argument("--dir", type=Path, default=Path(".fleet"), help="the run's folder (default .fleet)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    arguments = parser.parse_args()
    if not 2 <= arguments.size <= MOST:
        parser.error(f"N is {arguments.size}: give 2 to {MOST}")
    if not 0.05 <= arguments.minutes <= 600:
        parser.error(f"--minutes {arguments.minutes:g}: give 0.05 to 600")
    if arguments.rate is not None and not 0 <= arguments.rate <= 10:
        parser.error(f"--rate {arguments.rate:g}: give 0 to 10")
    if arguments.pace is not None and not 1 <= arguments.pace <= 1000:
        parser.error(f"--pace {arguments.pace:g}: give 1 to 1000")
    return arguments


async def _until_told(run: FleetRun) -> Measured | None:
    """The run, or None when a signal ended it."""
    working = asyncio.create_task(run.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, working.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        return await working
    return None


if __name__ == "__main__":
    sys.exit(main())
