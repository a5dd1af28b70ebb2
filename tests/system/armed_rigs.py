"""The devices that a gateway's own driver keys and the guard lets go of, on ptys of their simulators.

The test writes what a driver would, on a port that stays open as that of a frozen gateway does.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hw.bench.map27 import GROUP
from hw.bench.map27_pty import Map27Port
from hw.bench.modbus import ModbusBus, RelayBoardModel
from hw.bench.modbus_line import ModbusLine
from hw.bench.phone import BenchPhone
from hw.bench.phone_pty import PhonePty
from hw.bench.tetra_pty import TetraPort
from hw.map27 import network
from hw.map27.protocol import LinkAck, LinkRequest, LinkTransfer, encode
from hw.modbus import protocol as modbus

LONG_PULSE = 600
"""So many tenths of a second that only the guard can have opened the relay."""


class Loop:
    """An event loop in a thread, for simulators."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def call(self, step: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return step()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(5)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


class _OnPort:
    """A simulator behind a pty that the test keeps open, as a frozen gateway does."""

    def __init__(self, port: Path) -> None:
        self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def send(self, *parts: bytes) -> None:
        for part in parts:
            os.write(self._fd, part)
            time.sleep(0.02)

    def done(self) -> None:
        os.close(self._fd)


def _terminal(name: str, family: str) -> str:
    serial = f'[[serial]]\nname = "{name}"\ndevice = "{{folder}}/{name}*"\n'
    rest = f'kind = "terminal"\nserial = "{name}"\nfamily = "{family}"\nlongest = 60.0\n'
    return f'{serial}[[output]]\nname = "{name}"\n{rest}'


class TetraTerminal:
    """A TETRA terminal that transmits in a group call."""

    tables = _terminal("tetra", "tetra")
    half = b"AT+CTXD=1"

    def __init__(self, folder: Path, loop: Loop) -> None:
        self._loop = loop
        self.port = TetraPort(folder)
        loop.call(lambda: self.port.plug("tetra0"))
        self.user = _OnPort(folder / "tetra0")

    def key(self) -> None:
        self.user.send(b"ATE0\r", b"AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0\r", b"ATD1000\r")

    def keyed(self) -> bool:
        return self.port.terminal.on_air

    def close(self) -> None:
        self._loop.call(self.port.pull)
        self.user.done()


class Map27Radio:
    """An MPT-1327 radio that transmits in a group call."""

    tables = _terminal("map27", "map27")
    half = b"\x16\x10\x02\x05"

    def __init__(self, folder: Path, loop: Loop) -> None:
        self._loop = loop
        self.port = Map27Port(folder)
        loop.call(lambda: self.port.plug("map27-0"))
        self.user = _OnPort(folder / "map27-0")

    def key(self) -> None:
        self.user.send(
            encode(LinkRequest(6, 1)),
            encode(LinkAck(1, 1)),
            encode(LinkTransfer(1, network.set_up(GROUP))),
        )
        time.sleep(0.4)  # the call is set up
        self.user.send(encode(LinkTransfer(2, network.radio_control(off_hook=True, transmit=True))))

    def keyed(self) -> bool:
        return self.port.radio.on_air

    def close(self) -> None:
        self._loop.call(self.port.pull)
        self.user.done()


class SatellitePhone:
    """A phone in a call."""

    tables = _terminal("phone", "phone")
    half = b"AT+CMGS=20\r0011"

    def __init__(self, folder: Path, loop: Loop) -> None:
        self._loop = loop
        self.pty = PhonePty(BenchPhone(), folder / "phone0")
        loop.call(self.pty.plug)
        self.user = _OnPort(folder / "phone0")

    def key(self) -> None:
        self.user.send(b"AT+CREG?\r", b"ATD13800138000;\r")

    def keyed(self) -> bool:
        return bool(self.pty.phone.calls)

    def close(self) -> None:
        self._loop.call(self.pty.unplug)
        self.user.done()


class Relays:
    """A relay board; its relay 2 closed by a pulse of a minute."""

    half = b"\x01\x05\x00"

    tables = """\
[[serial]]
name = "rs485"
device = "{folder}/rs485"
[[bus]]
name = "m1"
serial = "rs485"
[[relay_board]]
name = "pa"
bus = "m1"
[[output]]
name = "coil"
kind = "coil"
board = "pa"
coil = 2
longest = 60.0
"""

    def __init__(self, folder: Path, loop: Loop) -> None:
        self._loop = loop
        self.board = RelayBoardModel()
        self.line = ModbusLine(ModbusBus((self.board,)), folder / "rs485")
        loop.call(self.line.plug)
        self.user = _OnPort(folder / "rs485")

    def key(self) -> None:
        self.user.send(modbus.encode(modbus.WriteOne(1, 5, 0x0202, LONG_PULSE)))

    def keyed(self) -> bool:
        return self.board.coils.get(2, False)

    def close(self) -> None:
        self._loop.call(self.line.unplug)
        self.user.done()
