"""A patient for the doctor: settings, a board and a computer on which all is well, to seed faults into."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from firmware.config import GatewaySettings
from firmware.technician.finding import Finding
from firmware.technician.host import Disk, Host
from firmware.technician.patient import Patient
from hw.board import Board

HEALTHY = {
    ("timedatectl", "show", "-p", "NTPSynchronized", "--value"): "yes",
    ("vcgencmd", "get_throttled"): "throttled=0x0",
}
UNIT = "[Service]\nExecStart=/usr/bin/gateway {process} --config /etc/spillway/gateway.toml\n"


def computer(root: Path, **changes: Any) -> Host:
    """A Raspberry Pi with systemd, below `root`, on which all is well."""
    files = {
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "dev/watchdog0": "",
        "run/systemd/system/here": "",
    }
    for process in ("run", "voice", "guard"):
        files[f"etc/systemd/system/spillway-{process}.service"] = UNIT.format(process=process)
        files[f"etc/systemd/system/multi-user.target.wants/spillway-{process}.service"] = ""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    fields = {"root": root, "run": HEALTHY.get, "disk": lambda path: Disk(10**10, 10**11, False), "uid": 0}
    return Host(**(fields | changes))


def board_of(tables: dict[str, Any] | None = None, kind: str = "real") -> Board:
    """A board of these tables; what load_board would refuse is the test's own affair."""
    return Board.model_validate({"board": {"name": "b", "kind": kind}, **(tables or {})})


def patient_of(
    folder: Path,
    tables: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    host: Host | None = None,
    **fields: Any,
) -> Patient:
    """A patient in `folder`."""
    for name in ("state", "run"):
        (folder / name).mkdir(exist_ok=True)
    places = {"board": folder / "board.toml", "state": folder / "state", "run": folder / "run"}
    told = GatewaySettings.model_validate({"gateway": "gw-1", **places, **(settings or {})})
    waits = {"patience": 0.2, "watch": 0.0}
    return Patient(
        folder / "gateway.toml", told, board_of(tables), host or computer(folder / "root"), **(waits | fields)
    )


def kinds(findings: Iterator[Finding]) -> list[str]:
    """The faults and warnings among findings; each must have its advice."""
    bad = [finding for finding in findings if finding.severity in ("fault", "warning")]
    assert all(finding.advice and finding.what and finding.where for finding in bad)
    return [finding.kind for finding in bad]


def severities(check: Callable[[Patient], Iterator[Finding]], patient: Patient) -> list[str]:
    """How each finding of a check is meant."""
    return [finding.severity for finding in check(patient)]
