"""Recordings as they lie on a gateway's disk: their files, and what a crash left behind.

    ID.part   sealed sound under way      ID.seal   the sealed sound of a whole recording
    ID.json   what is known of it without opening it; written before the first sound, and whole once it has ended

Never holds plain sound, a name that others can read, or a key that opens anything. It blocks on the disk: call it in
a thread. The folder is 0700, every file 0600.
"""

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from link.contract.link_facts import RecordingReady
from link.contract.recording_orders import RecordingId
from link.contract.wire import Wire
from link.hosting.durable import sync_folder, write_whole
from link.sealing.seal import walk

log = logging.getLogger(__name__)

PAGE = 0.4
"""Seconds of sound in one Ogg page; each page is one sealed chunk, so that a cut recording's length can be told."""
HEAD_PAGES = 2
CODEC = "opus"
_LARGEST_CARD = 16_384


class SideCar(Wire):
    """What is known of a recording; `ready` once it has ended, `told` once that is in the gateway's evidence."""

    recording: RecordingId
    line: str
    started_ms: int
    group: str = ""
    cause: str = ""
    ready: RecordingReady | None = None
    told: bool = False


@dataclass(frozen=True)
class Lying:
    """A whole recording on the disk."""

    path: Path
    fact: RecordingReady
    told: bool


def begin(folder: Path, car: SideCar) -> int:
    """The descriptor of the new `.part`, its side-car on disk. OSError (FileExistsError for an id that is used)."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / f"{car.recording}.seal").exists():
        raise FileExistsError(f"{car.recording}: there is such a recording")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(folder / f"{car.recording}.part", flags, 0o600)
    try:
        _write(folder, car)
    except OSError:
        os.close(fd)
        raise
    return fd


def complete(folder: Path, car: SideCar, seconds: float, cut: bool) -> RecordingReady | None:
    """Turn the closed `.part` into a recording; None (and no file) when there is no sound in it. OSError."""
    part = folder / f"{car.recording}.part"
    if seconds <= 0:
        part.unlink(missing_ok=True)
        (folder / f"{car.recording}.json").unlink(missing_ok=True)
        return None
    fact = RecordingReady(
        recording=car.recording,
        line=car.line,
        sha=_digest(part),
        size=part.stat().st_size,
        seconds=round(seconds, 2),
        codec=CODEC,
        started_ms=car.started_ms,
        ended_ms=car.started_ms + round(seconds * 1000),
        group=car.group,
        cause=car.cause,
        cut=cut,
    )
    _write(folder, car.model_copy(update={"ready": fact}))
    part.rename(part.with_suffix(".seal"))
    sync_folder(folder)
    return fact


def adopt(folder: Path) -> tuple[RecordingReady, ...]:
    """At the start: what a crash left under way becomes recordings that are cut. What cannot is set aside, named."""
    adopted: list[RecordingReady] = []
    for part in sorted(folder.glob("*.part")):
        try:
            fact = _adopt(folder, part)
        except (OSError, ValidationError) as error:
            log.error("recording=%s cannot be adopted, set aside: %s", part.stem, error)
            part.rename(part.with_suffix(".damaged"))
            continue
        log.warning("recording=%s adopted=%s", part.stem, fact.seconds if fact else "nothing in it")
        adopted.extend([fact] if fact else [])
    for card in folder.glob("*.json*"):
        if not (card.with_suffix(".seal").exists() or card.with_suffix(".damaged").exists()):
            card.unlink(missing_ok=True)
    return tuple(adopted)


def _adopt(folder: Path, part: Path) -> RecordingReady | None:
    car = _read(part.with_suffix(".json"))
    with part.open("rb") as file:
        pages, ended = walk(file)
    if car.ready is not None and ended:  # it died between its last word and its last name
        return complete(folder, car, car.ready.seconds, car.ready.cut)
    return complete(folder, car, round(max(0, pages - HEAD_PAGES) * PAGE, 2), cut=True)


def names(folder: Path) -> frozenset[str]:
    """The ids of the whole recordings here."""
    return frozenset(path.stem for path in folder.glob("*.seal"))


def lying(folder: Path, known: frozenset[str] = frozenset()) -> tuple[Lying, ...]:
    """The whole recordings here, oldest name first, but for those `known`. A damaged side-car is logged."""
    found: list[Lying] = []
    for path in sorted(folder.glob("*.seal")):
        if path.stem in known:
            continue
        try:
            car = _read(path.with_suffix(".json"))
        except (OSError, ValidationError) as error:
            log.error("recording=%s its side-car cannot be read: %s", path.stem, error)
            continue
        if car.ready is not None:
            found.append(Lying(path, car.ready, car.told))
    return tuple(found)


def note_told(folder: Path, recording: str) -> None:
    """That it lies here is in the evidence: a restart needs not tell it again. OSError."""
    if (folder / f"{recording}.seal").exists():
        car = _read(folder / f"{recording}.json")
        _write(folder, car.model_copy(update={"told": True}))


def _read(path: Path) -> SideCar:
    """OSError, ValidationError."""
    with path.open("rb") as file:
        return SideCar.model_validate_json(file.read(_LARGEST_CARD))


def _write(folder: Path, car: SideCar) -> None:
    """Whole or not at all, and on disk."""
    write_whole(folder / f"{car.recording}.json", car.model_dump_json().encode())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
