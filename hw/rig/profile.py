"""What differs between shortwave radios: one TOML file per kind, checked. It decides nothing.

`rigctld` in it is text for the technician: the command line under which rigctld must run for this radio.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from hw.rig.protocol import Mode
from link.hosting.settings import Settings, SettingsError, load

FOLDER = Path(__file__).parent / "profiles"


class Range(Settings):
    """One piece of the band plan; both ends belong to it."""

    from_hz: int = Field(ge=10_000, le=500_000_000)
    to_hz: int = Field(ge=10_000, le=500_000_000)
    modes: tuple[Mode, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _upwards(self) -> "Range":
        if self.to_hz < self.from_hz:
            raise ValueError(f"to_hz {self.to_hz} lies below from_hz {self.from_hz}: swap them")
        return self


class Profile(Settings):
    """One kind of radio. Times in seconds."""

    name: str = Field(min_length=1, max_length=40)
    rigctld: str = Field(min_length=1, max_length=300)
    plan: tuple[Range, ...] = Field(min_length=1, max_length=60)
    step_hz: int = Field(default=10, ge=1, le=10_000)
    """How far from what was ordered a radio may stand that cannot tune more finely."""
    answer_wait: float = Field(default=2.0, ge=0.2, le=20)
    poll_every: float = Field(default=2.0, ge=0.2, le=60)
    dcd: bool = False
    """The radio's squelch is worth asking for: then it is asked often."""
    dcd_every: float = Field(default=0.1, ge=0.02, le=5)
    meter_every: float = Field(default=1.0, ge=0.1, le=60)
    meters: tuple[Literal["strength", "swr", "power"], ...] = ("strength", "swr", "power")
    power_level: Literal["RFPOWER_METER", "RFPOWER"] = "RFPOWER_METER"
    """RFPOWER is the power as set, for radios that measure none."""
    ptt_every: float = Field(default=0.25, ge=0.05, le=5)
    key_wait: float = Field(default=1.0, ge=0.1, le=10)
    """So long after the order the radio may take to key, or to let go."""


def profile_names() -> tuple[str, ...]:
    """The profiles that are shipped."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name: str) -> Profile:
    """The shipped profile `name`, or the one in the file `name` when it ends in .toml. Raises SettingsError."""
    if name.endswith(".toml"):
        return load(Path(name), Profile)
    if name not in profile_names():
        raise SettingsError(
            f"there is no shortwave profile {name!r}; known: {', '.join(profile_names())}, or a path to a file"
        )
    return load(FOLDER / f"{name}.toml", Profile)
