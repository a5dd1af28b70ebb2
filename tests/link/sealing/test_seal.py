"""Sealed streams: what is written comes back with the right key, and nothing else does; every damage is found."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from link.sealing.seal import (
    LARGEST_CHUNK,
    MAGIC,
    SealCut,
    SealedWriter,
    SealError,
    make_keys,
    public_of,
    unseal,
)

PRIVATE, PUBLIC = make_keys()
HEAD = 9 + 80 + 24


def sealed(*parts: bytes, close: bool = True, public: str = PUBLIC) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, public)
    for part in parts:
        writer.write(part)
    if close:
        writer.close()
    return file.getvalue()


def opened(data: bytes, private: str = PRIVATE, most: int = 1 << 20) -> tuple[bytes, str]:
    """What came out, and the reason why no more did."""
    out = b""
    try:
        for chunk in unseal(io.BytesIO(data), private, most):
            out += chunk
    except SealError as error:
        assert str(error)
        assert isinstance(error, SealCut) == (error.reason == "cut")
        return out, error.reason
    return out, ""


SPEECH = bytes(range(256)) * 9
TWO = sealed(SPEECH, b"end")


@given(st.lists(st.binary(max_size=3 * LARGEST_CHUNK), max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_is_written_comes_back(parts: list[bytes]) -> None:
    assert opened(sealed(*parts)) == (b"".join(parts), "")


def test_the_plain_text_and_the_private_key_are_not_in_the_file() -> None:
    assert b"end" not in TWO and SPEECH[:8] not in TWO
    assert bytes.fromhex(PRIVATE) not in TWO and bytes.fromhex(PUBLIC) not in TWO
    assert sealed(SPEECH) != sealed(SPEECH)  # a new stream key each time


def test_another_key_opens_nothing() -> None:
    other, _ = make_keys()
    assert opened(TWO, other) == (b"", "key")
    assert public_of(PRIVATE) == PUBLIC


@pytest.mark.parametrize("key", ["", "ab" * 31, "zz" * 32, "ab" * 33, " " * 64, "00" * 32])
def test_a_key_that_is_none_is_told(key: str) -> None:
    with pytest.raises(SealError) as told:
        SealedWriter(io.BytesIO(), key)
    assert told.value.reason == "key"
    assert opened(TWO, key) == (b"", "key")


def test_files_of_others_and_of_later_versions_are_told_apart() -> None:
    assert opened(b"OggS" + TWO[4:]) == (b"", "not-ours")
    assert opened(MAGIC + b"\x02" + TWO[9:]) == (b"", "version")


@given(st.integers(0, len(TWO) - 1))
@settings(max_examples=200, deadline=None)
def test_a_file_cut_anywhere_gives_its_whole_chunks_and_says_that_it_is_cut(length: int) -> None:
    whole = SPEECH if length >= HEAD + 4 + len(SPEECH) + 17 else b""
    if length >= len(TWO) - 21:  # only the final chunk, which holds nothing, is not whole
        whole += b"end"
    assert opened(TWO[:length]) == (whole, "cut")


def test_zeros_after_a_power_cut_count_as_its_end() -> None:
    assert opened(sealed(SPEECH, close=False) + bytes(4096)) == (SPEECH, "cut")


@given(st.integers(0, len(TWO) * 8 - 1))
@settings(max_examples=600, deadline=None)
def test_every_bit_that_falls_over_is_found(bit: int) -> None:
    data = bytearray(TWO)
    data[bit // 8] ^= 1 << bit % 8
    out, reason = opened(bytes(data))
    assert reason not in ("", "cut")
    assert (SPEECH + b"end").startswith(out)


def test_chunks_out_of_order_missing_doubled_or_added_are_found() -> None:
    small = sealed(b"one", b"two")
    one, two, end = small[HEAD : HEAD + 24], small[HEAD + 24 : HEAD + 48], small[HEAD + 48 :]
    for wrong in (
        two + one + end,
        one + end,
        one + one + two + end,
        one + two + end + one,
        one + two + end + b"\0",
    ):
        assert opened(small[:HEAD] + wrong)[1] == "damaged"
    assert opened(small[:HEAD] + one + two + end) == (b"onetwo", "")


def test_limits_hold_for_a_chunk_and_for_the_whole() -> None:
    assert opened(TWO[:HEAD] + b"\xff\xff\x00\x00" + bytes(70_000)) == (b"", "too-large")
    assert opened(sealed(b"a" * 600, b"b" * 600), most=1000) == (b"a" * 600, "too-large")


@given(
    st.binary(max_size=400), st.sampled_from([b"", MAGIC, TWO[:9], TWO[:89], TWO[:HEAD], TWO[: HEAD + 30]])
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_reason_and_nothing_else(tail: bytes, head: bytes) -> None:
    out, reason = opened(head + tail)
    assert out == b"" and reason or (head + tail) == TWO


def test_nothing_is_taken_after_the_end() -> None:
    file = io.BytesIO()
    writer = SealedWriter(file, PUBLIC)
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="after close"):
        writer.write(b"more")
    assert opened(file.getvalue()) == (b"", "")


class Zeros(io.RawIOBase):
    """Takes and forgets; counts."""

    def __init__(self) -> None:
        self.octets = 0

    def write(self, data: object) -> int:
        assert isinstance(data, bytes)
        self.octets += len(data)
        return len(data)


def test_memory_holds_one_chunk_only() -> None:
    piece = bytes(LARGEST_CHUNK)
    file = io.BytesIO(sealed(*(piece for _ in range(200))))
    sink = Zeros()
    tracemalloc.start()
    writer = SealedWriter(sink, PUBLIC)  # type: ignore[arg-type]
    chunks: Iterator[bytes] = unseal(file, PRIVATE)
    for chunk in chunks:
        writer.write(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sink.octets > 200 * LARGEST_CHUNK
    assert peak < 12 * LARGEST_CHUNK
