"""`python -m hw.guard.make_safe --board FILE`: drive every output of a board safe, once, without a guard.

For systemd's ExecStopPost: it runs after the guard has ended, however it ended. It shares no state with the
guard and tries a second way for pins (the `pinctrl` program, which writes the registers) when the chip refuses.
Devices behind cables are let go of beside each other and beside the pins. A bad board file does not stop it: it then
takes what can be read (hw.guard.rest_of_board).
"""

import argparse
import logging
import subprocess
import sys
import time
from pathlib import Path

from hw.board import Board, BoardError, load_board
from hw.board_parts import PinOutput
from hw.guard.rest_of_board import rest_of_board
from hw.outputs.door import OutputFault
from hw.outputs.opening import DeviceDoors
from hw.outputs.slow import SlowDoor
from hw.pins import PinFault, PinsUnavailable, open_pins

log = logging.getLogger("make_safe")

TRIES = 5
PAUSE = 0.2
DEVICES = 2.5
"""Seconds that devices behind cables get, all rounds included."""


def make_safe(board_path: Path | str, tries: int = TRIES, pause: float = PAUSE) -> list[str]:
    """Drive all outputs safe; the names of those that could not be. Takes `tries` * `pause` s, DEVICES at most."""
    board, unread = _read(Path(board_path))
    until = time.monotonic() + DEVICES
    doors, failed = _begin_devices(board)
    return [*unread, *_pins(board, tries, pause), *failed, *_end_devices(doors, until)]


def _begin_devices(board: Board) -> tuple[list[SlowDoor], list[str]]:
    """Doors that are at work from now on, and the names of outputs that have none."""
    devices = DeviceDoors(board)
    doors, failed = [], []
    for output in board.outputs:
        if isinstance(output, PinOutput):
            continue
        try:
            doors.append(devices.open(output))
        except OutputFault as fault:
            log.error("%s", fault)
            failed.append(output.name)
    return doors, failed


def _end_devices(doors: list[SlowDoor], until: float) -> list[str]:
    while time.monotonic() < until and not all(door.quiet for door in doors):
        time.sleep(0.02)
    failed = []
    for door in doors:
        if door.settled:
            log.info("out=%s safe", door.name)
        else:
            log.error("out=%s %s", door.name, door.fault or "the device does not answer")
            failed.append(door.name)
    for door in doors:
        door.close(time.monotonic())
    return failed


def _pins(board: Board, tries: int, pause: float) -> list[str]:
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


def _read(path: Path) -> tuple[Board, list[str]]:
    """The board; if its file has faults, what can be read of it, and the names of outputs that cannot."""
    try:
        return load_board(path), []
    except BoardError as error:
        log.error("%s", error)
    try:
        return rest_of_board(path.read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path}: nothing can be read: {error}") from error


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
