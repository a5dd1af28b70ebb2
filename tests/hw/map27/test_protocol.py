"""hw.map27.protocol: the worked frames, any bytes split anywhere, and what is cut or broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.map27.network import address, radio_control, set_up
from hw.map27.protocol import (
    BODY_LIMIT,
    Frame,
    LinkAck,
    LinkRequest,
    LinkTransfer,
    Splitter,
    decode,
    encode,
    fcs,
)

WORKED = [
    (LinkRequest(14, 1, 1), "16 10 02 01 0E 01 01 10 03 8A 09"),
    (LinkAck(1, 1), "16 10 02 02 01 01 00 10 03 8F FB"),
    (
        LinkTransfer(1, bytes.fromhex("A4 00 04 D2 00 00")),
        "16 10 02 04 01 01 00 A4 00 04 D2 00 00 10 03 C0 D7",
    ),
    (LinkTransfer(2, bytes.fromhex("B2 03")), "16 10 02 04 02 01 00 B2 03 10 03 06 AF"),
]
ACK = encode(LinkAck(1, 1))


@pytest.mark.parametrize(("frame", "octets"), WORKED)
def test_the_worked_frames_both_ways(frame: Frame, octets: str) -> None:
    wire = bytes.fromhex(octets)
    assert encode(frame) == wire
    assert Splitter().feed(wire) == [frame]


def test_the_worked_messages_are_those_of_the_encoders() -> None:
    where = address("0/1234")
    assert where is not None
    assert encode(LinkTransfer(1, set_up(where))) == bytes.fromhex(WORKED[2][1])
    assert encode(LinkTransfer(2, radio_control(off_hook=True, transmit=True))) == bytes.fromhex(WORKED[3][1])


def test_the_check_sequence_is_crc_16_usb() -> None:
    assert fcs(b"123456789") == b"\xc8\xb4"
    assert fcs(bytes.fromhex("3B")) == b"\x01\x6c"


def test_a_doubled_octet_is_one_and_is_doubled_on_the_wire() -> None:
    frame = LinkTransfer(0x10, b"\x10\x03\x10\x10\x02")
    wire = encode(frame)
    assert wire.count(b"\x10\x10") == 4
    assert Splitter().feed(wire) == [frame]


frames = st.one_of(
    st.builds(LinkRequest, st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
    st.builds(LinkAck, st.integers(0, 255), st.integers(0, 255)),
    st.builds(LinkTransfer, st.integers(0, 255), st.binary(max_size=60), st.booleans()),
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 20), min_size=1))
def test_frames_arrive_however_they_are_split(sent: list[Frame], cuts: list[int]) -> None:
    data, splitter = b"".join(map(encode, sent)), Splitter()
    found, at, turn = [], 0, 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        found += splitter.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert found == sent
    assert (splitter.broken, splitter.oversized, splitter.strange) == (0, 0, 0)


pieces = st.one_of(
    st.binary(max_size=30),
    frames.map(encode),
    frames.map(lambda frame: encode(frame)[:-3]),
    st.sampled_from([b"\x16", b"\x10", b"\x16\x10\x02", b"\x10\x03", b"\x10\x02", b"\x00" * 5000]),
)


@given(st.lists(pieces, max_size=20), st.lists(st.integers(1, 50), min_size=1))
def test_any_bytes_split_anywhere_give_the_same_frames(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole, cut = Splitter(), Splitter()
    expected = whole.feed(data)
    found, at, turn = [], 0, 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        found += cut.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert found == expected
    assert cut == whole
    assert len(cut._body) <= BODY_LIMIT


@given(st.lists(st.binary(max_size=30).filter(lambda piece: b"\x16" not in piece), max_size=5))
def test_a_whole_frame_behind_any_noise_is_found_at_the_second_try(parts: list[bytes]) -> None:
    noise = b"".join(parts)
    assert Splitter().feed(noise + b"\x16\x10\x02" + noise + ACK + ACK)[-1] == LinkAck(1, 1)


@pytest.mark.parametrize("cut", range(1, len(ACK)))
def test_a_frame_that_was_cut_costs_only_itself(cut: int) -> None:
    splitter = Splitter()
    assert splitter.feed(ACK[:cut] + encode(LinkAck(7, 1))) == [LinkAck(7, 1)]
    assert splitter.broken == (cut > 2)


def test_a_wrong_check_sequence_is_dropped_and_counted() -> None:
    splitter = Splitter()
    for place in range(3, len(ACK)):
        broken = bytearray(ACK)
        broken[place] ^= 0x40
        assert LinkAck(1, 1) not in splitter.feed(bytes(broken))
    assert splitter.feed(ACK) == [LinkAck(1, 1)]
    assert splitter.broken >= 6


def test_an_endless_frame_is_dropped_and_the_next_one_read() -> None:
    splitter = Splitter()
    splitter.feed(b"\x16\x10\x02" + b"x" * 100_000)
    assert splitter.oversized == 1
    assert len(splitter._body) <= BODY_LIMIT
    assert splitter.feed(ACK) == [LinkAck(1, 1)]
    longest = LinkTransfer(1, b"y" * (BODY_LIMIT - 4))
    assert splitter.feed(encode(longest)) == [longest]


def test_a_frame_of_no_known_type_is_counted() -> None:
    splitter = Splitter()
    body = b"\x09\x01\x01\x00"
    assert splitter.feed(b"\x16\x10\x02" + body + b"\x10\x03" + fcs(body + b"\x10\x03")) == []
    assert splitter.strange == 1
    assert decode(b"\x02\x01") is None
