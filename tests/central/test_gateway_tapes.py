"""Recordings of gateways at the centre: announced, asked for, come, unsealed; in any order, and after a restart."""

import asyncio
import io
from pathlib import Path

import pytest

from central.api.desk import DeskError
from central.gateway_tapes import WANTED_MOST
from central.store.gateway_recordings import GatewayRecordings
from central.store.uploads import Uploads
from link.contract.facts import LineOpened
from link.contract.link_facts import RecordingGone, RecordingReady
from link.sealing.seal import SealedWriter
from tests.central.town_rig import Town
from tests.firmware.files.web import sha_of

SOUND = b"OggS" + bytes(range(256)) * 200


def sealed(town: Town, sound: bytes = SOUND, end: bool = True) -> bytes:
    buffer = io.BytesIO()
    writer = SealedWriter(buffer, town.files.seal_public)
    writer.write(sound)
    if end:
        writer.close()
    return buffer.getvalue()


def ready(data: bytes, recording: str = "r1-7", **more: object) -> RecordingReady:
    fields = {"recording": recording, "line": "r1", "sha": sha_of(data), "size": len(data), "seconds": 4.5}
    times = {"codec": "opus", "started_ms": 1_700_000_003_000, "ended_ms": 1_700_000_007_500}
    return RecordingReady.model_validate({**fields, **times, **more})


def come(uploads: Uploads, data: bytes) -> None:
    part = uploads.begin("gw-a", sha_of(data), len(data))
    part.path.write_bytes(data)
    uploads.finish(part)


async def worked(town: Town) -> None:
    """Everything that was told or has come is dealt with."""
    await town.gateway_tapes._write_told()
    await town.gateway_tapes._sweep()


async def the_one(town: Town):
    (row,) = await town.recordings.list(kind="gateway")
    return row


async def test_an_announcement_stands_in_the_list_at_once_with_the_gateways_times(town: Town):
    town.gateway_tapes.told("gw-a", ready(sealed(town), cut=True))
    town.gateway_tapes.told("gw-a", LineOpened(line="r1"))
    await worked(town)
    view = await town.desk.tapes.recording("gw-a.r1-7")
    assert (view.kind, view.state, view.gateway, view.subject) == ("gateway", "announced", "gw-a", "gw-a/r1")
    assert (view.started_wall, view.ended_wall, view.seconds) == (1_700_000_003.0, 1_700_000_007.5, 4.5)
    assert (view.codec, view.cut, view.sha, view.wanted) == ("opus", True, None, False)
    assert await town.desk.tapes.recording_audio(view.id) is None


@pytest.mark.parametrize("first", ["told", "come"])
async def test_what_is_told_and_what_has_come_meet_in_either_order(town: Town, first: str):
    data = sealed(town)
    if first == "come":
        come(town.incoming._uploads, data)
        await worked(town)
        assert town.incoming._uploads.whole_ones() == (sha_of(data),), "it waits for its announcement"
    town.gateway_tapes.told("gw-a", ready(data))
    await worked(town)
    if first == "told":
        come(town.incoming._uploads, data)
        await worked(town)
    row = await the_one(town)
    assert (row.state, row.sha256, row.cut, row.seconds) == ("closed", sha_of(SOUND), False, 4.5)
    assert row.path == "2023/11/14/gw-a.r1-7.opus"
    assert (await town.desk.tapes.recording_audio(row.id)).read_bytes() == SOUND
    assert town.incoming._uploads.whole_ones() == ()
    known = await town.incoming.upload("gw-a", sha_of(data))
    assert (known.complete, known.offset) == (True, len(data)), "sent again it is known"


async def test_told_again_it_changes_nothing(town: Town):
    data = sealed(town)
    come(town.incoming._uploads, data)
    for _ in range(3):
        town.gateway_tapes.told("gw-a", ready(data))
        await worked(town)
    assert (await the_one(town)).state == "closed"


async def test_the_recorder_died_and_what_it_had_sealed_is_heard(town: Town):
    data = sealed(town, SOUND, end=False)
    come(town.incoming._uploads, data)
    town.gateway_tapes.told("gw-a", ready(data))
    await worked(town)
    row = await the_one(town)
    assert (row.state, row.cut) == ("closed", True)
    assert town.recordings.path_of(row).read_bytes() == SOUND


