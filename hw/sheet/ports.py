"""The sheet's sections on cables that carry data and sound: serial ports, rigs, buses, cards, and the udev rules that
keep their names. Baud rates and flow control are those that the drivers' profiles ask for.
"""

from hw.board import Board
from hw.board_lines import Map27Line, PhoneLine, TetraLine
from hw.board_parts import Card, HidInput, HidOutput, SerialPort
from hw.map27.profile import profile as map27_profile
from hw.phone.profile import load_profile as phone_profile
from hw.relay_board.profile import load_profile as relay_profile
from hw.rig.profile import load_profile as rig_profile
from hw.sensors.profile import load_profile as sensor_profile
from hw.sheet.shape import Entry, Section
from hw.sheet.users import users
from hw.tetra.profile import profile as tetra_profile
from link.hosting.settings import SettingsError

IN_THE_DEVICE = {
    "tetra": "switch the PEI on (AT commands over the accessory port) and let it pass circuit mode and SDS",
    "map27": "set the data port to MAP27 (not CCDI), trunked mode; only TxD, RxD and ground are needed",
    "phone": "switch the data port to AT commands; take the SIM's PIN off, or name a pin_file",
}
LEVELS = (
    ("nominal 600 Ω 4-wire", "-10 to 0 dBm (245 to 775 mVrms), balanced, through a transformer"),
    (
        "Motorola 26-pin (XPR4300)",
        "RX pin 14: 100 mVrms per kHz deviation, 1.4 V DC; mic 80 mVrms for 60 %; PTT pin 17",
    ),
    ("Motorola 16-pin (GM300, PM400)", "mic pin 2: 80 mVrms; flat TX pin 5: 150 mVrms for 60 %; PTT pin 3"),
    ("Motorola TETRA MTM800E", "TX pin 5: 775 mVrms; EXT PTT pin 3, active low"),
    ("USB sound card", "line out about 1000 mVrms, microphone in 10 to 100 mVrms at full scale"),
    (
        "padding",
        "line out to microphone input: 40 dB (10 kΩ in series, 100 Ω across), at the microphone's end",
    ),
)


def serial_needs(board: Board, port: SerialPort) -> tuple[int, str, str]:
    """(baud, flow control, what to set in the device) of a port: the board's word before the profile's."""
    baud, flow, device = 9600, "none", ""
    for line in board.lines:
        if not isinstance(line, TetraLine | Map27Line | PhoneLine) or line.serial != port.name:
            continue
        device = IN_THE_DEVICE[line.kind]
        if isinstance(line, TetraLine):
            terminal = tetra_profile(line.profile)
            baud, flow = terminal.baud, "RTS/CTS" if terminal.rts_cts else "none"
        elif isinstance(line, Map27Line):
            baud = map27_profile(line.profile).baud
        else:
            serial = phone_profile(line.profile).serial
            baud, flow = serial.baud, serial.flow.upper().replace("-", "/")
    for bus in board.buses:
        if bus.serial == port.name:
            baud, flow, device = bus_baud(board, bus.name), "none", "RS485, 8N1"
    flow = "RTS/CTS" if port.rts_cts else flow.replace("NONE", "none")
    return port.baud or baud, flow, device


def bus_baud(board: Board, bus: str) -> int:
    """The rate of a bus whose port names none: that of the first device's profile."""
    for relays in board.relay_boards:
        if relays.bus == bus:
            return relay_profile(relays.profile).baud
    for sensor in board.sensors:
        if sensor.bus == bus:
            return sensor_profile(sensor.profile).baud
    return 9600


def serial_ports(board: Board) -> Section:
    """Every serial port."""
    notes = (
        "Name ports by /dev/serial/by-id: ttyUSB numbers change with the order of plugging.",
        "Remove ModemManager (apt purge modemmanager): it talks to every new port. The service's user: group dialout.",
    )
    return Section("Serial ports", tuple(_serial(board, each) for each in board.serials), notes)


