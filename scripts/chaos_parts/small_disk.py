"""A small file system that is mounted for a while, and what fills it to the last byte."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path


class NoSmallDisk(RuntimeError):
    """This machine does not let us mount one; the text says why."""


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of `size` (`24m`) in `folder` until the block ends. NoSmallDisk."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "spillway-small", str(folder)]
    try:
        subprocess.run(words, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        why = getattr(error, "stderr", "") or error
        raise NoSmallDisk(f"no small file system can be mounted here: {why}".strip()) from None
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave not one byte on the disk of `folder`; the file that takes it all."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while out.write(bytes(size)):
                    pass
    return ballast
