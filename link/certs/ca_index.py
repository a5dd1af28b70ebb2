"""What an authority has done, one line of JSON each, only ever appended: issued, revoked, listed.

A line is on the disk before what it tells of is handed out, so nothing is believed that cannot be revoked. A line
that was cut by a power failure was never answered for, and is cut off by the next writer; any other damage is an error.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from link.certs.errors import CertError
from link.hosting.durable import sync_folder


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime


class IssuedLine(_Line):
    """A certificate was made."""

    what: Literal["issued"] = "issued"
    name: str
    serial: str
    kind: str
    until: AwareDatetime
    fingerprint: str


class RevokedLine(_Line):
    """A certificate is not believed any more."""

    what: Literal["revoked"] = "revoked"
    serial: str
    why: str = Field(default="", max_length=200)


class CrlLine(_Line):
    """A list of revoked certificates with this number was signed."""

    what: Literal["crl"] = "crl"
    number: int


Line = IssuedLine | RevokedLine | CrlLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="what")])


@dataclass(frozen=True)
class Book:
    """All lines, in the order they were written."""

    lines: tuple[Line, ...] = ()

    @property
    def issued(self) -> tuple[IssuedLine, ...]:
        """All certificates."""
        return tuple(line for line in self.lines if isinstance(line, IssuedLine))

    @property
    def revoked(self) -> dict[str, RevokedLine]:
        """By serial, in the order of revocation."""
        return {line.serial: line for line in self.lines if isinstance(line, RevokedLine)}

    @property
    def crl_number(self) -> int:
        """Of the latest list; 0: none yet."""
        return max((line.number for line in self.lines if isinstance(line, CrlLine)), default=0)

    def believed(self, name: str, now: datetime) -> tuple[IssuedLine, ...]:
        """Certificates of `name` that are neither revoked nor over."""
        gone = self.revoked
        return tuple(
            line for line in self.issued if line.name == name and line.serial not in gone and line.until > now
        )


def read_book(path: Path) -> Book:
    """Read all lines; no file is an empty book. CertError: cannot be read, or damaged."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Book()
    except OSError as error:
        raise CertError(
            f"{path} cannot be read ({error.strerror})", "check owner and rights of the folder"
        ) from error
    whole = data[: data.rfind(b"\n") + 1]
    lines = []
    for number, row in enumerate(whole.splitlines(), 1):
        try:
            lines.append(_LINE.validate_json(row))
        except ValidationError:
            raise CertError(
                f"line {number} of {path} is damaged", "restore the folder of the authority from its copy"
            ) from None
    return Book(tuple(lines))


def append(path: Path, *lines: Line) -> None:
    """Add lines and wait for the disk; the caller holds the folder's lock. CertError."""
    text = b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
    try:
        new = not path.exists()
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            end = file.read().rfind(b"\n") + 1
            file.truncate(end)
            file.seek(end)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(path.parent)
    except OSError as error:
        raise CertError(
            f"{path} cannot be written ({error.strerror})", "nothing was issued; check disk and rights"
        ) from error
