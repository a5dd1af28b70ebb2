"""Modbus RTU frames: requests to bytes, bytes to replies, and the other way round for the bench. Pure.

A reply carries neither address nor ticket, so it can only be read knowing what was asked: `take_reply` looks
for a frame of exactly that shape and drops everything else. Nothing here raises on bytes from the wire.

Trap: an FC 05/06 reply is the request word for word. An RS485 adapter that hears itself hands back the request,
which then looks like the device's consent; that is why every write that matters is read back with FC 01.
"""

from dataclasses import dataclass

BROADCAST = 0
FRAME_LIMIT = 256
REFUSALS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "accepted, takes long",
    6: "busy",
    8: "memory parity",
    10: "gateway path",
    11: "gateway target",
}


@dataclass(frozen=True)
class ReadBits:
    """FC 01 (coils) or 02 (inputs): `count` bits from `address`."""

    slave: int
    function: int
    address: int
    count: int


@dataclass(frozen=True)
class ReadRegisters:
    """FC 03 (holding) or 04 (input): `count` 16-bit registers from `address`."""

    slave: int
    function: int
    address: int
    count: int


@dataclass(frozen=True)
class WriteOne:
    """FC 05 (coil: FF00 on, 0000 off, vendors add more) or 06 (register)."""

    slave: int
    function: int
    address: int
    value: int


@dataclass(frozen=True)
class WriteCoils:
    """FC 0F: several coils from `address`."""

    slave: int
    address: int
    values: tuple[bool, ...]


@dataclass(frozen=True)
class WriteRegisters:
    """FC 10: several registers from `address`."""

    slave: int
    address: int
    values: tuple[int, ...]


Request = ReadBits | ReadRegisters | WriteOne | WriteCoils | WriteRegisters


@dataclass(frozen=True)
class Bits:
    """Reply to ReadBits: exactly as many as were asked for."""

    values: tuple[bool, ...]


@dataclass(frozen=True)
class Registers:
    """Reply to ReadRegisters: exactly as many as were asked for, unsigned."""

    values: tuple[int, ...]


@dataclass(frozen=True)
class Written:
    """The device (or an adapter that hears itself) says that the write was taken."""


@dataclass(frozen=True)
class Refusal:
    """The device answered with an exception."""

    code: int

    @property
    def words(self) -> str:
        """The code in words."""
        return REFUSALS.get(self.code, f"exception {self.code}")


Reply = Bits | Registers | Written | Refusal


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
        rows.append(value)
    return tuple(rows)


_CRC = _table()


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS; sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def seal(body: bytes) -> bytes:
    """`body` with its CRC."""
    return body + crc16(body).to_bytes(2, "little")


def intact(frame: bytes) -> bool:
    """Long enough and with a right CRC."""
    return len(frame) >= 4 and crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")


def function_of(request: Request) -> int:
    """The function code of a request."""
    match request:
        case WriteCoils():
            return 0x0F
        case WriteRegisters():
            return 0x10
        case _:
            return request.function


def encode(request: Request) -> bytes:
    """The frame of a request; ValueError when a number is outside what Modbus allows."""
    _check(request)
    head = bytes((request.slave, function_of(request))) + request.address.to_bytes(2, "big")
    match request:
        case ReadBits() | ReadRegisters():
            return seal(head + request.count.to_bytes(2, "big"))
        case WriteOne():
            return seal(head + request.value.to_bytes(2, "big"))
        case WriteCoils(values=values):
            data = pack_bits(values)
        case WriteRegisters():
            data = b"".join(value.to_bytes(2, "big") for value in request.values)
    return seal(head + len(request.values).to_bytes(2, "big") + bytes((len(data),)) + data)


