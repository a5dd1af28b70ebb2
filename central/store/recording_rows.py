"""Rows of the list of recordings, and what is known of their files. Written by recordings.py and its neighbours."""

import hashlib
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from central.store.database import Sql

Kind = Literal["leg", "group", "broadcast", "gateway"]
State = Literal["open", "closed", "repaired", "missing", "announced", "failed", "erased"]
WHOLE: tuple[State, ...] = ("closed", "repaired")
LIST_LIMIT = 1000
_SEALED = (
    *(
        "kind",
        "subject",
        "channel",
        "started_wall_ms",
        "sha256",
        "codec",
        "pcm_sha256",
        "samples",
        "rate_hz",
        "talk",
    ),
    *(
        "segment",
        "first",
        "epoch",
        "tick",
        "mono_ns",
        "wall_ns",
        "sure",
        "hole_ms",
        "gateway",
        "cut",
        "state",
    ),
)
_FLAGS = ("cut", "wanted", "sure")


@dataclass(frozen=True)
class Recording:
    """One recording. `path` is relative to the recordings folder; `seconds` and `sha256` come at its end.

    From `gateway` to `sealed_size`: of recordings made at a gateway (gateway_recordings.py); `origin` is its name
    there. Then its place in time: the `talk` is the recording that this is a segment of, `first` its first sample
    counted from there, `tick`, `mono_ns` and `wall_ns` what that first sample is; ticks compare within one `epoch`.
    `hole_ms` passed and is not in it. `legs` and `parties` have a | around each name.
    """

    id: str
    kind: Kind
    subject: str
    channel: str
    started_wall_ms: int
    seconds: float | None
    path: str
    sha256: str | None
    state: State
    gateway: str = ""
    codec: str = "wav"
    ended_wall_ms: int | None = None
    cut: bool = False
    wanted: bool = False
    why: str = ""
    origin: str = ""
    sealed_sha256: str | None = None
    sealed_size: int | None = None
    talk: str = ""
    segment: int = 0
    first: int = 0
    samples: int | None = None
    rate_hz: int | None = None
    epoch: str = ""
    tick: int | None = None
    mono_ns: int | None = None
    wall_ns: int | None = None
    sure: bool = False
    hole_ms: int = 0
    pcm_sha256: str | None = None
    legs: str = ""
    parties: str = ""
    talk_group: str = ""

    def sealed(self) -> dict[str, object]:
        """What the chain says of its file."""
        said = {name: getattr(self, name) for name in _SEALED}
        return {
            **{("of" if name == "kind" else name): value for name, value in said.items()},
            "file": self.path,
        }


def around(names: "tuple[str, ...] | list[str]") -> str:
    """Names as they are kept in one column."""
    kept = [name.replace("|", " ") for name in names if name]
    return f"|{'|'.join(dict.fromkeys(kept))}|" if kept else ""


def is_sound(path: Path) -> bool:
    """A file that a recording of the list may have."""
    return path.suffix in (".wav", ".flac", ".opus") and path.is_file()


def seconds_of(path: Path) -> float:
    """How long the WAV at `path` sounds. OSError if it cannot be read as one."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise OSError(f"{path} is not a sound file: {error}") from error


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of the file at `path`. OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def samples_of(path: Path) -> tuple[int, str]:
    """Samples of the WAV at `path`, and their SHA-256 (hex). OSError if it cannot be read as one."""
    digest = hashlib.sha256()
    try:
        with wave.open(str(path), "rb") as file:
            while piece := file.readframes(1 << 16):
                digest.update(piece)
            return file.getnframes(), digest.hexdigest()
    except (wave.Error, EOFError) as error:
        raise OSError(f"{path} is not a sound file: {error}") from error


def rows(sql: Sql, where: str, values: dict[str, object]) -> list[Recording]:
    """Recordings for which `where` holds, newest first."""
    found = sql.query(
        f"select * from recordings where {where} order by started_wall_ms desc, id desc limit :limit",
        {"limit": LIST_LIMIT, **values},
    )
    return [Recording(**{**row, **{name: bool(row[name]) for name in _FLAGS}}) for row in found]
