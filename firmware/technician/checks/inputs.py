"""Inputs that are read: can they be had, does a squelch rest while nothing is received, do contacts make sense.

Opens inputs only, and only while no gateway runs; an output is never opened here.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

from firmware.technician.checks.serial_ports import keys
from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from hw.board_lines import RadioLine
from hw.board_parts import BitInput, Contact, HidInput, ModemLineInput, PinInput
from hw.contacts.machine import TWO_BITS
from hw.inputs.opening import open_input
from hw.pins import Pins, PinsUnavailable

CHATTER = 6
"""Changes within the watched time that no squelch or contact makes by itself."""
QUIET_DBFS = -60.0
Watchable = PinInput | HidInput | ModemLineInput
_KINDS = (("GPIO library", "lgpio-missing"), ("bench pins", "bench-away"), ("no Raspberry Pi", "pins-none"))


class Watch:
    """One input while it is watched: its level and how often it changed."""

    def __init__(self) -> None:
        self.level: bool | None = None
        self.changes = -1
        self.rested = False
        self.trouble: PinsUnavailable | None = None

    def health(self, trouble: PinsUnavailable | None) -> None:
        """What is wrong with its device, if anything; on the input's thread."""
        self.trouble = trouble

    def edge(self, value: bool, at_ns: int) -> None:
        """The level at first, then each change; on a vendor thread."""
        self.level = value
        self.changes += 1
        self.rested = self.rested or not value


def inputs(patient: Patient) -> Iterator[Finding]:
    """Every input for a moment, with what its lines and contacts make of it. Modbus bits come with their bus."""
    watched: list[Watchable] = []
    for source in patient.board.inputs:
        if isinstance(source, BitInput):
            continue
        if patient.at_work:
            yield unchecked(f"input {source.name}", patient.at_work)
        elif isinstance(source, ModemLineInput) and keys(patient, patient.board.serial(source.serial)):
            yield unchecked(f"input {source.name}", "opening its port would key a transmitter")
        else:
            watched.append(source)
    if not watched:
        return
    door = Pins(None)
    if any(isinstance(source, PinInput) for source in watched):
        try:
            door = patient.open_pins(patient.board)
        except PinsUnavailable as error:
            kind = next((kind for words, kind in _KINDS if words in error.what), "pins-none")
            yield found(kind, "pins", f"{error.what}: {error.advice}")
            watched = [source for source in watched if not isinstance(source, PinInput)]
    with ExitStack() as stack:
        stack.callback(door.close)
        watches, bad = _watch(patient, door, watched, stack)
    yield from bad
    yield from _judged(patient, watches)


def _watch(
    patient: Patient, door: Pins, sources: list[Watchable], stack: ExitStack
) -> tuple[dict[str, Watch], list[Finding]]:
    watches: dict[str, Watch] = {}
    bad: list[Finding] = []
    for source in sources:
        watch = Watch()
        try:
            opened = open_input(source, patient.board, door, watch.edge, watch.health)
        except PinsUnavailable as error:
            bad.append(found("pin-busy", f"input {source.name}", f"{error.what}: {error.advice}"))
            continue
        watches[source.name] = watch
        if not isinstance(source, PinInput):  # pins are closed with their door
            stack.callback(opened.close)
    threading.Event().wait(patient.watch)  # the inputs' own threads take note meanwhile
    for name in [name for name, watch in watches.items() if watch.trouble is not None]:
        trouble = watches.pop(name).trouble
        bad.append(found("input-missing", f"input {name}", str(trouble)))
    return watches, bad


def _judged(patient: Patient, watches: dict[str, Watch]) -> Iterator[Finding]:
    board = patient.board
    carriers = {line.cos: line for line in board.lines if isinstance(line, RadioLine) and line.cos}
    for name, watch in watches.items():
        where = f"input {name}"
        if watch.changes >= CHATTER:
            yield found("input-chatters", where, f"{watch.changes} changes in {patient.watch:g} s")
        elif name in carriers and not watch.rested:
            yield _squelch(patient, where, carriers[name])
        else:
            yield well(where, "active" if watch.level else "at rest")
    for contact in board.contacts:
        yield from _contact(contact, watches)


def _squelch(patient: Patient, where: str, line: RadioLine) -> Finding:
    """A squelch that never rested: what the card heard meanwhile tells which of two faults it is."""
    level = patient.levels.get(line.card)
    if level is None:
        return found("cos-stuck", where, f"active all the time; what line {line.id} hears is not known")
    if level < QUIET_DBFS:
        return found("cos-inverted", where, f"active, yet line {line.id} hears nothing ({level:.0f} dBFS)")
    return found("cos-stuck", where, f"active all the time, line {line.id} hears {level:.0f} dBFS")


def _contact(contact: Contact, watches: dict[str, Watch]) -> Iterator[Finding]:
    first, second = watches.get(contact.input), watches.get(contact.second)
    where = f"contact {contact.name}"
    if not contact.second or first is None or second is None:
        return
    wire = TWO_BITS[2 * bool(first.level) + bool(second.level)]
    if wire in ("cut", "short"):
        yield found(f"contact-{wire}", where, f"inputs {contact.input} and {contact.second} say {wire}")
    else:
        yield well(where, wire)
