"""The doctor at serial ports: bench terminals, phones and Modbus devices on ptys, each with the faults seeded."""

import asyncio
import dataclasses
import os
import struct
import termios
from pathlib import Path

import pytest

from firmware.technician.checks import inputs, modbus, serial_ports, terminals
from firmware.technician.host import Host
from firmware.technician.wire import Wire
from hw.bench.map27_pty import Map27Port
from hw.bench.modbus import InstrumentModel, ModbusBus, RelayBoardModel
from hw.bench.modbus_line import ModbusLine
from hw.bench.phone import BenchPhone
from hw.bench.phone_pty import PhonePty
from hw.bench.tetra import Terminal
from hw.bench.tetra_pty import TetraPort
from hw.modbus.protocol import seal
from tests.firmware.technician.site import kinds, patient_of
from tests.system.doctor_site import serial_stub


def at_line(kind: str, device: Path, **fields) -> dict:
    return {
        "card": [{"name": "c", "driver": "alsa", "capture": "x"}],
        "serial": [{"name": "u", "device": str(device)}],
        "output": [{"name": "p", "kind": "terminal", "family": kind, "serial": "u", "longest": 2000.0}],
        "line": [{"id": "l1", "kind": kind, "card": "c", "ptt": "p", "serial": "u", **fields}],
    }


async def looked(check, patient) -> list[str]:
    return kinds(iter(await asyncio.to_thread(list, check(patient))))


# ---- the port itself ---------------------------------------------------------------------------------------


def test_a_device_that_is_not_there_not_one_or_no_port(tmp_path):
    def port(device: str) -> list[str]:
        return kinds(
            serial_ports.devices(patient_of(tmp_path, {"serial": [{"name": "u", "device": device}]}))
        )

    assert port(str(tmp_path / "none")) == ["serial-missing"]
    (tmp_path / "tty-a").touch()
    assert port(str(tmp_path / "tty-a")) == ["serial-not-a-port"]
    assert port("/dev/null") == ["serial-not-a-port"]
    (tmp_path / "tty-b").touch()
    assert port(str(tmp_path / "tty-*")) == ["serial-ambiguous", "serial-not-a-port"]
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert port(str(tmp_path / "gone")) == ["serial-missing"]


def test_a_port_without_rights_and_one_that_another_has(tmp_path):
    tables = {"serial": [{"name": "u", "device": str(tmp_path / "tty")}]}
    with serial_stub(tmp_path / "tty", lambda heard, speed: b"") as link:
        link.resolve().chmod(0o600)
        stranger = patient_of(tmp_path, tables, host=Host(root=tmp_path, uid=12345, groups=frozenset()))
        assert kinds(serial_ports.devices(stranger)) == ["serial-no-right"]
        patient = patient_of(tmp_path, tables, host=dataclasses.replace(Host(), uid=0))
        assert kinds(serial_ports.devices(patient)) == []
        with Wire(str(link), 9600) as mine:
            assert mine.trouble is None
            assert kinds(serial_ports.devices(patient)) == ["serial-busy"]
            assert [each.pid for each in patient.host.holders(link)] == []  # ourselves are not told


def test_a_port_whose_lines_key_a_transmitter_is_never_opened(tmp_path):
    tables = {
        "serial": [{"name": "u", "device": str(tmp_path / "tty")}],
        "output": [{"name": "p", "kind": "modem-line", "serial": "u", "longest": 70.0}],
    }
    speeds = []
    with serial_stub(tmp_path / "tty", lambda heard, speed: speeds.append(heard) or b"") as link:
        before = termios.tcgetattr(fd := os.open(link, os.O_RDWR | os.O_NOCTTY))
        patient = patient_of(tmp_path, tables)
        assert [each.severity for each in serial_ports.devices(patient)] == ["unchecked"]
        assert "key p" in serial_ports.usable(patient, patient.board.serials[0])
        assert termios.tcgetattr(fd) == before and speeds == []
        os.close(fd)


def test_an_input_whose_sound_chip_is_not_there(tmp_path):
    tables = {"input": [{"name": "cos", "kind": "hid", "device": str(tmp_path / "hidraw*")}]}
    assert kinds(inputs.inputs(patient_of(tmp_path, tables, watch=0.3))) == ["input-missing"]


