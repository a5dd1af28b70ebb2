"""The worker process that checks a clip, converts it and puts it on disk.

What it writes is complete or absent: a part file, fsync, rename, fsync of the folder. The name is the
content's SHA-256.
"""

import hashlib
import os
from pathlib import Path

from central.store import sound
from central.store.side_process import SideRefused, serve
from link.hosting.durable import sync_folder

MOST_SECONDS = 600.0
LEAST_SECONDS = 0.1
_SILENT_DBFS = -60.0


def convert(data: bytes) -> tuple[bytes, sound.Sound]:
    """A WAV as people bring it -> as we keep it (16 kHz, mono, PCM16). SideRefused if it cannot be one."""
    try:
        brought = sound.read_wav(data)
    except sound.UnreadableSound as error:
        raise SideRefused(str(error)) from None
    if not LEAST_SECONDS <= brought.seconds <= MOST_SECONDS:
        raise SideRefused(
            f"the clip lasts {brought.seconds:.2f} s; it must last {LEAST_SECONDS:g} to {MOST_SECONDS:g} s"
        )
    if sound.peak_dbfs(brought) < _SILENT_DBFS:
        raise SideRefused("the clip is silent", "check how it was recorded or exported")
    kept = sound.at_rate(brought)
    return sound.write_wav(kept), kept


def put(folder: Path, data: bytes) -> str:
    """Write `data` as <sha256>.wav into `folder`, all or nothing; return the sha."""
    sha = hashlib.sha256(data).hexdigest()
    target = folder / f"{sha}.wav"
    if target.is_file() and target.stat().st_size == len(data):
        return sha
    part = folder / f"{sha}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(folder)
    return sha


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    folder, source = Path(str(request["folder"])), Path(str(request["source"]))
    try:
        data = source.read_bytes()
    except OSError as error:
        raise SideRefused(f"{source.name} cannot be read: {error.strerror}") from None
    wav, kept = convert(data)
    try:
        sha = put(folder, wav)
    except OSError as error:
        raise SideRefused(f"the clip cannot be stored: {error.strerror}", f"look at {folder}") from None
    return {
        "sha256": sha,
        "seconds": round(kept.seconds, 3),
        "rate_hz": kept.rate_hz,
        "size": len(wav),
        "loudness_dbfs": round(sound.loudness_dbfs(kept), 1),
    }, b""


if __name__ == "__main__":
    serve(_work)
