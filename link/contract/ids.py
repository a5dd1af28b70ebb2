"""Names of things as they stand in messages, with their shapes. Nothing else."""

from typing import Annotated, NamedTuple

from pydantic import StringConstraints

GatewayId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{3,32}$")]
LineId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,24}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
ZoneId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Text = Annotated[str, StringConstraints(max_length=2000)]
Label = Annotated[str, StringConstraints(max_length=80)]
"""A name that people see; it also travels as the talker of a line."""
Short = Annotated[str, StringConstraints(max_length=200)]


class LineRef(NamedTuple):
    """One line of one gateway, written `gateway/line`."""

    gateway: str
    line: str

    def __str__(self) -> str:
        return f"{self.gateway}/{self.line}"

    @classmethod
    def parse(cls, text: str) -> "LineRef":
        """Read `gateway/line`; ValueError says what was wrong."""
        gateway, slash, line = text.partition("/")
        if not (gateway and slash and line) or "/" in line:
            raise ValueError(f"{text!r} is not a line: write GATEWAY/LINE, for instance gw-north/r1")
        return cls(gateway, line)
