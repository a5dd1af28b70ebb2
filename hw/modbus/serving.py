"""The device's side of Modbus RTU, for the bench: bytes to requests, replies to bytes. Pure.

`RequestSplitter` takes any bytes cut anywhere, keeps less than one frame and never raises.
"""

from hw.modbus import protocol as p

_FIXED = (1, 2, 3, 4, 5, 6)
_COUNTED = (0x0F, 0x10)


class RequestSplitter:
    """Bytes of a bus to whole requests of any slave; `garbage` counts the bytes that belonged to none."""

    def __init__(self) -> None:
        self.garbage = 0
        self._rest = b""

    def feed(self, data: bytes) -> list[p.Request]:
        """The requests completed by `data`."""
        data, found, start = self._rest + data, [], 0
        while start < len(data):
            length = _length(data[start : start + 7])
            if length is not None and start + length > len(data):
                break
            request = None if length is None else _request(data[start : start + length])
            if request is None or length is None:
                self.garbage += 1
                start += 1
            else:
                found.append(request)
                start += length
        self._rest = data[start:]
        return found

    def silence(self) -> None:
        """The wire was silent for a frame gap: what is unfinished will never be a frame."""
        self.garbage += len(self._rest)
        self._rest = b""


def _length(head: bytes) -> int | None:
    """Length of the request that may begin here, a lower bound while too little is known; None: none does."""
    if head[0] > 247:
        return None
    if len(head) < 2:
        return 8
    if head[1] in _FIXED:
        return 8
    if head[1] not in _COUNTED:
        return None
    if len(head) < 7:
        return 10
    return 9 + head[6] if 1 <= head[6] <= 246 else None


def _request(frame: bytes) -> p.Request | None:
    if not p.intact(frame):
        return None
    slave, function = frame[0], frame[1]
    address, number = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
    request: p.Request
    if function in (1, 2):
        request = p.ReadBits(slave, function, address, number)
    elif function in (3, 4):
        request = p.ReadRegisters(slave, function, address, number)
    elif function in (5, 6):
        request = p.WriteOne(slave, function, address, number)
    elif function == 0x0F:
        request = p.WriteCoils(slave, address, p.unpack_bits(frame[7:-2], number))
    else:
        request = p.WriteRegisters(slave, address, p.unpack_registers(frame[7:-2]))
    try:
        same = p.encode(request) == frame
    except ValueError:
        return None
    return request if same else None


def encode_reply(request: p.Request, reply: p.Reply) -> bytes:
    """The frame with which a device answers `request`; empty for a broadcast."""
    if request.slave == p.BROADCAST:
        return b""
    function = p.function_of(request)
    match reply:
        case p.Refusal(code):
            return p.seal(bytes((request.slave, function | 0x80, code)))
        case p.Bits(values):
            data = p.pack_bits(values)
        case p.Registers(registers):
            data = b"".join(value.to_bytes(2, "big") for value in registers)
        case p.Written():
            return p.seal(p.encode(request)[:6])
    return p.seal(bytes((request.slave, function, len(data))) + data)
