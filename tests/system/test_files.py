"""Files over real sockets: through cuts, kill -9 and restarts of both ends they arrive whole, and little goes twice."""

import asyncio
import hashlib
import io
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from central.store.recordings import Recordings
from firmware.events import BlobsWanted, RecordingKept
from link.contract.documents import DesiredBlob
from link.contract.link_facts import RecordingReady
from link.sealing.seal import SealedWriter
from tests.system.cutting_proxy import CuttingProxy
from tests.system.files_centre import Centre
from tests.system.files_gateway import transfers

SIZE = 240_000
CHUNK = 65_536
HEADERS = 1200
"""Octets that one request and its answer take beside the body, at most."""


def sealed_recording(folder: Path, public: str, sound: bytes) -> RecordingKept:
    """A recording as the gateway's recorder leaves it."""
    buffer = io.BytesIO()
    writer = SealedWriter(buffer, public)
    writer.write(sound)
    writer.close()
    path = folder / "recordings" / "r1-20231114-1.seal"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    sha = hashlib.sha256(buffer.getvalue()).hexdigest()
    fields = {
        "recording": "r1-20231114-1",
        "line": "r1",
        "sha": sha,
        "size": len(buffer.getvalue()),
        "seconds": 9.5,
    }
    times = {"codec": "opus", "started_ms": 1_700_000_000_000, "ended_ms": 1_700_000_009_500}
    kept = RecordingKept(str(path), RecordingReady.model_validate(fields | times))
    path.with_suffix(".json").write_text(kept.fact.model_dump_json())
    return kept


async def child(script: str, *args: object) -> asyncio.subprocess.Process:
    module = f"tests.system.{script}"
    out = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *map(str, args), stdout=out)


