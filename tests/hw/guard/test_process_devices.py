"""hw.guard.process over devices that are not there: told, not keyed, and the other outputs and the watchdog go on."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.board import parse_board
from hw.guard import process
from hw.outputs import slow

from ..outputs.rig_stub import RigStub
from .test_process import BOARD_TEXT, Rig, feed, lines, wait_for

DEVICES = """\
[[rig]]
name = "hf"
port = {port}
[[output]]
name = "hf.ptt"
kind = "rig"
rig = "hf"
longest = 60.0
[[output]]
name = "usb.ptt"
kind = "hid"
device = "{folder}/hidraw*"
longest = 60.0
"""


def whys(gateway: socket.socket, count: int) -> list[tuple[str, int, str]]:
    return [(x["out"], x["on"], x["why"]) for x in lines(gateway, count)]


@pytest.fixture
def stub() -> Iterator[RigStub]:
    stub = RigStub()
    yield stub
    stub.close()


@pytest.fixture
def rigs() -> Iterator[list[Rig]]:
    rigs: list[Rig] = []
    yield rigs
    for rig in rigs:
        rig.close()


def test_an_unplugged_device_costs_nobody_else_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub: RigStub, rigs: list[Rig]
) -> None:
    monkeypatch.setattr(slow, "AGAIN", 0.05)
    monkeypatch.setattr(process, "GIVE_UP_NS", 60_000_000)
    monkeypatch.setattr(process, "LAST_WORDS", 0.2)
    said: list[str] = []
    monkeypatch.setattr(process, "notify", said.append)
    board = parse_board(BOARD_TEXT + DEVICES.format(port=stub.port, folder=tmp_path))
    rig = Rig(tmp_path / "g.sock", board)
    rig.loop._beat_ns = 5_000_000
    rigs.append(rig)
    rig.start()
    wait_for(lambda: "usb.ptt" in rig.loop._unsure and rig.loop._doors["hf.ptt"].settled)
    gateway = rig.gateway()
    lines(gateway, 1)
    gateway.send(feed(out="usb.ptt") + feed() + feed(out="hf.ptt"))
    assert whys(gateway, 2) == [("r1.ptt", 1, "feed"), ("hf.ptt", 1, "feed")], (
        "what is not there is not keyed"
    )
    wait_for(lambda: stub.ptt)
    said.clear()
    wait_for(lambda: said.count("WATCHDOG=1") > 20)
    assert rig.thread.is_alive() and rig.raw.state is True
    stub.trouble = "refuse"
    gateway.send(b'{"op":"safe","out":"hf.ptt"}\n' + feed(out="hf.ptt"))
    wait_for(lambda: not stub.ptt)
    gateway.send(feed(out="hf.ptt"))
    told = whys(gateway, 4)
    assert ("hf.ptt", 0, "pin-failed") in told and ("hf.ptt", 0, "works-again") in told
    assert not stub.ptt and rig.raw.state is True


def test_at_the_end_devices_are_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stub: RigStub, rigs: list[Rig]
) -> None:
    monkeypatch.setattr(process, "LAST_WORDS", 1.0)
    text = BOARD_TEXT + DEVICES.format(port=stub.port, folder=tmp_path).split('[[output]]\nname = "usb')[0]
    rig = Rig(tmp_path / "g.sock", parse_board(text))
    rigs.append(rig)
    rig.start()
    gateway = rig.gateway()
    gateway.send(feed(out="hf.ptt"))
    wait_for(lambda: stub.ptt)
    began = time.monotonic()
    rig.stop()
    assert rig.clean is True and not stub.ptt and time.monotonic() - began < 2


def test_a_board_without_pins_needs_no_chip() -> None:
    board = parse_board(BOARD_TEXT.split("[[output]]")[0] + DEVICES.format(port=1, folder="/nowhere"))
    with process._pins(board) as pins:
        assert pins._factory is None
