"""Terminals and phones: asked only, with questions that every profile allows. Nothing dials, keys or changes them."""

import re
import time
from collections.abc import Iterator

from firmware.technician.checks.serial_ports import at, baud_of, greet, usable
from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from firmware.technician.wire import Wire
from hw.board_lines import Map27Line, PhoneLine, TetraLine
from hw.map27.profile import profile as map27_profile
from hw.map27.protocol import LinkRequest, Splitter, encode
from hw.phone.profile import PhoneProfile
from hw.phone.profile import load_profile as phone_profile
from hw.tetra.profile import profile as tetra_profile
from link.hosting.settings import SettingsError

WEAK = 5


def terminals(patient: Patient) -> Iterator[Finding]:
    """Every line at a serial port: does it answer, is it the right kind, can it work."""
    for line in patient.board.lines:
        if not isinstance(line, TetraLine | Map27Line | PhoneLine):
            continue
        where, port = f"line {line.id}", patient.board.serial(line.serial)
        why = usable(patient, port)
        if why:
            yield unchecked(where, why)
            continue
        try:
            match line:
                case TetraLine():
                    yield from _tetra(patient, line)
                case PhoneLine():
                    yield from _phone(patient, line)
                case Map27Line():
                    yield from _map27(patient, line)
        except SettingsError as error:
            yield unchecked(where, str(error))


def _tetra(patient: Patient, line: TetraLine) -> Iterator[Finding]:
    where, port = f"line {line.id}", patient.board.serial(line.serial)
    profile, baud = tetra_profile(line.profile), baud_of(patient, port)
    greeting = list(greet(patient, port, baud))
    yield from greeting
    if any(finding.severity == "fault" for finding in greeting):
        return
    with Wire(port.device, baud, port.rts_cts or profile.rts_cts) as wire:
        group, service = (at(wire, f"AT+{name}?", patient.patience) for name in ("CTGS", "CREG"))
        phone = at(wire, "AT+CPIN?", patient.patience) if "+CTGS" not in group else ""
    if "+CPIN" in phone:
        yield found("serial-wrong-device", where, "a phone answers here (AT+CPIN? but not AT+CTGS?)")
        return
    if re.search(r"\+CME ERROR: ?35\b", group + service):
        yield found("tetra-cme35", where, "to AT+CTGS? or AT+CREG?")
        return
    stat = re.search(r"\+CREG: ?(?:\d+, ?)?(\d+)", service)
    if profile.trunked and (stat is None or stat[1] not in ("1", "5")):
        yield found(
            "tetra-not-registered",
            where,
            f"AT+CREG? says {stat[1] if stat else 'nothing'}, 1 or 5 is registered",
        )
    stands = re.findall(r"\d+", group.partition("+CTGS:")[2])
    if line.group and not any(same_group(line.group, each) for each in stands):
        yield found(
            "tetra-wrong-group", where, f"AT+CTGS? says {', '.join(stands) or 'none'}, the board {line.group}"
        )
    else:
        yield well(where, f"answers; group {line.group or 'as it stands'}")


def same_group(one: str, other: str) -> bool:
    """A GSSI and the same with its network's 7 or 9 digits in front."""
    return int(one[-8:]) == int(other[-8:]) and (len(one) < 17 or len(other) < 17 or one == other)


def _phone(patient: Patient, line: PhoneLine) -> Iterator[Finding]:
    where, port = f"line {line.id}", patient.board.serial(line.serial)
    profile, baud = phone_profile(line.profile), baud_of(patient, port)
    greeting = list(greet(patient, port, baud))
    yield from greeting
    if any(finding.severity == "fault" for finding in greeting):
        return
    with Wire(port.device, baud, port.rts_cts or profile.serial.flow == "rts-cts") as wire:
        at(wire, "AT+CMEE=1", patient.patience)
        pin = at(wire, "AT+CPIN?", patient.patience)
        if "+CPIN" not in pin and "+CTGS" in at(wire, "AT+CTGS?", patient.patience):
            yield found(
                "serial-wrong-device", where, "a TETRA terminal answers here (AT+CTGS? but not AT+CPIN?)"
            )
            return
        sim = list(_sim(line, where, pin))
        yield from sim or _service(wire, profile, where, patient.patience)


def _sim(line: PhoneLine, where: str, pin: str) -> Iterator[Finding]:
    if "SIM PUK" in pin:
        yield found("sim-puk", where, "AT+CPIN? says SIM PUK")
    elif "SIM PIN" in pin and not line.pin_file:
        yield found("sim-pin", where, "AT+CPIN? says SIM PIN, and the line names no pin_file")
    elif "SIM PIN" in pin:
        yield unchecked(where, "the SIM waits for its PIN, which the gateway enters at its start")
    elif re.search(r"\+CME ERROR: ?(10|13|14|15)\b", pin):
        yield found("sim-missing", where, f"AT+CPIN? says {' '.join(pin.split())}")


def _service(wire: Wire, profile: PhoneProfile, where: str, seconds: float) -> Iterator[Finding]:
    service = at(wire, "AT+CREG?", seconds)
    stat = re.search(r"\+CREG: ?(?:\d+, ?)?(\d+)", service)
    if stat is None or stat[1] not in ("1", "5"):
        yield found(
            "phone-no-service", where, f"AT+CREG? says {stat[1] if stat else 'nothing'}, 1 or 5 is service"
        )
    else:
        yield well(where, f"in service (AT+CREG? says {stat[1]})")
    signal = at(wire, profile.status.signal, seconds) if profile.status.signal else ""
    rssi = re.search(r"\+CSQ: ?(\d+)", signal)
    if rssi is not None and (int(rssi[1]) == 99 or int(rssi[1]) < WEAK):
        yield found("phone-weak", where, f"AT+CSQ says {rssi[1]} of 31 (99: unknown)")
    if profile.forbids("AT+CPMS?"):
        yield unchecked(where, f"memory for texts: {profile.name} must not be asked")
        return
    used = re.search(r'\+CPMS: ?"\w+", ?(\d+), ?(\d+)', at(wire, "AT+CPMS?", seconds))
    if used is not None and int(used[1]) >= int(used[2]) > 0:
        yield found("sms-full", where, f"{used[1]} of {used[2]} places are used")


def _map27(patient: Patient, line: Map27Line) -> Iterator[Finding]:
    where, port = f"line {line.id}", patient.board.serial(line.serial)
    profile, baud = map27_profile(line.profile), baud_of(patient, port)
    splitter, heard, until = Splitter(), b"", time.monotonic() + 2 * patient.patience
    with Wire(port.device, baud, port.rts_cts) as wire:
        while time.monotonic() < until:
            said = wire.ask(
                encode(LinkRequest(profile.n1, profile.k)), lambda data: len(data) > 10, patient.patience / 2
            )
            heard += said
            if splitter.feed(said):
                yield well(where, "a MAP27 radio answers")
                return
    if heard:
        yield found(
            "serial-garbage",
            f"serial {port.name}",
            f"at {baud} baud came {heard[:12].hex(' ')}, no MAP27 frame",
        )
    else:
        yield found("map27-silent", where, f"nothing came at {baud} baud")
