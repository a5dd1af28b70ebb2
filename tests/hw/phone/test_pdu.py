"""hw.phone.pdu: the worked vectors, round trips, and any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.phone import gsm7
from hw.phone.pdu import (
    BadPdu,
    Deliver,
    Part,
    Report,
    Submit,
    decode,
    decode_submit,
    encode_deliver,
    encode_report,
    encode_submit,
    join,
    split,
)

AT = "2026-11-22T12:30:59+08:00"
LETTERS = [chr(code) for code in range(0x3000) if gsm7.septets_of(chr(code))]
numbers = st.from_regex(r"\+?[0-9*#]{1,20}", fullmatch=True)
parts = st.none() | st.integers(1, 255).flatmap(
    lambda total: st.builds(Part, st.integers(0, 255), st.just(total), st.integers(1, total))
)
plain = st.text(alphabet=st.sampled_from(LETTERS), max_size=76)
wide = st.text(max_size=33)


def test_the_worked_message_of_the_protocol_notes():
    pdu, length = encode_submit(Submit("+8613800138000", "水位超警"))
    assert (pdu, length) == ("0011000D91683108108300F00008AA086C344F4D8D858B66", 23)
    assert decode_submit(pdu) == Submit("+8613800138000", "水位超警")


def test_first_octet_of_a_part_and_of_a_message_that_wants_a_report():
    part, _ = encode_submit(Submit("1", "水" * 67, Part(7, 3, 2)))
    assert part[2:4] == "51" and "0500030703026C34" in part
    assert encode_submit(Submit("1", "a", report=True))[0][2:4] == "31"


def test_a_delivered_message_as_phones_show_it():
    read = decode("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07")
    assert read == Deliver("+31641600986", "2002-08-26T19:37:41+00:00", "How are you?")


def test_a_name_as_sender():
    named = Deliver("Reservoir", AT, "level")
    assert decode(encode_deliver(named)) == named


@given(numbers, plain | wide, parts, st.booleans())
def test_what_goes_out_comes_back(to, text, part, report):
    pdu, length = encode_submit(Submit(to, text, part, report))
    assert length == len(pdu) // 2 - 1
    assert decode_submit(pdu) == Submit(to, text, part, report)


@given(numbers, plain | wide, parts)
def test_what_comes_in_is_read_as_it_was(sender, text, part):
    assert decode(encode_deliver(Deliver(sender, AT, text, part))) == Deliver(sender, AT, text, part)


@given(st.integers(0, 255), numbers, st.integers(0, 255))
def test_reports_come_back(ref, to, status):
    report = Report(ref, to, AT, "2026-11-22T12:31:00-03:30", status)
    assert decode(encode_report(report)) == report


@given(st.text(alphabet=st.sampled_from(LETTERS), max_size=700) | st.text(max_size=300))
def test_a_long_text_is_cut_into_messages_that_fit_and_put_together_again(text):
    pieces = split(text)
    assert "".join(pieces) == text
    same = len(pieces) > 1 and gsm7.encode(text) is None
    for number, piece in enumerate(pieces, 1):
        part = Part(1, len(pieces), number) if len(pieces) > 1 else None
        encode_submit(Submit("1", piece, part, wide=same))
        assert piece.encode("utf-16-be").decode("utf-16-be") == piece  # no pair is torn


def test_lengths_at_the_edges():
    assert [len(split("a" * size)) for size in (0, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [len(split("水" * size)) for size in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert split("a" * 152 + "€" + "b" * 9)[0] == "a" * 152  # the escape is not left behind alone
    assert [len(piece) for piece in split("水" * 66 + "😀" + "水" * 9)] == [66, 10]


def test_a_pair_that_a_sender_tore_is_whole_again():
    high, low = "\ud83d", "\ude00"
    torn = [
        decode(encode_deliver(Deliver("1", AT, half, None, wide=True))).text for half in ("水" + high, low)
    ]
    assert join(tuple(torn)) == "水😀"
    assert join((high,)) == "\ufffd"


def test_sixteen_bit_references_are_read():
    body = bytes.fromhex("06080401020302") + "水".encode("utf-16-be")
    head = (
        bytes((0, 0x44, 1, 0x91, 0xF1, 0, 8)) + bytes.fromhex("62112221030523") + bytes((len(body),)) + body
    )
    assert decode(head.hex()).part == Part(0x0102, 3, 2)


def test_eight_bit_and_compressed_octets_are_kept_as_they_are():
    head = bytes((0, 0x04, 1, 0x91, 0xF1, 0, 4)) + bytes.fromhex("62112221030523") + b"\x03\x01\x02\x03"
    assert decode(head.hex()) == Deliver("+1", decode(head.hex()).sent_at, "", None, b"\x01\x02\x03")


@pytest.mark.parametrize(
    ("pdu", "why"),
    [
        ("", "too early"),
        ("0G", "hexadecimal"),
        ("00" * 400, "too long"),
        ("0003", "neither"),
        ("0011000D91683108108300F00008AA086C344F4D8D858B66", "neither"),
        ("07911326040000F0040B911346610089F60000208062917314080CC8F71D1496", "too early"),
        ("00440191F10000" + "62112221030523" + "02FF00", "header"),
    ],
)
def test_bad_pdus_say_why(pdu, why):
    with pytest.raises(BadPdu, match=why):
        decode(pdu)


@settings(max_examples=400)
@given(st.binary(max_size=200).map(bytes.hex) | st.text(max_size=60))
def test_any_text_is_a_message_or_a_bad_pdu(text):
    for read in (decode, decode_submit):
        try:
            message = read(text)
        except BadPdu as why:
            assert len(str(why)) < 60
        else:
            assert isinstance(message, Deliver | Report | Submit)


good = encode_deliver(Deliver("+8613800138000", AT, "水位超警", Part(1, 2, 1)))


@given(st.integers(0, len(good) // 2 - 1), st.integers(0, 255))
def test_one_wrong_octet_raises_nothing_else(place, value):
    octets = bytearray.fromhex(good)
    octets[place] = value
    try:
        message = decode(octets.hex())
    except BadPdu:
        return
    assert isinstance(message, Deliver | Report)


@pytest.mark.parametrize("submit", [Submit("", "a"), Submit("水", "a"), Submit("1", "a" * 161)])
def test_what_cannot_be_sent_is_refused(submit):
    with pytest.raises(BadPdu):
        encode_submit(submit)
