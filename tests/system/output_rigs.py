"""One device of each output kind, as the guard's tests need them: keyed as a gateway would, seen from outside.

The ptys and simulators live on an event loop in a thread of their own; rigctld is hamlib's, started here.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
import tty
from pathlib import Path
from typing import Protocol

from tests.hw.outputs.rig_stub import RigStub
from tests.system.armed_rigs import Loop, Map27Radio, Relays, SatellitePhone, TetraTerminal
from tests.system.test_guard_process import PinServer


class Device(Protocol):
    """A device with its tables of the board file."""

    tables: str

    def key(self) -> None:
        """What the gateway's own driver does; nothing where the guard itself keys."""

    def keyed(self) -> bool:
        """Seen at the device."""

    def close(self) -> None:
        """Gone."""


class PinOut:
    """A pin, or a modem line by its name: both are seen at the bench's pin socket."""

    def __init__(self, pins: PinServer, pin: int | str, tables: str) -> None:
        self.tables = tables
        self._pins, self._pin = pins, pin

    def key(self) -> None:
        return None

    def keyed(self) -> bool:
        return self._pins.level(self._pin) == 1  # type: ignore[arg-type]

    def close(self) -> None:
        return None


class SoundChip:
    """A hidraw device: what its GPIO 3 was told last."""

    tables = '[[output]]\nname = "hid"\nkind = "hid"\ndevice = "{folder}/hidraw*"\nlongest = 60.0\n'

    def __init__(self, folder: Path) -> None:
        self.reports: list[bytes] = []
        self._master, slave = os.openpty()
        tty.setraw(slave)
        (folder / "hidraw0").symlink_to(os.ttyname(slave))
        self._slave = slave
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        rest = b""
        while True:
            rest += os.read(self._master, 4096)
            while len(rest) >= 5:
                report, rest = rest[:5], rest[5:]
                self.reports.append(report)
                if report == b"enough"[:5]:
                    return

    def key(self) -> None:
        return None

    def keyed(self) -> bool:
        return bool(self.reports) and self.reports[-1][2:4] == b"\x04\x04"

    def close(self) -> None:
        os.write(self._slave, b"enoug")
        self._thread.join(5)
        os.close(self._slave)
        os.close(self._master)


def _rig_tables(port: int) -> str:
    output = '[[output]]\nname = "rig"\nkind = "rig"\nrig = "hf"\nlongest = 60.0\n'
    return f'[[rig]]\nname = "hf"\nport = {port}\n{output}'


class SmallRigctld:
    """Our own stand-in, where hamlib's is not installed."""

    def __init__(self) -> None:
        print("rigctld is not installed (apt install libhamlib-utils): a stand-in answers for it")
        self._stub = RigStub()
        self.tables = _rig_tables(self._stub.port)

    def key(self) -> None:
        return None

    def keyed(self) -> bool:
        return self._stub.ptt

    def close(self) -> None:
        self._stub.close()


class Rigctld:
    """Hamlib's own daemon over its dummy radio."""

    def __init__(self, program: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [program, "-m", "1", "-P", "RIG", "-T", "127.0.0.1", "-t", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._sock = self._connect()
        self.tables = _rig_tables(self.port)

    def _connect(self) -> socket.socket:
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 5)
            except OSError:
                assert time.monotonic() < end, "rigctld does not come up"
                time.sleep(0.02)

    def key(self) -> None:
        return None

    def keyed(self) -> bool:
        self._sock.sendall(b"t\n")
        return self._sock.recv(100).strip() == b"1"

    def close(self) -> None:
        self._sock.close()
        self._process.kill()
        self._process.wait()


ARMED = TetraTerminal | Map27Radio | SatellitePhone | Relays
HEAD = '[board]\nname = "gw-1"\nkind = "bench"\nsocket = "bench.sock"\n'
PIN = '[[output]]\nname = "pin"\npin = 17\nlongest = 60.0\n'
MODEM = """\
[[serial]]
name = "digirig"
device = "{folder}/digirig"
[[output]]
name = "modem-line"
kind = "modem-line"
serial = "digirig"
longest = 60.0
"""


class Site:
    """A board with an output of every kind, and its devices by the outputs' names."""

    def __init__(self, folder: Path) -> None:
        self.loop = Loop()
        self.pins = PinServer(folder / "bench.sock")
        rigctld = shutil.which("rigctld")
        self.devices: dict[str, Device] = {
            "pin": PinOut(self.pins, 17, PIN),
            "hid": SoundChip(folder),
            "modem-line": PinOut(self.pins, "digirig.rts", MODEM),
            "rig": Rigctld(rigctld) if rigctld else SmallRigctld(),
            "tetra": TetraTerminal(folder, self.loop),
            "map27": Map27Radio(folder, self.loop),
            "phone": SatellitePhone(folder, self.loop),
            "coil": Relays(folder, self.loop),
        }
        self.board = folder / "board.toml"
        tables = (device.tables.replace("{folder}", str(folder)) for device in self.devices.values())
        self.board.write_text(HEAD + "".join(tables))

    def key(self) -> None:
        """Wait until the guard has keyed what it keys, then key the rest, as drivers do within a lease."""
        self.until_keyed("pin", "hid", "modem-line", "rig")
        for device in self.devices.values():
            device.key()
        self.until_keyed(*self.devices)
        for device in self.devices.values():
            if isinstance(device, ARMED):  # and has frozen in the middle of its next command
                device.user.send(device.half)

    def until_keyed(self, *names: str) -> None:
        end = time.monotonic() + 10
        while missing := [name for name in names if not self.devices[name].keyed()]:
            assert time.monotonic() < end, f"never keyed: {missing}"
            time.sleep(0.01)

    def safe_at(self, limit: float) -> dict[str, int]:
        """Output -> monotonic ns at which it was seen safe; those that are still keyed after `limit` s are missing."""
        end, found = time.monotonic() + limit, {}
        while time.monotonic() < end and len(found) < len(self.devices):
            for name in self.devices.keys() - found.keys():
                if not self.devices[name].keyed():
                    found[name] = time.monotonic_ns()
            time.sleep(0.005)
        return found

    def close(self) -> None:
        for device in self.devices.values():
            device.close()
        self.pins.close()
        self.loop.close()
