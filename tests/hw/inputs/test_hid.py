"""hw.inputs.hid on a pty: reports cut anywhere, signals and polarities, pulled and back."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw.board import parse_board
from hw.board_parts import HidInput
from hw.inputs import hid as module
from hw.inputs import watching
from hw.inputs.opening import OpenInput, open_input
from hw.pins import Pins

from ..pty_port import PtyPort
from .heard import Heard

BOARD = parse_board('[board]\nname = "b"\nkind = "real"\n')


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    port = PtyPort(tmp_path, "hidraw3", raw=True)
    yield port
    port.pull()


def opened(port: PtyPort, heard: Heard, **keys: Any) -> OpenInput:
    spec = HidInput(kind="hid", name="cos", device=str(port.link.parent / "hidraw*"), **keys)
    return open_input(spec, BOARD, Pins(None), heard.sink, heard.health)


def test_volume_down_is_the_carrier(port: PtyPort) -> None:
    heard = Heard()
    cos = opened(port, heard)
    assert heard.level() is False, "its level at opening"
    port.say(b"\x02\x00\x00\x00")
    assert heard.level() is True
    port.say(b"\x03\x00\x00\x00" + b"\x01\x00\x00\x00" + b"\x01\x04\x00\x00")
    assert heard.level() is False, "another button changes nothing"
    cos.close()
    assert heard.silent
    cos.close()


def test_reports_may_be_cut_anywhere(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.read
    monkeypatch.setattr(module.os, "read", lambda fd, size: read(fd, 1))
    heard = Heard()
    cos = opened(port, heard)
    assert heard.level() is False
    port.say(b"\x02\x00\x00\x00\x00\x02\x00\x00\x02\x02\x00\x00")
    assert [heard.level() for _ in range(3)] == [True, False, True]
    cos.close()


@pytest.mark.parametrize(
    ("keys", "report"),
    [
        ({"signal": "volume-up"}, b"\x01\0\0\0"),
        ({"signal": "gpio1"}, b"\0\x01\0\0"),
        ({"signal": "gpio3"}, b"\0\x04\0\0"),
        ({"signal": "gpio4"}, b"\0\x08\0\0"),
        ({"active_high": False}, b"\x0d\xff\0\0"),
    ],
)
def test_signals_and_polarity(port: PtyPort, keys: dict[str, Any], report: bytes) -> None:
    heard = Heard()
    cos = opened(port, heard, **keys)
    assert heard.level() is False
    port.say(report)
    assert heard.level() is True
    cos.close()


def test_a_chip_that_tells_its_level_at_opening(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    def ioctl(fd: int, what: int, report: bytearray) -> int:
        assert what == 0xC005480A and len(report) == 5
        report[1] = 0x02
        return 5

    monkeypatch.setattr(module.fcntl, "ioctl", ioctl)
    heard = Heard()
    cos = opened(port, heard)
    assert heard.level() is True
    cos.close()


def test_pulled_out_it_reads_off_and_is_found_again(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AGAIN", 0.01)
    heard = Heard()
    cos = opened(port, heard)
    port.say(b"\x02\x00\x00\x00")
    assert [heard.level(), heard.level()] == [False, True]
    port.pull()
    assert heard.level() is False, "a carrier that nobody can hear is none"
    ill = heard.told()
    assert ill is not None and "input 'cos'" in ill.what and "unplugged" in ill.advice
    again = PtyPort(port.link.parent, "hidraw9", raw=True)
    assert heard.told() is None
    again.say(b"\x02\x00\x00\x00")
    assert heard.level() is True
    cos.close()
    again.pull()


def test_never_there_is_told_once_with_advice(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AGAIN", 0.01)
    port.pull()
    heard = Heard()
    cos = opened(port, heard)
    assert heard.level() is False
    ill = heard.told()
    assert ill is not None and "nothing is plugged in" in ill.advice
    cos.close()
    assert heard.silent and heard._health.empty()
