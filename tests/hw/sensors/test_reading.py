"""Numbers from registers, in every type and order."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.sensors.reading import Layout, raw_of, value_of


@pytest.mark.parametrize(
    ("order", "registers"),
    [
        ("ABCD", (0x4148, 0xF5C3)),
        ("CDAB", (0xF5C3, 0x4148)),
        ("BADC", (0x4841, 0xC3F5)),
        ("DCBA", (0xC3F5, 0x4841)),
    ],
)
def test_one_float_in_four_orders(order, registers):
    assert raw_of(registers, Layout(kind="float32", order=order)) == pytest.approx(12.56, abs=1e-6)


@given(st.integers(-(2**31), 2**31 - 1), st.sampled_from(("ABCD", "CDAB", "BADC", "DCBA")))
def test_a_whole_number_survives_its_order(number, order):
    a, b, c, d = struct.pack(">i", number)
    place = {"A": a, "B": b, "C": c, "D": d}
    w = [place[letter] for letter in order]
    registers = (w[0] << 8 | w[1], w[2] << 8 | w[3])
    assert raw_of(registers, Layout(kind="int32", order=order)) == number


def test_sixteen_bits_sign_swap_and_scale():
    assert raw_of((0xFFFE,), Layout(kind="int16")) == -2
    assert raw_of((0xFFFE,), Layout(kind="uint16")) == 65534
    assert raw_of((0x0102,), Layout(kind="uint16", order="BADC")) == 0x0201
    assert value_of((1234,), 2, Layout()) == pytest.approx(12.34)
    assert value_of((1234,), 0, Layout(scale=0.001, offset=100)) == pytest.approx(101.234)


@given(st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple), st.integers(-3, 9))
def test_any_registers_give_a_finite_number_or_none(registers, decimals):
    for kind in ("int16", "uint16", "int32", "uint32", "float32"):
        value = value_of(registers, decimals, Layout(kind=kind))
        assert value is None or abs(value) < 4e38


def test_what_is_no_number_is_none():
    assert raw_of((0x7FC0, 0), Layout(kind="float32")) is None
    assert raw_of((0xFF80, 0), Layout(kind="float32")) is None
    assert raw_of((1,), Layout(kind="float32")) is None
