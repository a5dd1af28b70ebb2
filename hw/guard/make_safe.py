"""`python -m hw.guard.make_safe --board FILE`: drive every output of a board safe, once, without a guard.

For systemd's ExecStopPost: it runs after the guard has ended, however it ended. It shares no state with the
guard and tries a second way (the `pinctrl` program, which writes the registers) when the pin chip refuses.
A bad board file does not stop it: it then reads the output tables alone.
"""

import argparse
import logging
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from pydantic import ValidationError

from hw.board import Board, BoardError, load_board
from hw.board_parts import PinOutput
from hw.pins import PinFault, PinsUnavailable, open_pins

log = logging.getLogger("make_safe")

TRIES = 5
PAUSE = 0.2


def make_safe(board_path: Path | str, tries: int = TRIES, pause: float = PAUSE) -> list[str]:
    """Drive all outputs safe; the names of those that could not be. Tries for `tries` * `pause` seconds."""
    board = _read(Path(board_path))
    left = [output for output in board.outputs if isinstance(output, PinOutput)]
    for attempt in range(tries):
        left = [output for output in left if not _by_chip(board, output)]
        if not left:
            return []
        if attempt + 1 < tries:  # the kernel may still be taking the lines back from the dead guard
            time.sleep(pause)
    return [o.name for o in left if board.kind == "bench" or not _by_pinctrl(o)]


def _by_chip(board: Board, output: PinOutput) -> bool:
    try:
        pins = open_pins(board)
    except PinsUnavailable as error:
        log.error("%s", error)
        return False
    try:
        pins.open_output(output).write(False)
    except (PinsUnavailable, PinFault) as error:
        log.error("%s", error)
        return False
    finally:
        pins.close()
    log.info("out=%s safe", output.name)
    return True


def _by_pinctrl(output: PinOutput) -> bool:
    command = ["pinctrl", "set", str(output.pin), "op", "dh" if output.safe_level else "dl"]
    try:
        subprocess.run(command, check=True, timeout=2, capture_output=True)
    except (OSError, subprocess.SubprocessError) as error:
        log.error("out=%s %s: %s", output.name, " ".join(command), error)
        return False
    log.warning("out=%s safe by pinctrl", output.name)
    return True


def _read(path: Path) -> Board:
    """The board; if its file has faults, at least its kind and those outputs that can be read."""
    try:
        return load_board(path)
    except BoardError as error:
        log.error("%s", error)
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path}: nothing can be read: {error}") from error
    outputs = []
    for entry in data.get("output", []):
        needed = {key: entry[key] for key in ("pin", "active_high", "safe") if key in entry}
        try:
            outputs.append(PinOutput(name=f"pin-{needed.get('pin')}", longest=1.0, **needed))
        except ValidationError as error:
            log.error("output %r cannot be read: %s", entry, error)
    head = {key: data.get("board", {}).get(key, "") for key in ("socket", "gateway")}
    head |= {"name": "rest", "kind": "bench" if head["socket"] else "real"}
    return Board.model_validate({"board": head, "output": outputs})


def main() -> int:
    """Exit code 0 only if every output took its safe value."""
    parser = argparse.ArgumentParser(
        prog="python -m hw.guard.make_safe", description="Make all outputs safe."
    )
    parser.add_argument("--board", required=True, help="board file (TOML)")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    failed = make_safe(parser.parse_args().board)
    if failed:
        log.error("NOT SAFE: %s: switch the radio or amplifier off by hand", ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
