"""Tell systemd (or the town's stand-in) how this process is: READY, WATCHDOG, STOPPING, STATUS.

Standard library only, for the guard's sake. A process that systemd did not start says nothing, at no cost; a
full or missing notify socket never blocks and never raises.
"""

import os
import socket


def notify(state: str) -> bool:
    """Send `state` (for instance "READY=1\\nSTATUS=fed") to NOTIFY_SOCKET; True when it was taken."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto(state.encode(), address)
    except OSError:
        return False
    return True


def watchdog_interval() -> float | None:
    """The watchdog time in seconds that this process was given, or None when it is not watched."""
    micros = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", "")
    if not micros.isdecimal() or int(micros) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(micros) / 1e6
