"""One child process of a sound card: started, watched through descriptors, ended by its pid.

Trap: the kernel's parent-death signal follows the thread that started the child, so the thread that starts it
must live as long as the child is wanted.
"""

import contextlib
import os
import shutil
import subprocess
from functools import cache

TAIL = 400


class Child:
    """A running capture or playback program. Raises OSError when it cannot be started."""

    def __init__(self, command: tuple[str, ...], direction: str, stdin: int = subprocess.DEVNULL) -> None:
        self.direction = direction
        self._name = command[0].rsplit("/", 1)[-1]
        if shutil.which(command[0]) is None:
            raise FileNotFoundError(f"{command[0]}: program not found")
        self._process = subprocess.Popen(
            (*_death_bound(), *command),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        self._sound = self._process.stdout
        self._errors = self._process.stderr
        os.set_blocking(self._errors.fileno(), False)
        self._said = b""
        self.pidfd = os.pidfd_open(self._process.pid)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def sound(self) -> int:
        """The descriptor of what it captures."""
        return self._sound.fileno()

    @property
    def errors(self) -> int:
        """The descriptor of what it says on stderr."""
        return self._errors.fileno()

    def listen(self) -> bool:
        """Takes what it has said so far; False when it closed its stderr."""
        with contextlib.suppress(BlockingIOError):
            while heard := os.read(self.errors, 4096):
                self._said = (self._said + heard)[-TAIL:]
            return False
        return True

    def epitaph(self) -> str:
        """Why it ended, in one line. Only after `pidfd` became readable."""
        self.listen()
        code = self._process.wait()
        how = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
        said = " / ".join(self._said.decode(errors="replace").split("\n")).strip(" /")
        return f"{self._name} {how}" + (f": {said}" if said else "")

    def code(self) -> int:
        """Its exit code, negative for the signal that ended it. Waits for its end."""
        return self._process.wait()

    def kill(self) -> None:
        """Ends it (by pid, at once) and reaps it; the sound descriptor stays open until close()."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Gives back every descriptor."""
        self._sound.close()
        self._errors.close()
        os.close(self.pidfd)


@cache
def _death_bound() -> tuple[str, ...]:
    """A prefix that has the kernel kill the child when this process dies, where the system offers it."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()
