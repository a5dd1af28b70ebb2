"""hw.guard.rest_of_board: what a faulty file still says, and never a polarity that is only guessed."""

import pytest

from hw.board_parts import CoilOutput, HidOutput, ModemLineOutput, PinOutput, RigOutput, TerminalOutput
from hw.guard.rest_of_board import rest_of_board

FILE = """\
[board]
name = "b"
kind = "reel"
[[serial]]
name = "s"
device = "/dev/ttyUSB0"
bautrate = 9600
[[rig]]
name = "hf"
[[bus]]
name = "m1"
serial = "s"
[[relay_board]]
name = "pa"
bus = "m1"
[[output]]
pin = 17
longset = 60
[[output]]
name = "hid"
kind = "hid"
device = "/dev/hidraw0"
active_high = false
[[output]]
name = "line"
kind = "modem-line"
serial = "s"
longest = "long"
[[output]]
name = "rig"
kind = "rig"
rig = "hf"
[[output]]
name = "tetra"
kind = "terminal"
serial = "s"
family = "tetra"
[[output]]
name = "coil"
kind = "coil"
board = "pa"
coil = 3
[[line]]
kind = "tetra"
serial = "s"
profile = "sepura"
lead = 3
"""


def test_every_kind_is_read_without_what_does_not_matter() -> None:
    board, unread = rest_of_board(FILE)
    assert unread == []
    kinds = [PinOutput, HidOutput, ModemLineOutput, RigOutput, TerminalOutput, CoilOutput]
    assert [type(output) for output in board.outputs] == kinds
    assert board.kind == "real" and board.outputs[0].name == "output-0"
    assert board.output("hid").safe_level == 1  # type: ignore[union-attr]
    assert board.serial("s").device == "/dev/ttyUSB0" and board.rig("hf").port == 4532
    (line,) = board.lines
    assert line.profile == "sepura", "its profile says how the terminal is let go of"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "table",
    [
        "pin = 17\nactive_hihg = false",
        'pin = 17\nactive_high = "no"',
        "pin = 17\nsaef = 1",
        'pin = "17"',
        'kind = "pni"\npin = 17',
        'kind = "terminal"\nserial = "s"\nfamily = "tertra"',
    ],
)
def test_what_may_be_the_wrong_way_round_is_not_touched_but_told(table: str) -> None:
    board, unread = rest_of_board(f'[[output]]\nname = "o"\n{table}\n')
    assert board.outputs == () and unread == ["o"]


def test_a_bench_is_known_by_its_socket() -> None:
    board, _ = rest_of_board('[board]\nsocket = "/x/bench.sock"\ngateway = "gw-1"\n')
    assert (board.kind, board.socket, board.gateway) == ("bench", "/x/bench.sock", "gw-1")


@pytest.mark.parametrize("text", ["", "board = 3\noutput = 4\n", "[[board]]\n[output]\nx = 1\n"])
def test_odd_shapes_are_no_reason_to_stop(text: str) -> None:
    assert rest_of_board(text)[0].outputs == ()


def test_no_toml_is_said() -> None:
    with pytest.raises(ValueError):
        rest_of_board("[[[")
