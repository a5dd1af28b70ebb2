"""Profiles of relay boards: TOML files beside this one, or a technician's own. Unknown keys are errors.

What differs between boards and is not public for all of them stands here, not in the machine.
"""

from pathlib import Path

from pydantic import Field

from hw.relay_board.machine import RelaySettings
from link.hosting.settings import Settings, SettingsError, load

FOLDER = Path(__file__).parent / "profiles"


class RelayProfile(Settings):
    """One kind of board. `pulse_unit` in seconds; `version_least` is the first firmware with timed pulses."""

    title: str = Field(max_length=80)
    baud: int = Field(default=9600, ge=1200, le=256000)
    channels: int = Field(ge=1, le=32)
    version_register: int = Field(ge=0, le=0xFFFF)
    version_least: int = Field(ge=1, le=0xFFFF)
    flash_on: int = Field(ge=0, le=0xFF00)
    pulse_unit: float = Field(ge=0.01, le=1.0)
    read_margin: float = Field(default=0.3, ge=0.05, le=2.0)

    def settings(self, name: str, slave: int = 1, longest: float = 5.0) -> RelaySettings:
        """The board called `name` at address `slave`."""
        return RelaySettings(
            name=name,
            slave=slave,
            channels=self.channels,
            version_register=self.version_register,
            version_least=self.version_least,
            flash_on=self.flash_on,
            unit=self.pulse_unit,
            longest=longest,
            margin=self.read_margin,
        )


def profile_names() -> tuple[str, ...]:
    """The profiles that are shipped."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name: str) -> RelayProfile:
    """A shipped profile by name, or a file by path (it ends in .toml). SettingsError."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in profile_names():
        raise SettingsError(f"no relay board profile {name!r}; there are {', '.join(profile_names())}")
    return load(path, RelayProfile)
