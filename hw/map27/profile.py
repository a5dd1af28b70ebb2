"""What differs between MAP27 radios: one TOML file per type, checked. It decides nothing."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from hw.map27.link import Terms
from link.hosting.settings import Settings, SettingsError, load

FOLDER = Path(__file__).parent / "profiles"


class Profile(Settings):
    """One radio type. Times in seconds; n1, k, n2, t0 to t4 as the standard names them."""

    name: str = Field(min_length=1, max_length=40)
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400] = 9600
    n1: int = Field(default=6, ge=0, le=255)
    """At most 16 * (n1 + 1) data octets a frame."""
    k: int = Field(default=1, ge=1, le=7)
    n2: int = Field(default=10, ge=2, le=50)
    t0_most: float = Field(default=5.0, ge=0.1, le=15)
    t3: float = Field(default=5.0, ge=1, le=15)
    t4: float = Field(default=46.0, ge=3, le=120)
    prefix: int = Field(default=0, ge=0, le=127)
    """PFIX of numbers that are written without one."""
    grant_by: Literal["condition", "ack"] = "condition"
    """What proves transmission: the radio's OPERATING CONDITION, or that it took the order to transmit. With
    "ack" the transmit bit of OPERATING CONDITION is not believed either way."""
    open_by: Literal["call", "carrier"] = "carrier"
    """What opens the receive path: voice in the line's sound (then no talker is told), or, for a group that has few
    and short calls, that a call stands and we do not transmit: MAP27 does not say who talks within a call."""
    own_call_hang: float = Field(default=0.0, ge=0, le=120)
    """So long after our last word on a call that we set up it is ended; 0: that is left to the network."""
    address_on_disconnect: bool = True
    grant_wait: float = Field(default=5.0, ge=1, le=30)
    queue_wait: float = Field(default=30.0, ge=1, le=120)
    longest_talk: float = Field(default=60.0, ge=1, le=600)
    message_wait: float = Field(default=15.0, ge=1, le=120)
    warn_before: float = Field(default=15.0, ge=1, le=120)
    """So long before the network's longest call is over it is told."""

    @property
    def terms(self) -> Terms:
        """What is offered to the radio's link."""
        return Terms(self.baud, self.n1, self.k, self.n2, self.t0_most, self.t3, self.t4)


def profile(name: str) -> Profile:
    """The shipped profile `name`, or the one in the file `name` when it ends in .toml. Raises SettingsError."""
    if name.endswith(".toml"):
        return load(Path(name), Profile)
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if name not in known:
        raise SettingsError(
            f"there is no MAP27 profile {name!r}; known: {', '.join(known)}, or a path to a file"
        )
    return load(FOLDER / f"{name}.toml", Profile)
