"""Recordings as files of the voice node: a running WAV, cut into segments, closed, repaired after a crash.

The running file goes on while segments are copied out of it, by sample numbers: nothing is lost or doubled where it is
cut. It goes only when every one of its samples lies in a segment that is on the disk. A note beside it says how long
its segments are. Everything here blocks for the disk; no event loop.
"""

import hashlib
import json
import logging
import os
import re
import struct
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from link.hosting.durable import sync_folder, write_whole
from link.voice.repair import data_chunk, repair_file, repair_unclosed

log = logging.getLogger(__name__)

HEAD = 44
NOTE = ".tape"
PIECE = 1 << 18
_SEGMENT = re.compile(r"\.(\d{3,})\.(?:wav|flac|opus)$")


@dataclass(frozen=True)
class Piece:
    """A closed file. `first` and `samples` count samples of the recording; `segment` 0: it is all of it."""

    path: Path
    segment: int
    first: int
    samples: int
    rate_hz: int
    sha: str
    pcm_sha: str
    repaired: bool = False
    more: bool = False

    @property
    def seconds(self) -> float:
        """Its length."""
        return round(self.samples / self.rate_hz, 3)


def segment_path(running: Path, number: int) -> Path:
    """Where segment `number` (from 1) of the recording in `running` lies."""
    return running.with_name(f"{running.stem}.{number:03}.wav")


def note_length(running: Path, samples: int) -> None:
    """Write down how long the segments of `running` are. OSError."""
    write_whole(running.with_suffix(NOTE), json.dumps({"samples": samples}).encode())


def cut_due(running: Path, length: int, rate_hz: int, done: int) -> list[Piece]:
    """Copy every segment of `length` samples that is complete in the file and lies behind the first `done`.

    The recorder goes on writing meanwhile; one sample at least is left for the last segment. OSError.
    """
    ready = max(0, (running.stat().st_size - HEAD) // 2 - 1) // length
    return [
        _copied(running, number, length, length, rate_hz, more=True) for number in range(done + 1, ready + 1)
    ]


def finished(running: Path, length: int) -> list[Piece]:
    """The file's recorder has ended: what of it is not yet told, its end last. OSError, EOFError, wave.Error.

    A file that was never cut stays where it is; of one that was, the rest becomes its last segment. Call `settled`
    when they have been told.
    """
    try:
        rate_hz, samples = _shape(running)
        repaired = False
    except (EOFError, wave.Error):
        if repair_file(running) is None:
            raise
        rate_hz, samples = _shape(running)
        repaired = True
    there = segments_of(running)
    if not there and (length == 0 or samples < 2 * length):
        sha, pcm = _digests(running)
        return [Piece(running, 0, 0, samples, rate_hz, sha, pcm, repaired)]
    count = max(1, -(-samples // length))
    pieces = []
    for number in range(1, count + 1):
        if number not in there or number == count:
            rest = min(length, samples - (number - 1) * length)
            pieces.append(
                _copied(running, number, length, rest, rate_hz, more=number < count, repaired=repaired)
            )
    return pieces


def settled(running: Path, pieces: list[Piece]) -> None:
    """Let go of what the pieces replace: the running file, if it was cut, and the note. OSError."""
    if pieces and pieces[-1].segment:
        running.unlink(missing_ok=True)
    running.with_suffix(NOTE).unlink(missing_ok=True)
    sync_folder(running.parent)


def segments_of(running: Path) -> set[int]:
    """Numbers of the segments that lie beside `running`, in whatever form."""
    found = (_SEGMENT.search(path.name) for path in running.parent.glob(f"{running.stem}.*"))
    return {int(match[1]) for match in found if match}


def mend(folder: Path) -> Iterator[list[Piece]]:
    """What a crash left below `folder`: the pieces of each recording. `settled` is done."""
    noted = set()
    for note in sorted(folder.rglob(f"*{NOTE}")):
        running = note.with_suffix(".wav")
        noted.add(running)
        if not running.exists():
            note.unlink()
            continue
        try:
            pieces = finished(running, int(json.loads(note.read_text())["samples"]))
        except (OSError, EOFError, wave.Error, ValueError, KeyError, TypeError) as error:
            log.error("recording=%s cannot be mended: %s; what there is stays", running, error)
            continue
        yield pieces
        settled(running, pieces)
    for place in (folder, *sorted(each for each in folder.rglob("*") if each.is_dir())):
        for repaired in repair_unclosed(place):
            if repaired.path not in noted:
                rate_hz, samples = _shape(repaired.path)
                yield [Piece(repaired.path, 0, 0, samples, rate_hz, *_digests(repaired.path), repaired=True)]


def _shape(path: Path) -> tuple[int, int]:
    """Samples a second, samples."""
    with wave.open(str(path)) as file:
        return file.getframerate(), file.getnframes()


def _digests(path: Path) -> tuple[str, str]:
    """SHA-256 (hex) of the file and of its samples."""
    whole, sound = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(4096)
        found = data_chunk(head)
        start = found[0] if found else HEAD
        whole.update(head)
        sound.update(head[start:])
        while piece := file.read(PIECE):
            whole.update(piece)
            sound.update(piece)
    return whole.hexdigest(), sound.hexdigest()


def _copied(
    running: Path, number: int, length: int, samples: int, rate_hz: int, *, more: bool, repaired: bool = False
) -> Piece:
    """Samples from `(number - 1) * length` on as a file of their own, on the disk when this returns."""
    first, octets = (number - 1) * length, samples * 2
    target = segment_path(running, number)
    part = target.with_name(f"{target.name}.part")
    whole, sound = hashlib.sha256(), hashlib.sha256()
    with running.open("rb") as source, part.open("wb") as file:
        source.seek(HEAD + first * 2)
        head = wav_head(rate_hz, octets)
        whole.update(head)
        file.write(head)
        while octets:
            piece = source.read(min(PIECE, octets))
            if not piece:
                raise OSError(f"{running}: ends before sample {first + samples}")
            octets -= len(piece)
            whole.update(piece)
            sound.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    sync_folder(target.parent)
    done = (whole.hexdigest(), sound.hexdigest())
    return Piece(target, number, first, samples, rate_hz, *done, repaired, more)


def wav_head(rate_hz: int, octets: int) -> bytes:
    """The 44 octets before mono PCM16."""
    shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + octets, b"WAVE") + shape + struct.pack("<4sI", b"data", octets)
