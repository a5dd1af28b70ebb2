"""A serial port for unit tests: a pty below a name in a folder, with the device's end in hand."""

import contextlib
import os
import select
import tty
from pathlib import Path


class PtyPort:
    """`link` is what a gateway opens; `heard` and `say` are the device."""

    def __init__(self, folder: Path, name: str = "ttyUSB0", raw: bool = False) -> None:
        self.master, self._slave = os.openpty()
        if raw:
            tty.setraw(self._slave)
        self.link = folder / name
        self.link.symlink_to(os.ttyname(self._slave))

    def heard(self, count: int, limit: float = 2.0) -> bytes:
        """So many bytes; fewer when no more come."""
        data = b""
        while len(data) < count and select.select([self.master], [], [], limit)[0]:
            data += os.read(self.master, count - len(data))
        return data

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def pull(self) -> None:
        """Unplugged. Safe to call twice."""
        for fd in (self._slave, self.master):
            with contextlib.suppress(OSError):
                os.close(fd)
        self.link.unlink(missing_ok=True)
