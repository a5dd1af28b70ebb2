"""The parts that a board file names: cards, ports, outputs, inputs, instruments. Checked field by field.

Knows nothing of lines and of how parts are wired together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
Pin = Annotated[int, Field(ge=0, le=27)]
Millis = Annotated[int, Field(ge=0, le=10_000)]
Device = Annotated[str, Field(min_length=1, max_length=200)]
Profile = Annotated[str, Field(min_length=1, max_length=200)]
Slave = Annotated[int, Field(ge=1, le=247)]


class Part(BaseModel):
    """One table of a board file; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Head(Part):
    """[board]: `gateway` is the name under which the bench knows this gateway (default: the board's name)."""

    name: Name
    kind: Literal["real", "bench"]
    socket: str = Field(default="", max_length=100)
    gateway: str = Field(default="", pattern=r"^([a-z0-9-]{3,32})?$")


class Card(Part):
    """[[card]]: a sound card; `capture` and `playback` are the driver's device names."""

    name: Name
    driver: Literal["bench", "alsa", "pulse"]
    capture: str = Field(default="", max_length=200)
    playback: str = Field(default="", max_length=200)
    rate_hz: Literal[8000, 16000, 32000, 48000] = 16000


class SerialPort(Part):
    """[[serial]]: a serial port; `device` may be a pattern. `baud` 0: what the profile of its user says."""

    name: Name
    device: Device
    baud: Annotated[int, Field(ge=0, le=921_600)] = 0
    rts_cts: bool = False


class RigPort(Part):
    """[[rig]]: hamlib's rigctld, which owns the radio's CAT port."""

    name: Name
    host: str = Field(default="127.0.0.1", min_length=1, max_length=100)
    port: Annotated[int, Field(ge=1, le=65535)] = 4532
    remote: bool = False
    profile: Profile = "generic"


# ---- outputs: what keys or sounds --------------------------------------------------------------------------

Longest = Annotated[float, Field(ge=0, le=3600)]
"""Longest on-time in s; 0 is without limit, which only a bypass relay may have."""


class _Driven(Part):
    """An output that the guard switches itself."""

    name: Name
    longest: Longest
    active_high: bool = True
    safe: Literal[0, 1] = 0

    @property
    def safe_level(self) -> int:
        """The electrical level (0 or 1) of the safe value."""
        return self.safe if self.active_high else 1 - self.safe


class PinOutput(_Driven):
    """[[output]] kind="pin" (default): a GPIO pin."""

    kind: Literal["pin"] = "pin"
    pin: Pin


class HidOutput(_Driven):
    """[[output]] kind="hid": a GPIO of a CM108-class USB sound interface, by its hidraw device."""

    kind: Literal["hid"]
    device: Device
    gpio: Annotated[int, Field(ge=1, le=8)] = 3


class ModemLineOutput(_Driven):
    """[[output]] kind="modem-line": RTS or DTR of a serial port that nobody else uses."""

    kind: Literal["modem-line"]
    serial: Name
    signal: Literal["rts", "dtr"] = "rts"


class RigOutput(Part):
    """[[output]] kind="rig": PTT of a [[rig]], by a connection of the guard's own."""

    kind: Literal["rig"]
    name: Name
    longest: Longest
    rig: Name


class TerminalOutput(Part):
    """[[output]] kind="terminal": a radio or phone on a serial port, keyed by its driver within the lease;

    the guard lets go of it by writing the bytes of `family` to that port itself.
    """

    kind: Literal["terminal"]
    name: Name
    longest: Longest
    serial: Name
    family: Literal["tetra", "map27", "phone"]


class CoilOutput(Part):
    """[[output]] kind="coil": a relay of a [[relay_board]], closed by hardware-timed pulses of its driver

    within the lease; the guard opens it by writing to the bus itself.
    """

    kind: Literal["coil"]
    name: Name
    longest: Longest
    board: Name
    coil: Annotated[int, Field(ge=0, le=31)]


def _kind_of(entry: Any) -> str:
    """The tag of an output or input: `pin` unless it says something else."""
    kind = entry.get("kind", "pin") if isinstance(entry, dict) else getattr(entry, "kind", "pin")
    return str(kind)


