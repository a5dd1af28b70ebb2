"""The fast frame path: copy sound between Python bytes and the media library's frame vectors.

A frame is a C++ `std::vector<unsigned char>`; converting it through SWIG costs 50-90 us per frame, reading
its three pointers (begin, end, capacity: libstdc++'s layout) 5 us. The library's own `assign_from_bytes`
and `copy_to_bytearray` touch Python objects without holding the GIL when SWIG runs with -threads, so they
must not be used. This file imports no vendor library: it is handed the vectors.
"""

import ctypes
from typing import Any


class Vector(ctypes.Structure):
    """`std::vector<unsigned char>` as libstdc++ lays it out."""

    _fields_ = (("begin", ctypes.c_void_p), ("end", ctypes.c_void_p), ("capacity", ctypes.c_void_p))


def vector_bytes(vector: Any) -> bytes:
    """Content of a SWIG ByteVector; b"" when it is empty (nobody talks)."""
    found = Vector.from_address(int(vector.this))
    if not found.begin or not found.end or found.end <= found.begin:
        return b""
    return ctypes.string_at(found.begin, found.end - found.begin)


class FrameBuffer:
    """One SWIG ByteVector of fixed size, refilled for every frame a port hands to the bridge.

    `vector` must already have `size` elements and must not be resized afterwards. Raises ValueError when
    its memory does not look like a vector of that size: then the library was built with another C++
    standard library and the fast path would corrupt memory.
    """

    def __init__(self, vector: Any, size: int) -> None:
        found = Vector.from_address(int(vector.this))
        if not found.begin or found.end != found.begin + size:
            raise ValueError(f"vector layout unknown: begin={found.begin} end={found.end} size={size}")
        self.vector = vector
        self.size = size
        self._begin: int = found.begin

    def fill(self, frame: bytes) -> Any:
        """Copy exactly `size` bytes in and return the vector. ValueError on any other length."""
        if len(frame) != self.size:
            raise ValueError(f"frame of {len(frame)} bytes, {self.size} expected")
        ctypes.memmove(self._begin, frame, self.size)
        return self.vector
