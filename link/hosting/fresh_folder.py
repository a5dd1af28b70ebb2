"""A folder of which nothing is kept over a restart."""

import shutil
from pathlib import Path


def fresh_folder(path: Path) -> Path:
    """`path`, made anew and empty. OSError. Blocks."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
