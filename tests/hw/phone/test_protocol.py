"""hw.phone.protocol: lines as phones send them, split anywhere, and any bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.phone import protocol
from hw.phone.lines import (
    Arrived,
    Bars,
    Cause,
    Clip,
    Direct,
    Echo,
    Failed,
    Indicator,
    Listed,
    Ok,
    Other,
    PinState,
    Prompt,
    Registration,
    Result,
    Ring,
    SentRef,
    Signal,
    Storage,
    Stored,
    Waiting,
)
from hw.phone.protocol import LINE_LIMIT, Splitter, parse

PDU = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
SAID = {
    "OK": Ok(),
    "ERROR": Failed(),
    "+CME ERROR: 30": Failed("CME", 30),
    "+CMS ERROR: 322": Failed("CMS", 322),
    "+CME ERROR: no network": Failed("CME", None),
    "NO CARRIER": Result("NO CARRIER"),
    "BUSY": Result("BUSY"),
    "NO DIAL TONE": Result("NO DIALTONE"),
    "RING": Ring(),
    "+CRING: VOICE": Ring(),
    '+CLIP: "13800138000",129': Clip("13800138000"),
    '+CLIP: "8613800138000",145,,,,0': Clip("+8613800138000"),
    '+CLIP: "",128': Clip(""),
    '+CCWA: "139",129,1': Waiting("139"),
    "+CLCC: 1,0,2,0,0": Listed(1, False, 2),
    '+CLCC: 2,1,5,0,1,"+861",145,"a,b",3': Listed(2, True, 5, 0, True, "+861"),
    "+CREG: 1": Registration(1),
    "+CREG: 2,5": Registration(5),
    '+CREG: 1,"00C3","A13F"': Registration(1),
    '+CREG: 2,1,"00C3","A13F"': Registration(1),
    "+CREG: 1,00C3,A13F": Registration(1),
    "+CSQ: 20,99": Signal(20),
    "+CSQF:3": Bars(3),
    "+CIEV:1,0": Indicator(1, 0),
    "+CPIN: SIM PIN": PinState("SIM PIN"),
    '+CMTI: "SM",3': Arrived("SM", 3),
    "+CMGS: 255": SentRef(255),
    '+CPMS: "SM",3,30,"SM",3,30,"SM",4,30': Storage(4, 30),
    "+CPMS: 3,30,3,30,4,30": Storage(4, 30),
    "+CEER: normal call clearing": Cause("normal call clearing"),
    "AT+CSQ": Echo("AT+CSQ"),
    "+CLCC: x": Other("+CLCC: x"),
    '+CLCC: 1,1,9,0,0,"1",129': Other('+CLCC: 1,1,9,0,0,"1",129'),
    "+CSQ: ": Other("+CSQ:"),
    "+CSQ: ٣": Other("+CSQ: ٣"),
    "+COPS: 0": Other("+COPS: 0"),
}


@pytest.mark.parametrize("text", SAID)
def test_lines(text):
    assert Splitter().feed(text.encode() + b"\r\n") == [SAID[text]]


def test_a_pdu_comes_with_its_header():
    said = f'+CMTI: "SM",1\r\n\r\n+CMGR: 0,,24\r\n{PDU}\r\n\r\nOK\r\n'
    assert Splitter().feed(said.encode()) == [Arrived("SM", 1), Stored(None, 0, PDU), Ok()]
    said = f"+CMGL: 4,1,,24\r\n{PDU}\r\n+CMGL: 5,3,,24\r\n{PDU}\r\nOK\r\n+CMT: ,24\r\n{PDU}\r\n+CDS: 24\r\n{PDU}\r\n"
    wanted = [Stored(4, 1, PDU), Stored(5, 3, PDU), Ok(), Direct(PDU), Direct(PDU)]
    assert Splitter().feed(said.encode()) == wanted


def test_a_line_between_header_and_pdu_takes_nothing_away():
    said = f"+CMGR: 0,,24\r\nRING\r\n+CMT: ,24\r\n{PDU}\r\n{PDU}\r\nOK\r\n"
    assert Splitter().feed(said.encode()) == [Ring(), Direct(PDU), Stored(None, 0, PDU), Ok()]


def test_a_header_whose_pdu_never_comes_is_given_up():
    splitter = Splitter()
    assert splitter.feed(b"+CMGR: 0,,24\r\nOK\r\n" + PDU.encode() + b"\r\n") == [Ok(), Other(PDU)]
    splitter.feed(b"+CMT: ,1\r\n+CMT: ,2\r\n+CMT: ,3\r\n" + b"RING\r\n" * 5)
    assert splitter.orphans == 4
    assert splitter.feed(PDU.encode() + b"\r\n") == [Other(PDU)]


def test_the_prompt_has_no_end_of_line():
    assert Splitter().feed(b"AT+CMGS=23\r\r\n> ") == [Echo("AT+CMGS=23"), Prompt()]
    assert Splitter().feed(b"\r\n>\r\n+CMGS: 4\r\n") == [Prompt(), SentRef(4)]
    assert Splitter().feed(b"a > b\r\n") == [Other("a > b")]


def test_a_line_too_long_is_thrown_away_to_its_end():
    splitter = Splitter()
    assert splitter.feed(b"x" * 5000 + b">" + b"x" * 5000 + b"\r\nOK\r\n") == [Ok()]
    assert splitter.oversized == 1 and len(splitter._rest) == 0


words = st.sampled_from(
    [*(text.encode() for text in SAID), PDU.encode(), b"+CMGR: 0,,9", b"+CMT: ,2", b"> ", b"\xff"]
)
lines = st.lists(words | st.binary(max_size=30), max_size=12).map(b"\r\n".join)
streams = lines | st.binary(max_size=300) | st.just(b"x" * (LINE_LIMIT + 2) + b"\nOK\n")


@settings(max_examples=300)
@given(streams, st.lists(st.integers(0, 400), max_size=8))
def test_bytes_split_anywhere_give_the_same_lines(data, cuts):
    whole, pieces = Splitter(), Splitter()
    found, at = [], 0
    for cut in sorted(cuts):
        found += pieces.feed(data[at:cut] if cut > at else b"")
        at = max(at, cut)
    found += pieces.feed(data[at:])
    assert found == whole.feed(data)
    assert (pieces.oversized, pieces.orphans) == (whole.oversized, whole.orphans)


@given(streams)
def test_no_bytes_make_it_grow(data):
    splitter = Splitter()
    for _ in range(3):
        splitter.feed(data)
    assert len(splitter._rest) <= LINE_LIMIT and len(splitter._headers) <= protocol.HEADERS


names = st.sampled_from(sorted(protocol._READERS))


@given(names, st.text(max_size=40))
def test_any_value_behind_a_known_name_is_read_or_other(name, rest):
    assert parse(f"{name}: {rest}") is not None


def test_commands():
    assert protocol.command("AT+CSQ") == b"AT+CSQ\r"
    assert protocol.body("00FF") == b"00FF\x1a"
    for bad in ("CSQ", "AT\r", "AT" + "x" * 400, "AT水"):
        with pytest.raises(ValueError, match="command"):
            protocol.command(bad)
    with pytest.raises(ValueError, match="hexadecimal"):
        protocol.body("0G")


@pytest.mark.parametrize("line", ['+CLIP: "{}",145', '+CCWA: "{}",129,1', '+CLCC: 1,1,4,0,0,"{}",129'])
def test_the_number_of_a_caller_is_never_longer_than_numbers_are(line):
    said = parse(line.format("9" * 900))
    assert 30 <= len(said.number) <= protocol.NUMBER_LIMIT
