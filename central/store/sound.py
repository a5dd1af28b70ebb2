"""Sound files as arrays: reading RIFF, converting to what the bridge plays, measuring and levelling.

The door to numpy and soxr, imported by worker processes (never by the event loop's process). Reads
RIFF/WAVE with 16-bit PCM only, mono or stereo; writes RIFF, PCM16, mono. Traps: programs that stream write
0 or 2^31 as the data size, so the size is taken from the file; a stereo file with one dead channel is mixed
at full level of the live one.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr  # type: ignore[import-untyped,import-not-found,unused-ignore]

Samples = npt.NDArray[np.float32]
RATE_HZ = 16_000

_PCM, _EXTENSIBLE = 1, 0xFFFE
_FRAME = 0.02
_SPEECH_FLOOR_DBFS = -45.0
_SILENT_DBFS = -120.0


class UnreadableSound(Exception):
    """Not a sound file that can be used; the message says why, in people's words."""


@dataclass(frozen=True)
class Sound:
    """Mono samples in -1…1 at `rate_hz`."""

    samples: Samples
    rate_hz: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True)
class _Format:
    channels: int
    rate_hz: int


def read_wav(data: bytes) -> Sound:
    """A RIFF/WAVE file of 16-bit PCM, 8 to 48 kHz, mono or stereo (mixed to mono). UnreadableSound."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UnreadableSound("this is not a WAV file (no RIFF/WAVE header)")
    shape: _Format | None = None
    position = 12
    while position + 8 <= len(data):
        name, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        body = position + 8
        if name == b"fmt ":
            shape = _read_format(data[body : body + size])
        elif name == b"data":
            if shape is None:
                raise UnreadableSound("the WAV file has sound before its format")
            if size == 0 or body + size > len(data):
                size = len(data) - body
            return _read_samples(data, body, size, shape)
        position = body + size + (size & 1)
    raise UnreadableSound("the WAV file holds no sound")


def _read_format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise UnreadableSound("the WAV file's format is cut short")
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    if tag != _PCM or bits != 16:
        raise UnreadableSound(
            f"the WAV file is not 16-bit PCM (format {tag:#x}, {bits} bits): export it as such"
        )
    if channels not in (1, 2):
        raise UnreadableSound(f"the WAV file has {channels} channels: export it as mono or stereo")
    if not 8_000 <= rate_hz <= 48_000:
        raise UnreadableSound(f"the WAV file has {rate_hz} samples per second: export it with 8000 to 48000")
    return _Format(channels, rate_hz)


def _read_samples(data: bytes, at: int, size: int, shape: _Format) -> Sound:
    count = size // (2 * shape.channels) * shape.channels
    raw = np.frombuffer(data, dtype="<i2", count=count, offset=at).astype(np.float32) / 32768.0
    if shape.channels == 2:
        left, right = raw[0::2], raw[1::2]
        dead = not left.any() or not right.any()
        raw = left + right if dead else (left + right) / 2
    return Sound(raw, shape.rate_hz)


def write_wav(sound: Sound) -> bytes:
    """RIFF, PCM16, mono."""
    pcm = np.clip(np.rint(sound.samples * 32768.0), -32768, 32767).astype("<i2").tobytes()
    rate = sound.rate_hz
    header = (
        struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE")
        + struct.pack("<4sIHHIIHH", b"fmt ", 16, _PCM, 1, rate, rate * 2, 2, 16)
        + struct.pack("<4sI", b"data", len(pcm))
    )
    return header + bytes(pcm)


def sound_of(pcm: bytes, rate_hz: int) -> Sound:
    """Mono PCM16, little endian, as sound."""
    return Sound(np.frombuffer(pcm, "<i2", len(pcm) // 2).astype(np.float32) / 32768.0, rate_hz)


def blended(parts: list[tuple[Sound, int]], samples: int, channels: int) -> bytes:
    """The parts (of one rate), each from its sample on, added: PCM16 of `samples` on 1 or 2 channels, in turns."""
    whole = np.zeros((samples, channels), np.float32)
    for number, (sound, at) in enumerate(parts):
        begin, end = max(0, at), min(samples, at + len(sound.samples))
        if end > begin:
            whole[begin:end, number % channels] += sound.samples[begin - at : end - at]
    return bytes(np.clip(np.rint(whole * 32768.0), -32768, 32767).astype("<i2").tobytes())


def at_rate(sound: Sound, rate_hz: int = RATE_HZ) -> Sound:
    """The same sound at another sampling rate (band-limited)."""
    if sound.rate_hz == rate_hz:
        return sound
    samples: Samples = soxr.resample(sound.samples, sound.rate_hz, rate_hz).astype(np.float32)
    return Sound(samples, rate_hz)


def dbfs(level: float) -> float:
    """A linear level in dB below full scale, not below -120."""
    return max(_SILENT_DBFS, 20 * float(np.log10(max(level, 1e-9))))


def peak_dbfs(sound: Sound) -> float:
    """The highest sample."""
    return dbfs(float(np.max(np.abs(sound.samples), initial=0.0)))


def loudness_dbfs(sound: Sound) -> float:
    """RMS over the 20 ms frames in which something sounds (all frames if none is above -45 dBFS)."""
    frame = max(1, int(sound.rate_hz * _FRAME))
    count = len(sound.samples) // frame
    if count == 0:
        return dbfs(float(np.sqrt(np.mean(sound.samples**2)))) if len(sound.samples) else _SILENT_DBFS
    power = np.mean(sound.samples[: count * frame].reshape(count, frame).astype(np.float64) ** 2, axis=1)
    sounding = power[power > 10 ** (_SPEECH_FLOOR_DBFS / 10)]
    return dbfs(float(np.sqrt(np.mean(sounding if len(sounding) else power))))


def trimmed(sound: Sound, keep: float = 0.03) -> Sound:
    """Without the silence at both ends, but for `keep` seconds."""
    loud = np.flatnonzero(np.abs(sound.samples) > 10 ** (-50 / 20))
    if not len(loud):
        return Sound(sound.samples[:0], sound.rate_hz)
    margin = int(keep * sound.rate_hz)
    return Sound(sound.samples[max(0, loud[0] - margin) : loud[-1] + margin + 1], sound.rate_hz)


def joined(parts: list[Sound], gap: float) -> Sound:
    """The parts (of one rate) behind each other with `gap` seconds of silence between them."""
    pause = np.zeros(int(gap * parts[0].rate_hz), np.float32)
    pieces = [piece for part in parts for piece in (pause, part.samples)][1:]
    return Sound(np.concatenate(pieces), parts[0].rate_hz)


def levelled(sound: Sound, loudness: float = -20.0, ceiling: float = -3.5) -> Sound:
    """At `loudness` dBFS, with peaks held under `ceiling` dBFS by a look-ahead limiter."""
    for turn in range(4):  # the limiter takes loudness away, which the next turn gives back
        present = loudness_dbfs(sound)
        if present <= _SILENT_DBFS or (turn and abs(present - loudness) < 0.1):
            break
        samples = sound.samples * np.float32(10 ** ((loudness - present) / 20))
        sound = Sound(_limited(samples, float(10 ** (ceiling / 20)), sound.rate_hz), sound.rate_hz)
    return sound


def _limited(samples: Samples, ceiling: float, rate_hz: int) -> Samples:
    # The least gain any sample within 5 ms needs, averaged over 5 ms: never more than a sample itself needs.
    width = int(0.005 * rate_hz) | 1
    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(samples), 1e-9))
    padded = np.pad(wanted, width - 1, constant_values=1.0)
    least = np.lib.stride_tricks.sliding_window_view(padded, width).min(axis=1)
    gain = np.convolve(least, np.full(width, 1.0 / width), mode="valid")
    return (samples * gain).astype(np.float32)
