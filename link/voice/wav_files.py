"""What a file must be before it is played or recorded into, with messages for whoever gave its name.

Reads headers only; never writes a file.
"""

import shutil
import wave
from pathlib import Path

from link.voice.port import VoiceError

LEAST_FREE_MB = 16
"""A recording is not begun on a disk with less room (about 8 minutes at 16 kHz)."""


def check_playable(path: Path) -> None:
    """VoiceError unless `path` is a WAV of mono PCM16 with sound in it."""
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getnchannels(), file.getsampwidth(), file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise VoiceError(f"{path}: cannot be played: {error}; a WAV of mono PCM16 is needed") from None
    if found[:2] != (1, 2) or found[2] == 0:
        raise VoiceError(
            f"{path}: {found[0]} channels of {found[1] * 8} bit, {found[2]} samples; "
            "a WAV of mono PCM16 is needed, convert it"
        )


def check_recordable(path: Path) -> None:
    """VoiceError unless `path` is a new name in a folder that exists, on a disk with room."""
    if path.exists():
        raise VoiceError(f"{path}: exists; a recording never overwrites, choose another name")
    if not path.parent.is_dir():
        raise VoiceError(f"{path.parent}: no such folder; make it before recording into it")
    free_mb = shutil.disk_usage(path.parent).free >> 20
    if free_mb < LEAST_FREE_MB:
        raise VoiceError(
            f"{path.parent}: {free_mb} MB free, {LEAST_FREE_MB} MB are needed; make room on this disk"
        )
