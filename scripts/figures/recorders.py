"""What recorders cost a voice node: processor time with 200 at once, against the same engine with none."""

import asyncio
import math
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from link.voice.pjsua_engine import PjsuaEngine
from link.voice.port import VoiceSettings
from scripts.figures.figure import Budget, Figure, Load

RECORDERS = 200
LEGS = 20
LOOKS, LOOK, SETTLE = 5, 2.0, 1.0
RATE = 16000
CORE = 5.0
"""Percent of a core that 200 recorders may take."""


class Loop:
    """A second of tone, over and over: as cheap as a source can be."""

    def __init__(self, hz: float) -> None:
        values = (int(8000 * math.sin(2 * math.pi * hz * n / RATE)) for n in range(RATE))
        sound = b"".join(struct.pack("<h", value) for value in values)
        self._frames = [sound[at : at + 640] for at in range(0, len(sound), 640)]
        self._at = 0

    def pop(self) -> bytes:
        """One frame."""
        self._at = (self._at + 1) % len(self._frames)
        return self._frames[self._at]

    def push(self, frame: bytes) -> None:
        """Nothing is to be heard here."""


def measure(recorders: int = RECORDERS) -> list[Figure]:
    """Percent of a core, LOOKS times, with what the engine takes without recorders taken off."""
    with Load() as load, tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "scripts.figures.recorders", str(recorders), folder]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
        without, *shares = (float(each) for each in done.stdout.split())
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.wav"))
    note = f"{recorders} WAVs at {RATE // 1000} kHz, {LEGS} sources; {without:.1f} % without; {size / 1e6:.0f} MB"
    values = tuple(share - without for share in shares)
    return [Figure("cost of recorders", "% core", values, Budget(p50=CORE), load.both, note)]


async def _child(recorders: int, folder: Path) -> None:
    engine = PjsuaEngine(VoiceSettings(rate_hz=RATE, max_calls=8, media_ports=recorders + LEGS + 64))
    await engine.start(lambda fact: None)
    sources = []
    for number in range(LEGS):
        made = Loop(300 + 20 * number)
        sources.append(await engine.add_frames(f"leg-{number}", made, made, RATE))
    await asyncio.sleep(SETTLE)
    print(await _share())
    for number in range(recorders):
        recorder = await engine.record(folder / f"{number}.wav")
        await engine.connect(sources[number % LEGS], recorder)
    await asyncio.sleep(SETTLE)
    for _ in range(LOOKS):
        print(await _share())
    sys.stdout.flush()
    os._exit(0)


async def _share() -> float:
    """Percent of a core that this process takes."""
    used, at = time.process_time(), time.monotonic()
    await asyncio.sleep(LOOK)
    return 100 * (time.process_time() - used) / (time.monotonic() - at)


if __name__ == "__main__":
    asyncio.run(_child(int(sys.argv[1]), Path(sys.argv[2])))
