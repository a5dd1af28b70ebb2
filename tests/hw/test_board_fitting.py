"""hw.board_checks: parts that exist but do not fit together are refused, with place and advice."""

import pytest

from hw.board import BoardError, parse_board

TERMINAL = """\
board = { name = "b", kind = "real" }
card = [{ name = "c", driver = "alsa", capture = "x" }]
serial = [{ name = "pei", device = "/dev/ttyUSB0" }, { name = "other", device = "/dev/ttyUSB1" }]
rig = [{ name = "hf" }, { name = "second" }]
output = [
  { name = "tx", kind = "terminal", serial = "pei", family = "tetra", longest = 70.0 },
  { name = "hf.ptt", kind = "rig", rig = "hf", longest = 70.0 },
  { name = "pin", pin = 17, longest = 70.0 },
]
[[line]]
id = "t1"
kind = "tetra"
card = "c"
serial = "pei"
ptt = "tx"
"""
PHONE = TERMINAL.replace('kind = "tetra"\n', 'kind = "phone"\n').replace(
    'family = "tetra"', 'family = "phone"'
)
RIG = TERMINAL.replace('kind = "tetra"\n', 'kind = "shortwave"\nrig = "hf"\n').replace(
    'serial = "pei"\nptt = "tx"', 'ptt = "hf.ptt"'
)


def refused(text: str) -> str:
    with pytest.raises(BoardError) as caught:
        parse_board(text, "b.toml")
    return str(caught.value)


def test_what_fits_is_taken() -> None:
    assert parse_board(TERMINAL).line("t1").kind == "tetra"
    assert parse_board(RIG).line("t1").kind == "shortwave"
    assert parse_board(PHONE.replace("longest = 70.0", "longest = 1800.0")).line("t1").kind == "phone"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            TERMINAL.replace('serial = "pei"\nptt', 'serial = "other"\nptt'),
            "serial 'other' is not that of output 'tx'",
        ),
        (TERMINAL.replace('family = "tetra"', 'family = "map27"'), "lets go of a 'map27', not of a 'tetra'"),
        (
            TERMINAL.replace('ptt = "tx"', 'ptt = "pin"'),
            "output 'pin' is of kind 'pin', needed is 'terminal'",
        ),
        (RIG.replace('ptt = "hf.ptt"', 'ptt = "tx"'), "needed is 'rig' or 'pin'"),
        (
            RIG.replace('rig = "hf"\ncard', 'rig = "second"\ncard'),
            "rig 'second' is not that of output 'hf.ptt'",
        ),
        (PHONE, "call_limit 1800 s is longer than output 'tx' may be on (longest 70 s)"),
        (TERMINAL.replace("/dev/ttyUSB1", "run/other"), "device 'run/other' on a board of kind 'real'"),
        (
            TERMINAL.replace('serial = "pei", family', 'serial = "pie", family'),
            "no serial 'pie', did you mean 'pei'?",
        ),
        (TERMINAL.replace("longest = 70.0 },\n]", "longest = 0 },\n]"), "only the relay of a [[bypass]]"),
        (TERMINAL.replace('kind = "terminal"', 'kind = "terminl"'), "did you mean 'terminal'?"),
    ],
)
def test_what_does_not_fit_is_named(text: str, said: str) -> None:
    assert text not in (TERMINAL, RIG)
    assert said in refused(text)


def test_a_radio_hears_by_its_input_or_by_its_sound_and_not_by_both() -> None:
    radio = TERMINAL.replace('kind = "tetra"\n', 'kind = "radio"\n')
    radio = radio.replace('serial = "pei"\nptt = "tx"', 'ptt = "pin"')
    assert "squelch 'cos' needs the input" in refused(radio)
    assert parse_board(radio + 'squelch = "vox"\n').line("t1").kind == "radio"