def _check(request: Request) -> None:
    match request:
        case ReadBits(function=function, count=count):
            good, reads = function in (1, 2) and 1 <= count <= 2000, True
        case ReadRegisters(function=function, count=count):
            good, reads = function in (3, 4) and 1 <= count <= 125, True
        case WriteOne(function=function, value=value):
            good, reads = function in (5, 6) and 0 <= value <= 0xFFFF, False
        case WriteCoils(values=values):
            good, reads = 1 <= len(values) <= 1968, False
        case WriteRegisters():
            values_fit = all(0 <= value <= 0xFFFF for value in request.values)
            good, reads = 1 <= len(request.values) <= 123 and values_fit, False
    if not good or not (1 if reads else 0) <= request.slave <= 247 or not 0 <= request.address <= 0xFFFF:
        raise ValueError(f"not a Modbus request: {request}")


def reply_length(request: Request) -> int:
    """Bytes of the whole reply to `request` when the device obeys; 0 for a broadcast."""
    if request.slave == BROADCAST:
        return 0
    match request:
        case ReadBits(count=count):
            return 5 + (count + 7) // 8
        case ReadRegisters(count=count):
            return 5 + 2 * count
        case _:
            return 8


def take_reply(data: bytes, request: Request) -> tuple[Reply | None, bytes, int]:
    """Look for the reply to `request` in `data`: (reply or None, bytes to keep, bytes dropped).

    What is kept is shorter than one reply. The result does not depend on how `data` was cut on the wire, as
    long as it is called again with what was kept and what came next.
    """
    slave, function = request.slave, function_of(request)
    for start in range(len(data)):
        length = _candidate(data[start : start + 8], slave, function, request)
        if length is None:
            continue
        frame = data[start : start + length]
        if len(frame) < length:
            return None, data[start:], start
        if intact(frame):
            return _read(frame, request), data[start + length :], start
    return None, b"", len(data)


def _candidate(head: bytes, slave: int, function: int, request: Request) -> int | None:
    """Length of the frame that may begin here; None when the bytes seen rule it out."""
    if head[0] != slave:
        return None
    if len(head) == 1:
        return 5
    if head[1] == function | 0x80:
        return 5
    if head[1] != function:
        return None
    length = reply_length(request)
    reads = isinstance(request, ReadBits | ReadRegisters)
    expected = bytes((length - 5,)) if reads else encode(request)[2:6]
    seen = head[2 : 2 + len(expected)]
    return length if expected.startswith(seen) else None


def _read(frame: bytes, request: Request) -> Reply:
    if frame[1] & 0x80:
        return Refusal(frame[2])
    match request:
        case ReadBits(count=count):
            return Bits(unpack_bits(frame[3:-2], count))
        case ReadRegisters():
            return Registers(unpack_registers(frame[3:-2]))
        case _:
            return Written()


def pack_bits(values: tuple[bool, ...]) -> bytes:
    """Bits as Modbus packs them: the first is the lowest of the first byte."""
    number = sum(1 << place for place, value in enumerate(values) if value)
    return number.to_bytes((len(values) + 7) // 8, "little")


def unpack_bits(data: bytes, count: int) -> tuple[bool, ...]:
    """The first `count` bits of `data`."""
    number = int.from_bytes(data, "little")
    return tuple(bool(number >> place & 1) for place in range(count))


def unpack_registers(data: bytes) -> tuple[int, ...]:
    """Pairs of bytes as unsigned numbers."""
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2))


# ---- times -------------------------------------------------------------------------------------------------

BITS_PER_CHARACTER = 11


def frame_gap(baud: int) -> float:
    """Silence between frames in seconds: 3.5 characters, 1.75 ms above 19200 baud."""
    return 0.00175 if baud > 19200 else 3.5 * BITS_PER_CHARACTER / baud


def wire_time(length: int, baud: int) -> float:
    """Seconds that `length` bytes take on the wire."""
    return length * BITS_PER_CHARACTER / baud


def reply_limit(request: Request, baud: int, thinking: float) -> float:
    """Seconds from writing `request` to giving up: both frames, the gap, and the device's `thinking` time."""
    length = len(encode(request)) + reply_length(request)
    return wire_time(length, baud) + frame_gap(baud) + thinking
