"""Releases below /opt/spillway, each whole and never changed: `current` runs, `previous` is the one before.

A release is built in its own place, since programs in an environment name their interpreter by its path; a file
`complete` is written last, and a folder without it is what an installation that broke off has left.
"""

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

from images.central.host import Refused

PRODUCT = ("link", "hw", "firmware", "central")
PINS = ("requirements/central.txt", "requirements/dev.txt", "pyproject.toml")
PAGES = ("docs/technician.md", "docs/configuration.md", "images/central/central.example.toml")
"""What a technician finds beside the program."""
COMPLETE = "complete"
KEPT = 3

Fill = Callable[[Path], None]
"""Fills an empty folder with an environment: bin/central and all that it needs. Refused."""


def release_name(tree: Path, wheel: Path) -> str:
    """Version and 12 hex digits over program, pages, pins and pjsua2: the same tree is the same release."""
    version = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    files = [tree / name for name in (*PINS, *PAGES)]
    for folder in PRODUCT:
        found = (each for each in (tree / folder).rglob("*") if each.is_file())
        files += sorted(each for each in found if "__pycache__" not in each.parts)
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(tree)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    digest.update(hashlib.sha256(wheel.read_bytes()).digest())
    return f"{version}-{digest.hexdigest()[:12]}"


class Releases:
    """`home` is /opt/spillway of the host."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def current(self) -> str | None:
        """The name of the release that runs."""
        return self._named("current")

    @property
    def previous(self) -> str | None:
        """The name of the one before."""
        return self._named("previous")

    def build(self, name: str, fill: Fill) -> bool:
        """Have the release whole on the disk; False when it was there already. What breaks off leaves nothing."""
        place = self._home / "releases" / name
        if (place / COMPLETE).exists():
            return False
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        place.chmod(0o755)
        try:
            fill(place)
            os.sync()
            (place / COMPLETE).write_text(f"{name}\n", encoding="utf-8")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return True

    def switch(self, name: str) -> bool:
        """Make it the one that runs; False when it is already. `current` names a whole release at every moment."""
        if not (self._home / "releases" / name / COMPLETE).exists():
            raise Refused(f"release {name} is not whole; install it again")
        before = self.current
        if before == name:
            return False
        if before is not None:
            self._point("previous", before)
        self._point("current", name)
        return True

    def roll_back(self) -> str:
        """Go back to the release before, which then has this one as the one before it; its name. Refused."""
        previous = self.previous
        if previous is None:
            raise Refused("there is no release before this one: nothing was changed")
        self.switch(previous)
        return previous

    def prune(self) -> list[str]:
        """Remove all but the newest KEPT; never the current one or the one before. The names that went."""
        places = [each for each in (self._home / "releases").iterdir() if each.is_dir()]
        places.sort(key=lambda each: each.stat().st_mtime_ns, reverse=True)
        gone = [each for each in places[KEPT:] if each.name not in (self.current, self.previous)]
        for place in gone:
            shutil.rmtree(place)
        return [place.name for place in gone]

    def remove(self) -> None:
        """Take all releases away."""
        for link in ("current", "previous"):
            (self._home / link).unlink(missing_ok=True)
        shutil.rmtree(self._home / "releases", ignore_errors=True)

    def _named(self, link: str) -> str | None:
        try:
            name = (self._home / link).readlink().name
        except OSError:
            return None
        return name if (self._home / "releases" / name / COMPLETE).exists() else None

    def _point(self, link: str, name: str) -> None:
        new = self._home / f"{link}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("releases") / name)  # relative: right below any root
        new.replace(self._home / link)
