"""The host that is installed on: where its folders are, how commands run on it, and whether it will do.

Standard library only, as in all of this folder: it runs before any package of ours is there.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURES = ("x86_64", "aarch64")
DISK_NEEDED = 2 * 1024**3
"""Octets: three releases with their environments, and room for the first days of the state."""

Run = Callable[[Sequence[str]], str]


class Refused(Exception):
    """What is wrong, and what to do about it."""


@dataclass(frozen=True)
class Host:
    """`root`: the folder below which everything is written; / for the host itself. `run`: see `run_command`."""

    root: Path
    run: Run

    @property
    def is_itself(self) -> bool:
        """Whether accounts, packages and services are there; a folder has none."""
        return self.root == Path("/")

    def at(self, path: str) -> Path:
        """An absolute path of the host, below `root`."""
        return self.root / path.lstrip("/")


def say(text: str) -> None:
    """A line for the person who installs."""
    sys.stderr.write(f"install: {text}\n")


def run_command(words: Sequence[str]) -> str:
    """Run to the end; its output. Refused with its last lines when it fails or is not there."""
    surroundings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    surroundings["PATH"] = f"{surroundings.get('PATH', '')}:/usr/sbin:/sbin"
    try:
        done = subprocess.run(
            list(words),
            env=surroundings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise Refused(f"the program {words[0]} is missing: install it, then start again") from None
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise Refused(f"{' '.join(words)} failed with code {done.returncode}:\n{tail}")
    return done.stdout


@dataclass(frozen=True)
class Facts:
    """What `troubles` judges: id and version of the system, architecture, user id, free octets."""

    system: str
    version: str
    architecture: str
    uid: int
    free: int


def look(host: Host) -> Facts:
    """The facts of this host."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    told = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)', release, re.M))
    place = host.at("/opt")
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    return Facts(told.get("ID", ""), told.get("VERSION_ID", ""), platform.machine(), os.geteuid(), free)


def troubles(facts: Facts, itself: bool) -> list[str]:
    """Everything that stands in the way, each with what to do; `itself` as Host.is_itself."""
    found = []
    if (facts.system, facts.version) != ("debian", "12"):
        here = f"{facts.system or 'an unknown system'} {facts.version}".strip()
        found.append(f"this is {here}; the centre is installed on Debian 12 (bookworm): use such a host")
    if facts.architecture not in ARCHITECTURES:
        found.append(
            f"the processor is {facts.architecture}; there is pjsua2 for {', '.join(ARCHITECTURES)} only"
        )
    if itself and facts.uid != 0:
        found.append("this needs root for packages, accounts and services: start it with sudo")
    if facts.free < DISK_NEEDED:
        free, needed = (round(size / 1024**3, 1) for size in (facts.free, DISK_NEEDED))
        found.append(
            f"{free} GiB are free below /opt, {needed} are needed: free space (du -xhd1 /) or mount more"
        )
    return found


def packages(list_file: Path) -> tuple[str, ...]:
    """The names in packages.txt."""
    lines = (line.partition("#")[0].strip() for line in list_file.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line)
