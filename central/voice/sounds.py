"""The sounds that a telephone call can be played, written as WAVs once at the start: tones, and music on hold.

Tones as in the national network (450 Hz). The music on hold is a chord of ours, so that nobody's rights are touched;
a file of the centre may take its place. Slow and clear: not on the event loop.
"""

import array
import math
import sys
import wave
from pathlib import Path
from tempfile import mkdtemp

LEVEL = 0.12
"""Amplitude of tones, of full scale."""

Part = tuple[float, tuple[float, ...]]
"""Seconds, and the frequencies (Hz) that sound together; none is a pause."""

SOUNDS: dict[str, tuple[Part, ...]] = {
    "ringback": ((1.0, (450.0,)), (4.0, ())),
    "busy": ((0.35, (450.0,)), (0.35, ())),
    "refused": ((0.2, (450.0,)), (0.1, ()), (0.2, (350.0,))),
    "queued": ((0.1, (600.0,)), (0.1, ()), (0.1, (600.0,))),
    "timeout": ((0.1, (900.0,)), (0.1, ()), (0.1, (900.0,)), (0.1, ()), (0.1, (900.0,))),
    "hold": (
        *((0.6, (261.6, 329.6, 392.0)), (0.6, (220.0, 261.6, 329.6))),
        *((0.6, (174.6, 220.0, 261.6)), (0.6, (196.0, 246.9, 293.7)), (0.8, ())),
    ),
}


def place_of(run: Path) -> Path:
    """Where sounds may be written: below `run`, or in a folder of this process's own where `run` is another account's,
    as on a host with an account for each program (systemd removes it with the service)."""
    try:
        (run / "sounds").mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(mkdtemp(prefix="spillway-sounds-"))
    return run / "sounds"


def write_sounds(folder: Path, rate_hz: int, hold: Path | None = None) -> dict[str, Path]:
    """Write all of them into `folder` as mono PCM16 at `rate_hz`; their paths by name. `hold` replaces the music."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}-{rate_hz}.wav" for name in SOUNDS}
    for name, path in paths.items():
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate_hz)
            file.writeframes(_sound(SOUNDS[name], rate_hz))
    return paths | ({"hold": hold} if hold is not None else {})


def _sound(parts: tuple[Part, ...], rate_hz: int) -> bytes:
    made = array.array("h")
    for seconds, tones in parts:
        count = int(seconds * rate_hz)
        peak = 32767 * LEVEL / max(len(tones), 1)
        for at in range(count):
            edge = min(1.0, at / (0.01 * rate_hz), (count - at) / (0.01 * rate_hz))
            made.append(int(edge * peak * sum(math.sin(2 * math.pi * hz * at / rate_hz) for hz in tones)))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()
