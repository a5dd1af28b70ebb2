"""Recordings as files: read in pieces while they are sent up, removed once the centre has them.

Their names and side-cars are the recorder's (firmware/tape_shelf.py), who tells of each again after a start. Every
function blocks: call them in threads.
"""

from pathlib import Path

from firmware.events import RecordingKept

SIDE_CAR = ".json"


def forget(kept: RecordingKept) -> None:
    """Remove it and its side-car. OSError."""
    path = Path(kept.path)
    path.unlink(missing_ok=True)
    path.with_suffix(SIDE_CAR).unlink(missing_ok=True)


def piece_of(path: str, at: int, length: int) -> bytes:
    """`length` octets from the octet `at` on. OSError, also when they are not there."""
    with Path(path).open("rb") as file:
        file.seek(at)
        piece = file.read(length)
    if len(piece) != length:
        raise OSError(f"{path} ends at {at + len(piece)}")
    return piece
