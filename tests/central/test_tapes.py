"""Tapes: what is recorded for whom, when it ends, and what the list says after trouble at either end."""

import asyncio
import wave
from pathlib import Path

import pytest

from central import tapes
from central.store.database import Database, StoreError
from central.store.recordings import Recordings
from central.tapes import TAIL, Tapes
from link.contract import neighbour as voice
from link.hosting.clock import HandClock

SHA = "c" * 64
A, B = "gw-a/r1", "gw-b/r1"


class Rig:
    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.orders: list[voice.Wire] = []
        self.changed: list[tuple[str, str]] = []
        self.recordings = Recordings(database, folder)
        self.clock = HandClock(wall=1_700_000_000.0)
        self.tapes = Tapes(self.recordings, self.orders.append, self.clock, self.note, self.heard)

    def heard(self, gateway: str, fact: object) -> None:
        self.changed.append((gateway, "told"))

    def note(self, kind: str, name: str) -> None:
        self.changed.append((kind, name))

    async def written(self) -> None:
        """Everything that was to be written is written."""
        while not self.tapes._jobs.empty():
            await self.tapes._jobs.get_nowait()

    def started(self) -> list[voice.StartRecording]:
        return [order for order in self.orders if isinstance(order, voice.StartRecording)]

    def stopped(self) -> list[str]:
        return [order.recording for order in self.orders if isinstance(order, voice.StopRecording)]

    def close(self, name: str, state: str = "closed") -> None:
        path = next(order.path for order in self.started() if order.recording == name)
        fields = {"recording": name, "path": path, "seconds": 2.5, "sha": SHA, "state": state, "why": "x"}
        self.tapes.closed(voice.RecordingClosed.model_validate(fields))


@pytest.fixture
def rig(tmp_path: Path):
    database = Database.open(tmp_path / "core.db")
    yield Rig(database, tmp_path / "recordings")
    database.close()


async def test_a_conversation_is_one_file_of_the_group_and_one_of_each_leg(rig: Rig):
    rig.tapes.conversation("valley", (A, B), on=True)
    await rig.written()
    assert [(order.recording, order.legs) for order in rig.started()] == [
        ("group-valley-20231114-221320-1", (A, B)),
        ("leg-gw-a.r1-20231114-221320-2", (A,)),
        ("leg-gw-b.r1-20231114-221320-3", (B,)),
    ]
    assert rig.started()[0].path == "2023/11/14/group-valley-20231114-221320-1.wav"
    kept = await rig.recordings.list()
    assert {(each.kind, each.subject, each.state) for each in kept} == {
        ("group", "valley", "open"),
        ("leg", A, "open"),
        ("leg", B, "open"),
    }
    assert [kind for kind, _ in rig.changed] == ["recording"] * 3


async def test_who_talks_is_named_once_in_the_files_in_which_he_is_heard(rig: Rig):
    rig.tapes.conversation("valley", (A, B), on=True)
    rig.tapes.conversation("hills", ("gw-c/r1",), on=True)
    for _ in range(2):
        rig.tapes.talked("valley", A, "Boat 3", "2001")
    rig.tapes.talked("valley", B, "South", "")
    rig.tapes.talked("hills", A, "nobody", "here")
    await rig.written()
    named = {each.subject: each.talkers for each in await rig.recordings.list()}
    assert named == {
        "valley": '["Boat 3 (2001)", "South"]',
        A: '["Boat 3 (2001)"]',
        B: '["South"]',
        "hills": "[]",
        "gw-c/r1": "[]",
    }


async def test_a_patch_has_a_file_under_the_name_of_each_of_its_groups(rig: Rig):
    rig.tapes.conversation("patch-1", (A, B), True, ("valley", "hills"))
    await rig.written()
    kept = await rig.recordings.list()
    assert sorted((each.kind, each.subject) for each in kept) == [
        ("group", "hills"),
        ("group", "valley"),
        ("leg", A),
        ("leg", B),
    ]
    hills = rig.tapes.of_owner("group:patch-1", "group", "hills")
    assert hills is not None and hills.startswith("group-hills-")
    assert rig.tapes.of_owner("group:patch-1", "group", "dam") is None
    rig.tapes.conversation("patch-1", (), on=False)
    assert len(rig.stopped()) == 4


async def test_a_broadcast_is_one_file_of_each_loudspeaker_under_its_channel(rig: Rig):
    rig.tapes.broadcast("b-1", ("gw-a/pa1", "gw-b/pa1"), "drill", on=True)
    await rig.written()
    assert [order.legs for order in rig.started()] == [("gw-a/pa1",), ("gw-b/pa1",)]
    kept = await rig.recordings.list()
    assert {(each.kind, each.subject, each.channel) for each in kept} == {("broadcast", "b-1", "drill")}


async def test_the_end_of_an_owner_stops_all_of_his_and_only_his(rig: Rig):
    rig.tapes.conversation("valley", (A,), on=True)
    rig.tapes.broadcast("b-1", ("gw-a/pa1",), "live", on=True)
    rig.tapes.conversation("valley", (A,), on=False)
    await rig.written()
    assert rig.stopped() == [order.recording for order in rig.started()[:2]]
    rig.tapes.broadcast("b-1", (), "live", on=False)
    assert rig.stopped()[2:] == [], "its last words are still on their way"
    await rig.clock.advance(TAIL + 0.01)
    assert rig.stopped()[2:] == [rig.started()[2].recording]


