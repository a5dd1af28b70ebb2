"""The tables of a town file, checked field by field. What may be left out has a default, or is chosen later."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from link.hosting.settings import Settings
from scripts.town.plan import LONGEST_TALK

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,23}$")]
Full = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}/[a-z0-9-]{1,24}$")]
Pin = Annotated[int, Field(ge=9, le=27)]


class _Wired(Settings):
    """What every device has."""

    gateway: Id
    label: str = Field(default="", max_length=80)


class RadioTable(_Wired):
    """[[radio]]"""

    line: Id
    frequency_hz: int = Field(default=0, ge=0)
    ptt_pin: Pin | None = None
    cos_pin: Pin | None = None
    attack_ms: int = Field(default=40, ge=0, le=5000)
    squelch_ms: int = Field(default=20, ge=0, le=2000)
    tail_ms: int = Field(default=60, ge=0, le=2000)
    lead_ms: int = Field(default=80, ge=0, le=2000)


class LoudspeakerTable(_Wired):
    """[[loudspeaker]]"""

    line: Id
    relay_pin: Pin | None = None
    relays: str = ""
    coil: int = Field(default=0, ge=0, le=31)
    zone_coils: tuple[int, ...] = ()
    warm_up_ms: int = Field(default=300, ge=0, le=10_000)
    monitor: bool = True
    chime: bool = False
    current: str = ""


class TetraTable(_Wired):
    """[[tetra]]"""

    line: Id
    issi: int = Field(default=0, ge=0, le=16_777_215)
    talk_group: int = Field(default=1000, ge=1, le=16_777_215)
    grant_ms: int = Field(default=100, ge=0, le=10_000)


class Map27Table(_Wired):
    """[[map27]]"""

    line: Id
    group: str = Field(default="0/1000", pattern=r"^[0-9]{1,3}/[0-9]{1,4}$")


class ShortwaveTable(_Wired):
    """[[shortwave]]"""

    line: Id
    frequency_hz: int = Field(default=7_050_000, gt=0, le=60_000_000)
    mode: Literal["USB", "LSB", "AM"] = "LSB"
    hiss_dbfs: float = Field(default=-45.0, ge=-90, le=0)
    lead_ms: int = Field(default=100, ge=0, le=2000)


class PhoneTable(_Wired):
    """[[phone]]"""

    line: Id
    delay_ms: int = Field(default=270, ge=0, le=2000)
    answer: Literal["nobody", "known", "everybody"] = "everybody"
    known: tuple[str, ...] = ()


class InstrumentTable(Settings):
    """[[instrument]]"""

    gateway: Id
    name: Id
    kind: Literal["relays", "level", "rain", "volts", "current", "bits"]
    address: int = Field(default=0, ge=0, le=247)
    bus: Id = "bus"
    value: float = 0.0
    of: str = ""


class ContactTable(Settings):
    """[[contact]]"""

    gateway: Id
    name: Id
    pin: Pin | None = None
    second_pin: Pin | None = None
    bits: str = ""
    bit: int = Field(default=0, ge=0, le=63)
    normal: Literal["open", "closed"] = "open"


class GatewayTable(Settings):
    """[[gateway]]"""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,32}$")]
    label: str = Field(default="", max_length=80)


class GroupTable(Settings):
    """[[group]]"""

    id: Id
    label: str = Field(default="", max_length=80)
    number: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,8}$")] = ""
    hang: float = Field(default=2.0, ge=0, le=60)
    timeout: float = Field(default=LONGEST_TALK, ge=1, le=600)


class MemberTable(Settings):
    """[[member]]: a line in a group."""

    group: Id
    line: Full
    priority: int = Field(default=5, ge=0, le=9)


class ZoneTable(Settings):
    """[[zone]]"""

    id: Id
    label: str = Field(default="", max_length=80)
    lines: tuple[Full, ...] = Field(min_length=1)


class TownFile(Settings):
    """A whole town file."""

    plain: bool = False
    telephony: bool = False
    rate_hz: Literal[8000, 16000] = 16000
    persons: tuple[Id, ...] = Field(default=("wang", "li"), min_length=1)
    gateway: tuple[GatewayTable, ...] = Field(min_length=1, max_length=20)
    radio: tuple[RadioTable, ...] = ()
    loudspeaker: tuple[LoudspeakerTable, ...] = ()
    tetra: tuple[TetraTable, ...] = ()
    map27: tuple[Map27Table, ...] = ()
    shortwave: tuple[ShortwaveTable, ...] = ()
    phone: tuple[PhoneTable, ...] = ()
    instrument: tuple[InstrumentTable, ...] = ()
    contact: tuple[ContactTable, ...] = ()
    group: tuple[GroupTable, ...] = ()
    member: tuple[MemberTable, ...] = ()
    zone: tuple[ZoneTable, ...] = ()