def _serial(board: Board, port: SerialPort) -> Entry:
    try:
        baud, flow, device = serial_needs(board, port)
        line = f"{baud} baud, 8N1, flow control {flow}"
    except SettingsError as error:
        line, device = f"unknown: {error}", ""
    facts = (("goes to", users(board, "serial", port.name)), ("line", line))
    return Entry(port.name, port.device, (*facts, *((("in the device", device),) if device else ())))


def rigs(board: Board) -> Section:
    """Every shortwave rig."""
    entries = []
    for rig in board.rigs:
        try:
            command = rig_profile(rig.profile).rigctld
        except SettingsError as error:
            command = f"unknown: {error}"
        facts = (
            ("goes to", users(board, "rig", rig.name)),
            ("start", command),
            (
                "note",
                "rigctld has no password and leaves PTT on when its client dies: loopback only, -P RIG needed",
            ),
        )
        entries.append(Entry(rig.name, f"rigctld on {rig.host}:{rig.port}", facts))
    return Section("Shortwave rigs", tuple(entries))


def buses(board: Board) -> Section:
    """Every Modbus line with the devices on it."""
    entries = []
    for bus in board.buses:
        on_it = [
            (relays.address, f"relay board {relays.name}")
            for relays in board.relay_boards
            if relays.bus == bus.name
        ]
        on_it += [
            (sensor.address, f"sensor {sensor.name}") for sensor in board.sensors if sensor.bus == bus.name
        ]
        on_it += [
            (i.address, f"input {i.name}, bit {i.bit}")
            for i in board.inputs
            if i.kind == "bit" and i.bus == bus.name
        ]
        facts = (
            ("goes to", users(board, "bus", bus.name)),
            *((f"address {address}", name) for address, name in sorted(on_it)),
            ("termination", "120 Ω at both ends of the cable, nowhere else"),
            ("bias", "one place only: 680 Ω from A to +5 V, 680 Ω from B to ground"),
            (
                "cable",
                "twisted pair and a third wire for ground, one line without branches, screen earthed at one end",
            ),
        )
        entries.append(Entry(bus.name, f"Modbus RTU on serial port {bus.serial}", facts))
    return Section("Modbus lines", tuple(entries))


def cards(board: Board) -> Section:
    """Every sound card, and the levels of known accessory connectors."""
    notes = tuple(f"{name}: {text}" for name, text in LEVELS) if board.cards else ()
    return Section("Sound cards", tuple(_card(board, each) for each in board.cards), notes)


def _card(board: Board, card: Card) -> Entry:
    ends = [("capture", card.capture), ("playback", card.playback)]
    facts = (
        ("goes to", users(board, "card", card.name)),
        *((what, name) for what, name in ends if name),
        ("rate", f"{card.rate_hz} Hz, mono"),
        (
            "level",
            "speech at -20 dBFS rms, peaks below -3 dBFS: `gateway levels`; automatic gain control off",
        ),
        ("isolation", "a 600 Ω transformer in each direction against hum and lightning"),
    )
    return Entry(card.name, f"driver {card.driver}", facts)


def udev_rules(board: Board) -> Section:
    """Rules that give the service its devices."""
    rules = []
    parts = [*board.outputs, *board.inputs]
    if any(isinstance(part, HidOutput | HidInput) for part in parts):
        rules.append(
            ("sound chips", 'SUBSYSTEM=="hidraw", ATTRS{idVendor}=="0d8c", GROUP="audio", MODE="0660"')
        )
    if board.serials:
        rules.append(
            (
                "serial adapters",
                'SUBSYSTEM=="tty", ENV{ID_BUS}=="usb", GROUP="dialout", ENV{ID_MM_DEVICE_IGNORE}="1"',
            )
        )
    if board.kind == "real" and any(part.kind == "pin" for part in parts):
        rules.append(("pins", 'SUBSYSTEM=="gpio", KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"'))
    place = "/etc/udev/rules.d/70-spillway.rules"
    return Section("udev rules", tuple(Entry(name, place, (("rule", rule),)) for name, rule in rules))
