"""What every stage needs: to run a tool, to say what begins, and to keep what was made.

A stage is a folder of the cache, named by a key over all that it is made of. It is made beside and renamed when it is
whole: a build that was cut off leaves nothing that looks finished.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class Trouble(Exception):
    """The image cannot be built: what is missing or wrong, and what to do."""


class Work:
    """One build: its cache, its log, and the line for each step on stderr."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.log = cache / "build.log"
        self.took: dict[str, float] = {}
        self._began = time.monotonic()
        cache.mkdir(parents=True, exist_ok=True)
        self.log.write_text("", encoding="utf-8")

    def say(self, text: str) -> None:
        """One line of progress."""
        sys.stderr.write(f"[{time.monotonic() - self._began:6.1f} s] image: {text}\n")

    def run(
        self, words: Sequence[str | Path], cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> str:
        """Run one tool to its end; what it said on stdout. Trouble with the end of the log when it fails."""
        line = [str(word) for word in words]
        surroundings = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ {' '.join(line)}\n")
            log.flush()
            try:
                done = subprocess.run(
                    line, cwd=cwd, env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                    encoding="utf-8", errors="replace", check=False,
                )  # fmt: skip
            except FileNotFoundError:
                raise Trouble(
                    f"{line[0]} is not installed: images/build --check says what this host lacks"
                ) from None
            log.write(done.stdout)
        if done.returncode:
            tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
            raise Trouble(f"{tail}\n{line[0]} failed with code {done.returncode}; the whole log: {self.log}")
        return done.stdout

    def kept(self, name: str, key: str) -> bool:
        """Whether this stage is there from before."""
        return (self.cache / f"{name}-{key}").exists()

    def stage(self, name: str, key: str, make: Callable[[Path], None]) -> Path:
        """The folder of a stage; `make(folder)` fills it when it is not there. Two builders wait for each other."""
        folder = self.cache / f"{name}-{key}"
        with (self.cache / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                self.say(f"{name}: kept from before")
                return folder
            self.say(f"{name} …")
            began, partial = time.monotonic(), self.cache / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(folder)
            self.took[name] = round(time.monotonic() - began, 1)
            self.say(f"{name}: done in {self.took[name]} s")
            for old in self.cache.glob(f"{name}-*"):
                if old != folder:
                    shutil.rmtree(old, ignore_errors=True)
        return folder


def key_of(*parts: str | bytes | Path) -> str:
    """16 hex digits over texts, octets, files and whole folders (names and contents)."""
    digest = hashlib.sha256()
    for part in parts:
        files = (
            sorted(p for p in part.rglob("*") if p.is_file())
            if isinstance(part, Path) and part.is_dir()
            else ()
        )
        if isinstance(part, Path):
            for path in files or (part,):
                if "__pycache__" not in path.parts:
                    digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        else:
            digest.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return digest.hexdigest()[:16]


def lines_of(path: Path) -> list[str]:
    """The entries of a list file, without comments and empty lines."""
    found = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in found if line]
