"""The two copies by which U-Boot chooses a slot, read, written and damaged from outside.

Their shape is told in images/gateway/boot/boot.cmd.
"""

import json
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

COPY, SECOND = 0x4000, 0x80000
"""Octets of a copy, and where the second begins within the partition."""


@dataclass(frozen=True)
class Copy:
    """One copy: its count (0 to 255) and variables; `good`: its checksum fits."""

    count: int
    values: dict[str, str]
    good: bool


def partition(image: Path, name: str) -> tuple[int, int]:
    """Where a partition begins and how long it is, octets. KeyError: there is none."""
    done = subprocess.run(["sfdisk", "--json", str(image)], capture_output=True, text=True, check=True)
    for part in json.loads(done.stdout)["partitiontable"]["partitions"]:
        if part.get("name") == name:
            return int(part["start"]) * 512, int(part["size"]) * 512
    raise KeyError(name)


def encode(values: dict[str, str], count: int) -> bytes:
    """A copy as libubootenv and boot.cmd know it: crc32 (little endian), count, variables, zeros."""
    body = b"".join(f"{name}={value}\0".encode() for name, value in values.items()) + b"\0"
    body = body.ljust(COPY - 5, b"\0")
    return zlib.crc32(body).to_bytes(4, "little") + bytes((count,)) + body


def decode(octets: bytes) -> Copy:
    """What stands in a copy."""
    crc, count, body = octets[:4], octets[4], octets[5:COPY]
    good = zlib.crc32(body) == int.from_bytes(crc, "little")
    rows = body.split(b"\0\0")[0].split(b"\0") if good else []
    pairs = (row.decode(errors="replace").partition("=") for row in rows if row)
    return Copy(count, {name: value for name, _, value in pairs}, good)


def read(image: Path) -> tuple[Copy, Copy]:
    """Both copies of an image file."""
    at, _ = partition(image, "env")
    with image.open("rb") as file:
        found = []
        for offset in (0, SECOND):
            file.seek(at + offset)
            found.append(decode(file.read(COPY)))
    return found[0], found[1]


def newest(image: Path) -> dict[str, str]:
    """The variables that hold: of the good copy with the later count. ValueError: both are damaged."""
    one, two = read(image)
    if not (one.good or two.good):
        raise ValueError(f"{image}: both copies are damaged")
    if one.good and two.good:
        later = one if (one.count - two.count) % 256 in range(1, 128) or one.count == two.count else two
        return later.values
    return one.values if one.good else two.values


def write(image: Path, number: int, octets: bytes) -> None:
    """Put octets over copy 1 or 2."""
    at, _ = partition(image, "env")
    with image.open("r+b") as file:
        file.seek(at + (SECOND if number == 2 else 0))
        file.write(octets)
