"""Length-prefixed frames (u32 big endian, then the bytes). Sans I/O: bytes in, frames out."""

import struct

from link.bus.port import LARGEST_FRAME

_LENGTH = struct.Struct("!I")


class FrameTooLarge(Exception):
    """The peer announced a frame above the limit; `frames` are the whole ones before it in this feed."""

    def __init__(self, size: int, largest: int, frames: list[bytes]) -> None:
        super().__init__(f"a frame of {size} bytes is announced, {largest} are allowed")
        self.frames = frames


class FrameParser:
    """Cuts a byte stream into frames. After FrameTooLarge the stream is lost: every feed raises again."""

    def __init__(self, largest: int = LARGEST_FRAME) -> None:
        self._largest = largest
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """All frames that `data` completes, in order. Holds at most one unfinished frame."""
        held = self._held
        held += data
        frames: list[bytes] = []
        start = 0
        while len(held) - start >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(held, start)
            if size > self._largest:
                self._held = held[start : start + _LENGTH.size]
                raise FrameTooLarge(size, self._largest, frames)
            end = start + _LENGTH.size + size
            if len(held) < end:
                break
            frames.append(bytes(held[start + _LENGTH.size : end]))
            start = end
        del held[:start]
        return frames


def frame(payload: bytes) -> bytes:
    """The bytes of one frame on the wire."""
    return _LENGTH.pack(len(payload)) + payload
