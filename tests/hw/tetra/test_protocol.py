"""hw.tetra.protocol and hw.tetra.lines: every worked example, and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.tetra import lines
from hw.tetra.lines import (
    Ceased,
    Cleared,
    Connected,
    Failed,
    Grant,
    Group,
    Held,
    IncomingCall,
    Mode,
    Ok,
    OutgoingProgress,
    OwnNumber,
    Registration,
    SdsData,
    SdsSent,
    Signal,
    Text,
)
from hw.tetra.protocol import LINE_LIMIT, Splitter, parse

EXAMPLES = [
    ("OK", Ok()),
    ("ERROR", Failed()),
    ("+CME ERROR: 35", Failed(35)),
    (
        "+CTICN: 1,0,0,5,09011638300023404,1,1,0,1,1,5,09011638300000001,0",
        IncomingCall(1, 0, 0, "09011638300023404", True, True, "09011638300000001", 0),
    ),
    ("+CTICN: 1,0,0,4,1002,1,1,0,1,1,0,1000,1", IncomingCall(1, 0, 0, "1002", True, True, "1000", 1)),
    ("+CTICN: 2", IncomingCall(2)),
    ("+CTOCP: 1,0,0", OutgoingProgress(1, 0)),
    ("+CTCC: 1,1,1,0,0,1,1", Connected(1, True, True)),
    ("+CTXG: 1,3,0,0,3,09011638300023404", Grant(1, 3, True, "09011638300023404")),
    ("+CTXG: 2,0,1,0", Grant(2, 0, False, None)),
    ("+CDTXC: 1,0", Ceased(1, True)),
    ("+CTCR: 1,13", Cleared(1, 13)),
    ("+CTXI: 3,1,2", Held(3, "CTXI", "3,1,2")),
    ("+CREG: 5,1,2", Registration(5)),
    ("+CSQ: 25,99", Signal(-63)),
    ("+CSQ: 99,99", Signal(None)),
    ("+CTGS: 1,09011638300000001", Group("09011638300000001")),
    ("+CTOM: 1", Mode(1)),
    ("+CNUMF: 6,09011638300023401", OwnNumber("09011638300023401")),
    ("+CMGS: 0,4,65", SdsSent(0, 4, 65)),
    ("+CTXG: 1,9,0,0", Text("+CTXG: 1,9,0,0")),
    ("+CTXG: ,0", Text("+CTXG: ,0")),
    ("+CTXG: ²,0", Text("+CTXG: ²,0")),
    ("RING", Text("RING")),
]


@pytest.mark.parametrize(("text", "line"), EXAMPLES)
def test_each_line_is_read(text: str, line: object) -> None:
    assert parse(text) == line


@pytest.mark.parametrize(
    ("header", "data", "expected"),
    [
        ("12,23404,0,23401,0,112", "82040801476A61746A616A676A61", SdsData(12, b"", "23404", "23401")),
        ("12,23401,112", "82040801476A61746A616A676A61", SdsData(12, b"", None, "23401")),
        ("12,23401,0,112", "82040801476A61746A616A676A61", SdsData(12, b"", None, "23401")),
    ],
)
def test_short_data_is_a_header_and_one_more_line(header: str, data: str, expected: SdsData) -> None:
    found = Splitter().feed(f"+CTSDSR: {header}\r\n{data}\r\n".encode())
    assert found == [SdsData(12, bytes.fromhex(data), expected.calling, expected.called)]


def test_a_header_without_its_data_costs_only_itself() -> None:
    splitter = Splitter()
    found = splitter.feed(b"+CTSDSR: 12,1,0,2,0,112\r\n+CTXG: 1,0,0,0\r\nOK\r\n")
    assert found == [Grant(1, 0, True), Ok()]
    assert splitter.garbage == 1


def test_an_odd_hex_digit_is_padded() -> None:
    (found,) = Splitter().feed(b"+CTSDSR: 12,2269001,0,9999,0,84\n0A0BA7D5B95BC50AFFE16\n")
    assert isinstance(found, SdsData)
    assert found.data.hex() == "0a0ba7d5b95bc50affe160"


def test_an_endless_line_is_cut_and_counted_and_the_next_one_read() -> None:
    splitter = Splitter()
    for _ in range(100):
        assert splitter.feed(b"x" * 1000) == []
    assert splitter.feed(b"\r\nOK\r\n") == [Ok()]
    assert splitter.oversized == 1
    splitter.feed(b"x" * 100_000)
    assert len(splitter._rest) <= LINE_LIMIT
    assert splitter.feed(b"\nOK\n") == [Ok()]
    assert splitter.feed(b"y" * LINE_LIMIT + b"\nOK\n")[-1] == Ok()


pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([f"{text}\r\n".encode("latin-1") for text, _ in EXAMPLES]),
    st.sampled_from([b"+CTSDSR: 12,1,0,2,0,16\r\n", b"8204\r\n", b"+CTSDSR:", b"> ", b"\n", b"z" * 3000]),
)


@given(st.lists(pieces, max_size=20), st.lists(st.integers(1, 50), min_size=1))
def test_any_bytes_split_anywhere_give_the_same_lines(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    whole, cut = Splitter(), Splitter()
    expected = whole.feed(data)
    found, at, turn = [], 0, 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        found += cut.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert found == expected
    assert (cut.oversized, cut.garbage) == (whole.oversized, whole.garbage)


def test_identities_and_causes_in_words() -> None:
    assert lines.ssi("09011638300023404") == 23404
    assert lines.ssi("1002") == 1002
    assert lines.ssi("+4930") is None
    assert lines.ssi(None) is None
    assert lines.cause_word(13) == "timer expiry"
    assert lines.cause_word(99) == "cause 99"
    assert lines.cause_word(None) == "no cause given"
