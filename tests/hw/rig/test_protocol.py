"""hw.rig.protocol: transcripts of Hamlib 4.5.4, and any bytes at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.rig import protocol as p
from hw.rig.protocol import Answer, Level, Mode, Splitter

ORDERS: list[tuple[p.Command, bytes]] = [
    (p.GetFrequency(), b"+\\get_freq\n"),
    (p.SetFrequency(7_100_000), b"+\\set_freq 7100000\n"),
    (p.GetMode(), b"+\\get_mode\n"),
    (p.SetMode(Mode.LSB, 2400), b"+\\set_mode LSB 2400\n"),
    (p.GetPtt(), b"+\\get_ptt\n"),
    (p.GetDcd(), b"+\\get_dcd\n"),
    (p.GetLevel(Level.SWR), b"+\\get_level SWR\n"),
    (p.GetPower(), b"+\\get_powerstat\n"),
]
TRANSCRIPTS: list[tuple[p.Command, bytes, p.Reading]] = [
    (p.GetFrequency(), b"get_freq:\nFrequency: 7100000\nRPRT 0\n", p.Frequency(7_100_000)),
    (p.SetFrequency(7100000), b"set_freq: 7100000\nRPRT 0\n", p.Done()),
    (p.GetMode(), b"get_mode:\nMode: LSB\nPassband: 2400\nRPRT 0\n", p.ModeRead("LSB", 2400)),
    (p.SetMode(Mode.USB), b"set_mode: USB 0\nRPRT 0\n", p.Done()),
    (p.GetPtt(), b"get_ptt:\nPTT: 1\nRPRT 0\n", p.Flag(True)),
    (p.GetPtt(), b"get_ptt:\nRPRT -11\n", p.Refused(11)),
    (p.GetDcd(), b"get_dcd:\nDCD: 0\nRPRT 0\n", p.Flag(False)),
    (p.GetLevel(Level.STRENGTH), b"get_level: STRENGTH\n-28\nRPRT 0\n", p.Value(-28)),
    (p.GetLevel(Level.SWR), b"get_level: SWR\n1.500000\nRPRT 0\n", p.Value(1.5)),
    (p.GetPower(), b"get_powerstat:\nPower Status: 1\nRPRT 0\n", p.Flag(True)),
    (p.GetFrequency(), b"get_freq:\nRPRT 0\n", p.Unread()),
]


@pytest.mark.parametrize(("command", "wire"), ORDERS)
def test_every_command_is_its_bytes(command, wire):
    assert p.encode(command) == wire


@pytest.mark.parametrize(("command", "wire", "reading"), TRANSCRIPTS)
def test_every_transcript_is_read_whole_and_byte_by_byte(command, wire, reading):
    (answer,) = Splitter().feed(wire)
    assert answer.fits(command)
    assert p.read(command, answer) == reading
    slow = Splitter()
    assert [each for byte in wire for each in slow.feed(bytes([byte]))] == [answer]


@pytest.mark.parametrize(
    "command",
    [p.SetFrequency(0), p.SetFrequency(7_100_000.5), p.SetFrequency("1\nT 1"), p.SetFrequency(True)]
    + [p.SetMode("FOO"), p.SetMode(Mode.USB, -1), p.SetMode("USB 0\nT 1"), p.GetLevel("X"), "T 1", None],
)
def test_nothing_goes_out_that_is_not_typed(command):
    with pytest.raises(ValueError):
        p.encode(command)


def test_there_is_no_command_that_keys():
    assert not any(b"set_ptt" in wire or b"T " in wire for _, wire in ORDERS)
    assert len(ORDERS) == len(p.Command.__args__)


def test_an_answer_fits_its_own_command_only():
    (late,) = Splitter().feed(b"set_freq: 7100000\nRPRT 0\n")
    assert late.fits(p.SetFrequency(7_100_000))
    assert not late.fits(p.SetFrequency(3_600_000))
    assert not late.fits(p.GetFrequency())
    (level,) = Splitter().feed(b"get_level: SWR\n1\nRPRT 0\n")
    assert not level.fits(p.GetLevel(Level.STRENGTH))


def test_a_second_rprt_is_an_answer_to_nothing():
    first, second = Splitter().feed(b"set_mode: FOO 0\nRPRT -1\nRPRT -1\n")
    assert first == Answer("set_mode", "FOO 0", (), -1)
    assert second == Answer("", "", (), -1)
    assert not any(second.fits(command) for command, _ in ORDERS)


def test_rubbish_before_the_echo_does_not_matter():
    (answer,) = Splitter().feed(b"\xff\x00Z\nRPRTx\n: :\nget_freq:\r\nFrequency: 7100000\r\nRPRT 0\r\n")
    assert p.read(p.GetFrequency(), answer) == p.Frequency(7_100_000)


def test_a_line_without_end_and_lines_without_number_stay_within_bounds():
    splitter = Splitter()
    for _ in range(100):
        assert splitter.feed(b"x" * 10_000) == []
    assert len(splitter._line) <= p.LINE_LIMIT
    splitter.feed(b"\n" + b"y\n" * 10_000)
    assert len(splitter._lines) <= p.LINES_LIMIT
    (answer,) = splitter.feed(b"get_freq:\nFrequency: 5\nRPRT 0\n")
    assert p.read(p.GetFrequency(), answer) == p.Frequency(5)


@pytest.mark.parametrize(
    "value", [b"nan", b"inf", b"1e999", b"-5", b"0", b"99999999999999", b"", b"FOO", b"1 2"]
)
def test_a_frequency_that_is_none_is_not_believed(value):
    (answer,) = Splitter().feed(b"get_freq:\nFrequency: " + value + b"\nRPRT 0\n")
    assert p.read(p.GetFrequency(), answer) == p.Unread()


WORDS = [b"get_freq:", b"get_mode: x", b"Mode: USB", b"PTT: 9", b"RPRT 0", b"RPRT -99999", b"\n", b"\r", b":"]


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(WORDS)), max_size=40))
def test_any_bytes_are_taken(pieces):
    splitter = Splitter()
    for piece in pieces:
        for answer in splitter.feed(piece):
            for command, _ in ORDERS:
                answer.fits(command)
                reading = p.read(command, answer)
                assert not isinstance(reading, p.Frequency) or 1 <= reading.hz <= p.HZ_LIMIT
    assert len(splitter._line) <= p.LINE_LIMIT


@given(st.data())
def test_cuts_do_not_matter(data):
    wire = b"".join(each[1] for each in TRANSCRIPTS)
    whole = Splitter().feed(wire)
    splitter, found = Splitter(), []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        found += splitter.feed(wire[:size])
        wire = wire[size:]
    assert found == whole
    assert len(whole) == len(TRANSCRIPTS)


def test_codes_have_words():
    assert "in time" in p.error_words(-5)
    assert p.Refused(9).why == "the radio rejected the command"
    assert p.error_words(777) == "hamlib error 777"
