"""`gateway doctor`: every check in its order, each shielded from the others. Looks and asks; keys nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path

from firmware.config import load_gateway
from firmware.technician.checks import (
    centre,
    computer,
    files,
    inputs,
    modbus,
    processes,
    rigs,
    serial_ports,
    sound,
    terminals,
)
from firmware.technician.finding import Finding, Report, found, unchecked
from firmware.technician.host import Host
from firmware.technician.patient import Patient
from hw.board import BoardError, load_board
from link.hosting.settings import SettingsError

Check = Callable[[Patient], Iterator[Finding]]
CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("settings", "gateway.toml against the board file", files.settings),
    ("profiles", "the profiles that the board names", files.profiles),
    ("folders", "state and run folder", files.folders),
    ("disk", "room and rights", computer.disk),
    ("clock", "date and synchronisation", computer.clock),
    ("supply", "voltage, heat, processor", computer.supply),
    ("system", "watchdog, ModemManager, units", computer.system),
    ("processes", "the three processes of this gateway", processes.gateway),
    ("guard", "the guard and its outputs", processes.guard),
    ("voice ports", "UDP ports for voice", processes.voice_ports),
    ("card names", "[[card]] of the board file", sound.names),
    ("sound", "a moment of each card", sound.capture),
    ("inputs", "pins, squelches, contacts", inputs.inputs),
    ("serial ports", "each device, its rights, its holders", serial_ports.devices),
    ("terminals", "TETRA, MAP27, telephones", terminals.terminals),
    ("rigs", "rigctld and the radio behind it", rigs.rigs),
    ("Modbus", "relay boards, sensors, bits", modbus.buses),
    ("broker", "reachable, lets us in", centre.broker),
    ("centre", "reachable, knows our certificate (in plain: token)", centre.centre),
)
"""Name, what it looks at, the check. Sound comes before inputs: they tell a stuck squelch from an inverted one."""


def examine(config: Path, host: Host | None = None) -> Report:
    """Everything about the gateway of this settings file. SettingsError when there is no such file."""
    if not config.is_file():
        raise SettingsError(
            f"{config}: there is no such file; give the gateway's settings with --config FILE"
        )
    try:
        settings = load_gateway(config)
    except SettingsError as error:
        return _only("config-bad", str(config), error)
    try:
        board = load_board(settings.board)
    except BoardError as error:
        return _only("board-bad", str(settings.board), error)
    return examine_patient(Patient(config, settings, board, host or Host()))


def examine_patient(patient: Patient) -> Report:
    """Every check."""
    return Report(tuple((name, looks_at, _run(check, patient)) for name, looks_at, check in CHECKS))


def _run(check: Check, patient: Patient) -> tuple[Finding, ...]:
    """A check that the system stops is one that could not look; the others go on."""
    findings: list[Finding] = []
    try:
        for finding in check(patient):
            findings.append(finding)  # one by one: what was found before a trouble stays
    except OSError as error:
        findings.append(unchecked(getattr(error, "filename", None) or "the system", str(error)))
    return tuple(findings)


def _only(kind: str, where: str, error: Exception) -> Report:
    rest = tuple(
        (name, looks_at, (unchecked(where, "the files come first"),)) for name, looks_at, _ in CHECKS
    )
    faults = tuple(found(kind, where, line) for line in str(error).splitlines())
    return Report((("files", "gateway.toml and the board file", faults), *rest))