def answering(speed: int, otherwise: bytes):
    """A modem that understands only at `speed`."""

    def answer(heard: bytes, now: int) -> bytes:
        return b"\r\nOK\r\n" if now == speed and b"AT" in heard else otherwise

    return answer


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answering(38400, b"\xf8\x80\xe6"), "serial-wrong-baud"),
        (answering(0, b"\xf8\x80\xe6"), "serial-garbage"),
        (answering(0, b""), "serial-no-answer"),
        (lambda heard, speed: heard + b"\r\nOK\r\n", "serial-echo"),
    ],
)
def test_what_comes_back_to_at(tmp_path, answer, kind):
    with serial_stub(tmp_path / "tty", answer) as link:
        patient = patient_of(tmp_path, at_line("phone", link), patience=0.12)
        port = patient.board.serials[0]
        findings = list(serial_ports.greet(patient, port, 9600))
    assert kinds(iter(findings)) == [kind]
    assert kind != "serial-wrong-baud" or "38400" in findings[0].what


# ---- terminals and phones ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "fields", "expected"),
    [
        ("normal", {"group": "1001"}, []),
        ("normal", {"group": "1002"}, ["tetra-wrong-group"]),
        ("out_of_range", {}, ["tetra-not-registered"]),
        ("cme35:99", {}, ["tetra-cme35"]),
    ],
)
async def test_a_tetra_terminal(tmp_path, verb, fields, expected):
    port = TetraPort(tmp_path, Terminal(group="1001"))
    link = port.plug("tetra")
    try:
        port.perform(verb)
        assert (
            await looked(terminals.terminals, patient_of(tmp_path, at_line("tetra", link, **fields)))
            == expected
        )
    finally:
        port.pull()


@pytest.mark.parametrize(
    ("verb", "pin", "expected"),
    [
        ("normal", "", []),
        ("normal", "1234", ["sim-pin"]),
        ("creg:2", "", ["phone-no-service"]),
        ("memory_full", "", ["sms-full"]),
        ("echo_stuck", "", ["serial-echo"]),
    ],
)
async def test_a_phone(tmp_path, verb, pin, expected):
    port = PhonePty(BenchPhone(pin=pin), tmp_path / "phone")
    port.plug()
    try:
        port.perform(verb)
        told = at_line("phone", tmp_path / "phone")
        assert await looked(terminals.terminals, patient_of(tmp_path, told)) == expected
    finally:
        port.unplug()


@pytest.mark.parametrize(
    ("cpin", "csq", "expected"),
    [
        (b"+CME ERROR: 10", b"", "sim-missing"),
        (b"+CPIN: SIM PUK\r\n\r\nOK", b"", "sim-puk"),
        (b"+CPIN: READY\r\n\r\nOK", b"+CSQ: 2,99\r\n\r\nOK", "phone-weak"),
    ],
)
def test_a_phone_s_card_and_signal(tmp_path, cpin, csq, expected):
    told = {b"AT+CPIN?": cpin, b"AT+CSQ": csq, b"AT+CREG?": b"+CREG: 0,1\r\n\r\nOK"}

    def answer(heard: bytes, speed: int) -> bytes:
        return b"\r\n" + told.get(heard.strip(), b"OK") + b"\r\n"

    with serial_stub(tmp_path / "tty", answer) as link:
        assert kinds(terminals.terminals(patient_of(tmp_path, at_line("phone", link)))) == [expected]


async def test_plugs_exchanged_are_seen_from_both_sides(tmp_path):
    tetra, phone = TetraPort(tmp_path), PhonePty(BenchPhone(), tmp_path / "phone")
    link = tetra.plug("tetra")
    phone.plug()
    try:
        for kind, device in (("phone", link), ("tetra", tmp_path / "phone")):
            found = await looked(terminals.terminals, patient_of(tmp_path, at_line(kind, device)))
            assert found == ["serial-wrong-device"]
    finally:
        tetra.pull()
        phone.unplug()


