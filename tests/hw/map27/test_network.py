"""hw.map27.network and hw.map27.causes: each message, addresses, and any octets at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.map27 import causes, network
from hw.map27.network import (
    Address,
    CallSetup,
    Condition,
    Ended,
    MessageAck,
    Other,
    ReceiveProgress,
    SetupProgress,
    ShortData,
    StatusMessage,
)

WHO = Address(3, 1234)
EXAMPLES = [
    ("80 03 04 D2 00 1F", StatusMessage(WHO, 31)),
    ("81 03 04 D2 00 F8 68 69", ShortData(WHO, 15, b"hi")),
    ("82 03 04 D2 00 80 01", ShortData(WHO, 8, b"\x01", extended=True)),
    ("C0 03 04 D2 00 00", MessageAck("positive", WHO, 0)),
    ("D0 03 04 D2 00 02", MessageAck("queuing", WHO, 2)),
    ("E0 03 04 D2 00 04", MessageAck("negative", WHO, 4)),
    ("A4 03 04 D2 00 28", CallSetup(WHO, network.GROUP | network.HOOK_NEEDED)),
    ("A5 03 04 D2 00 20", CallSetup(WHO, network.GROUP, emergency=True)),
    ("C4 03 04 D2 00 00", SetupProgress("positive", WHO, 0)),
    ("D4 03 04 D2 00 0A", SetupProgress("queuing", WHO, 0x0A)),
    ("E4 03 04 D2 00", SetupProgress("negative", WHO, None)),
    ("C5 03 04 D2 00 00", ReceiveProgress("positive", WHO, 0)),
    ("D5 03 04 D2 00 01", ReceiveProgress("queuing", WHO, 1)),
    ("E5 03 04 D2 00 04", ReceiveProgress("negative", WHO, 4)),
    ("A4 00 1F A5 13 06 00 01 00", CallSetup(Address(0, 8101, "060001"), 0)),
    ("86 0B", Ended(normal=True, cause=0x0B)),
    ("86 03 04 D2 0B", Ended(normal=True, cause=0x0B)),
    ("A6 00 00 00 05", Ended(normal=False, cause=5)),
    ("B2 07 78 FF", Condition(True, True, True, 0x78, None)),
    ("B2 04", Condition(False, False, True)),
    ("B2 02 00 03", Condition(False, True, False, 0, 420.0)),
    ("B0 01 02", Other(b"\xb0\x01\x02")),
    ("80 03 04 D2 00", Other(bytes.fromhex("80 03 04 D2 00"))),
    ("80 03 04 D2 05 1F", Other(bytes.fromhex("80 03 04 D2 05 1F"))),
    ("", Other(b"")),
]


@pytest.mark.parametrize(("octets", "message"), EXAMPLES)
def test_each_message_is_read(octets: str, message: object) -> None:
    assert network.decode(bytes.fromhex(octets)) == message


@given(st.binary(max_size=120))
def test_any_octets_are_read_as_something(data: bytes) -> None:
    found = network.decode(data)
    assert isinstance(found, network.Message)
    if isinstance(found, StatusMessage):
        assert 0 <= found.status <= 31


addresses = st.builds(Address, st.integers(0, 127), st.integers(1, 8191))


@given(addresses, st.integers(0, 31), st.integers(0, 255), st.booleans())
def test_what_is_encoded_is_read_again(where: Address, status: int, octet: int, flag: bool) -> None:
    assert network.decode(network.send_status(where, status)) == StatusMessage(where, status)
    assert network.decode(network.set_up(where, octet, flag)) == CallSetup(where, octet, flag)
    assert network.decode(network.disconnect(flag, octet, where)) == Ended(flag, octet)
    assert network.decode(network.disconnect(flag, octet)) == Ended(flag, octet)
    assert network.decode(network.progress("queuing", where, octet)) == SetupProgress("queuing", where, octet)
    assert network.address(where.word or "") == where
    short = network.send_text(where, "water 4.2")
    assert short is not None
    assert network.decode(short) == ShortData(where, 15, b"water 4.2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0/1234", Address(0, 1234)),
        ("1234", Address(9, 1234)),
        ("127/8191", Address(127, 8191)),
        ("128/1", None),
        ("0/0", None),
        ("0/8192", None),
        ("", None),
        ("0/12/3", None),
        ("²/3", None),
        ("0/1234\n", None),
    ],
)
def test_addresses_as_people_write_them(text: str, expected: Address | None) -> None:
    assert network.address(text, prefix=9) == expected


def test_an_unknown_party_has_no_name_and_digits_are_shown() -> None:
    assert Address(0, 0).word is None
    assert Address(0, 8101, "0571").word == "0/8101 0571"


def test_texts_are_short_extended_or_refused() -> None:
    kinds = {1: 0x81, 22: 0x81, 23: 0x82, 88: 0x82}
    for length, kind in kinds.items():
        data = network.send_text(WHO, "x" * length)
        assert data is not None
        assert data[0] == kind
    assert [network.send_text(WHO, text) for text in ("", "x" * 89, "水位")] == [None, None, None]


def test_the_longest_call_in_seconds() -> None:
    octets = (0x00, 0x01, 0x09, 0x0A, 0xFE, 0xFF)
    assert [network.longest_call(each) for each in octets] == [None, 300.0, 780.0, 10.0, 254.0, None]


def test_causes_in_words() -> None:
    assert causes.word(causes.PROGRESS_NEGATIVE, 0x0C) == "engaged or refuses"
    assert causes.word(causes.WARNING, 0x01) == "transmission disabled"
    assert causes.word(causes.CLEARED_OTHERWISE, 0x42) == "cause 42"
    assert causes.word(causes.CLEARED_NORMAL, None) == "no cause given"
