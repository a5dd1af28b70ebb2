"""Device files: found by pattern, serial ports opened without waiting, and what a technician can do when that fails.

It knows nothing of what a device means and keeps nothing open. Traps: the kernel raises DTR and RTS while a port
is opened; a port that nobody has set echoes what its device says; closing a port waits up to 30 s for bytes that
flow control holds back (`close_tty` throws them away instead).
"""

import errno
import fcntl
import importlib
import os
import struct
import termios
from pathlib import Path
from typing import Any

from hw.board import Board

MODEM_BITS = {
    "dtr": termios.TIOCM_DTR,
    "rts": termios.TIOCM_RTS,
    "cts": termios.TIOCM_CTS,
    "dsr": termios.TIOCM_DSR,
    "dcd": termios.TIOCM_CD,
    "ri": termios.TIOCM_RI,
}
"""Modem-control lines by name."""
_IFLAG, _OFLAG, _CFLAG, _LFLAG, _ISPEED, _OSPEED = range(6)


def advice(code: int | None, device: str) -> str:
    """What a technician can do about errno `code` on `device`."""
    match code:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return f"nothing is plugged in as {device}: check cable and power, then 'ls /dev/serial/by-id'"
        case errno.EACCES | errno.EPERM:
            return f"no right to open {device}: add the service's user to the group dialout"
        case errno.EBUSY | errno.EAGAIN:
            return f"another program holds {device}: stop it (often ModemManager), see 'fuser {device}'"
        case errno.EIO | None:
            return f"{device} was unplugged or lost power: check the plug; it is opened again by itself"
        case errno.EINVAL | errno.ENOTTY:
            return f"{device} is no serial port or cannot do this speed: check device and baud"
        case _:
            return f"check {device}"


def find_device(pattern: str) -> str:
    """The device at `pattern`, whose last part may hold wildcards; the first by name. OSError when there is none."""
    place = Path(pattern)
    found = sorted(str(path) for path in place.parent.glob(place.name))
    if not found:
        raise OSError(errno.ENOENT, "no such device", pattern)
    return found[0]


def open_device(pattern: str) -> int:
    """Open the device at `pattern` without waiting and without it becoming our terminal. OSError."""
    return os.open(find_device(pattern), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)


def set_tty(fd: int, baud: int, *, rts_cts: bool = False, hang_up: bool | None = None) -> None:
    """Raw at `baud` (0: as it is) if it is not yet; whoever has set it so already is not disturbed. OSError.

    `hang_up`: whether the last close drops DTR and RTS; None: as it is.
    """
    speed = getattr(termios, f"B{baud}", None) if baud else 0
    if speed is None:
        raise OSError(errno.EINVAL, f"no such speed: {baud} baud")
    try:
        have = termios.tcgetattr(fd)
        want = [*have]
        if have[_LFLAG] & (termios.ICANON | termios.ECHO | termios.ISIG) or have[_OFLAG] & termios.OPOST:
            want[_IFLAG] = want[_OFLAG] = want[_LFLAG] = 0
        want[_CFLAG] |= termios.CREAD | termios.CLOCAL
        want[_CFLAG] = _switched(want[_CFLAG], termios.CRTSCTS, rts_cts)
        if hang_up is not None:
            want[_CFLAG] = _switched(want[_CFLAG], termios.HUPCL, hang_up)
        if speed:
            want[_ISPEED] = want[_OSPEED] = speed
        if want != have:
            termios.tcsetattr(fd, termios.TCSANOW, want)
    except termios.error as error:
        raise OSError(*error.args) from error


def tty_lives(fd: int) -> None:
    """Nothing if the port behind `fd` is still there; OSError once it was unplugged."""
    try:
        termios.tcgetattr(fd)
    except termios.error as error:
        raise OSError(*error.args) from error


def unsent(fd: int) -> int:
    """Bytes that were written and have not left the port yet. OSError."""
    (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, b"\0\0\0\0"))
    return int(count)


def close_tty(fd: int) -> None:
    """Close at once; what has not left by now is thrown away. Never raises."""
    try:
        if unsent(fd):
            termios.tcflush(fd, termios.TCOFLUSH)
    except (OSError, termios.error):
        pass  # it is gone: nothing can hold the close up
    try:
        os.close(fd)
    except OSError:
        return


def modem_lines(fd: int) -> int:
    """The modem-control lines as they are, a sum of MODEM_BITS. OSError."""
    (bits,) = struct.unpack("I", fcntl.ioctl(fd, termios.TIOCMGET, b"\0\0\0\0"))
    return int(bits)


def set_modem_line(fd: int, bit: int, level: bool) -> None:
    """Raise or drop one modem-control line. OSError."""
    fcntl.ioctl(fd, termios.TIOCMBIS if level else termios.TIOCMBIC, struct.pack("I", bit))


def bench_line(board: Board, serial: str, signal: str) -> Any:
    """A modem-control line of the bench, where ptys have none: a hw.bench.named_line.NamedLine. OSError."""
    try:
        # By name, so that the product's import graph has no edge into the bench.
        module = importlib.import_module("hw.bench.named_line")
    except ImportError as error:
        raise OSError(errno.ENOENT, f"bench: {error}") from error
    return module.NamedLine(board.socket, board.gateway, f"{serial}.{signal}")


def _switched(flags: int, bit: int, on: bool) -> int:
    return flags | bit if on else flags & ~bit