async def test_a_map27_radio(tmp_path):
    port = Map27Port(tmp_path)
    link = port.plug("map27")
    try:
        assert await looked(terminals.terminals, patient_of(tmp_path, at_line("map27", link))) == []
    finally:
        port.pull()
    with serial_stub(tmp_path / "deaf", lambda heard, speed: b"") as deaf:
        assert kinds(terminals.terminals(patient_of(tmp_path, at_line("map27", deaf)))) == ["map27-silent"]
    with serial_stub(tmp_path / "rubbish", lambda heard, speed: b"ERROR\r\n") as rubbish:
        assert kinds(terminals.terminals(patient_of(tmp_path, at_line("map27", rubbish)))) == [
            "serial-garbage"
        ]


async def test_nothing_is_asked_of_a_port_that_does_not_open(tmp_path):
    patient = patient_of(tmp_path, at_line("tetra", tmp_path / "none"))
    seen = await asyncio.to_thread(list, terminals.terminals(patient))
    assert [finding.severity for finding in seen] == ["unchecked"] and "see serial u" in seen[0].what


# ---- Modbus ------------------------------------------------------------------------------------------------

RELAYS = {"relay_board": [{"name": "k", "bus": "b"}]}
LEVEL = {"sensor": [{"name": "level", "bus": "b", "address": 2, "profile": "level-float"}]}
BIT = {"input": [{"name": "i", "kind": "bit", "bus": "b", "address": 5}]}


def floats(value: float) -> dict[int, int]:
    """Registers of a float in order CDAB, as the profile reads it."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return {0: low, 1: high}


def swapped(value: float) -> dict[int, int]:
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return {0: high, 1: low}


@pytest.mark.parametrize(
    ("tables", "device", "verb", "expected"),
    [
        (RELAYS, RelayBoardModel(), "normal", []),
        (RELAYS, RelayBoardModel(), "silent", ["relay-silent"]),
        (RELAYS, RelayBoardModel(slave=4), "normal", ["relay-address"]),
        (RELAYS, RelayBoardModel(version=100), "normal", ["relay-v1"]),
        (RELAYS, RelayBoardModel(), "weld:3", ["relay-closed"]),
        (RELAYS, RelayBoardModel(), "echo", ["bus-echo"]),
        (LEVEL, InstrumentModel(registers=floats(3.25)), "normal", []),
        (LEVEL, InstrumentModel(registers=floats(3.25)), "silent", ["sensor-silent"]),
        (LEVEL, InstrumentModel(registers={9: 1}), "normal", ["sensor-refused"]),
        (LEVEL, InstrumentModel(registers=floats(-500.0)), "normal", ["sensor-range"]),
        (LEVEL, InstrumentModel(registers=swapped(3.25)), "normal", ["sensor-byte-order"]),
        (BIT, InstrumentModel(slave=5), "silent", ["bit-silent"]),
    ],
)
async def test_devices_on_a_bus(tmp_path, tables, device, verb, expected):
    bus = ModbusBus((device,))
    line = ModbusLine(bus, tmp_path / "rs485")
    line.plug()
    try:
        bus.disturb(device.slave, verb, 0.0)
        port = {
            "serial": [{"name": "u", "device": str(tmp_path / "rs485")}],
            "bus": [{"name": "b", "serial": "u"}],
        }
        assert await looked(modbus.buses, patient_of(tmp_path, {**port, **tables})) == expected
        assert not isinstance(device, RelayBoardModel) or device.edges == []
    finally:
        line.unplug()


def test_a_bus_at_another_speed(tmp_path):
    reply = seal(bytes((1, 1, 1, 0)))  # one bit, off

    def answer(heard: bytes, speed: int) -> bytes:
        return reply if speed == 19200 and heard[:2] == b"\x01\x01" else b""

    with serial_stub(tmp_path / "tty", answer) as link:
        port = {"serial": [{"name": "u", "device": str(link)}], "bus": [{"name": "b", "serial": "u"}]}
        findings = list(modbus.buses(patient_of(tmp_path, {**port, **RELAYS})))
    assert kinds(iter(findings)) == ["bus-wrong-baud"] and "19200" in findings[0].what


def test_the_stub_is_a_terminal_and_leaves_no_file_open(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with serial_stub(tmp_path / "tty", lambda heard, speed: b"x") as link, Wire(str(link), 9600) as wire:
        assert wire.ask(b"?", lambda heard: b"x" in heard, 1.0) == b"x"
    assert len(list(Path("/proc/self/fd").iterdir())) == before
