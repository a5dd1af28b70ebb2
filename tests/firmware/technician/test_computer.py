"""Faults of the computer and of processes, played by files below a root and by canned commands."""

import dataclasses

import pytest

from firmware.technician.checks import computer as checks
from firmware.technician.checks import processes
from firmware.technician.host import Disk, Host, run_command
from firmware.technician.patient import PROCESSES, Patient
from tests.firmware.technician.site import HEALTHY, computer, kinds, patient_of, severities

ALL = (checks.disk, checks.clock, checks.supply, checks.system)


def changed(patient: Patient, **changes: object) -> Patient:
    return dataclasses.replace(patient, host=dataclasses.replace(patient.host, **changes))


@pytest.mark.parametrize("check", ALL)
def test_a_healthy_computer_has_no_fault_and_nothing_unchecked(tmp_path, check):
    assert set(severities(check, patient_of(tmp_path))) == {"well"}


@pytest.mark.parametrize("check", [checks.clock, checks.supply, checks.system])
def test_what_cannot_be_seen_is_never_called_well(tmp_path, check):
    host = Host(root=tmp_path / "nothing", run=lambda command: None)
    seen = severities(check, patient_of(tmp_path, host=host))
    assert "unchecked" in seen and "well" not in seen


SAYS = {command: HEALTHY[command] for command in HEALTHY}
CLOCK, SUPPLY = SAYS


@pytest.mark.parametrize(
    ("check", "changes", "kind"),
    [
        (checks.disk, {"disk": lambda path: Disk(10**8, 10**9, False)}, "disk-full"),
        (checks.disk, {"disk": lambda path: Disk(10**9, 10**11, False)}, "disk-full"),
        (checks.disk, {"disk": lambda path: Disk(10**10, 10**11, True)}, "disk-read-only"),
        (checks.clock, {"now": lambda: 0.0}, "clock-old"),
        (checks.clock, {"run": {**SAYS, CLOCK: "no"}.get}, "clock-not-synchronised"),
        (checks.supply, {"run": {**SAYS, SUPPLY: "throttled=0x50005"}.get}, "under-voltage"),
        (checks.supply, {"run": {**SAYS, SUPPLY: "throttled=0x10000"}.get}, "under-voltage"),
    ],
)
def test_faults_that_the_system_tells(tmp_path, check, changes, kind):
    assert kinds(check(changed(patient_of(tmp_path), **changes))) == [kind]


@pytest.mark.parametrize(
    ("check", "path", "text", "kind"),
    [
        (checks.supply, "sys/class/thermal/thermal_zone0/temp", "84000", "cpu-hot"),
        (checks.supply, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave", "cpu-governor"),
        (checks.system, "dev/watchdog0", None, "no-watchdog"),
        (checks.system, "usr/sbin/ModemManager", "", "modem-manager"),
        (checks.system, "etc/systemd/system/spillway-guard.service", None, "unit-missing"),
        (
            checks.system,
            "etc/systemd/system/multi-user.target.wants/spillway-run.service",
            None,
            "unit-not-enabled",
        ),
    ],
)
def test_faults_that_files_tell(tmp_path, check, path, text, kind):
    patient = patient_of(tmp_path, {"serial": [{"name": "u", "device": "/dev/x"}]})
    place = patient.host.root / path
    if text is None:
        place.unlink()
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    assert kinds(check(patient)) == [kind]


def start(patient: Patient, pid: int, *words: str) -> None:
    """A process below the root."""
    folder = patient.host.root / "proc" / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")


def test_a_gateway_that_runs_twice(tmp_path):
    patient = patient_of(tmp_path)
    start(patient, 11, "gateway", "run", "--config", str(patient.config))
    start(patient, 12, "gateway", "run", "--config", "/another/gateway.toml")
    assert kinds(processes.gateway(patient)) == []
    start(patient, 13, "python", "-m", "firmware", "run", "--config", str(patient.config))
    assert kinds(processes.gateway(patient)) == ["gateway-twice"]
    assert "stop it" in patient.at_work and "pid 1" in patient.at_work


def test_devices_are_left_alone_while_the_gateway_is_at_work(tmp_path):
    patient = patient_of(tmp_path)
    start(patient, 11, "gateway", "voice", "--config", str(patient.config))
    assert patient.running(PROCESSES[1]) and not patient.running("run")
    assert severities(processes.voice_ports, patient) == ["unchecked"]


def test_who_holds_a_lock_is_read_from_the_kernel_s_list(tmp_path):
    host = computer(tmp_path / "root")
    lock = tmp_path / "guard.sock.lock"
    lock.touch()
    (host.root / "proc").mkdir()
    row = f"1: FLOCK  ADVISORY  WRITE 4711 08:01:{lock.stat().st_ino} 0 EOF\n"
    (host.root / "proc/locks").write_text("2: POSIX ADVISORY READ 1 08:01:5 0 EOF\n" + row)
    assert host.lock_holder(lock) == 4711
    assert host.lock_holder(tmp_path / "none") is None


def test_a_command_that_is_not_there_says_nothing():
    assert run_command(("no-such-program-anywhere",)) is None
