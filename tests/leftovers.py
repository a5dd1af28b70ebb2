"""What a run of the tests leaves behind: processes, sockets, mounts, files. Looks only; ends nothing.

All that a run starts carries MARK in its environment, however far it went from its parent. Temporary files
and the folders for sockets lie below one folder of the run's own.
"""

import os
import secrets
import socket
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "SPILLWAY_TEST_RUN"
OF_PYTHON = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Children that Python itself keeps for as long as this process lives."""


@dataclass(frozen=True)
class Run:
    """One run: its mark, its own folder for temporary files, and pytest's."""

    folder: Path
    basetemp: Path
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    listening: frozenset[str] = frozenset()
    threads: frozenset[int] = frozenset()

    @classmethod
    def begin(cls, basetemp: Path) -> "Run":
        """Make its folder and have everything that is started from here use it, with the mark."""
        folder = Path(tempfile.mkdtemp(prefix="spr-"))
        run = cls(folder, basetemp, listening=frozenset(listening()), threads=frozenset(threads()))
        os.environ |= {MARK: run.mark, "TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        tempfile.tempdir = None  # is looked up anew
        return run

    def processes(self) -> list[str]:
        """Processes of this run that live, besides this one."""
        found = []
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
                ours = process.environ().get(MARK) == self.mark
                if process.pid == os.getpid() or not ours or process.status() == psutil.STATUS_ZOMBIE:
                    continue
            except psutil.Error:
                continue
            if not any(name in command for name in OF_PYTHON):
                found.append(f"process {process.pid}: {command}")
        return found

    def ports(self) -> list[str]:
        """Ports and sockets this process listens on and did not when the run began."""
        return sorted(set(listening()) - self.listening)

    def sockets(self) -> list[str]:
        """Unix sockets below the run's folders that somebody still holds."""
        rows = Path("/proc/net/unix").read_text().splitlines()[1:]
        names = [row.split(maxsplit=7)[7] for row in rows if len(row.split(maxsplit=7)) == 8]
        return sorted(f"socket {name}" for name in names if self._ours(name))

    def mounts(self) -> list[str]:
        """File systems that were mounted below the run's folders."""
        rows = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        return [f"mount {row[1]}" for row in rows if self._ours(row[1])]

    def files(self) -> list[str]:
        """What lies in the run's own folder, but for the empty one that libpulse makes wherever it is loaded."""
        there = set(self.folder.rglob("*"))
        pulse = self.folder / "pulse"
        if pulse in there and not any(pulse.iterdir()):
            there.remove(pulse)
        return sorted(f"file {path}" for path in there)

    def tasks(self) -> list[str]:
        """Threads of this process that would keep it alive."""
        return sorted(name for ident, name in threads().items() if ident not in self.threads)

    def all(self) -> list[str]:
        """Everything."""
        return [
            *self.processes(), *self.ports(), *self.sockets(), *self.mounts(), *self.files(), *self.tasks(),
        ]  # fmt: skip

    def _ours(self, name: str) -> bool:
        path = Path(name)
        return any(path.is_relative_to(folder) for folder in (self.folder, self.basetemp))


def listening() -> list[str]:
    """Internet sockets of this process on which others may call: TCP that listens, UDP that is bound."""
    found = []
    for each in psutil.Process().net_connections("inet"):
        if each.status == psutil.CONN_LISTEN or (each.type == socket.SOCK_DGRAM and not each.raddr):
            found.append(f"port {each.laddr.port} ({each.type.name})")
    return found


def threads() -> dict[int, str]:
    """Threads of this process, besides daemons, by their number."""
    return {
        each.ident: f"thread {each.name}"
        for each in threading.enumerate()
        if each.ident is not None and not each.daemon
    }
