"""Our own signals as files, because a player plays files: written anew at each start, in the rate of the bridge."""

from pathlib import Path

from hw.squelch.tones import wav_of

NAMES = {
    "chime": "chime",
    "refused": "refused",
    "queued": "queued",
    "timeout": "timeout-warning",
    "go-ahead": "go-ahead",
}
"""Name in the contract (SoundTone) -> name of the signal in hw/squelch/tones.py."""


def write_signals(folder: Path, rate_hz: int) -> dict[str, Path]:
    """The file of each signal, by its name in the contract. Blocks some 50 ms. OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.wav" for name in NAMES}
    for name, path in files.items():
        wav_of(NAMES[name], rate_hz, path)
    return files
