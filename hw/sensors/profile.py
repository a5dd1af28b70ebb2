"""Profiles of measuring instruments: TOML files beside this one, or a technician's own. Unknown keys are errors.

Everything in which vendors differ stands here: function, address, type, byte order, scale, unit, bounds.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from hw.sensors.machine import SensorSettings
from hw.sensors.reading import Kind, Layout, Order
from link.hosting.settings import Settings, SettingsError, load

FOLDER = Path(__file__).parent / "profiles"


class SensorProfile(Settings):
    """One kind of instrument. `low`, `high`, `per_minute`, `dead_band` in `unit`; `poll`, `stale` in seconds."""

    title: str = Field(max_length=80)
    measures: Literal["level", "rain", "voltage", "current", "other"]
    baud: int = Field(default=9600, ge=1200, le=115200)
    function: Literal[3, 4] = 3
    address: int = Field(ge=0, le=0xFFFF)
    type: Kind
    order: Order = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    decimals_address: int | None = Field(default=None, ge=0, le=0xFFFF)
    unit: str = Field(min_length=1, max_length=8)
    low: float
    high: float
    per_minute: float = Field(default=0.0, ge=0)
    confirm: int = Field(default=3, ge=2, le=10)
    poll: float = Field(default=5.0, ge=0.2, le=3600)
    stale: float = Field(default=60.0, ge=1, le=86400)
    dead_band: float = Field(default=0.0, ge=0)
    per_tip: float = Field(default=0.2, gt=0, le=10, description="rain: millimetres per tip of the bucket")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low = {self.low} must be less than high = {self.high}")
        if self.stale < 2 * self.poll:
            raise ValueError(f"stale = {self.stale} must be at least twice poll = {self.poll}")
        if self.scale == 0:
            raise ValueError("scale = 0 makes every value the same")
        if self.measures == "rain" and (self.scale, self.offset) != (1.0, 0.0):
            raise ValueError("a rain gauge counts tips: leave scale and offset out, write per_tip (mm)")
        return self

    def settings(self, name: str, slave: int) -> SensorSettings:
        """The instrument called `name` at address `slave`."""
        layout = Layout(
            function=self.function,
            address=self.address,
            kind=self.type,
            order=self.order,
            scale=self.scale,
            offset=self.offset,
            decimals_address=self.decimals_address,
            unit=self.unit,
        )
        return SensorSettings(
            name=name,
            slave=slave,
            layout=layout,
            low=self.low,
            high=self.high,
            per_minute=self.per_minute,
            confirm=self.confirm,
            poll=self.poll,
            stale=self.stale,
            dead_band=self.dead_band,
        )


def profile_names() -> tuple[str, ...]:
    """The profiles that are shipped."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name: str) -> SensorProfile:
    """A shipped profile by name, or a file by path (it ends in .toml). SettingsError."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in profile_names():
        raise SettingsError(f"no sensor profile {name!r}; there are {', '.join(profile_names())}")
    return load(path, SensorProfile)
