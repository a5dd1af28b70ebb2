"""The sheet's sections on what is read and switched in the field: inputs, relay boards, sensors, contacts, bypass
relays, and the notes on earthing.
"""

from hw.board import Board
from hw.board_parts import BitInput, Contact, HidInput, Input, ModemLineInput, PinInput
from hw.relay_board.profile import load_profile as relay_profile
from hw.sensors.profile import load_profile as sensor_profile
from hw.sheet.header import HEADER, also, pull
from hw.sheet.shape import Entry, Section
from hw.sheet.users import users
from link.hosting.settings import SettingsError

EARTHING = (
    "One earth point: mast, antenna arresters, cabinet, supply and screens meet there, 16 mm² and short.",
    "Coaxial arresters at the cabinet's entry, gas tube and suppressor on every pair that leaves the building.",
    "RS485 and contacts from outside: isolated converter or opto-coupler, suppressors to earth on both wires.",
    "A Pi's pins bear 3.3 V only: anything longer than the cabinet goes through an opto-coupler.",
)


def inputs(board: Board) -> Section:
    """Every input."""
    return Section("Inputs", tuple(_input(board, each) for each in board.inputs))


def _input(board: Board, source: Input) -> Entry:
    facts = [("goes to", users(board, "input", source.name))]
    facts.append(("true when", "high (closed, asserted)" if source.active_high else "low (pulled to ground)"))
    match source:
        case PinInput():
            place = f"GPIO {source.pin} = header pin {HEADER[source.pin]}"
            facts.append(("power-on pull", f"{pull(source.pin)}; the gateway sets {source.pull}"))
            facts.append(("circuit", "opto-coupler or open collector; 3.3 V at most, 1 kΩ in series"))
            if also(source.pin):
                facts.append(("also", f"{also(source.pin)}: switch that off in config.txt"))
        case HidInput():
            place = f"{source.signal} of the sound chip at {source.device}"
            facts.append(
                (
                    "note",
                    "volume-down pulled to ground is the usual COS; which level means carrier: gateway doctor",
                )
            )
        case ModemLineInput():
            place = f"{source.signal.upper()} of serial port {source.serial}"
        case BitInput():
            place = f"bit {source.bit} of Modbus device {source.address} on {source.bus}"
    return Entry(source.name, place, tuple(facts))


def relay_boards(board: Board) -> Section:
    """Every relay board."""
    entries = []
    for relays in board.relay_boards:
        try:
            title = relay_profile(relays.profile).title
        except SettingsError as error:
            title = f"unknown: {error}"
        coils = [
            f"{o.coil + 1}: {o.name}" for o in board.outputs if o.kind == "coil" and o.board == relays.name
        ]
        facts = (
            ("goes to", users(board, "relay_board", relays.name)),
            ("type", title),
            ("relays", ", ".join(coils) or "none used"),
            ("note", "firmware V2 or later (timed pulses); set the address before it shares a bus"),
        )
        entries.append(Entry(relays.name, f"address {relays.address} on bus {relays.bus}", facts))
    return Section("Relay boards", tuple(entries))


def sensors(board: Board) -> Section:
    """Every instrument."""
    entries = []
    for sensor in board.sensors:
        facts = [("goes to", users(board, "sensor", sensor.name))]
        try:
            profile = sensor_profile(sensor.profile)
        except SettingsError as error:
            facts.append(("type", f"unknown: {error}"))
        else:
            facts.append(("type", profile.title))
            where = f"function {profile.function}, register {profile.address}, {profile.type} {profile.order}"
            facts.append(("reads", f"{where}; plausible {profile.low:g} to {profile.high:g} {profile.unit}"))
        entries.append(Entry(sensor.name, f"address {sensor.address} on bus {sensor.bus}", tuple(facts)))
    return Section("Sensors", tuple(entries))


def contacts(board: Board) -> Section:
    """Every dry contact."""
    return Section("Contacts", tuple(_contact(each) for each in board.contacts))


def _contact(contact: Contact) -> Entry:
    second = f" and {contact.second}" if contact.second else ""
    facts = [("at rest", contact.normal), ("debounce", f"{contact.debounce_ms} ms")]
    if contact.second:
        text = "2.2 kΩ in series with the loop, 3.3 kΩ across the contact, AT the contact; converter pull-up 4.7 kΩ"
        facts += [
            ("end of line", text),
            ("read as", "00 cut, 01 closed, 10 open, 11 short (first bit, second bit)"),
        ]
    else:
        facts.append(
            ("end of line", "none: a cut or shorted wire looks like the contact; name a second input to tell")
        )
    return Entry(contact.name, f"input {contact.input}{second}", tuple(facts))


def bypasses(board: Board) -> Section:
    """Every power-failure relay."""
    entries = []
    for bypass in board.bypasses:
        facts = [
            (
                "sense",
                f"relay {bypass.relay} FALLEN = the trunk is BYPASSED to the plain telephone; held = gateway",
            ),
            (
                "wire",
                "trunk to the common contacts, telephone to the normally CLOSED ones, gateway to the open ones",
            ),
            (
                "volts",
                f"bypassed below {bypass.low:g} V, back above {bypass.high:g} V for {bypass.return_after:g} s",
            ),
            ("drill", "take the supply away: the telephone at the trunk must have a dial tone"),
        ]
        named = (
            ("line", bypass.line),
            ("mains", bypass.mains),
            ("read-back", bypass.read_back),
            ("meter", bypass.volts),
        )
        facts += [(what, name) for what, name in named if name]
        entries.append(Entry(bypass.name, f"relay at output {bypass.relay}", tuple(facts)))
    return Section("Bypass relays", tuple(entries))


def contact_warnings(board: Board) -> list[str]:
    """What about the field must be read first."""
    bare = [contact.name for contact in board.contacts if not contact.second]
    found = (
        [f"contact {', '.join(bare)}: cut and shorted wires cannot be told from the contact"] if bare else []
    )
    found += [
        f"bypass {each.name}: nothing reads back whether it fell"
        for each in board.bypasses
        if not each.read_back
    ]
    return found
