"""Envelope: what goes in comes out; whatever else comes in, only EnvelopeError comes out."""

import zlib

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.contract.envelope import DEEPEST, LARGEST, Codec, EnvelopeError, pack, unpack

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
TREES = st.recursive(
    LEAVES | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(TREES, max_size=4), st.sampled_from(list(Codec)))
def test_every_codec_brings_back_what_was_packed(value, codec):
    assert unpack(pack(value, codec)) == value


def test_msgpack_carries_bytes():
    assert unpack(pack([b"\x00\xff"])) == [b"\x00\xff"]


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(payload):
    try:
        unpack(payload)
    except EnvelopeError as error:
        assert error.reason


@given(st.binary(max_size=100), st.sampled_from([b"\x01", b"\x02", b"{", b"["]))
def test_no_bytes_behind_a_known_codec_raise_anything_else(payload, first):
    try:
        unpack(first + payload)
    except EnvelopeError as error:
        assert error.reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"\x07abc", "codec"),
        (b"[" * 5000, "malformed"),
        (b"[NaN]", "malformed"),
        (b"[18446744073709551616]", "malformed"),
        (b'{"n":-9223372036854775809}', "malformed"),
        (b"\x01" + msgpack.packb({1: 2}), "malformed"),
        (b"\x01" + msgpack.packb(msgpack.ExtType(4, b"x")), "malformed"),
        (b"\x01" + msgpack.packb(float("inf")), "malformed"),
        (b"{" + b" " * LARGEST, "oversized"),
    ],
)
def test_bad_payloads_are_named(payload, reason):
    with pytest.raises(EnvelopeError) as caught:
        unpack(payload)
    assert caught.value.reason == reason


def test_a_small_message_cannot_inflate_into_a_large_one():
    squeeze = zlib.compressobj(wbits=-15)
    bomb = b"\x02" + squeeze.compress(bytes(50 * LARGEST)) + squeeze.flush()
    with pytest.raises(EnvelopeError, match="inflates"):
        unpack(bomb)


def test_nesting_is_bounded():
    deep: list[object] = []
    for _ in range(DEEPEST + 1):
        deep = [deep]
    with pytest.raises(EnvelopeError, match="nested"):
        unpack(pack(deep))


def test_too_large_a_message_is_not_sent():
    with pytest.raises(EnvelopeError, match="oversized"):
        pack(["x" * (LARGEST + 1)])
