"""Runs inside the machine: speech from one radio to the other over a gateway that has no link."""

import time
from pathlib import Path

from scripts.imaging.guest_board import (
    Listening,
    Pin,
    Watch,
    active,
    give_back,
    island,
    memory,
    plug_in,
    say,
    speak,
    told,
    wait_for,
)

OVERS = 3
START_LIMIT, KEY_LIMIT, RELEASE_LIMIT = 120.0, 10.0, 20.0


def come_up() -> None:
    """Everything runs, the island leads both lines, their cards are open."""
    for unit in ("guard", "run", "voice"):
        wait_for(f"{unit} runs", lambda: active(unit), START_LIMIT)  # noqa: B023
    wait_for("the island leads", lambda: island().get("on"), START_LIMIT)
    say(f"up after {time.clock_gettime(time.CLOCK_BOOTTIME):.1f}: {island()}")


def over(carrier: Pin, watch: Watch, path: str) -> tuple[float, float, float]:
    """One over: seconds from carrier to PTT, from the end of the carrier to the end of PTT, and its length."""
    began = carrier.carrier(True)
    keyed = watch.after(began, True, KEY_LIMIT)
    speak(0, path)
    ended = carrier.carrier(False)
    released = watch.after(ended, False, RELEASE_LIMIT)
    return keyed - began, released - ended, released - keyed


def main() -> None:
    """See the module."""
    plug_in()
    come_up()
    heard = Path("/run/heard")
    heard.mkdir()
    carrier, watch, own = Pin(22), Watch(Pin(18)), Watch(Pin(17))
    for number in range(OVERS):
        listening = Listening(1, str(heard / f"over-{number}.wav"))
        keyed, released, length = over(carrier, watch, "/mnt/said.wav")
        time.sleep(0.5)
        listening.stop()
        say(f"over {number} keyed={1000 * keyed:.0f} released={1000 * released:.0f} length={length:.2f}")
        if number == 0:
            for unit, (mine, whole) in memory().items():
                say(f"memory {unit} {mine:.0f} {whole:.0f}")
    say(f"own ptt moved {len(own.changes) - 1} times")
    give_back(str(heard))
    say("done")


if __name__ == "__main__":
    told(main, "guard", "run", "voice")
