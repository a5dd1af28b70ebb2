"""hw.outputs.opening: every kind of the board file has its door, with what outputs share."""

import time

import pytest
from gpiozero.pins.mock import MockFactory

from hw.board import parse_board
from hw.board_parts import HidOutput, ModemLineOutput, RigOutput
from hw.outputs.door import OutputDoor, OutputFault
from hw.outputs.modem_line import BenchModemLine, ModemLineDevice
from hw.outputs.opening import DeviceDoors, open_doors
from hw.outputs.pin import PinDoor
from hw.outputs.slow import SlowDoor
from hw.pins import Pins

TABLES = """\
[[serial]]
name = "s"
device = "{folder}/none"
[[rig]]
name = "hf"
port = 1
[[output]]
name = "pin"
pin = 17
longest = 60
[[output]]
name = "hid"
kind = "hid"
device = "{folder}/hidraw*"
longest = 60
[[output]]
name = "line"
kind = "modem-line"
serial = "s"
longest = 60
[[output]]
name = "rig"
kind = "rig"
rig = "hf"
longest = 60
[[output]]
name = "phone"
kind = "terminal"
serial = "s"
family = "phone"
longest = 60
"""


def test_every_output_has_a_door_and_only_pins_are_vital() -> None:
    board = parse_board('[board]\nname = "b"\nkind = "real"\n' + TABLES.format(folder="/dev/none"))
    pins = Pins(MockFactory())
    doors: dict[str, OutputDoor] = open_doors(board, pins)
    assert list(doors) == [output.name for output in board.outputs]
    assert [name for name, door in doors.items() if door.vital] == ["pin"]
    pin = doors["pin"]
    assert isinstance(pin, PinDoor) and pin.settled and pin.fd < 0 and pin.deadline_ns is None
    assert all(isinstance(door, SlowDoor) and door.fd >= 0 for name, door in doors.items() if name != "pin")
    for door in doors.values():
        door.close(time.monotonic())
    pins.close()


def test_a_pin_that_fails_says_so_until_it_works() -> None:
    board = parse_board('[board]\nname = "b"\nkind = "real"\n' + TABLES.format(folder="/dev/none"))
    factory = MockFactory()
    pins = Pins(factory)
    (door, *others) = open_doors(board, pins).values()
    factory.pin(17)._function = "input"
    door.write(True)
    assert "pin 17" in door.fault and not door.settled
    factory.pin(17)._function = "output"
    door.write(False)
    assert door.fault == ""
    for other in others:
        other.close(time.monotonic())
    pins.close()


def test_a_part_that_the_file_lacks_is_named() -> None:
    board = parse_board('[board]\nname = "b"\nkind = "real"\n')
    with pytest.raises(OutputFault, match="output 'o' names 'hf', which the board file lacks"):
        DeviceDoors(board).open(RigOutput(kind="rig", name="o", longest=60.0, rig="hf"))


def test_chips_and_ports_are_shared() -> None:
    board = parse_board('[board]\nname = "b"\nkind = "real"\n' + TABLES.format(folder="/dev/none"))
    doors = DeviceDoors(board)
    spec = HidOutput(kind="hid", name="h", longest=60.0, device="/dev/hidraw0")
    first, second = (doors._device(each) for each in (spec, spec.model_copy(update={"gpio": 4})))
    assert first._chip is second._chip  # type: ignore[union-attr]
    line = board.output("line")
    assert isinstance(line, ModemLineOutput) and isinstance(doors._device(line), ModemLineDevice)
    bench = parse_board(
        '[board]\nname = "b"\nkind = "bench"\nsocket = "x"\n' + TABLES.format(folder="/tmp/x")
    )
    assert isinstance(DeviceDoors(bench)._device(line), BenchModemLine)
