"""The small disk for tests: where the machine does not let us mount one, the test is skipped and says so."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.chaos_parts import small_disk as disk
from scripts.chaos_parts.small_disk import fill as fill


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "64m") -> Iterator[None]:
    """A file system of `size` in `folder` until the block ends."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(disk.small_disk(folder, size))
        except disk.NoSmallDisk as why:
            pytest.skip(str(why))
        yield
