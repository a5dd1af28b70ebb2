"""Sending recordings up: what the centre must say before one is removed here, and what becomes of a refusal."""

import asyncio
from pathlib import Path

import pytest

from firmware.events import RecordingKept
from firmware.files.centre_files import CentreFiles, Offer
from firmware.files.held import FilesError
from firmware.files.messages import FilesState
from link.contract.link_facts import RecordingGone, RecordingReady
from link.hosting.clock import settle_loop
from tests.firmware.files.web import SHA, SOUND, Answer, Centre, Site

SIZE = len(SOUND)


def told(status: str, *headers: str) -> Answer:
    """An answer without a body, after whatever was sent has been read."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "Connection: close"]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()

    return answer


COMPLETE = told("200 OK", f"Upload-Offset: {SIZE}", "Upload-Complete: ?1", f'ETag: "{SHA}"')
NOTHING = told("200 OK", "Upload-Offset: 0")
ALL_TAKEN = told("204 No Content", f"Upload-Offset: {SIZE}")
ALL_THERE = told("200 OK", f"Upload-Offset: {SIZE}")


@pytest.fixture
async def centre():
    made = Centre()
    made.url = await made.start()
    yield made
    await made.stop()


@pytest.fixture
def kept(tmp_path: Path) -> RecordingKept:
    path = tmp_path / "r1-7.seal"
    path.write_bytes(SOUND)
    fields = {"recording": "r1-7", "line": "r1", "sha": SHA, "size": SIZE, "seconds": 1.0, "codec": "opus"}
    return RecordingKept(str(path), RecordingReady.model_validate(fields | {"started_ms": 0, "ended_ms": 9}))


async def sent(site: Site, centre: Centre, kept: RecordingKept, asked: int) -> FilesState:
    """What people see after the centre was asked so often and the transfer has ended."""
    moving = site.transfers(Path(kept.path).parent, centre.url)
    running = asyncio.create_task(moving.run())
    moving.inbox.post(kept)
    try:
        while len(centre.asked) < asked or moving.view().uploading:
            await asyncio.sleep(0)
        await settle_loop()
        while moving._jobs:
            await asyncio.sleep(0)
        return moving.view()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_it_is_removed_when_the_centre_has_confirmed_it_under_its_hash(
    centre: Centre, kept: RecordingKept
):
    centre.answers = [NOTHING, ALL_TAKEN, COMPLETE]
    state = await sent(Site(), centre, kept, 3)
    assert [line.split()[0] for line, _ in centre.asked] == ["HEAD", "PATCH", "HEAD"]
    assert (state.waiting, state.error) == (0, "")
    assert not Path(kept.path).exists()


@pytest.mark.parametrize(
    "last",
    [
        ALL_THERE,
        told("200 OK", f"Upload-Offset: {SIZE}", "Upload-Complete: ?1", 'ETag: "' + "0" * 64 + '"'),
        told("200 OK", f"Upload-Offset: {SIZE}", "Upload-Complete: ?0", f'ETag: "{SHA}"'),
    ],
)
async def test_taken_is_not_confirmed(centre: Centre, kept: RecordingKept, last: Answer):
    centre.answers = [NOTHING, ALL_TAKEN, last]
    state = await sent(Site(), centre, kept, 3)
    assert "does not confirm it" in state.error and state.waiting == 1
    assert Path(kept.path).read_bytes() == SOUND


async def test_what_the_centre_knows_is_not_sent(centre: Centre, kept: RecordingKept):
    centre.answers = [COMPLETE]
    await sent(Site(), centre, kept, 1)
    assert len(centre.asked) == 1 and not Path(kept.path).exists()


async def test_a_checksum_that_does_not_fit_is_a_refusal(centre: Centre, kept: RecordingKept):
    centre.answers = [NOTHING, told("460 Checksum Mismatch")]
    state = await sent(Site(), centre, kept, 2)
    assert "460" in state.error and state.waiting == 1


async def test_what_is_damaged_here_is_told_and_not_sent(centre: Centre, kept: RecordingKept):
    Path(kept.path).write_bytes(SOUND[::-1])
    site = Site()
    await sent(site, centre, kept, 0)
    while not site.recorded:
        await asyncio.sleep(0)
    assert centre.asked == []
    assert site.recorded == [RecordingGone(recording="r1-7", line="r1", why="damaged on the gateway's disk")]


async def test_offers_are_read_and_nonsense_is_refused(centre: Centre):
    door = CentreFiles(centre.url, "key")
    centre.answers = [
        told("200 OK", "Upload-Offset: 7"),
        told("200 OK", "Upload-Offset: seven"),
        told("200 OK"),
    ]
    assert await door.offer(SHA) == Offer(7, complete=False)
    for _ in range(2):
        with pytest.raises(FilesError, match="names no Upload-Offset"):
            await door.offer(SHA)
    await door.close()