async def killed(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.communicate()


async def until(true, seconds: float = 12.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come in time"
        await asyncio.sleep(0.05)


async def test_files_arrive_whole_through_cuts_and_kills_of_both_ends(tmp_path: Path):
    chance = random.Random(4)
    near, far = tmp_path / "gateway", tmp_path / "centre"
    far.mkdir()
    centre = Centre(far, 0)
    public = centre.keys.public
    centre.database.close()
    sound, blob = chance.randbytes(SIZE), chance.randbytes(SIZE)
    sha = hashlib.sha256(blob).hexdigest()
    (far / "blobs" / sha).write_bytes(blob)
    kept = sealed_recording(near, public, sound)
    (far / "1.ready.json").write_text(kept.fact.model_dump_json())
    serving = await child("files_centre", far, 0)
    port = int((await serving.stdout.readline()).split()[1])
    proxy = CuttingProxy(port, [chance.randrange(3_000, 90_000) for _ in range(4)])
    given = (near, f"http://127.0.0.1:{await proxy.start()}", 400_000.0, f"{sha}:{SIZE}")
    moving = await child("files_gateway", *given)
    kills = 2
    try:
        await until(lambda: proxy.down > SIZE / 3)
        await killed(moving)
        moving = await child("files_gateway", *given)
        await until(lambda: proxy.up > SIZE / 3)
        await killed(serving)
        serving = await child("files_centre", far, port)
        await until(lambda: not Path(kept.path).exists())
    finally:
        await killed(moving)
        await killed(serving)
        await proxy.stop()
    assert (near / "files" / sha).read_bytes() == blob
    assert proxy.made == 4
    again = (proxy.made + kills) * (CHUNK + HEADERS)
    requests = 2 * SIZE // 16_384 * HEADERS
    assert proxy.down <= SIZE + again + requests
    assert proxy.up <= kept.fact.size + again + requests
    assert not list((near / "recordings").iterdir()), "recording and side-car are gone once the centre has it"
    await listed(far, sound)


async def listed(far: Path, sound: bytes) -> None:
    """The list says so, and the sound is what was recorded; what had to wait for a restart as well."""
    centre = Centre(far, 0)
    tapes = asyncio.create_task(centre.tapes.run())
    centre.tapes.arrived()
    try:
        rows: list[Recordings] = []
        while not rows:
            rows = await centre.recordings.list(kind="gateway", state="closed")
            await asyncio.sleep(0.05)
    finally:
        tapes.cancel()
        await asyncio.gather(tapes, return_exceptions=True)
        centre.database.close()
    (row,) = rows
    assert (row.subject, row.gateway, row.started_wall_ms) == ("gw-north/r1", "gw-north", 1_700_000_000_000)
    assert centre.recordings.path_of(row).read_bytes() == sound
    assert row.sha256 == hashlib.sha256(sound).hexdigest()


@pytest.fixture
async def centre(tmp_path: Path):
    (tmp_path / "centre").mkdir()
    made = Centre(tmp_path / "centre", 0)
    serving = await made.start()
    yield made
    await made.api.stop()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    made.database.close()


async def test_voice_stops_both_ways_at_once_and_they_go_on_where_they_were(centre: Centre, tmp_path: Path):
    voice = [""]
    blob = random.Random(5).randbytes(SIZE)
    sha = hashlib.sha256(blob).hexdigest()
    (centre.folder / "blobs" / sha).write_bytes(blob)
    centre.desk.files[sha] = centre.folder / "blobs" / sha
    proxy = CuttingProxy(centre.api.port, [])
    url = f"http://127.0.0.1:{await proxy.start()}"
    moving = transfers(tmp_path / "gateway", url, 300_000.0, busy=lambda: voice[0])
    kept = sealed_recording(tmp_path / "gateway", centre.keys.public, random.Random(6).randbytes(SIZE))
    running = asyncio.create_task(moving.run())
    moving.inbox.post(BlobsWanted((DesiredBlob(sha=sha, size=SIZE),)))
    moving.inbox.post(kept)
    try:
        for count in (lambda: proxy.down, lambda: proxy.up):
            await until(lambda count=count: count() > SIZE / 4)
            voice[0] = "r1 transmits"
            await until(lambda: moving.view().paused == "r1 transmits", 1.0)
            await asyncio.sleep(0.1)
            before = (proxy.up, proxy.down)
            await asyncio.sleep(0.4)
            assert (proxy.up, proxy.down) == before
            voice[0] = ""
        await until(lambda: not Path(kept.path).exists())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await proxy.stop()
    assert proxy.down <= SIZE + CHUNK + 60 * HEADERS
    assert proxy.up <= kept.fact.size + CHUNK + 60 * HEADERS
    assert moving.view().error == ""


async def test_what_shall_sound_now_does_not_wait_for_the_background(centre: Centre, tmp_path: Path):
    slow, now = random.Random(7).randbytes(SIZE), random.Random(8).randbytes(SIZE)
    for data in (slow, now):
        sha = hashlib.sha256(data).hexdigest()
        (centre.folder / "blobs" / sha).write_bytes(data)
        centre.desk.files[sha] = centre.folder / "blobs" / sha
    moving = transfers(tmp_path / "gateway", centre.api.url, 20_000.0)
    running = asyncio.create_task(moving.run())
    first, second = (hashlib.sha256(data).hexdigest() for data in (slow, now))
    moving.inbox.post(
        BlobsWanted((DesiredBlob(sha=first, size=SIZE), DesiredBlob(sha=second, size=SIZE, rank=9)))
    )
    try:
        await until(lambda: moving.view().fetching == first, 2.0)
        began = time.monotonic()
        path = await moving.hold(second, SIZE)
        assert time.monotonic() - began < 3.0, "at 20 kB/s it would have taken 20 s"
        assert path.read_bytes() == now
        same = await moving.hold(first, SIZE)  # just under way in the background: gone on with, at full speed
        assert same.read_bytes() == slow and time.monotonic() - began < 5.0
        await until(lambda: moving.view().held == 2, 2.0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
