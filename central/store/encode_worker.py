"""Worker process: makes a FLAC or an Ogg Opus of a WAV, and proves it by decoding what it made.

FLAC is believed when every sample that comes out is the one that went in. Opus loses by design: it is believed when it
is as long and as loud as the sound was, second by second. The file is on the disk, under a name of its own, when this
answers; the WAV is only read.
"""

import hashlib
import math
import os
import shutil
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path

from central.store.recording_rows import sha256_of
from central.store.side_process import SideRefused, serve
from link.voice.repair import data_chunk

PIECE = 1 << 16
PATIENCE = 1800
LOUD = 200.0
"""Effective value of a second (of 32768) from which it has to be as loud afterwards."""
WITHIN_DB = 6.0


def encode(wav: Path, target: Path, codec: str) -> dict[str, object]:
    """Write `target`; its sha256, the samples' sha256, size. SideRefused: a program is missing, or it is not right."""
    rate_hz, start = _shape(wav)
    make = {
        "flac": ["flac", "--silent", "--force", "--verify", "-5", "-o", str(target), str(wav)],
        "opus": ["opusenc", "--quiet", "--bitrate", "24", "--hard-cbr", str(wav), str(target)],
    }[codec]
    _run(make)
    if codec == "flac":
        samples, pcm = _same(wav, start, target)
    else:
        samples, pcm = _alike(wav, start, target, rate_hz)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    size = target.stat().st_size
    return {
        "sha256": sha256_of(target),
        "pcm_sha256": pcm,
        "samples": samples,
        "rate_hz": rate_hz,
        "size": size,
    }


def pcm_of(path: Path, rate_hz: int) -> list[str]:
    """The command that writes the samples of a file (PCM16, mono, little endian) to its standard output."""
    if path.suffix == ".flac":
        raw = ["--force-raw-format", "--endian=little", "--sign=signed"]
        return ["flac", "--silent", "--decode", "--stdout", *raw, str(path)]
    return ["opusdec", "--quiet", "--rate", str(rate_hz), "--no-dither", str(path), "-"]


def decoded(path: Path, rate_hz: int) -> Iterator[bytes]:
    """The samples of a FLAC or Opus file, in pieces. SideRefused."""
    command = pcm_of(path, rate_hz)
    with subprocess.Popen([_found(command[0]), *command[1:]], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        head = 44 if path.suffix == ".opus" else 0
        process.stdout.read(head)
        while piece := process.stdout.read(PIECE):
            yield piece
        if process.wait(PATIENCE) != 0:
            raise SideRefused(f"{path.name}: {command[0]} cannot decode it", "look at the file")


def _same(wav: Path, start: int, made: Path) -> tuple[int, str]:
    digest, octets = hashlib.sha256(), 0
    with wav.open("rb") as file:
        file.seek(start)
        for piece in decoded(made, 0):
            if file.read(len(piece)) != piece:
                at = octets // 2
                raise SideRefused(
                    f"{made.name}: is not {wav.name} from sample {at} on", "the WAV is kept; try again"
                )
            digest.update(piece)
            octets += len(piece)
        if file.read(2):
            raise SideRefused(
                f"{made.name}: ends after {octets // 2} samples, {wav.name} does not", "the WAV is kept"
            )
    return octets // 2, digest.hexdigest()


def _alike(wav: Path, start: int, made: Path, rate_hz: int) -> tuple[int, str]:
    with wav.open("rb") as file:
        file.seek(start)
        before = file.read()
    after = b"".join(decoded(made, rate_hz))
    if abs(len(after) - len(before)) > rate_hz // 50 * 2:
        raise SideRefused(f"{made.name}: {len(after) // 2} samples of {len(before) // 2}", "the WAV is kept")
    for second, (was, now) in enumerate(zip(_loud(before, rate_hz), _loud(after, rate_hz), strict=False)):
        if was > LOUD and abs(20 * math.log10(max(now, 1.0) / was)) > WITHIN_DB:
            raise SideRefused(f"{made.name}: second {second} is not as loud as it was", "the WAV is kept")
    return len(before) // 2, hashlib.sha256(before).hexdigest()


def _loud(pcm: bytes, rate_hz: int) -> Iterator[float]:
    """Effective value of each whole second."""
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    for at in range(0, len(samples) - rate_hz + 1, rate_hz):
        part = samples[at : at + rate_hz : 4]
        yield math.sqrt(sum(value * value for value in part) / len(part))


def _shape(wav: Path) -> tuple[int, int]:
    """Samples a second, and where they begin."""
    with wav.open("rb") as file:
        found = data_chunk(file.read(4096))
    if found is None:
        raise SideRefused(f"{wav.name}: is no WAV", "look at the file")
    return found[1] // 2, found[0]


def _found(program: str) -> str:
    where = shutil.which(program)
    if where is None:
        package = "flac" if program == "flac" else "opus-tools"
        raise SideRefused(f"the program {program} is missing", f"apt-get install {package}")
    return where


def _run(command: list[str]) -> None:
    done = subprocess.run(
        [_found(command[0]), *command[1:]],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise SideRefused(
            f"{command[0]} ended with {done.returncode}: {last[:200]}", "the WAV is kept; look at the disk"
        )


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    wav, target = Path(str(request["wav"])), Path(str(request["target"]))
    return encode(wav, target, str(request["codec"])), b""


if __name__ == "__main__":
    serve(_work)
