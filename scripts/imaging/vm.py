"""An arm64 machine of QEMU that boots the image as it is shipped, through U-Boot; its serial line is read and written.

No kernel and no arguments are given from outside: U-Boot's script chooses the slot. QEMU 7.2 without KVM: everything
takes several times as long as on a board.
"""

import asyncio
import contextlib
import re
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from images.building.uboot import without_prompt

QEMU = "qemu-system-aarch64"
U_BOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
GUEST_SEES_HOST = "10.0.2.2"
"""The host's loopback, as the machine sees it."""
MEMORY_MB = 1024
FAST = ("-accel", "tcg,thread=multi")
STEADY = ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off")


class VmError(Exception):
    """The machine cannot be started, or did not say what was waited for; with the end of what it said."""


@dataclass
class Vm:
    """One machine with `disk` (raw, written to) as its card; `more` are further QEMU arguments.

    `steady`: its clock goes by the instructions that it has done, not by the host's: what it measures is that of a
    computer of 1000 million instructions a second, however busy the host is. Idle time passes at once.
    """

    disk: Path
    folder: Path
    more: tuple[str, ...] = ()
    steady: bool = False
    said: str = ""
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _mark: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)

    def _command(self) -> list[str]:
        """QEMU's words, with a U-Boot beside the card. VmError when something is not installed."""
        for there, package in ((shutil.which(QEMU), "qemu-system-arm"), (U_BOOT.exists(), "u-boot-qemu")):
            if not there:
                advice = f"apt-get install --no-install-recommends {package}"
                raise VmError(f"{package} is not installed: {advice}")
        bios = self.folder / "u-boot.bin"
        bios.write_bytes(without_prompt(U_BOOT.read_bytes()))
        card = f"file={self.disk},if=none,id=card,format=raw"
        return [
            *(
                QEMU,
                "-M",
                "virt,gic-version=3",
                "-cpu",
                "cortex-a72",
                *(STEADY if self.steady else FAST),
                "-smp",
                "2",
            ),
            *(
                "-m",
                str(MEMORY_MB),
                "-display",
                "none",
                "-serial",
                "stdio",
                "-monitor",
                "none",
                "-bios",
                str(bios),
            ),
            *("-drive", card, "-device", "virtio-blk-pci,drive=card,addr=2"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=,addr=5"),
            *self.more,
        ]

    async def start(self) -> None:
        """Power on. VmError when QEMU or U-Boot is not installed."""
        pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        self._began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *self._command(), stdin=pipe, stdout=pipe, stderr=both
        )
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while octets := await self._process.stdout.read(4096):
            self.said += octets.decode(errors="replace")
            self._news.set()
        self._news.set()

    async def until(self, pattern: str, limit: float) -> re.Match[str]:
        """Wait for `pattern` in what it says from now on, `limit` s; later calls look after it. VmError."""
        began = time.monotonic()
        while True:
            found = re.compile(pattern).search(self.said, self._mark)
            if found is not None:
                self._mark = found.end()
                return found
            left = limit - (time.monotonic() - began)
            if left <= 0 or (self._task is not None and self._task.done()):
                tail = "\n".join(self.said.splitlines()[-25:])
                raise VmError(f"{pattern!r} did not come within {limit:.0f} s; it said last:\n{tail}")
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()

    def seconds(self) -> float:
        """Since power-on."""
        return time.monotonic() - self._began

    async def type(self, text: str) -> None:
        """Put octets on its serial line."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(text.encode())
        await self._process.stdin.drain()

    async def cut_power(self) -> None:
        """As pulling the plug: what the machine had not written is lost."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        if self._task is not None:
            await self._task