Output = Annotated[
    Annotated[PinOutput, Tag("pin")]
    | Annotated[HidOutput, Tag("hid")]
    | Annotated[ModemLineOutput, Tag("modem-line")]
    | Annotated[RigOutput, Tag("rig")]
    | Annotated[TerminalOutput, Tag("terminal")]
    | Annotated[CoilOutput, Tag("coil")],
    Discriminator(_kind_of),
]
OUTPUTS: dict[str, type[Part]] = {
    "pin": PinOutput,
    "hid": HidOutput,
    "modem-line": ModemLineOutput,
    "rig": RigOutput,
    "terminal": TerminalOutput,
    "coil": CoilOutput,
}
ARMED = ("terminal", "coil")
"""Kinds that the guard does not switch on itself: it allows them, and makes them safe."""

# ---- inputs: what is read ----------------------------------------------------------------------------------


class PinInput(Part):
    """[[input]] kind="pin" (default): a GPIO pin. `debounce_ms` is done by the kernel where the chip can."""

    kind: Literal["pin"] = "pin"
    name: Name
    pin: Pin
    active_high: bool = True
    pull: Literal["up", "down", "none"] = "down"
    debounce_ms: Annotated[int, Field(ge=0, le=500)] = 0


class HidInput(Part):
    """[[input]] kind="hid": a button or GPIO of a CM108-class interface; volume-down is the usual COS."""

    kind: Literal["hid"]
    name: Name
    device: Device
    signal: Literal["volume-down", "volume-up", "gpio1", "gpio2", "gpio3", "gpio4"] = "volume-down"
    active_high: bool = True


class ModemLineInput(Part):
    """[[input]] kind="modem-line": CTS, DSR, DCD or RI of a serial port."""

    kind: Literal["modem-line"]
    name: Name
    serial: Name
    signal: Literal["cts", "dsr", "dcd", "ri"] = "cts"
    active_high: bool = True


class BitInput(Part):
    """[[input]] kind="bit": a discrete input of a Modbus device (function 2)."""

    kind: Literal["bit"]
    name: Name
    bus: Name
    address: Slave
    bit: Annotated[int, Field(ge=0, le=65535)] = 0
    active_high: bool = True


Input = Annotated[
    Annotated[PinInput, Tag("pin")]
    | Annotated[HidInput, Tag("hid")]
    | Annotated[ModemLineInput, Tag("modem-line")]
    | Annotated[BitInput, Tag("bit")],
    Discriminator(_kind_of),
]
INPUTS: dict[str, type[Part]] = {
    "pin": PinInput,
    "hid": HidInput,
    "modem-line": ModemLineInput,
    "bit": BitInput,
}

# ---- instruments -------------------------------------------------------------------------------------------


class ModbusPort(Part):
    """[[bus]]: Modbus RTU on a serial port of its own."""

    name: Name
    serial: Name
    gap_ms: Annotated[int, Field(ge=0, le=500)] = 0


class RelayBoard(Part):
    """[[relay_board]]: relays on a bus. `profile`: a shipped one or a path to a file."""

    name: Name
    bus: Name
    address: Slave = 1
    profile: Profile = "waveshare-8"


class Sensor(Part):
    """[[sensor]]: a measuring instrument on a bus; everything in which vendors differ is in `profile`."""

    name: Name
    bus: Name
    address: Slave
    profile: Profile


class Contact(Part):
    """[[contact]]: a dry contact at one input, or at two (a converter that measures the end-of-line resistor)."""

    name: Name
    input: Name
    second: Name | Literal[""] = ""
    normal: Literal["open", "closed"] = "open"
    debounce_ms: Annotated[int, Field(ge=0, le=5000)] = 30
    chatter_most: Annotated[int, Field(ge=2, le=60)] = 10
    calm: Annotated[float, Field(ge=1, le=3600)] = 30.0


class BypassRelay(Part):
    """[[bypass]]: the power-failure relay of a trunk. `mains`, `read_back` and `direct` (loop current over the

    bypass) are inputs, `volts` is a sensor.
    """

    name: Name
    relay: Name
    line: str = Field(default="", pattern=r"^([a-z0-9-]{1,24})?$")
    mains: Name | Literal[""] = ""
    read_back: Name | Literal[""] = ""
    direct: Name | Literal[""] = ""
    volts: Name | Literal[""] = ""
    low: Annotated[float, Field(ge=0, le=100)] = 10.8
    high: Annotated[float, Field(ge=0, le=100)] = 11.8
    return_after: Annotated[float, Field(ge=0, le=3600)] = 30.0
