"""Recordings with a chain, in a folder of the test."""

import math
from pathlib import Path

from central.store.database import Database
from central.store.recording_keys import RecordingKey
from central.store.recording_rows import Recording, samples_of, sha256_of
from central.store.recordings import Recordings
from central.store.seal_book import SealBook
from central.voice.segments import wav_head
from link.contract.tape_orders import RecordingBegan, RecordingClosed

RATE = 16000
START_MS = 1_700_000_000_000
KEY = RecordingKey(bytes(range(32)))


def tone(seconds: float, hz: float = 440.0, level: float = 8000.0) -> bytes:
    """Mono PCM16."""
    count = int(seconds * RATE)
    values = (int(level * math.sin(2 * math.pi * hz * n / RATE)) for n in range(count))
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


class Shelf:
    """`kept` puts a whole recording on the list, its file and its entry in the chain."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.wall = database, folder, START_MS / 1000
        self.book = SealBook(database, KEY, lambda: self.wall)
        self.recordings = Recordings(database, folder, self.book)

    async def kept(
        self, id: str, pcm: bytes, kind: str = "group", subject: str = "valley", after: float = 0, **more: str
    ) -> Recording:
        await self.book.resume()
        started = START_MS + int(after * 1000)
        path = f"2023/11/{id}.wav"
        await self.recordings.begin(id, kind, subject, Path(path), started, **more)  # type: ignore[arg-type]
        tick = int(after * 50)
        began = {"tick": tick, "mono_ns": tick * 20_000_000, "wall_ns": started * 1_000_000}
        await self.recordings.began(RecordingBegan(recording=id, epoch="e1", rate_hz=RATE, **began))
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wav_head(RATE, len(pcm)) + pcm)
        samples, pcm_sha = samples_of(file)
        told = {"recording": id, "path": path, "seconds": samples / RATE, "sha": sha256_of(file)}
        return await self.recordings.closed(RecordingClosed(**told, samples=samples, pcm_sha=pcm_sha))
