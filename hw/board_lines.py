"""The lines of a board file: what people talk over. One model per family, checked field by field.

`uses` names every part that a line needs, so that one check finds what does not exist or is used twice.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hw.board_parts import Millis, Name, Part, Profile

LineName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,24}$")]
Uses = tuple[tuple[str, str, str], ...]
"""(table, key, name) of each part."""
Squelch = Literal["cos", "vox", "syllabic"]


class _Line(Part):
    """What every line has: an id and a sound card."""

    id: LineName
    card: Name

    @property
    def uses(self) -> Uses:
        """The parts of this line."""
        return (("card", "card", self.card),)


class _TalkLine(_Line):
    """A line with a transmitter. Times in ms where the key says so, else in s.

    PTT `lead_ms` before and `tail_ms` after speech; `timeout` longest talk; `deaf_ms` after its own transmission
    nothing opens it; `tail_cut_ms` of noise at the end of a carrier are cut off (and all sound is as much later).
    """

    ptt: Name
    lead_ms: Annotated[int, Field(ge=0, le=2000)] = 150
    tail_ms: Annotated[int, Field(ge=0, le=2000)] = 100
    timeout: Annotated[float, Field(ge=1, le=600)] = 60.0
    deaf_ms: Annotated[int, Field(ge=0, le=5000)] = 0
    tail_cut_ms: Annotated[int, Field(ge=0, le=500)] = 0
    dtmf: bool = False

    @property
    def uses(self) -> Uses:
        """The parts of this line."""
        return (*super().uses, ("output", "ptt", self.ptt))


class RadioLine(_TalkLine):
    """[[line]] kind="radio": an analog accessory port. `squelch`: by its COS pin, by level, or by voice."""

    kind: Literal["radio"]
    squelch: Squelch = "cos"
    cos: Name | Literal[""] = ""
    vox_dbfs: Annotated[float, Field(ge=-70, le=-6)] = -36.0
    hang_ms: Annotated[int, Field(ge=100, le=5000)] = 800

    @property
    def uses(self) -> Uses:
        """The parts of this line."""
        return (*super().uses, *((("input", "cos", self.cos),) if self.cos else ()))


class ShortwaveLine(_TalkLine):
    """[[line]] kind="shortwave": a rig that hamlib drives, with a squelch that listens for voice."""

    kind: Literal["shortwave"]
    rig: Name
    squelch: Literal["syllabic", "vox", "dcd"] = "syllabic"
    vox_dbfs: Annotated[float, Field(ge=-70, le=-6)] = -36.0
    hang_ms: Annotated[int, Field(ge=100, le=5000)] = 1000
    frequency_hz: Annotated[int, Field(ge=0, le=60_000_000)] = 0
    mode: Literal["", "USB", "LSB", "AM", "CW", "FM"] = ""

    @property
    def uses(self) -> Uses:
        """The parts of this line."""
        return (*super().uses, ("rig", "rig", self.rig))


class _TerminalLine(_TalkLine):
    """A line at a terminal with a serial port, which says itself who talks and when we may."""

    serial: Name
    profile: Profile = "generic"

    @property
    def uses(self) -> Uses:
        """The parts of this line."""
        return (*super().uses, ("serial", "serial", self.serial))


class TetraLine(_TerminalLine):
    """[[line]] kind="tetra": a TETRA terminal; `group` is the GSSI (or 17 digits) to stand on."""

    kind: Literal["tetra"]
    group: str = Field(default="", pattern=r"^([0-9]{1,8}|[0-9]{17})?$")
    lead_ms: Annotated[int, Field(ge=0, le=2000)] = 0
    late_grant: Annotated[float, Field(ge=0.5, le=30)] = 5.0
    """Longest wait for a grant in s, after which the talker is told that he was not heard."""


class Map27Line(_TerminalLine):
    """[[line]] kind="map27": an MPT-1327 radio unit; `group` is the called party, prefix/ident."""

    kind: Literal["map27"]
    group: str = Field(default="", pattern=r"^([0-9]{1,3}/[0-9]{1,4})?$")
    lead_ms: Annotated[int, Field(ge=0, le=2000)] = 0
    late_grant: Annotated[float, Field(ge=0.5, le=30)] = 5.0
    vox_dbfs: Annotated[float, Field(ge=-70, le=-6)] = -36.0
    hang_ms: Annotated[int, Field(ge=100, le=5000)] = 800


class PhoneLine(_TerminalLine):
    """[[line]] kind="phone": a satellite or GSM phone. In a call it talks like a radio whose carrier is voice.

    `answer`: who may ring through by itself: nobody, the numbers of `known`, or everybody.
    """

    kind: Literal["phone"]
    lead_ms: Annotated[int, Field(ge=0, le=2000)] = 0
    deaf_ms: Annotated[int, Field(ge=0, le=5000)] = 700
    timeout: Annotated[float, Field(ge=1, le=600)] = 600.0
    answer: Literal["nobody", "known", "everybody"] = "nobody"
    known: tuple[Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{2,40}$")], ...] = Field(
        default=(), max_length=200, strict=False
    )
    pin_file: str = Field(default="", max_length=200)
    vox_dbfs: Annotated[float, Field(ge=-70, le=-6)] = -36.0
    hang_ms: Annotated[int, Field(ge=100, le=5000)] = 1000
    call_limit: Annotated[float, Field(ge=10, le=3600)] = 1800.0
    """Longest call in s."""


class LoudspeakerLine(_Line):
    """[[line]] kind="loudspeaker": `warm_up_ms` from amplifier on to sound, `tail_ms` on after it.

    `zones` are outputs that choose the loudspeakers, on before the amplifier and off after it. Proof of sound by
    `monitor` (a card that hears it; its own card's capture when the same name), `current` (a sensor), `read_back`
    (an input at the relay's second contact). `driven_ampere`: what the amplifier takes at least when it sounds.
    """

    kind: Literal["loudspeaker"]
    relay: Name
    zones: tuple[Name, ...] = Field(default=(), max_length=16, strict=False)
    warm_up_ms: Millis = 500
    tail_ms: Millis = 200
    chime: bool = False
    monitor: Name | Literal[""] = ""
    current: Name | Literal[""] = ""
    driven_ampere: Annotated[float, Field(gt=0, le=100)] = 0.3
    read_back: Name | Literal[""] = ""

    @property
    def uses(self) -> Uses:
        """The parts of this line."""
        parts = [*super().uses, ("output", "relay", self.relay)]
        parts += [("output", "zones", zone) for zone in self.zones]
        parts += [("card", "monitor", self.monitor)] if self.monitor not in ("", self.card) else []
        parts += [("input", "read_back", self.read_back)] if self.read_back else []
        return tuple(parts)


Line = Annotated[
    RadioLine | ShortwaveLine | TetraLine | Map27Line | PhoneLine | LoudspeakerLine,
    Field(discriminator="kind"),
]
TalkLine = RadioLine | ShortwaveLine | TetraLine | Map27Line | PhoneLine
LINES: dict[str, type[Part]] = {
    "radio": RadioLine,
    "shortwave": ShortwaveLine,
    "tetra": TetraLine,
    "map27": Map27Line,
    "phone": PhoneLine,
    "loudspeaker": LoudspeakerLine,
}
