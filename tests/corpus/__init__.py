"""Bad input kept as files, a folder for each protocol: see README.md. `pieces` cuts it up for tests that mix it."""

from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def files(family: str) -> tuple[Path, ...]:
    """Every file of a protocol."""
    return tuple(sorted(path for path in (HERE / family).iterdir() if path.is_file()))


def whole(family: str) -> tuple[bytes, ...]:
    """What each file holds."""
    return tuple(path.read_bytes() for path in files(family))


@cache
def pieces(family: str) -> tuple[bytes, ...]:
    """Lines and other small parts of the files."""
    found = {part + b"\n" for data in whole(family) for part in data.split(b"\n")}
    found |= {
        data[start : start + 64] for data in whole(family) for start in range(0, min(len(data), 640), 64)
    }
    return tuple(sorted(found))
