"""What differs between terminals: one TOML file per vendor, checked. It decides nothing.

A command that may restart the terminal is refused unless the profile says `may_reset = true`: on a Sepura ATZ
can reboot the radio in the middle of an emergency.
"""

import re
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from link.hosting.settings import Settings, SettingsError, load

FOLDER = Path(__file__).parent / "profiles"
_RESETS = re.compile(r"^AT(Z|&F|\+CFUN)", re.IGNORECASE)


class Profile(Settings):
    """One terminal type. Times in seconds; see generic.toml for what each command is."""

    name: str = Field(min_length=1, max_length=40)
    baud: int = Field(default=9600, ge=1200, le=921_600)
    rts_cts: bool = False
    trunked: bool = True
    """False: direct mode, where there is no registration."""
    may_reset: bool = False
    initialise: tuple[str, ...] = Field(max_length=40)
    group_select: str = "AT+CTGS=1,{group}"
    group_set_up: str = "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,{priority}"
    call_set_up: str = "AT+CTSDC=0,0,0,0,0,0,0,1,0,0,{priority}"
    dial: str = "ATD{number}"
    answer: str = "ATA"
    hang_up: str = "ATH"
    emergency_call_priority: int = Field(default=15, ge=0, le=15)
    answer_wait: float = Field(default=2.0, ge=0.2, le=30)
    message_wait: float = Field(default=10.0, ge=1, le=60)
    grant_wait: float = Field(default=5.0, ge=1, le=30)
    queue_wait: float = Field(default=30.0, ge=1, le=120)
    longest_talk: float = Field(default=60.0, ge=1, le=600)
    poll_every: float = Field(default=10.0, ge=1, le=300)
    report_receipt: bool = False
    """Whether the gateway, not the terminal, answers a request for a delivery report."""

    @field_validator("initialise", "group_select", "group_set_up", "call_set_up", "dial", "answer", "hang_up")
    @classmethod
    def _printable(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            if not re.fullmatch(r"AT[\x20-\x7e]{0,120}", text):
                raise ValueError(f"{text!r} is no AT command: write it as AT…, one printable line")
            unknown = set(re.findall(r"{(\w*)}", text)) - {"group", "priority", "number", "instance"}
            if unknown or text.count("{") != len(re.findall(r"{\w+}", text)):
                raise ValueError(
                    f"{text!r}: only {{group}}, {{priority}}, {{number}}, {{instance}} are filled in"
                )
        return value

    @model_validator(mode="after")
    def _no_reset(self) -> "Profile":
        single = (self.group_select, self.group_set_up, self.call_set_up, self.answer, self.hang_up)
        for text in (*self.initialise, *single):
            if _RESETS.match(text.replace(" ", "")) and not self.may_reset:
                raise ValueError(f"{text!r} may restart the terminal: take it out, or set may_reset = true")
        return self


def profile(name: str) -> Profile:
    """The shipped profile `name`, or the one in the file `name` when it ends in .toml. Raises SettingsError."""
    if name.endswith(".toml"):
        return load(Path(name), Profile)
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if name not in known:
        raise SettingsError(
            f"there is no TETRA profile {name!r}; known: {', '.join(known)}, or a path to a file"
        )
    return load(FOLDER / f"{name}.toml", Profile)