async def test_the_running_recording_of_an_owner_is_known_by_its_kind(rig: Rig):
    rig.tapes.conversation("valley", (A,), on=True)
    group, leg = (order.recording for order in rig.started())
    assert rig.tapes.of_owner("group:valley", "group") == group
    assert rig.tapes.of_owner("group:valley", "leg") == leg
    assert rig.tapes.of_owner("group:hills", "group") is None
    rig.close(group)
    assert rig.tapes.of_owner("group:valley", "group") is None
    await rig.written()


@pytest.mark.parametrize(("told", "kept"), [("closed", "closed"), ("repaired", "repaired")])
async def test_a_file_that_was_closed_is_kept_with_its_length_and_hash(rig: Rig, told: str, kept: str):
    rig.tapes.conversation("valley", (), on=True)
    name = rig.started()[0].recording
    rig.close(name, told)
    await rig.written()
    found = await rig.recordings.find(name)
    assert (found.state, found.seconds, found.sha256) == (kept, 2.5, SHA)
    assert rig.changed[-1] == ("recording", name)
    assert name not in rig.tapes.running


async def test_a_file_that_failed_is_missing_unless_it_is_there(rig: Rig):
    rig.tapes.conversation("valley", (A,), on=True)
    gone, there = rig.started()
    path = rig.folder / there.path
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32000))
    for order in (gone, there):
        rig.close(order.recording, "failed")
    await rig.written()
    assert (await rig.recordings.find(gone.recording)).state == "missing"
    kept = await rig.recordings.find(there.recording)
    assert (kept.state, kept.seconds) == ("closed", 1.0)


async def test_the_node_that_comes_is_told_to_stop_what_nobody_here_knows(rig: Rig):
    rig.tapes.node_came(("group-of-an-older-core-1",))
    assert rig.stopped() == ["group-of-an-older-core-1"]
    await rig.written()


async def test_what_the_node_does_not_hold_does_not_run(rig: Rig):
    rig.tapes.conversation("valley", (A,), on=True)
    group, leg = (order.recording for order in rig.started())
    await rig.written()
    rig.tapes.node_came((leg,))
    await rig.written()
    assert set(rig.tapes.running) == {leg}
    assert rig.stopped() == []
    assert (await rig.recordings.find(group)).state == "missing"
    assert (await rig.recordings.find(leg)).state == "open"


async def test_what_was_to_end_while_the_node_was_away_ends_when_it_is_back(rig: Rig):
    rig.tapes.conversation("valley", (), on=True)
    name = rig.started()[0].recording
    rig.tapes.conversation("valley", (), on=False)  # the node is away: this order is lost
    rig.orders.clear()
    rig.tapes.node_came((name,))
    assert rig.stopped() == [name]
    await rig.written()


async def test_a_full_disk_delays_the_list_and_loses_nothing(rig: Rig, monkeypatch, caplog):
    begin, full = rig.recordings.begin, [True]

    async def fails(*told, **more):
        if full:
            raise StoreError("the disk is full", "free some space", passing=True)
        return await begin(*told, **more)

    monkeypatch.setattr(rig.recordings, "begin", fails)
    task = asyncio.create_task(rig.tapes.run())
    rig.tapes.conversation("valley", (A,), on=True)
    group, leg = (order.recording for order in rig.started())
    for name in (group, leg):
        rig.close(name, "failed")
    await rig.clock.advance(30.0)
    assert caplog.text.count("the disk is full") == 1, "said once"
    full.clear()
    while rig.tapes.waiting:
        await rig.clock.advance(1.0)
        await asyncio.sleep(0)
    assert [(await rig.recordings.find(name)).state for name in (group, leg)] == ["missing", "missing"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_list_that_cannot_be_written_for_ever_does_not_fill_the_memory(rig: Rig, caplog):
    for _ in range(tapes.WAITING_MOST):
        rig.tapes.conversation("valley", (), on=True)
    assert rig.tapes.waiting == tapes.WAITING_MOST
    rig.tapes.conversation("valley", (), on=True)
    assert rig.tapes.waiting == tapes.WAITING_MOST
    assert "the list of recordings has no room" in caplog.text
    while rig.tapes.waiting:
        rig.tapes._jobs.get_nowait().close()


async def test_trouble_with_the_list_is_told_and_what_follows_is_written(rig: Rig, caplog):
    task = asyncio.create_task(rig.tapes.run())
    fields = {"recording": "never-begun", "path": "x.wav", "seconds": 1.0, "sha": SHA}
    rig.tapes.closed(voice.RecordingClosed.model_validate(fields))
    rig.tapes.conversation("valley", (), on=True)
    name = rig.started()[0].recording
    written = asyncio.Event()

    async def mark() -> None:
        written.set()

    rig.tapes._jobs.put_nowait(mark())
    await asyncio.wait_for(written.wait(), 5)
    assert await rig.recordings.find(name) is not None
    assert "recordings list=there is no recording never-begun" in caplog.text
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_telephone_call_is_one_file_of_each_party_until_its_end(rig: Rig):
    rig.tapes.call("c-1", "call:x-1", "2001")
    rig.tapes.call("c-1", "call:x-2", "2002")
    rig.tapes.call("c-2", "call:x-3", "2003")
    await rig.written()
    assert [order.legs for order in rig.started()] == [("call:x-1",), ("call:x-2",), ("call:x-3",)]
    assert {each.subject for each in await rig.recordings.list()} == {"c-1 2001", "c-1 2002", "c-2 2003"}
    rig.tapes.call_over("c-1")
    assert rig.stopped() == [order.recording for order in rig.started()[:2]]
