"""The fast frame path, on memory laid out like a C++ vector."""

import ctypes

import pytest

from link.voice.frames import FrameBuffer, Vector, vector_bytes


class FakeVector:
    """What SWIG hands out: an object whose `this` is the address of a std::vector."""

    def __init__(self, content: bytes, capacity: int | None = None) -> None:
        self._memory = ctypes.create_string_buffer(content, max(capacity or len(content), 1))
        begin = ctypes.addressof(self._memory) if content else None
        end = begin + len(content) if begin else None
        self._vector = Vector(begin, end, end)
        self.this = ctypes.addressof(self._vector)

    def content(self) -> bytes:
        return self._memory.raw


def test_bytes_of_a_vector() -> None:
    assert vector_bytes(FakeVector(b"\1\0\2\0" * 160)) == b"\1\0\2\0" * 160


def test_an_empty_vector_is_no_bytes() -> None:
    assert vector_bytes(FakeVector(b"")) == b""


def test_a_buffer_is_filled_in_place_each_time() -> None:
    vector = FakeVector(bytes(640))
    buffer = FrameBuffer(vector, 640)
    for value in (1, 255, 7):
        assert buffer.fill(bytes([value]) * 640) is vector
        assert vector.content()[:640] == bytes([value]) * 640


@pytest.mark.parametrize("length", [0, 639, 641, 1280])
def test_a_frame_of_another_length_is_refused(length: int) -> None:
    vector = FakeVector(bytes(640))
    with pytest.raises(ValueError, match="640 expected"):
        FrameBuffer(vector, 640).fill(bytes(length))
    assert vector.content()[:640] == bytes(640)


@pytest.mark.parametrize("vector", [FakeVector(b""), FakeVector(bytes(100))])
def test_memory_that_is_no_such_vector_is_refused(vector: FakeVector) -> None:
    with pytest.raises(ValueError, match="layout"):
        FrameBuffer(vector, 640)
