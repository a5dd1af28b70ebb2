"""Registers to a number: type, byte order, decimals, scale and offset of a measuring instrument. Pure.

Vendors put the four bytes of a 32-bit value in any of four orders; a wrong order gives a number, only a wrong
one, which is why every instrument also has bounds of what is plausible.
"""

import math
import struct
from dataclasses import dataclass
from typing import Literal

Kind = Literal["uint16", "int16", "uint32", "int32", "float32"]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
_FORMAT: dict[Kind, str] = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
DECIMALS_MOST = 6


@dataclass(frozen=True)
class Layout:
    """Where the value stands and how it is written. Value = raw × scale + offset, in `unit`."""

    function: int = 3
    address: int = 0
    kind: Kind = "int16"
    order: Order = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    decimals_address: int | None = None
    unit: str = "m"

    @property
    def count(self) -> int:
        """Registers of the value."""
        return 2 if self.kind in ("uint32", "int32", "float32") else 1


def raw_of(registers: tuple[int, ...], layout: Layout) -> float | None:
    """The bare number; None when it is none (NaN, infinite, wrong count)."""
    if len(registers) != layout.count:
        return None
    data = b"".join(register.to_bytes(2, "big") for register in registers)
    if layout.order in ("BADC", "DCBA"):
        data = b"".join(data[at + 1 : at + 2] + data[at : at + 1] for at in range(0, len(data), 2))
    if layout.order in ("CDAB", "DCBA"):
        data = data[2:] + data[:2]
    value = float(struct.unpack(_FORMAT[layout.kind], data)[0])
    return value if math.isfinite(value) else None


def value_of(registers: tuple[int, ...], decimals: int, layout: Layout) -> float | None:
    """The measured value in the layout's unit; `decimals` from the device shift the point to the left."""
    raw = raw_of(registers, layout)
    if raw is None or not 0 <= decimals <= DECIMALS_MOST:
        return None
    return raw / 10.0**decimals * layout.scale + layout.offset
