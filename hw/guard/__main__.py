"""`python -m hw.guard --board FILE --socket PATH`: run the guard without the rest of a gateway."""

import argparse
import logging
import sys

from hw.guard.process import run_guard


def main() -> int:
    """Parse the arguments and guard until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m hw.guard", description="Guard the outputs of a board.")
    parser.add_argument("--board", required=True, help="board file (TOML)")
    parser.add_argument("--socket", required=True, help="Unix socket for the gateway process")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return run_guard(args.board, args.socket)


if __name__ == "__main__":
    sys.exit(main())
