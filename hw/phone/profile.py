"""What differs between phones of one family: settings of a model, as TOML files beside this module.

A profile says what to send at set-up, what never to send, and how long to wait. An unknown key is an error
with a suggestion. Facts that no public text proves live here and not in the code.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from link.hosting.settings import Settings, SettingsError, load

FOLDER = Path(__file__).parent / "profiles"
AtCommand = Annotated[str, StringConstraints(pattern=r"^AT[\x20-\x7e]{1,120}$")]
Word = Annotated[str, StringConstraints(min_length=2, max_length=40)]
Seconds = Annotated[float, Field(ge=0.5, le=600)]


class Serial(Settings):
    """[serial]: how the port is opened."""

    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400] = 115200
    flow: Literal["none", "rts-cts", "xon-xoff"] = "none"


class Voice(Settings):
    """[voice]: calls. `plus` stands for a leading +; `listed` False: the phone has no +CLCC.

    `geo` marks a geostationary hop (delay, echo control). `refuse_second` ends a caller who waits.
    """

    plus: Annotated[str, StringConstraints(pattern=r"^(\+|00|)$")] = "+"
    hang_up: AtCommand = "AT+CHUP"
    hang_up_else: AtCommand = "ATH"
    refuse_second: AtCommand | Literal[""] = "AT+CHLD=0"
    listed: bool = True
    list_every: Seconds = 1.0
    geo: bool = False
    answer_limit: Seconds = 60
    ring_gap: Seconds = 6
    setup_grace: Seconds = 20
    dial_limit: Seconds = 90


class Text(Settings):
    """[text]: short messages. `store` is set with AT+CPMS unless it is empty; `send_limit` covers one part.

    `reports` False: no delivery reports are asked for.
    """

    store: Literal["SM", "ME", "MT", ""] = "SM"
    indicate: AtCommand = "AT+CNMI=2,1,0,1,0"
    reports: bool = True
    send_limit: Seconds = 60


class Status(Settings):
    """[status]: signal and service. `signal_bars` and `service_indicator` are indices of +CIEV, -1 for none."""

    signal: AtCommand | Literal[""] = "AT+CSQ"
    every: Seconds = 30
    limit: Seconds = 30
    settle: Seconds = 3
    bars_indicator: int = Field(default=-1, ge=-1, le=30)
    service_indicator: int = Field(default=-1, ge=-1, le=30)


class PhoneProfile(Settings):
    """One model of phone. `restarts` are the first words of lines that a phone says when it has restarted."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    reset: bool = False
    setup: tuple[AtCommand, ...] = Field(default=(), max_length=20)
    never: tuple[AtCommand, ...] = Field(default=(), max_length=20)
    restarts: tuple[Word, ...] = Field(default=("RDY", "^SYSSTART"), max_length=10)
    serial: Serial = Serial()
    voice: Voice = Voice()
    text: Text = Text()
    status: Status = Status()

    @model_validator(mode="after")
    def _nothing_forbidden(self) -> Self:
        for command in (*self.setup, self.text.indicate, self.voice.hang_up, self.status.signal):
            if self.forbids(command):
                raise ValueError(f"{command!r} is on the list `never`; take it off one of the two")
            if command.upper().startswith("ATZ") and not self.reset:
                raise ValueError("ATZ restarts some phones; write reset = true if this one bears it")
        return self

    def forbids(self, command: str) -> bool:
        """This phone must never be sent this, nor anything that begins with it."""
        return any(command.upper().startswith(each.upper()) for each in self.never)


def profile_names() -> tuple[str, ...]:
    """The profiles that come with the product."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name: str) -> PhoneProfile:
    """A profile of the product by its name, or one of the site by its path (ends in .toml). SettingsError."""
    if name.endswith(".toml"):
        return load(Path(name), PhoneProfile)
    if name not in profile_names():
        raise SettingsError(f"no phone profile {name!r}; there are {', '.join(profile_names())}")
    return load(FOLDER / f"{name}.toml", PhoneProfile)
