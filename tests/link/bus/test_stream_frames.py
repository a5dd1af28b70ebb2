"""The frame parser and the hello: any bytes, split anywhere."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.bus.frames import FrameParser, FrameTooLarge, frame
from link.bus.hello import BadHello, check_name, hello, name_in


def fed(parser: FrameParser, pieces: list[bytes]) -> tuple[list[bytes], str]:
    """All frames out of the pieces, and the fault that ended them."""
    frames: list[bytes] = []
    for piece in pieces:
        try:
            frames += parser.feed(piece)
        except FrameTooLarge as error:
            return frames + error.frames, str(error)
    return frames, ""


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({min(place, len(data)) for place in places})
    edges = [0, *marks, len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(0, 3000)))
def test_frames_survive_any_split(payloads: list[bytes], places: list[int]) -> None:
    data = b"".join(frame(payload) for payload in payloads)
    parser = FrameParser()
    assert fed(parser, cut(data, places)) == (payloads, "")
    assert parser.feed(b"") == [] and not parser._held


@given(st.binary(max_size=600), st.lists(st.integers(0, 600)), st.integers(0, 100))
def test_any_bytes_give_the_same_however_split(data: bytes, places: list[int], largest: int) -> None:
    whole = fed(FrameParser(largest), [data])
    parser = FrameParser(largest)
    assert fed(parser, cut(data, places)) == whole
    assert all(len(payload) <= largest for payload in whole[0])
    if not whole[1]:
        assert b"".join(frame(payload) for payload in whole[0]) + bytes(parser._held) == data


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_after_a_fault_every_feed_raises(before: bytes, after: bytes) -> None:
    parser = FrameParser(100)
    with pytest.raises(FrameTooLarge) as caught:
        parser.feed(frame(before) + struct.pack("!I", 101) + after)
    assert caught.value.frames == [before]
    with pytest.raises(FrameTooLarge) as again:
        parser.feed(after)
    assert again.value.frames == []


def test_largest_is_allowed() -> None:
    assert FrameParser(5).feed(frame(b"12345")) == [b"12345"]


@given(st.binary(max_size=300))
def test_any_first_frame_is_a_name_or_a_bad_hello(payload: bytes) -> None:
    with contextlib.suppress(BadHello):
        assert check_name(name_in(payload))


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", fullmatch=True))
def test_hello_carries_the_name(name: str) -> None:
    assert name_in(hello(name)) == name
