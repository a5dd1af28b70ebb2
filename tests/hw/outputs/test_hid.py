"""hw.outputs.hid on a pty: the bytes of each report, chips that are shared, unplugged, refusing."""

import os
import select
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw.board_parts import HidOutput
from hw.outputs.door import OutputFault
from hw.outputs.hid import Chip, HidDevice


class Cable:
    """A pty below a name in a folder."""

    def __init__(self, folder: Path) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.link = folder / "hidraw7"
        self.link.symlink_to(os.ttyname(slave))
        self.slave = slave

    def heard(self, reports: int = 1) -> list[bytes]:
        """So many reports; fewer when no more come."""
        data = b""
        while len(data) < 5 * reports and select.select([self.master], [], [], 2)[0]:
            data += os.read(self.master, 5)
        return [data[at : at + 5] for at in range(0, len(data), 5)]

    def pull(self) -> None:
        for fd in (self.slave, self.master):
            if fd >= 0:
                os.close(fd)
        self.slave = self.master = -1
        self.link.unlink(missing_ok=True)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path)
    yield cable
    cable.pull()


def device(folder: Path, chip: Chip | None = None, **keys: Any) -> HidDevice:
    spec = HidOutput(kind="hid", name="ptt", longest=60.0, device=str(folder / "hidraw*"), **keys)
    return HidDevice(spec, chip or Chip())


def go_on(seconds: float) -> bool:
    return True


def test_safe_at_opening_then_as_told(cable: Cable, tmp_path: Path) -> None:
    ptt = device(tmp_path)
    ptt.open()
    assert cable.heard() == [bytes((0, 0, 0, 4, 0))]
    ptt.put(True, go_on)
    assert cable.heard() == [bytes((0, 0, 4, 4, 0))]
    ptt.look()
    assert cable.heard() == [bytes((0, 0, 4, 4, 0))], "a chip that lost its memory is put right"
    ptt.put(False, go_on)
    assert cable.heard() == [bytes((0, 0, 0, 4, 0))]
    ptt.shut()


def test_two_outputs_of_one_chip_do_not_undo_each_other(cable: Cable, tmp_path: Path) -> None:
    chip = Chip()
    ptt, other = device(tmp_path, chip), device(tmp_path, chip, gpio=4, active_high=False)
    ptt.open()
    other.open()
    ptt.put(True, go_on)
    assert cable.heard(3)[-1] == bytes((0, 0, 0x0C, 0x0C, 0)), "GPIO 4 rests high, and stays an output"
    other.put(True, go_on)
    assert cable.heard() == [bytes((0, 0, 0x04, 0x0C, 0))]
    for each in (ptt, other):
        each.shut()


def test_no_device_is_a_fault_with_advice(tmp_path: Path) -> None:
    with pytest.raises(OutputFault, match="nothing is plugged in"):
        device(tmp_path).open()


def test_an_unplugged_device_is_a_fault_and_comes_back(cable: Cable, tmp_path: Path) -> None:
    ptt = device(tmp_path)
    ptt.open()
    cable.pull()
    with pytest.raises(OutputFault, match="unplugged"):
        ptt.put(True, go_on)
    ptt.shut()
    again = Cable(tmp_path)
    ptt.open()
    assert again.heard() == [bytes((0, 0, 0, 4, 0))]
    ptt.shut()
    again.pull()


def test_half_a_report_is_a_fault(cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ptt = device(tmp_path)
    ptt.open()
    monkeypatch.setattr(os, "write", lambda fd, data: 4)
    with pytest.raises(OutputFault, match="4 of 5 bytes"):
        ptt.put(True, go_on)
    monkeypatch.undo()
    ptt.shut()
