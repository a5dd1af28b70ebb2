"""The tables of bench.toml, one model for each family of devices. Checked field by field, nothing else.

`wired` names every place that only one device can have: a pin, a card, a link, a TCP port, an address on a bus.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hw.bench.messages import PIN_NAME

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Pin = Annotated[int, Field(ge=0, le=53)] | Annotated[str, Field(pattern=PIN_NAME, max_length=64)]
"""A pin by its number, or a modem-control line by its name: "digirig.rts"."""
Decibel = Annotated[float, Field(ge=-90, le=0)]
Place = tuple[str, ...]


class Entry(BaseModel):
    """What every device has: a gateway, and a name there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: Name

    @property
    def device(self) -> str:
        """The name used by the control verbs, for example "gw1/r1"."""
        raise AssertionError("every kind of device has a name")

    def wired(self) -> tuple[Place, ...]:
        """Places at the gateway that nobody else may use, as (kind, where)."""
        return ()

    def _pins(self, *pins: int | str | None) -> tuple[Place, ...]:
        return tuple(("pin", str(pin)) for pin in pins if pin is not None)


class LineEntry(Entry):
    """A device that sounds: it has a card."""

    line: Name
    card: Name

    @property
    def device(self) -> str:
        """`gateway/line`."""
        return f"{self.gateway}/{self.line}"

    def wired(self) -> tuple[Place, ...]:
        """Its card."""
        return (("card", self.card),)


class AnalogEntry(LineEntry):
    """An analog radio on a shared frequency. Levels (dBFS) are relative to full scale of 16-bit samples."""

    frequency_hz: int = Field(gt=0)
    attack_ms: float = Field(default=0.0, ge=0, le=5000)
    squelch_ms: float = Field(default=0.0, ge=0, le=2000)
    tail_ms: float = Field(default=0.0, ge=0, le=2000)
    timeout_s: float = Field(default=180.0, gt=0, le=3600)
    tail_dbfs: Decibel = -20.0
    hiss_dbfs: Decibel | None = None


class RadioEntry(AnalogEntry):
    """[[radio]]: one analog radio on an accessory port."""

    ptt_pin: Pin
    cos_pin: Pin
    ptt_active_high: bool = True
    cos_active_high: bool = True

    def wired(self) -> tuple[Place, ...]:
        """Card and pins."""
        return (*super().wired(), *self._pins(self.ptt_pin, self.cos_pin))


class UsbRadioEntry(AnalogEntry):
    """[[usb_radio]]: an analog radio behind a CM108-class interface; `hid` is the link of its report pipe."""

    hid: Name
    ptt_gpio: int = Field(default=3, ge=1, le=8)
    cos: Literal["volume-down", "volume-up", "gpio1", "gpio2", "gpio4"] = "volume-down"

    def wired(self) -> tuple[Place, ...]:
        """Card and link."""
        return (*super().wired(), ("link", self.hid))


class LoudspeakerEntry(LineEntry):
    """[[loudspeaker]]: an amplifier with its relay, a pin or a coil of a bench relay board; zones alike.

    With `monitor` its card captures what the loudspeaker emits, as a microphone hears it; `monitor_card` is a
    card of its own for that.
    """

    relay_pin: Pin | None = None
    relay_active_high: bool = True
    relay_board: str = ""
    relay_coil: int = Field(default=0, ge=0, le=31)
    zone_pins: tuple[Pin, ...] = ()
    zone_coils: tuple[Annotated[int, Field(ge=0, le=31)], ...] = ()
    read_back_pin: Pin | None = None
    warm_up_ms: float = Field(default=0.0, ge=0, le=10000)
    monitor: bool = False
    monitor_card: str = ""
    mic_delay_ms: float = Field(default=0.0, ge=0, le=1000)
    mic_db: float = Field(default=0.0, ge=-60, le=0)
    mic_noise_dbfs: Decibel | None = None

    def wired(self) -> tuple[Place, ...]:
        """Cards, pins and coils."""
        cards = (("card", self.monitor_card),) if self.monitor_card else ()
        coils = (self.relay_coil, *self.zone_coils) if self.relay_board else self.zone_coils
        board = self.relay_board
        pins = self._pins(self.relay_pin, *self.zone_pins, self.read_back_pin)
        return (*super().wired(), *cards, *pins, *(("coil", f"{coil} of {board}") for coil in coils))


