"""Serial ports before anything is said over them, and the first words with a device that understands AT."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from firmware.technician.wire import Wire
from hw.board_parts import SerialPort
from hw.sheet.ports import serial_needs
from link.hosting.settings import SettingsError

BAUDS = (9600, 38400, 115200, 19200, 4800, 57600, 1200)
_END = re.compile(rb"(?:^|[\r\n])(?:OK|ERROR|\+CM[ES] ERROR: ?\w+)\r?\n?$")


def devices(patient: Patient) -> Iterator[Finding]:
    """Whether each device is there, is one, is a serial port, may be opened, and nobody else has it."""
    for port in patient.board.serials:
        if patient.at_work:
            yield unchecked(f"serial {port.name}", patient.at_work)
            continue
        yield from examine(patient, port)


def examine(patient: Patient, port: SerialPort) -> Iterator[Finding]:
    """One port."""
    where = f"serial {port.name}"
    fits = matches(port.device)
    if not fits:
        yield found("serial-missing", where, f"nothing is there as {port.device}")
        return
    if len(fits) > 1:
        names = ", ".join(path.name for path in fits[:4])
        yield found("serial-ambiguous", where, f"{port.device} fits {len(fits)}: {names}; the first is taken")
    path = fits[0]
    try:
        is_port = stat.S_ISCHR(path.stat().st_mode)
    except OSError:
        yield found("serial-missing", where, f"{path} leads nowhere")
        return
    if not is_port:
        yield found("serial-not-a-port", where, f"{path} is a file or folder")
    elif not patient.host.may(path, 6):
        yield found("serial-no-right", where, f"user {patient.host.uid} may not read and write {path}")
    elif keys(patient, port):
        yield unchecked(
            where, f"{path} is there; opening it would raise RTS and DTR, which key {keys(patient, port)}"
        )
    else:
        with Wire(str(path), baud_of(patient, port)) as wire:
            trouble = wire.trouble
        if trouble is None:
            yield well(where, f"{path} opens")
        elif "another program" in trouble.advice:
            holders = (
                ", ".join(str(each) for each in patient.host.holders(path)) or "a process of another user"
            )
            yield found("serial-busy", where, f"{path} is held by {holders}")
        else:
            yield found("serial-not-a-port", where, f"{path}: {trouble.reason}")


def keys(patient: Patient, port: SerialPort) -> str:
    """The output that a line of this port keys; empty when there is none. Such a port must never be opened here."""
    outputs = patient.board.outputs
    return next((o.name for o in outputs if o.kind == "modem-line" and o.serial == port.name), "")


def matches(device: str) -> list[Path]:
    """What a device or pattern of a board file names now."""
    pattern = Path(device)
    return sorted(pattern.parent.glob(pattern.name))


def baud_of(patient: Patient, port: SerialPort) -> int:
    """The port's rate: the board's, else the profile's, else 9600."""
    try:
        return serial_needs(patient.board, port)[0]
    except SettingsError:
        return port.baud or 9600


def usable(patient: Patient, port: SerialPort) -> str:
    """Why nothing can be said over a port; empty when it can."""
    if patient.at_work:
        return patient.at_work
    if keys(patient, port):
        return f"serial {port.name} is not opened: its RTS and DTR key {keys(patient, port)}"
    bad = [each for each in examine(patient, port) if each.severity == "fault"]
    return f"see serial {port.name}: {bad[0].what}" if bad else ""


def at(wire: Wire, command: str, seconds: float) -> str:
    """One AT command; everything up to its final answer, or what came until the time was over."""
    heard = wire.ask(command.encode() + b"\r", lambda said: bool(_END.search(said)), seconds)
    return heard.decode("ascii", "replace")


def greet(patient: Patient, port: SerialPort, baud: int) -> Iterator[Finding]:
    """Whether an AT device answers at `baud`; otherwise at which other rate, or what is wrong. Echo is told."""
    where = f"serial {port.name}"
    with Wire(port.device, baud, port.rts_cts) as wire:
        quiet = at(wire, "ATE0", patient.patience)
        said = at(wire, "AT", patient.patience)
    if re.search(r"(?:^|[\r\n])OK", said) or "ERROR" in said:
        if said.lstrip().startswith("AT\r") and "ERROR" not in quiet + said:
            yield found("serial-echo", where, "it repeats commands after ATE0")
        return
    for other in (rate for rate in BAUDS if rate != baud):
        with Wire(port.device, other, port.rts_cts) as wire:
            at(wire, "AT", patient.patience / 4)
            answer = at(wire, "AT", patient.patience / 2)
        if re.search(r"(?:^|[\r\n])OK", answer):
            yield found("serial-wrong-baud", where, f"it answers at {other} baud, not at {baud}")
            return
    if said.strip():
        yield found("serial-garbage", where, f"at {baud} baud came {said[:20]!r}")
    else:
        yield found("serial-no-answer", where, f"nothing came at {baud} baud, nor at any other")
