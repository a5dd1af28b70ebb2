"""Runs inside the machine: its pins, the far ends of its sound cards, and what became of its processes.

Only Python's own library: nothing of the product and nothing that the image does not bring. gpio-sim shows each pin as
two files; the loopback card gives back on device 1 what was played on device 0, and the other way round.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

LABEL = "pinctrl-bcm2711"
"""The chip behind a Raspberry Pi 4's header calls itself so."""
REVISION = "c03111"
CONFIG = Path("/sys/kernel/config/gpio-sim/board")
GATEWAY = Path("/data/spillway/provisioned/site/gateway.toml")
PAGE = Path("/run/spillway/status.json")
UNITS = {"guard": "spillway-guard", "run": "spillway-gateway", "voice": "spillway-voice"}
STEP = 0.001


def say(text: str) -> None:
    """One line that the host reads."""
    with Path("/dev/console").open("w") as console:
        console.write(f"TRIAL: {text}\r\n")


def call(*words: str) -> str:
    """What a program said; an error when it failed."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def plug_in() -> None:
    """A header, two radios' worth of sound, and a board that calls itself a Raspberry Pi 4."""
    call("modprobe", "configfs")
    call("insmod", "/mnt/gpio-sim.ko")
    call("modprobe", "snd-aloop")
    bank = CONFIG / "bank0"
    if not CONFIG.parent.exists():
        call("mount", "-t", "configfs", "none", "/sys/kernel/config")
    bank.mkdir(parents=True)
    (bank / "num_lines").write_text("54")
    (bank / "label").write_text(LABEL)
    (CONFIG / "live").write_text("1")
    about = Path("/proc/cpuinfo").read_text()
    Path("/run/cpuinfo").write_text(f"{about}\nRevision\t: {REVISION}\n")
    call("mount", "--bind", "/run/cpuinfo", "/proc/cpuinfo")


class Pin:
    """One pin of the header, seen from outside."""

    def __init__(self, number: int) -> None:
        device, chip = (
            (CONFIG / "dev_name").read_text().strip(),
            (CONFIG / "bank0/chip_name").read_text().strip(),
        )
        place = Path("/sys/devices/platform") / device / chip / f"sim_gpio{number}"
        self._value, self._pull = os.open(place / "value", os.O_RDONLY), place / "pull"

    def level(self) -> bool:
        """High."""
        return os.pread(self._value, 1, 0) == b"1"

    def carrier(self, on: bool) -> float:
        """The radio's squelch pulls it to ground, or lets go; when, monotonic s."""
        self._pull.write_text("pull-down" if on else "pull-up")
        return time.monotonic()


class Watch(threading.Thread):
    """Every change of a pin with its time, until `over` is set."""

    def __init__(self, pin: Pin) -> None:
        super().__init__(daemon=True)
        self._pin = pin
        self.over = threading.Event()
        self.changes: list[tuple[float, bool]] = [(time.monotonic(), pin.level())]
        self.start()

    def run(self) -> None:
        while not self.over.is_set():
            level = self._pin.level()
            if level != self.changes[-1][1]:
                self.changes.append((time.monotonic(), level))
            time.sleep(STEP)

    @property
    def level(self) -> bool:
        """As it was seen last."""
        return self.changes[-1][1]

    def after(self, since: float, level: bool, limit: float) -> float:
        """When it first took this level after `since`; TimeoutError."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            for at, now in list(self.changes):
                if at >= since and now == level:
                    return at
            time.sleep(STEP)
        raise TimeoutError(f"pin not {'high' if level else 'low'} within {limit:.0f} s: {self.changes[-6:]}")


def wait_for(what: str, true: object, limit: float) -> float:
    """Until `true()`; the seconds it took. TimeoutError names `what`."""
    began = time.monotonic()
    while not true():  # type: ignore[operator]
        if time.monotonic() - began > limit:
            raise TimeoutError(f"{what}: not within {limit:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - began


def island() -> dict[str, object]:
    """What the gateway says of its island; empty while it says nothing."""
    try:
        page = json.loads(PAGE.read_text())
    except (OSError, ValueError):
        return {}
    said = page["parts"].get("island", {})
    return said if isinstance(said, dict) else {}


def main_pid(unit: str) -> int:
    """Of a running unit, else 0."""
    return int(call("systemctl", "show", "--property=MainPID", "--value", f"{UNITS[unit]}.service"))


def active(unit: str) -> bool:
    """It runs and said that it is ready."""
    return (
        call("systemctl", "show", "--property=ActiveState", "--value", f"{UNITS[unit]}.service") == "active"
    )


def memory() -> dict[str, tuple[float, float]]:
    """Unit -> MB of its process, and of all its processes (proportional: what is shared counts by its share)."""
    found = {}
    for name, unit in UNITS.items():
        place = Path(f"/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs")
        sizes = {int(pid): _pss(int(pid)) for pid in place.read_text().split()}
        found[name] = (sizes.get(main_pid(name), 0.0), sum(sizes.values()))
    return found


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _sound(program: str, number: int, path: str) -> "subprocess.Popen[bytes]":
    """At the far end of line `number`'s card."""
    device = f"plughw:CARD=Loopback,DEV=1,SUBDEV={number}"
    shape = ("-f", "S16_LE", "-c", "1", "-r", "16000") if program == "arecord" else ()
    return subprocess.Popen((program, "-q", "-D", device, "-t", "wav", *shape, path))


def speak(number: int, path: str) -> None:
    """Somebody talks at the far end, to the end of the file."""
    if _sound("aplay", number, path).wait(60):
        raise OSError("aplay failed")


class Listening:
    """What the far end of a line hears, into a file, until `stop`."""

    def __init__(self, number: int, path: str) -> None:
        self._program = _sound("arecord", number, path)

    def stop(self) -> None:
        """The file is whole afterwards."""
        self._program.terminate()
        self._program.wait(10)


def give_back(folder: str) -> None:
    """The folder's files for the host, on the third disk."""
    call("tar", "-cf", "/dev/vdc", "-C", folder, ".")
    os.sync()


def journal(*units: str) -> list[str]:
    """The last lines of the units' log, for a trial that failed."""
    words = [word for unit in units for word in ("-u", f"{UNITS[unit]}.service")]
    lines = call("journalctl", "-q", "-o", "short-monotonic", *words).splitlines()
    return [line for line in lines if "stalled_ms" not in line][-60:]


def told(trial: Callable[[], None], *units: str) -> None:
    """Run it; whatever goes wrong, the host hears of it, with the last lines of these units' logs."""
    try:
        trial()
    except Exception as error:  # noqa: BLE001
        for line in journal(*units):
            say(line)
        say(f"failed {error!r}")
