"""Which program captures or plays raw s16le mono on which kind of card, and what to advise when it cannot.

A table and texts; starting the programs is `child`'s. Traps: aplay starts at the first sample unless told to
wait, and then runs dry at once; parec and pacat need a latency request or they buffer two seconds; pacat at
20 ms has a hole of some milliseconds about once a second (measured), at 60 ms none.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

DRIVERS = ("alsa", "pulse", "bench")
DIRECTIONS = ("capture", "playback")
_PIPE = Path(__file__).parent.parent / "bench" / "pipe.py"


@dataclass(frozen=True)
class Device:
    """What one card asks its driver for; an empty name = the card does not have this direction."""

    driver: str
    capture: str
    playback: str
    rate_hz: int = 16000

    def __post_init__(self) -> None:
        if self.driver not in DRIVERS:
            raise ValueError(f"unknown sound driver {self.driver!r}; known: {', '.join(DRIVERS)}")
        if self.rate_hz % 50 or not 8000 <= self.rate_hz <= 48000:
            raise ValueError(f"rate {self.rate_hz} Hz: give a multiple of 50 between 8000 and 48000")
        if self.driver == "bench" and self.rate_hz != 16000:
            raise ValueError(f"bench cards run at 16000 Hz, not {self.rate_hz}")

    def name(self, direction: str) -> str:
        """The driver's device name for a direction."""
        return self.capture if direction == "capture" else self.playback


PLAYBACK_LAG_MS = {"alsa": 80, "pulse": 100, "bench": 80}
"""How long a written frame may take to leave the card, from the buffer sizes asked for below."""


def bench_device(socket: str, gateway: str, card: str) -> str:
    """The device name of a bench card: "GATEWAY/CARD@SOCKET"."""
    return f"{gateway}/{card}@{socket}"


def command(device: Device, direction: str) -> tuple[str, ...]:
    """The program and its arguments for one direction of a card."""
    name = device.name(direction)
    if device.driver == "alsa":
        alsa = ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(device.rate_hz), "-D", name)
        if direction == "capture":
            return ("arecord", *alsa, "--period-time=20000", "--buffer-time=160000")
        return ("aplay", *alsa, "--period-time=20000", "--buffer-time=80000", "--start-delay=40000")
    if device.driver == "pulse":
        form = ("--raw", "--format=s16le", "--channels=1", f"--rate={device.rate_hz}", f"--device={name}")
        label = f"--client-name=spillway {direction}"
        if direction == "capture":
            return ("parec", *form, label, "--latency-msec=20")
        return ("pacat", *form, label, "--latency-msec=60")
    who, _, socket = name.partition("@")
    gateway, _, card = who.partition("/")
    return (sys.executable, "-I", "-S", str(_PIPE), socket, gateway, card, direction)


def advice(device: Device, direction: str) -> str:
    """What to do about a card that does not open: names what was asked for and what there is."""
    asked = f"asked for {direction} on {device.name(direction)!r}"
    if device.driver == "bench":
        return f"{asked}; is the bench running, and is this card in its bench.toml and plugged in?"
    program = command(device, direction)[0]
    if shutil.which(program) is None:
        package = "alsa-utils" if device.driver == "alsa" else "pulseaudio-utils"
        return f"{asked}; the program {program} is missing: install the package {package}"
    return f"{asked}; there is: {_present(device.driver, direction)}; check the plug and the board's [[card]]"


def _present(driver: str, direction: str) -> str:
    """The cards the system has, in one line."""
    listing = ["pactl", "list", "short", "sources" if direction == "capture" else "sinks"]
    if driver == "alsa":
        listing = ["arecord" if direction == "capture" else "aplay", "-l"]
    try:
        result = subprocess.run(listing, capture_output=True, text=True, timeout=3, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({listing[0]}: {error})"
    if driver == "alsa":
        cards = [line.strip() for line in result.stdout.splitlines() if line.startswith("card ")]
    else:
        cards = [line.split("\t")[1] for line in result.stdout.splitlines() if "\t" in line]
    return " | ".join(cards) or (result.stderr.strip().splitlines() or ["no card at all"])[-1]