async def test_what_does_not_open_stays_as_evidence(town: Town):
    data = bytearray(sealed(town))
    data[5000] ^= 1
    come(town.incoming._uploads, bytes(data))
    town.gateway_tapes.told("gw-a", ready(bytes(data)))
    await worked(town)
    row = await the_one(town)
    assert row.state == "failed" and "damaged" in row.why
    assert town.incoming._uploads.whole_ones() == (sha_of(bytes(data)),)
    assert not list(Path(town.folder / "recordings").rglob("*.*")), "no half of it lies about"
    assert (await town.incoming.upload("gw-a", sha_of(bytes(data)))).complete


async def test_what_the_gateway_gave_up_is_missing_and_says_why(town: Town):
    town.gateway_tapes.told("gw-a", ready(sealed(town)))
    town.gateway_tapes.told("gw-a", RecordingGone(recording="r1-7", line="r1", why="quota"))
    town.gateway_tapes.told("gw-b", RecordingGone(recording="r1-7", line="r1", why="quota"))
    await worked(town)
    row = await the_one(town)
    assert (row.state, row.why) == ("missing", "given up at the gateway: quota")


async def test_one_that_is_asked_for_is_named_to_its_gateway_until_it_is_here(town: Town):
    data = sealed(town)
    town.gateway_tapes.told("gw-a", ready(data))
    await worked(town)
    view = await town.desk.tapes.want_recording("gw-a.r1-7", "wang")
    assert view.wanted and town.gateway_tapes.wanted("gw-a") == ("r1-7",)
    assert town.gateway_tapes.wanted("gw-b") == ()
    assert town.asked_gateways == ["gw-a"]
    come(town.incoming._uploads, data)
    await worked(town)
    assert town.gateway_tapes.wanted("gw-a") == () and town.asked_gateways == ["gw-a", "gw-a"]
    with pytest.raises(DeskError) as caught:
        await town.desk.tapes.want_recording("gw-a.r1-7", "wang")
    assert caught.value.status == 409 and "closed" in caught.value.what
    with pytest.raises(DeskError, match="no recording"):
        await town.desk.tapes.want_recording("none", "wang")


async def test_what_is_wanted_is_known_after_a_restart_and_bounded(town: Town):
    for number in range(WANTED_MOST + 1):
        town.gateway_tapes.told("gw-a", ready(sealed(town, b"x"), f"n{number}"))
    await worked(town)
    for number in range(WANTED_MOST):
        await town.gateway_tapes._recordings.want(f"gw-a.n{number}")
    town.gateway_tapes._wanted = {}
    await town.gateway_tapes.resume()
    assert len(town.gateway_tapes.wanted("gw-a")) == WANTED_MOST
    with pytest.raises(DeskError, match="on their way already"):
        await town.desk.tapes.want_recording(f"gw-a.n{WANTED_MOST}", "wang")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "吴", "x" * 200])
async def test_a_gateways_name_for_it_leads_nowhere_else(town: Town, name: str):
    town.gateway_tapes.told(
        "gw-a", ready(sealed(town), name, started_ms=-(2**63), ended_ms=2**64 - 1, size=2**64)
    )
    await worked(town)
    row = await the_one(town)
    assert row.origin == name and len(row.id) < 200
    inside = (town.folder / "recordings").resolve()
    assert GatewayRecordings(town.database, inside).path_of(row).resolve().is_relative_to(inside)


async def test_reconcile_leaves_them_alone_unless_their_sound_is_gone(town: Town):
    data = sealed(town)
    town.gateway_tapes.told("gw-a", ready(data))
    town.gateway_tapes.told("gw-a", ready(sealed(town, b"later"), "r1-8"))
    come(town.incoming._uploads, data)
    await worked(town)
    found = await town.recordings.reconcile(repair=lambda folder: ())
    assert (found.closed, found.missing, found.strangers) == ((), (), ())
    path = town.recordings.path_of(await town.recordings.find("gw-a.r1-7"))
    path.rename(path.with_suffix(".away"))
    assert (await town.recordings.reconcile(repair=lambda folder: ())).missing == ("gw-a.r1-7",)
    path.with_suffix(".away").rename(path)
    assert (await town.recordings.reconcile(repair=lambda folder: ())).closed == ("gw-a.r1-7",)
    assert (await town.recordings.find("gw-a.r1-7")).seconds == 4.5


async def test_it_runs_by_itself(town: Town):
    running = asyncio.create_task(town.gateway_tapes.run())
    data = sealed(town)
    town.gateway_tapes.told("gw-a", ready(data))
    await asyncio.to_thread(come, town.incoming._uploads, data)
    town.gateway_tapes.arrived()
    while not await town.recordings.list(kind="gateway", state="closed"):
        await asyncio.sleep(0)
    running.cancel()
    assert town.incoming._uploads.size_of(sha_of(data)) is None or not running.done()
