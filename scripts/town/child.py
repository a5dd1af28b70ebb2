"""One start of a child process: in a process group of its own, bound to our life, ended by descriptor.

Traps: the kernel's parent-death signal follows the thread that forked, so start children from the main thread
only; it binds the child alone, what the child starts has to notice its death, or gets a signal with which the child
ends it (`bereaved`). A process id may be given anew once it is reaped: the group is swept before that.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO


class Child:
    """A running process. `ended` becomes its exit code (negative: killed by that signal). OSError.

    `bereaved`: the signal that it gets when we die.
    """

    def __init__(
        self,
        argv: Sequence[str],
        out: IO[bytes],
        environment: Mapping[str, str],
        folder: Path,
        bereaved: signal.Signals = signal.SIGKILL,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = subprocess.Popen(
            [*_bound_to_us(bereaved), *argv],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            process_group=0,
        )
        self.pid = self._process.pid
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self._pidfd = os.pidfd_open(self.pid)
        self._loop.add_reader(self._pidfd, self._reap)

    def send(self, number: int) -> None:
        """Send a signal to the process, if it still runs."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def kill(self) -> None:
        """End it and all it started, at once, even when it is stopped."""
        if not self.ended.done():
            self._sweep()

    def _sweep(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._sweep()
        code = self._process.wait()
        os.close(self._pidfd)
        if not self.ended.done():
            self.ended.set_result(code)


def _bound_to_us(bereaved: signal.Signals) -> tuple[str, ...]:
    """A prefix that has the kernel send the child this signal when we die."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", bereaved.name.removeprefix("SIG"), "--") if setpriv else ()


def how_it_ended(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"
