"""`python -m scripts.chaos_parts`: one chaos run and its closing lines. Started by scripts/chaos.

Exit codes: 0 nothing lost, nothing twice, no PTT past its lease; 1 something was; 2 it cannot run here.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from link.bus.port import BusError
from scripts.chaos_parts.plan import Phase, phases
from scripts.chaos_parts.run import PTT_LIMIT, Outcome, chaos
from scripts.chaos_parts.sabotage import NAMES as SABOTAGES
from scripts.chaos_parts.sabotage import words
from scripts.town.ports import PortError
from scripts.town.ready import NotReady
from scripts.town.stages import TownError
from scripts.town.unit import UnitFailed

FAULT, CANNOT_RUN = 1, 2
LONG = 6.0


def main() -> int:
    """Entry point; returns the exit code."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", datefmt="%H:%M:%S")
    chosen = _chosen(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="spillway-chaos-") as made:
            folder = arguments.dir or Path(made)
            sabotage = words(arguments.sabotage) if arguments.sabotage else ()
            outcome = asyncio.run(chaos(folder, chosen, arguments.seed, _say, sabotage))
    except (TownError, PortError, BusError, OSError) as error:
        sys.stderr.write(f"chaos: {error}\n")
        return CANNOT_RUN
    except (UnitFailed, NotReady) as error:
        sys.stderr.write(f"chaos: {error}\n")
        return FAULT
    except KeyboardInterrupt:
        sys.stderr.write("chaos: stopped; nothing is said about losses\n")
        return CANNOT_RUN
    sys.stdout.write(told(outcome, arguments.seed))
    return 0 if outcome.good else FAULT


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/chaos", description="Trouble a town and count what is lost."
    )
    known = [phase.name for phase in phases(1)]
    parser.add_argument("--long", action="store_true", help=f"{LONG:g} times as long")
    parser.add_argument("--only", nargs="+", choices=known, metavar="PHASE", help=f"of {', '.join(known)}")
    parser.add_argument("--seed", type=int, default=1, help="another order of blows; 1")
    parser.add_argument("--dir", type=Path, help="the town's folder, kept afterwards; a temporary one")
    parser.add_argument(
        "--sabotage", choices=SABOTAGES, help="break the outbox on purpose: the run must fail"
    )
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> tuple[Phase, ...]:
    played = phases(LONG if arguments.long else 1.0)
    return tuple(each for each in played if not arguments.only or each.name in arguments.only)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def told(outcome: Outcome, seed: int) -> str:
    """The closing lines; the last one is the verdict."""
    tally = outcome.tally
    blows = ", ".join(f"{what} {count}" for what, count in sorted(outcome.blows.items()))
    catch_up = f"{outcome.catch_up:.1f} s" if outcome.catch_up is not None else "never"
    lines = [f"seed {seed}; {blows}"]
    lines += [f"left out: {phase}: {why}" for phase, why in outcome.left_out.items()]
    lines += [f"lost: {gateway} epoch {epoch} seq {seq}" for gateway, epoch, seq in tally.lost[:10]]
    lines += [f"doubled: {gateway} epoch {epoch} seq {seq}" for gateway, epoch, seq in tally.doubled[:10]]
    lines.append(
        f"events {tally.events}, given up with notice {tally.given_up}, older than the floor {tally.early}, "
        f"octets up {outcome.octets_up}"
    )
    lines.append(
        f"lost {len(tally.lost)}, doubled {len(tally.doubled)}, effects {tally.effects}, "
        f"longest PTT after loss {outcome.ptt.seconds:.2f} s (allowed {PTT_LIMIT:g}), caught up in {catch_up}"
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
