"""The computer: disk, clock, supply, heat, watchdog, and whether systemd starts the gateway."""

import re
from collections.abc import Iterator
from pathlib import Path

from firmware.technician.checks.files import nearest
from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import PROCESSES, Patient

LEAST_FREE = 200 * 2**20
LEAST_SHARE = 0.05
HOT = 80.0
MADE = Path(__file__).stat().st_mtime
"""When this program was put here: no clock that is right shows less."""
THROTTLED_NOW, THROTTLED_EVER = 0x1, 0x10000


def disk(patient: Patient) -> Iterator[Finding]:
    """Room and rights on the disk of the state folder."""
    path = nearest(patient.settings.state)
    try:
        seen = patient.host.disk(path)
    except OSError as error:
        yield unchecked("disk", f"{path}: {error.strerror}")
        return
    if seen.read_only:
        yield found("disk-read-only", "disk", f"{path} is on a file system mounted read-only")
    share = seen.free / max(seen.total, 1)
    text = f"{seen.free / 2**20:.0f} MiB free ({share:.0%})"
    if seen.free < LEAST_FREE or share < LEAST_SHARE:
        yield found("disk-full", "disk", text)
    else:
        yield well("disk", text)


def clock(patient: Patient) -> Iterator[Finding]:
    """Date, and whether somebody keeps it right."""
    if patient.host.now() < MADE - 86_400:
        yield found("clock-old", "clock", "the date is before that of this program")
    said = patient.host.run(("timedatectl", "show", "-p", "NTPSynchronized", "--value"))
    if said == "yes":
        yield well("clock", "synchronised")
    elif said == "no":
        yield found("clock-not-synchronised", "clock", "timedatectl says: not synchronised")
    else:
        yield unchecked("clock", "timedatectl is not there to say whether the clock is synchronised")


def supply(patient: Patient) -> Iterator[Finding]:
    """Supply voltage, temperature, clock rate of the processor, hardware watchdog."""
    said = patient.host.run(("vcgencmd", "get_throttled")) or ""
    bits = re.search(r"throttled=0x([0-9a-fA-F]+)", said)
    if bits is None:
        yield unchecked("supply", "vcgencmd is not there (no Raspberry Pi?)")
    elif (number := int(bits[1], 16)) & (THROTTLED_NOW | THROTTLED_EVER):
        when = "now" if number & THROTTLED_NOW else "since power-on, not now"
        yield found("under-voltage", "supply", f"too low {when} (0x{number:x})")
    else:
        yield well("supply", "voltage was never too low since power-on")
    heat = patient.host.text("sys/class/thermal/thermal_zone0/temp") or ""
    if not heat.lstrip("-").isdigit():
        yield unchecked("heat", "this computer shows no temperature")
    elif int(heat) / 1000 > HOT:
        yield found("cpu-hot", "heat", f"{int(heat) / 1000:.0f} °C")
    else:
        yield well("heat", f"{int(heat) / 1000:.0f} °C")
    governor = patient.host.text("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor == "powersave":
        yield found("cpu-governor", "processor", "the governor is powersave")
    elif governor is None:
        yield unchecked("processor", "this computer shows no governor")
    else:
        yield well("processor", f"governor {governor}")


def system(patient: Patient) -> Iterator[Finding]:
    """Watchdog, ModemManager, units."""
    host = patient.host
    if patient.board.kind == "bench":
        yield unchecked("watchdog", "a bench needs none")
    elif (host.root / "dev/watchdog").exists() or (host.root / "dev/watchdog0").exists():
        yield well("watchdog", "there is one")
    else:
        yield found("no-watchdog", "watchdog", "neither /dev/watchdog nor /dev/watchdog0")
    if patient.board.serials and (host.root / "usr/sbin/ModemManager").exists():
        yield found("modem-manager", "ModemManager", "/usr/sbin/ModemManager exists")
    if not (host.root / "run/systemd/system").is_dir():
        yield unchecked("units", "systemd does not run here")
        return
    for process in PROCESSES:
        yield _unit(host.root, process)


def _unit(root: Path, process: str) -> Finding:
    call = re.compile(rf"^ExecStart=.*\bgateway\s+{process}\b", re.MULTILINE)
    folders = [root / "etc/systemd/system", root / "usr/lib/systemd/system", root / "lib/systemd/system"]
    units = [
        unit for folder in folders for unit in sorted(folder.glob("*.service")) if call.search(_read(unit))
    ]
    if not units:
        return found("unit-missing", f"gateway {process}", "no unit has it as its ExecStart")
    wanted = [name for unit in units for name in (root / "etc/systemd/system").glob(f"*.wants/{unit.name}")]
    if not wanted:
        return found("unit-not-enabled", units[0].name, "no target wants it")
    return well(units[0].name, "starts at power-on")


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
