"""Worker process: puts recordings at their places in time into one WAV, mono (added) or stereo (in turns)."""

import struct
from pathlib import Path

from central.store.encode_worker import decoded
from central.store.side_process import SideRefused, serve
from central.store.sound import Sound, UnreadableSound, at_rate, blended, read_wav, sound_of


def mix(parts: list[tuple[Path, int]], rate_hz: int, samples: int, shape: str, target: Path) -> None:
    """Write `target`. Each part begins at its sample, which may lie before 0. SideRefused."""
    places = []
    for path, at in parts:
        try:
            sound = read_wav(path.read_bytes()) if path.suffix == ".wav" else _decoded(path, rate_hz)
        except (OSError, UnreadableSound) as error:
            raise SideRefused(
                f"{path.name}: {error}", "leave it out; see: spillway recording verify"
            ) from None
        places.append((at_rate(sound, rate_hz), at))
    channels = 2 if shape == "stereo" else 1
    pcm = blended(places, samples, channels)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE")
    head += struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, rate_hz * 2 * channels, 2 * channels, 16
    )
    target.write_bytes(head + struct.pack("<4sI", b"data", len(pcm)) + pcm)


def _decoded(path: Path, rate_hz: int) -> Sound:
    if path.suffix == ".flac":
        with path.open("rb") as file:
            head = file.read(42)
        rate_hz = int.from_bytes(head[18:21], "big") >> 4
    return sound_of(b"".join(decoded(path, rate_hz)), rate_hz)


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    parts = [(Path(each["path"]), int(each["at"])) for each in list(request["parts"])]  # type: ignore[call-overload]
    numbers = (int(str(request["rate_hz"])), int(str(request["samples"])))
    mix(parts, *numbers, str(request["shape"]), Path(str(request["target"])))
    return {}, b""


if __name__ == "__main__":
    serve(_work)
