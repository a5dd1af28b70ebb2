"""Runs inside the machine: while a transmitter is keyed, one process after the other is stopped or killed."""

import json
import os
import signal
import time

from scripts.imaging.guest_board import (
    UNITS,
    Pin,
    Watch,
    active,
    call,
    main_pid,
    plug_in,
    say,
    told,
    wait_for,
)
from scripts.imaging.guest_ptt import KEY_LIMIT, RELEASE_LIMIT, START_LIMIT, come_up

CASES = (
    ("guard", signal.SIGSTOP),
    ("guard", signal.SIGKILL),
    ("run", signal.SIGKILL),
    ("voice", signal.SIGKILL),
)
FALL_LIMIT = 15.0
REST = 3.0
"""Seconds without PTT after which nobody wants it any more."""
HELD = 1.0
"""Seconds that PTT is up before the trouble."""


def made_safe(since: float) -> float | None:
    """When the program that follows the guard said that the output is safe, monotonic s; None: it did not."""
    text = call("journalctl", "-q", "-o", "json", "-u", f"{UNITS['guard']}.service")
    for line in text.splitlines():
        entry = json.loads(line)
        at = int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6
        said = str(entry.get("MESSAGE", ""))
        if at > since and "make_safe" in said and "out=r2.ptt safe" in said:
            return at
    return None


def at_rest(since: float, watch: Watch) -> None:
    """PTT is off for good: a guard that has just come back keys what is still wanted, to the end of its hang."""

    def quiet() -> bool:
        return not watch.level and time.monotonic() - max(since, watch.changes[-1][0]) > REST

    wait_for("PTT is off without a carrier", quiet, RELEASE_LIMIT)


def trouble(unit: str, number: int, carrier: Pin, watch: Watch) -> str:
    """One case: how long PTT stayed up after it, and how long until the unit served again."""
    watch.after(carrier.carrier(True), True, KEY_LIMIT)
    time.sleep(HELD)
    before = main_pid(unit)
    began = time.monotonic()
    os.kill(before, number)
    fell = watch.after(began, False, FALL_LIMIT) - began
    wait_for(f"{unit} again", lambda: main_pid(unit) not in (0, before) and active(unit), START_LIMIT)
    back = time.monotonic() - began
    at_rest(carrier.carrier(False), watch)
    safe = made_safe(began) if unit == "guard" else None
    told = "" if safe is None else f" made_safe={1000 * (safe - began):.0f}"
    return f"fell={1000 * fell:.0f} back={1000 * back:.0f}{told}"


def main() -> None:
    """See the module."""
    plug_in()
    come_up()
    carrier, watch = Pin(22), Watch(Pin(18))
    for unit, number in CASES:
        say(f"trouble {unit} {number.name} {trouble(unit, number, carrier, watch)}")
        come_up()
    watch.after(carrier.carrier(True), True, KEY_LIMIT)
    at_rest(carrier.carrier(False), watch)
    say("done")


if __name__ == "__main__":
    told(main, "guard", "run", "voice")
