"""hw.uart on real ptys: bytes both ways, a pulled cable, another name, a full queue, safe modem lines."""

import errno
import os
import pty
import queue
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from hw import uart as door
from hw.devices import advice
from hw.uart import Uart, UartData, UartDown, UartFact, UartUp
from link.hosting.backoff import Backoff


class Tries(Backoff):
    """Waits hardly at all, and says when it has been asked five times."""

    def __init__(self) -> None:
        super().__init__(first=0.01, factor=1.0, most=0.01)
        self.left = 5
        self.five = threading.Event()

    def next(self) -> float:
        self.left -= 1
        if self.left <= 0:
            self.five.set()
        return super().next()


class Rig:
    """A directory in which ptys appear as devices, and a Uart that looks there."""

    def __init__(self, folder: Path, pattern: str = "dev*") -> None:
        self.folder = folder
        self.facts: queue.Queue[UartFact] = queue.Queue()
        self.tries = Tries()
        self.uart = Uart("t", str(folder / pattern), 115200, self.facts.put, retry=self.tries)

    def plug(self, name: str) -> int:
        master, slave = pty.openpty()
        tty.setraw(slave)
        (self.folder / name).symlink_to(os.ttyname(slave))
        os.close(slave)
        return master

    def pull(self, name: str, master: int) -> None:
        (self.folder / name).unlink()
        os.close(master)

    def next(self) -> UartFact:
        return self.facts.get(timeout=5)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.uart.stop()


def test_bytes_go_both_ways(rig: Rig) -> None:
    master = rig.plug("dev1")
    rig.uart.start()
    assert rig.next() == UartUp("t", str(rig.folder / "dev1"))
    every = bytes(range(256))
    os.write(master, every)
    got = b""
    while len(got) < 256:
        fact = rig.next()
        assert isinstance(fact, UartData)
        got += fact.data
    assert got == every
    assert rig.uart.write(every)
    back = b""
    while len(back) < 256:
        back += os.read(master, 256)
    assert back == every
    os.close(master)


def test_a_pulled_cable_is_told_once_and_found_again_under_another_name(rig: Rig) -> None:
    master = rig.plug("dev1")
    rig.uart.start()
    assert isinstance(rig.next(), UartUp)
    rig.pull("dev1", master)
    down = rig.next()
    assert isinstance(down, UartDown)
    assert down.advice
    assert not rig.uart.write(b"lost")
    assert rig.uart.refused == 1
    other = rig.plug("dev7")
    assert rig.next() == UartUp("t", str(rig.folder / "dev7"))
    assert rig.uart.write(b"new")
    assert os.read(other, 100) == b"new", "what was written before is not sent to whatever is plugged in now"
    os.close(other)


def test_a_missing_device_is_told_once_with_advice(rig: Rig) -> None:
    rig.uart.start()
    down = rig.next()
    assert isinstance(down, UartDown)
    assert "nothing is plugged in" in down.advice
    assert rig.tries.five.wait(5)
    master = rig.plug("dev1")
    assert isinstance(rig.next(), UartUp)
    os.close(master)


def test_a_terminal_that_reads_nothing_fills_the_queue_and_blocks_nobody(rig: Rig) -> None:
    master = rig.plug("dev1")
    rig.uart.start()
    assert isinstance(rig.next(), UartUp)
    sent = 0
    while rig.uart.write(bytes(1000)) and sent < 200:
        sent += 1
    assert rig.uart.refused == 1
    assert sent < 200
    os.close(master)


def test_a_stopped_port_is_closed_and_can_be_started_again(rig: Rig) -> None:
    master = rig.plug("dev1")
    rig.uart.start()
    assert isinstance(rig.next(), UartUp)
    rig.uart.stop()
    rig.uart.stop()
    assert not rig.uart.write(b"x")
    rig.uart.start()
    assert isinstance(rig.next(), UartUp)
    os.close(master)


def test_modem_lines_are_at_their_safe_level_before_the_port_opens(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool, bool]] = []
    real = serial.Serial.open

    def look(port: serial.Serial) -> None:
        seen.append((port.dtr, port.rts, bool(port.exclusive)))
        real(port)

    monkeypatch.setattr(door.serial.Serial, "open", look)
    master = rig.plug("dev1")
    rig.uart.start()
    assert isinstance(rig.next(), UartUp)
    assert seen == [(False, False, True)]
    os.close(master)


@pytest.mark.parametrize(
    ("code", "word"),
    [(errno.ENOENT, "plugged"), (errno.EACCES, "dialout"), (errno.EBUSY, "ModemManager")]
    + [(None, "unplugged"), (errno.EINVAL, "baud"), (errno.ENOMEM, "check")],
)
def test_each_fault_has_its_advice(code: int | None, word: str) -> None:
    assert word in advice(code, "/dev/x")
