"""The sheet's sections on what keys and sounds: outputs with their driver circuits, and for each transmitter and
amplifier the hardware timer that no software may replace. Texts from docs/hardware-safety.md and protocols.md §2, §6.
"""

from math import ceil

from hw.board import Board
from hw.board_lines import LoudspeakerLine, PhoneLine
from hw.board_parts import (
    CoilOutput,
    HidOutput,
    ModemLineOutput,
    Output,
    PinOutput,
    RigOutput,
    TerminalOutput,
)
from hw.sheet.header import HEADER, also, pull
from hw.sheet.shape import Entry, Section
from hw.sheet.users import users

DRIVER = (
    "NPN transistor or opto-coupler, 1 kΩ in series, its own 10 kΩ from base (or LED) to ground;"
    " never the bare pin to the radio"
)
INVERTED = "driver that is off while the pin is high, its own 10 kΩ towards high; better: an active-high one"


def outputs(board: Board) -> Section:
    """Every output and what to build at it."""
    notes = (
        "PTT by pin: active-high only, on GPIO 9 to 27; never 14, 15 (boot console), 2, 3 (1.8 kΩ pull-ups) or 7, 8.",
        "config.txt: gpio=PIN=op,dl for each pin output, so that the firmware drives it low before Linux runs.",
    )
    return Section(
        "Outputs (owned by the guard)", tuple(_output(board, each) for each in board.outputs), notes
    )


def _output(board: Board, output: Output) -> Entry:
    limit = f"{output.longest:g} s, then off and locked" if output.longest else "without limit (bypass relay)"
    common = (("goes to", users(board, "output", output.name)), ("longest on", limit))
    match output:
        case PinOutput():
            place, facts = _pin(output)
        case HidOutput():
            place = f"GPIO {output.gpio} of the sound chip at {output.device}"
            facts = (
                ("active", _active(output)),
                (
                    "driver",
                    f"as the interface has it; else NPN with its own 10 kΩ at GPIO{output.gpio} of the chip",
                ),
                ("note", "CM108 has GPIO 1 to 4, CM108AH/B only 1, 3, 4, CM109/119 eight, HS100 none"),
            )
        case ModemLineOutput():
            place = f"{output.signal.upper()} of serial port {output.serial}"
            facts = (
                ("active", _active(output)),
                ("driver", "NPN or opto behind the line; ±12 V adapters: a diode and 10 kΩ in series"),
                (
                    "note",
                    "the kernel raises DTR and RTS when the port is opened: the PTT relay must bear that pulse",
                ),
            )
        case RigOutput():
            place, facts = (
                f"rig {output.rig}, PTT over rigctld",
                (("driver", "none: the radio keys itself (-P RIG)"),),
            )
        case TerminalOutput():
            place = f"{output.family} terminal on serial port {output.serial}"
            facts = (("driver", "none: the terminal keys itself when its driver asks"),)
        case CoilOutput():
            place = f"relay {output.coil} (terminal {output.coil + 1}) of relay board {output.board}"
            facts = (
                (
                    "driver",
                    "the relay's normally open contact; timed pulses, so it falls without the gateway",
                ),
            )
    return Entry(output.name, place, (*common, *facts))


def _pin(output: PinOutput) -> tuple[str, tuple[tuple[str, str], ...]]:
    pin = output.pin
    other = also(pin)
    safe = "low" if output.safe_level == 0 else "high"
    agree = (pull(pin) == "down") == (output.safe_level == 0)
    facts = (
        ("power-on pull", f"{pull(pin)} ({'safe' if agree else 'NOT SAFE'})"),
        ("active", f"{_active(output)}; safe is {safe}"),
        ("driver", DRIVER if output.safe_level == 0 else INVERTED),
        *((("also", f"{other}: switch that off in config.txt"),) if other else ()),
    )
    return f"GPIO {pin} = header pin {HEADER[pin]}", facts


def _active(output: PinOutput | HidOutput | ModemLineOutput) -> str:
    return "high" if output.active_high else "low"


def timers(board: Board) -> Section:
    """Required: what ends a transmission or a siren without any software."""
    entries = []
    for line in board.lines:
        if isinstance(line, LoudspeakerLine):
            most = ceil(board.output(line.relay).longest)
            facts = (
                (
                    "required",
                    f"amplifier or siren relay with a hardware maximum on-time of at most {most + 5} s",
                ),
                ("wire", f"relay {line.relay} feeds the timer's input, the timer's contact the amplifier"),
                ("test", "hold the relay by hand: the amplifier falls after the timer's time"),
            )
        else:
            most = ceil(board.output(line.ptt).longest)
            by_wire = board.output(line.ptt).kind in ("pin", "hid", "modem-line")
            kind = "call limit" if isinstance(line, PhoneLine) else "time-out timer (TOT)"
            facts = (
                *((_relay(line.ptt, most),) if by_wire else ()),
                ("required", f"the device's own {kind}, set to at most {most + 5} s"),
                (
                    "test",
                    "keep it keyed without the gateway: each of them lets go by itself, tried one at a time",
                ),
            )
        entries.append(Entry(line.id, f"line of kind {line.kind}", facts))
    notes = (
        "No software can promise for the kernel of its own computer: these are part of the installation.",
    )
    return Section("Required timers in hardware", tuple(entries), notes)


def _relay(ptt: str, most: int) -> tuple[str, str]:
    text = f"retriggerable PTT relay (monostable) between {ptt} and the radio: drops by itself after at most"
    return "required relay", f"{text} {most + 5} s, and at once when the line goes to rest"


def pin_warnings(board: Board) -> list[str]:
    """What about the outputs must be read first."""
    found = []
    ptts = {line.ptt for line in board.lines if not isinstance(line, LoudspeakerLine)}
    for output in board.outputs:
        if isinstance(output, PinOutput):
            if output.name in ptts and (output.safe_level == 1 or not 9 <= output.pin <= 27):
                found.append(
                    f"{output.name}: a PTT on GPIO {output.pin} at rest high is keyed by a cut wire: "
                    "use an active-high driver on GPIO 9 to 27"
                )
            if output.pin in (2, 3, 7, 8, 14, 15):
                found.append(f"{output.name}: GPIO {output.pin} is no pin for an output ({also(output.pin)})")
        if isinstance(output, ModemLineOutput):
            found.append(
                f"{output.name}: {output.signal.upper()} is raised by the kernel when the port is opened: "
                "the retriggerable relay must bear it, and the guard must start first"
            )
        if isinstance(output, HidOutput) and "*" in output.device:
            found.append(
                f"{output.name}: {output.device} fits every sound chip; with two of them name one by a udev "
                "link"
            )
        if output.longest == 0:
            found.append(f"{output.name}: has no longest on-time; right for a bypass relay only")
    return found
