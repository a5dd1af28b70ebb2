"""Repair of recordings whose process died before it closed them.

The recorder writes the WAV header's sizes only when it closes: after kill -9 they are 0 and every player
calls the file empty, though all sound but the last quarter second is there. This file sets the sizes and
nothing else: it never shortens sound, never renames or deletes, and leaves what is no WAV alone.
"""

import logging
import os
import struct
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

HEADER_MOST = 4096
"""The data chunk must begin within this many bytes; our recorder's begins at 36."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """One file set right. `seconds` of sound are in it."""

    path: Path
    seconds: float


def repair_unclosed(folder: Path) -> list[Repaired]:
    """Set right every unclosed *.wav in `folder` (not below it). Call at start, before any recorder runs.

    Returns the files that were changed, sorted by path; a second call returns []. A file that is no WAV,
    has no sound or cannot be written is logged and left as it is. A missing folder has no files.
    """
    repaired = []
    for path in sorted(folder.glob("*.wav")):
        if path.is_symlink() or not path.is_file():
            continue
        try:
            seconds = repair_file(path)
        except OSError as error:
            log.warning("event=repair-failed path=%s error=%s", path, error)
            continue
        if seconds is not None:
            log.warning("event=repaired path=%s seconds=%.2f", path, seconds)
            repaired.append(Repaired(path, seconds))
    return repaired


def repair_file(path: Path) -> float | None:
    """Set right one file whose recorder has ended: its seconds if it was changed, None if it was left alone.

    Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_MOST)
        length = file.seek(0, os.SEEK_END)
    found = data_chunk(head)
    if found is None:
        log.warning("event=not-a-wav path=%s bytes=%d", path, length)
        return None
    start, bytes_a_second, block = found
    riff_size, data_size = _sizes(head, start)
    data_now = (length - start) // block * block
    if data_now <= 0 or (data_size != 0 and riff_size != 0):
        return None
    with path.open("r+b") as file:
        # The data size first: whoever dies between the two leaves a file that is still found unclosed.
        file.seek(start - 4)
        file.write(struct.pack("<I", min(data_now, 0xFFFFFFFF)))
        file.seek(4)
        file.write(struct.pack("<I", min(length - 8, 0xFFFFFFFF)))
        file.flush()
        os.fsync(file.fileno())
    return data_now / bytes_a_second


def data_chunk(head: bytes) -> tuple[int, int, int] | None:
    """(offset of the sound, bytes a second, bytes a sample block), or None when `head` is no PCM WAV."""
    if len(head) < 44 or head[0:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, bytes_a_second, block = 12, 0, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"data":
            return (at + 8, bytes_a_second, block) if bytes_a_second and block else None
        if name == b"fmt " and at + 24 <= len(head):
            bytes_a_second, block = struct.unpack_from("<IH", head, at + 16)
        at += 8 + size + size % 2
    return None


def _sizes(head: bytes, start: int) -> tuple[int, int]:
    """(RIFF size, data size) as the header says."""
    return struct.unpack_from("<I", head, 4)[0], struct.unpack_from("<I", head, start - 4)[0]
