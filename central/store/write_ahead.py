"""SQLite's write-ahead log as a file: its head, its frames, where its commits end. Looks only.

Source: sqlite.org/fileformat2.html, "The Write-Ahead Log". SQLite holds no lock on this file (it locks the
database and its -shm), so it may be opened and closed beside SQLite in the same process.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

HEAD = 32
"""Bytes of the file's own head."""
_FRAME_HEAD = 24
_MAGIC = (0x377F0682, 0x377F0683)


@dataclass(frozen=True)
class LogHead:
    """What a log says of itself; other salts mean that SQLite started it anew. `page_size` in bytes."""

    page_size: int
    salts: bytes

    @property
    def follower(self) -> int:
        """First salt of the log that SQLite begins after this one: one more."""
        return (int.from_bytes(self.salts[:4], "big") + 1) & 0xFFFFFFFF

    def follows(self, expected: int | None) -> bool:
        """Whether it is the very next log; with None that is not known, and taken for granted."""
        return expected is None or expected == int.from_bytes(self.salts[:4], "big")

    @property
    def frame(self) -> int:
        """Bytes of one frame: its head and one page."""
        return _FRAME_HEAD + self.page_size

    def end_of(self, frames: int) -> int:
        """Bytes of a log with so many frames."""
        return HEAD + frames * self.frame


def head_of(raw: bytes) -> LogHead | None:
    """The head that `raw` begins with; None if it is none."""
    if len(raw) < HEAD:
        return None
    magic, _, page_size = struct.unpack_from(">III", raw)
    fits = magic in _MAGIC and 512 <= page_size <= 65536 and page_size & (page_size - 1) == 0
    return LogHead(page_size, raw[16:24]) if fits else None


class LogFile:
    """The log at `path`, which may be absent or empty. OSError when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        """Bytes on disk, committed or not."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def head(self) -> LogHead | None:
        """Its head as it stands now; None for an empty log."""
        try:
            with self._path.open("rb") as file:
                return head_of(file.read(HEAD))
        except FileNotFoundError:
            return None

    def regular_end(self, head: LogHead) -> int | None:
        """The end of its last commit, if the file ends there; None if the file ends in anything else."""
        end = self.size()
        if end < head.end_of(1) or (end - HEAD) % head.frame:
            return None
        with self._path.open("rb") as file:
            file.seek(end - head.frame)
            last = file.read(_FRAME_HEAD)
        return end if last[8:16] == head.salts and last[4:8] != bytes(4) else None

    def take(self, head: LogHead, start: int, end: int, most: int) -> bytes:
        """The bytes from `start` on, about `most` of them, up to the end of a commit; `end` is one."""
        with self._path.open("rb") as file:
            while True:
                stop = min(end, start + most)
                file.seek(start)
                data = file.read(stop - start)
                if stop == end:
                    return data
                size = _whole_commits(head, data, HEAD if start == 0 else 0)
                if size:
                    return data[:size]
                most *= 2


def _whole_commits(head: LogHead, data: bytes, first: int) -> int:
    """How many bytes of `data`, whose frames begin at `first`, end with a commit; 0 for none."""
    for number in range((len(data) - first) // head.frame, 0, -1):
        at = first + (number - 1) * head.frame
        if data[at + 4 : at + 8] != bytes(4):
            return at + head.frame
    return 0
