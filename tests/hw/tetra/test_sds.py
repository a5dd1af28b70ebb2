"""hw.tetra.sds: worked texts, reports and positions, and any octets at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.tetra.sds import (
    Delivery,
    Position,
    TextMessage,
    Unread,
    decode,
    decode_status,
    encode_position,
    encode_report,
    encode_text,
)


def test_the_worked_texts() -> None:
    assert decode(bytes.fromhex("8204010174657374")) == TextMessage("test", False, 1, True)
    assert decode(bytes.fromhex("8204011A6C344F4D8D858B66")) == TextMessage("水位超警", False, 1, True)
    assert encode_text("水位超警", 1) == bytes.fromhex("8204011A6C344F4D8D858B66")
    assert decode(bytes.fromhex("0201") + b"abc") == TextMessage("abc")


def test_seven_bit_text_is_unpacked() -> None:
    packed = int("".join(f"{ord(c):07b}" for c in reversed("hello")), 2).to_bytes(5, "little")
    found = decode(b"\x82\x00\x07\x00" + packed)
    assert isinstance(found, TextMessage)
    assert found.text == "hello"


def test_a_time_stamp_is_skipped() -> None:
    assert decode(b"\x82\x00\x05\x81\x01\x02\x03hi") == TextMessage("hi", False, 5, False)


def test_reports_name_the_message() -> None:
    assert decode(encode_report(0x82, 65)) == Delivery(65, 0, "delivered")
    assert decode(encode_report(0x82, 65, 0x21)) == Delivery(65, 0x21, "waiting")
    assert decode(encode_report(0x82, 65, 0x4C)) == Delivery(65, 0x4C, "failed")


@pytest.mark.parametrize(
    ("digits", "latitude", "longitude"),
    [("0A0088BD4247F737FFE810", 51.3251, 12.0181), ("0A0BA7D5B95BC50AFFE160", 30.5657, -97.7489)],
)
def test_positions_of_real_terminals(digits: str, latitude: float, longitude: float) -> None:
    found = decode(bytes.fromhex(digits))
    assert isinstance(found, Position)
    assert found.latitude == pytest.approx(latitude, abs=1e-4)
    assert found.longitude == pytest.approx(longitude, abs=1e-4)
    assert found.course == 337.5
    assert found.speed_kmh is None


@given(st.floats(-90, 89.9), st.floats(-180, 179.9))
def test_positions_there_and_back(latitude: float, longitude: float) -> None:
    found = decode(encode_position(latitude, longitude))
    assert isinstance(found, Position)
    assert found.latitude == pytest.approx(latitude, abs=1e-4)
    assert found.longitude == pytest.approx(longitude, abs=1e-4)
    assert (found.error_m, found.speed_kmh, found.reason) == (20, 0.0, 3)


def test_what_is_too_long_or_empty_is_not_sent() -> None:
    assert encode_text("x" * 120, 1) is not None
    assert encode_text("x" * 121, 1) is None
    assert encode_text("", 1) is None


@given(st.text(min_size=1, max_size=50))
def test_texts_there_and_back(text: str) -> None:
    data = encode_text(text, 9)
    assert data is not None
    found = decode(data)
    assert isinstance(found, TextMessage)
    assert found.text == text.encode("utf-16-be", errors="replace").decode("utf-16-be")


@given(st.binary(max_size=300))
def test_any_octets_are_read_as_something(data: bytes) -> None:
    assert isinstance(decode(data), TextMessage | Delivery | Position | Unread)
    assert (decode_status(data) is None) == (len(data) < 2)