class TetraEntry(LineEntry):
    """[[tetra]]: a TETRA terminal in the bench's one network. `serial` is the link of its port."""

    serial: Name
    issi: int = Field(ge=1, le=16_777_215)
    group: int = Field(default=1000, ge=1, le=16_777_215)
    grant_ms: float = Field(default=100.0, ge=0, le=10_000)

    def wired(self) -> tuple[Place, ...]:
        """Card and port."""
        return (*super().wired(), ("link", self.serial))


class Map27Entry(LineEntry):
    """[[map27]]: a radio of an MPT-1327 network. `serial` is the link of its MAP27 port."""

    serial: Name
    baud: int = Field(default=9600, ge=1200, le=115_200)
    grant_ms: float = Field(default=100.0, ge=0, le=30_000)

    def wired(self) -> tuple[Place, ...]:
        """Card and port."""
        return (*super().wired(), ("link", self.serial))


class ShortwaveEntry(LineEntry):
    """[[shortwave]]: a shortwave radio behind rigctld on TCP `port` of this machine; noise when nobody talks."""

    port: int = Field(ge=0, le=65535)
    frequency_hz: int = Field(default=7_050_000, gt=0, le=60_000_000)
    mode: Literal["USB", "LSB", "AM"] = "LSB"
    attack_ms: float = Field(default=0.0, ge=0, le=5000)
    hiss_dbfs: Decibel = -45.0

    def wired(self) -> tuple[Place, ...]:
        """Its card."""
        return super().wired()


class PhoneEntry(LineEntry):
    """[[phone]]: a satellite or GSM phone. `delay_ms` is the way to the far person, each way."""

    serial: Name
    pin: str = Field(default="", pattern=r"^[0-9]{0,8}$")
    delay_ms: float = Field(default=270.0, ge=0, le=2000)
    echo_db: float | None = Field(default=None, ge=-60, le=0)
    answers: Literal["answers", "busy", "silent", "refuses", "drops"] = "answers"
    answer_ms: float = Field(default=1000.0, ge=0, le=60_000)

    def wired(self) -> tuple[Place, ...]:
        """Card and port."""
        return (*super().wired(), ("link", self.serial))


class ModbusEntry(Entry):
    """[[modbus]]: one device at `address` of the bus behind the link `serial`; who names the same link shares it."""

    name: Name
    serial: Name
    kind: Literal["relays", "level", "rain", "volts", "current", "bits"]
    address: int = Field(ge=1, le=247)
    baud: int = Field(default=9600, ge=1200, le=115_200)
    channels: int = Field(default=8, ge=1, le=32)
    version: int = Field(default=200, ge=100, le=999)
    layout: Literal["int16", "float"] = "int16"
    value: float = Field(default=0.0, ge=-30_000, le=30_000)
    step: float = Field(default=0.5, gt=0, le=100)
    of: str = ""

    @property
    def device(self) -> str:
        """`gateway/name`."""
        return f"{self.gateway}/{self.name}"

    def wired(self) -> tuple[Place, ...]:
        """Its address."""
        return (("address", f"{self.address} of {self.serial}"),)


class ContactEntry(Entry):
    """[[contact]]: a dry contact at a pin, at two (a converter with an end-of-line resistor), or at bits of a
    Modbus device."""

    name: Name
    pin: Pin | None = None
    second_pin: Pin | None = None
    active_high: bool = True
    bits: str = ""
    bit: int = Field(default=0, ge=0, le=63)
    second_bit: int | None = Field(default=None, ge=0, le=63)
    state: Literal["open", "closed"] = "open"

    @property
    def device(self) -> str:
        """`gateway/name`."""
        return f"{self.gateway}/{self.name}"

    def wired(self) -> tuple[Place, ...]:
        """Pins or bits."""
        bits = (self.bit, self.second_bit) if self.bits else ()
        return (
            *self._pins(self.pin, self.second_pin),
            *(("bit", f"{bit} of {self.bits}") for bit in bits if bit is not None),
        )
