"""For the tests of recordings: real speech, what is in a sealed file, and a voice process that one may kill."""

import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from firmware.tape_shelf import SideCar
from firmware.voice.tape import FRAME_NS, Tape
from link.sealing.seal import SealCut, unseal

RATE = 16000
FRAME = 640
SPEECH = Path("/usr/share/sounds/alsa/Front_Center.wav")


def speech() -> list[bytes]:
    """1.4 s of a voice in frames."""
    form = ("-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed", "-t", "raw")
    raw = subprocess.run(["sox", SPEECH, *form, "-"], capture_output=True, check=True).stdout
    return [raw[at : at + FRAME] for at in range(0, len(raw) - FRAME, FRAME)]


def said_once(folder: Path) -> Path:
    """The same voice as a WAV."""
    with wave.open(str(folder / "said.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(speech()))
    return folder / "said.wav"


def unsealed(path: Path, private: str) -> tuple[bytes, bool]:
    """What can be had of a sealed file, and whether it was whole."""
    out = b""
    with path.open("rb") as file:
        try:
            for chunk in unseal(file, private):
                out += chunk
        except SealCut:
            return out, False
    return out, True


def decoded(opus: bytes) -> np.ndarray:
    """What opusdec, which nobody here wrote, makes of it."""
    done = subprocess.run(
        ["opusdec", "--quiet", "--rate", str(RATE), "-", "-"], input=opus, capture_output=True, check=True
    )
    return np.frombuffer(done.stdout, "<i2").astype(float)


def samples(frames: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(frames), "<i2").astype(float)


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt((sound**2).mean())) if len(sound) else 0.0


def likeness(said: np.ndarray, heard: np.ndarray, most: int = 1600) -> tuple[float, int]:
    """Highest correlation, and by how many samples `heard` comes later there."""
    size = 1 << (len(said) + len(heard)).bit_length()
    found = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    lags = np.concatenate([np.arange(0, most), np.arange(-most, 0)])
    lag = int(lags[np.argmax(found[lags])])
    part = heard[max(0, lag) : max(0, lag) + len(said)]
    same = said[max(0, -lag) : max(0, -lag) + len(part)]
    part = part[: len(same)]
    return float(np.dot(same, part) / (np.linalg.norm(same) * np.linalg.norm(part))), lag


def feed(tape: Tape, frames: list[bytes], pace: float = 0.001, from_ns: int | None = None) -> int:
    """Give the frames quicker than time goes, with the times they would have; the time after the last."""
    at_ns = from_ns or time.monotonic_ns()
    for frame in frames:
        tape.frame(frame, at_ns)
        at_ns += FRAME_NS
        time.sleep(pace)
    return at_ns


def kept_going(folder: str, seal: str) -> Iterator[None]:
    """In a process of its own: a recording of speech in real time until killed; says when it began."""
    car = SideCar(recording="gw-r1-1", line="r1", started_ms=round(time.time() * 1000))
    tape = Tape(Path(folder), car, seal, RATE, lambda fact: None)
    frames, began = speech(), time.monotonic()
    sys.stdout.write(f"{began}\n")
    sys.stdout.flush()
    for number in range(10_000):
        tape.frame(frames[number % len(frames)], time.monotonic_ns())
        time.sleep(max(0.0, began + (number + 1) * 0.02 - time.monotonic()))
        yield


if __name__ == "__main__":
    for _ in kept_going(*sys.argv[1:]):
        pass
