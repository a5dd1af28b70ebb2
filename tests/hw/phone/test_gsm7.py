"""hw.phone.gsm7: the alphabet, its extension table and the packing."""

from hypothesis import given
from hypothesis import strategies as st

from hw.phone import gsm7

LETTERS = [chr(code) for code in range(0x3000) if gsm7.septets_of(chr(code))]
septets = st.binary(max_size=200).map(lambda data: bytes(each & 0x7F for each in data))


def test_the_known_vector():
    assert gsm7.pack(gsm7.encode("hellohello")).hex().upper() == "E8329BFD4697D9EC37"


def test_the_alphabet_has_127_characters_and_ten_more_behind_an_escape():
    assert sorted(len(gsm7.septets_of(each)) for each in LETTERS) == [1] * 127 + [2] * 10


def test_the_extension_table():
    assert gsm7.encode("€[]{}|~^\\\f").hex() == "1b651b3c1b3e1b281b291b401b3d1b141b2f1b0a"
    assert gsm7.encode("水") is None


def test_an_unknown_extension_is_the_plain_character_and_a_torn_escape_a_space():
    assert gsm7.decode(bytes((0x1B, 0x41))) == "A"
    assert gsm7.decode(bytes((0x41, 0x1B))) == "A "
    assert gsm7.decode(bytes((0x1B, 0x1B, 0x41))) == " A"


@given(st.text(alphabet=st.sampled_from(LETTERS)))
def test_any_text_of_the_alphabet_comes_back(text):
    assert gsm7.decode(gsm7.encode(text)) == text


@given(septets, st.integers(0, 6))
def test_packing_is_undone_by_unpacking(data, fill):
    packed = gsm7.pack(data, fill)
    assert len(packed) == (7 * len(data) + fill + 7) // 8
    assert gsm7.unpack(packed, len(data), fill) == data
    assert isinstance(gsm7.decode(data), str)
