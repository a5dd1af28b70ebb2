"""Frames of Modbus RTU: the worked ones, and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.modbus import protocol as p
from hw.modbus.serving import RequestSplitter, encode_reply

WORKED = [
    (p.WriteOne(1, 5, 0, 0xFF00), "01 05 00 00 FF 00 8C 3A"),
    (p.WriteOne(1, 5, 0, 0), "01 05 00 00 00 00 CD CA"),
    (p.WriteOne(1, 5, 0xFF, 0xFF00), "01 05 00 FF FF 00 BC 0A"),
    (p.WriteOne(1, 5, 0xFF, 0), "01 05 00 FF 00 00 FD FA"),
    (p.ReadBits(1, 1, 0, 8), "01 01 00 00 00 08 3D CC"),
    (p.WriteCoils(1, 0, (True,) * 8), "01 0F 00 00 00 08 01 FF BE D5"),
    (p.WriteOne(1, 5, 0, 0x5500), "01 05 00 00 55 00 F2 9A"),
    (p.WriteOne(1, 5, 0x0200, 7), "01 05 02 00 00 07 8D B0"),
    (p.ReadBits(1, 2, 0, 8), "01 02 00 00 00 08 79 CC"),
    (p.ReadRegisters(1, 3, 0, 1), "01 03 00 00 00 01 84 0A"),
    (p.ReadRegisters(1, 3, 0, 2), "01 03 00 00 00 02 C4 0B"),
    (p.ReadRegisters(1, 4, 0, 1), "01 04 00 00 00 01 31 CA"),
    (p.ReadRegisters(1, 3, 0x8000, 1), "01 03 80 00 00 01 AD CA"),
]

SLAVES, ADDRESSES, WORDS = st.integers(1, 247), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)
REQUESTS = st.one_of(
    st.builds(p.ReadBits, SLAVES, st.sampled_from((1, 2)), ADDRESSES, st.integers(1, 2000)),
    st.builds(p.ReadRegisters, SLAVES, st.sampled_from((3, 4)), ADDRESSES, st.integers(1, 125)),
    st.builds(p.WriteOne, SLAVES, st.sampled_from((5, 6)), ADDRESSES, WORDS),
    st.builds(p.WriteCoils, SLAVES, ADDRESSES, st.lists(st.booleans(), min_size=1, max_size=40).map(tuple)),
    st.builds(p.WriteRegisters, SLAVES, ADDRESSES, st.lists(WORDS, min_size=1, max_size=12).map(tuple)),
)


def a_reply(request: p.Request, number: int) -> p.Reply:
    """Some lawful reply to `request`."""
    if number % 5 == 0:
        return p.Refusal(1 + number % 11)
    if isinstance(request, p.ReadBits):
        return p.Bits(tuple(bool(number >> (n % 16) & 1) for n in range(request.count)))
    if isinstance(request, p.ReadRegisters):
        return p.Registers(tuple((number + n) & 0xFFFF for n in range(request.count)))
    return p.Written()


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


@pytest.mark.parametrize(("request_", "frame"), WORKED)
def test_worked_frames(request_, frame):
    assert p.encode(request_) == bytes.fromhex(frame)
    assert RequestSplitter().feed(bytes.fromhex(frame)) == [request_]


def test_what_modbus_forbids_is_not_sent():
    bad = (
        p.ReadBits(0, 1, 0, 8),  # nobody answers a broadcast
        p.ReadBits(1, 3, 0, 8),
        p.ReadBits(1, 1, 0, 2001),
        p.ReadRegisters(1, 3, 0, 126),
        p.WriteOne(248, 5, 0, 0),
        p.WriteOne(1, 5, 0x10000, 0),
        p.WriteCoils(1, 0, ()),
        p.WriteRegisters(1, 0, (-1,)),
    )
    for request in bad:
        with pytest.raises(ValueError, match="not a Modbus request"):
            p.encode(request)


@given(REQUESTS, st.integers(0, 0xFFFF), st.binary(max_size=20), st.lists(st.integers(0, 400), max_size=20))
def test_a_reply_is_found_behind_noise_however_it_is_cut(request, number, noise, cuts):
    noise = noise.replace(bytes((request.slave,)), b"\xf8")  # noise that looks like a head: see the machine's
    reply = a_reply(request, number)
    buffer, found, dropped = b"", None, 0
    for piece in pieces(noise + encode_reply(request, reply), cuts):
        assert found is None or piece == b""
        found, buffer, lost = p.take_reply(buffer + piece, request) if found is None else (found, buffer, 0)
        dropped += lost
    assert (found, buffer, dropped) == (reply, b"", len(noise))


@given(REQUESTS, st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=30))
def test_any_bytes_cut_anywhere_give_the_same_and_little_is_kept(request, data, cuts):
    def run(parts: list[bytes]) -> tuple[object, int]:
        buffer, dropped = b"", 0
        for part in parts:
            reply, buffer, lost = p.take_reply(buffer + part, request)
            dropped += lost
            assert len(buffer) < p.FRAME_LIMIT + 5
            if reply is not None:
                return reply, dropped
        return None, dropped

    assert run(pieces(data, cuts)) == run([data])


@given(st.binary(max_size=400), st.lists(REQUESTS, max_size=3), st.lists(st.integers(0, 900), max_size=30))
def test_the_device_side_takes_any_bytes_too(noise, requests, cuts):
    data = noise + b"".join(p.encode(request) for request in requests)
    whole, cut = RequestSplitter(), RequestSplitter()
    found = [request for part in pieces(data, cuts) for request in cut.feed(part)]
    assert whole.feed(data) == found
    cut.silence()
    whole.silence()
    assert cut.garbage == whole.garbage == len(data) - sum(len(p.encode(request)) for request in found)


def test_the_echo_of_the_own_request_is_no_reading():
    read = p.ReadBits(1, 1, 0, 8)
    reply = encode_reply(read, p.Bits((True,) + (False,) * 7))
    assert p.take_reply(p.encode(read) + reply, read)[0] == p.Bits((True,) + (False,) * 7)


@given(SLAVES, WORDS)
def test_one_wrong_bit_is_noticed(slave, word):
    request = p.ReadRegisters(slave, 3, 0, 1)
    frame = encode_reply(request, p.Registers((word,)))
    for bit in range(8 * len(frame)):
        broken = bytearray(frame)
        broken[bit // 8] ^= 1 << bit % 8
        assert p.take_reply(bytes(broken), request)[0] is None


def test_times_by_baud():
    assert p.frame_gap(9600) == pytest.approx(0.00401, abs=1e-5)
    assert p.frame_gap(115200) == 0.00175
    read = p.ReadBits(1, 1, 0, 8)
    slow, fast = p.reply_limit(read, 1200, 0.2), p.reply_limit(read, 115200, 0.2)
    assert slow == pytest.approx(14 * 11 / 1200 + 38.5 / 1200 + 0.2)
    assert fast < 0.204 < slow
