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
        self.tapes.heard(voice.RecordingClosed.model_validate(fields))


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
    rig.tapes.talks("patch-1", A, "Boat 3 (2001)")
    rig.tapes.talks("patch-1", "gw-c/r1", "")
    await rig.written()
    named = {(each.kind, each.subject): each.parties for each in await rig.recordings.list()}
    assert named["group", "hills"] == named["group", "valley"] == "|Boat 3 (2001)|gw-c/r1|"
    assert (named["leg", A], named["leg", B]) == ("|Boat 3 (2001)|", ""), (
        "and nobody in whose file he is not heard"
    )
    assert {order.bridge for order in rig.started()} == {"patch-1"}
    rig.tapes.conversation("patch-1", (), on=False)
    assert len(rig.stopped()) == 5


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
    assert group not in rig.tapes.running and leg in rig.tapes.running
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
    rig.tapes.heard(voice.RecordingClosed.model_validate(fields))
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


# ---- segments, parties, and what people must see


class Watched(Rig):
    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        self.alarms: list[tuple[str, str, str]] = []
        told = (self.orders.append, self.clock, self.note, self.heard)
        self.tapes = Tapes(self.recordings, *told, lambda *alarm: self.alarms.append(alarm), segment_s=900)

    def begun(self, name: str) -> None:
        fact = {"recording": name, "epoch": "e1", "rate_hz": 16000, "tick": 5, "mono_ns": 1, "wall_ns": 2}
        self.tapes.heard(voice.RecordingBegan.model_validate(fact))

    def segment(self, name: str, number: int, **more: object) -> None:
        fact = {"recording": name, "path": f"{name}.{number:03}.wav", "seconds": 900.0, "sha": SHA}
        place = {"segment": number, "first": (number - 1) * 900 * 16000, "samples": 900 * 16000, "more": True}
        self.tapes.heard(voice.RecordingClosed.model_validate({**fact, **place, **more}))


@pytest.fixture
def watched(tmp_path: Path):
    database = Database.open(tmp_path / "core.db")
    yield Watched(database, tmp_path / "recordings")
    database.close()


async def test_the_file_of_a_group_follows_its_bridge_and_long_ones_are_cut(watched: Watched):
    watched.tapes.conversation("valley", (A,), on=True)
    group, leg = watched.started()
    assert (group.bridge, group.mixed, group.segment_s) == ("valley", True, 900)
    assert (leg.bridge, leg.mixed) == ("valley", False)
    watched.begun(group.recording)
    watched.segment(group.recording, 1)
    watched.segment(group.recording, 2, more=False)
    await watched.written()
    rows = await watched.recordings.list(talk=group.recording)
    assert [(row.id, row.segment, row.tick) for row in rows] == [
        (group.recording, 2, 45005),
        (f"{group.recording}.001", 1, 5),
    ]
    assert group.recording not in watched.tapes.running


async def test_who_talks_is_a_party_and_who_came_later_is_recorded(watched: Watched):
    watched.tapes.talks("valley", A, "Boat 3")
    watched.tapes.conversation("valley", (A,), on=True)
    watched.tapes.talks("valley", B, "")
    watched.tapes.talks("valley", B, "")
    await watched.written()
    assert [order.legs for order in watched.started()] == [(A,), (A,), (B,)]
    found = {row.subject: row.parties for row in await watched.recordings.list()}
    assert found == {"valley": f"|Boat 3|{B}|", A: "|Boat 3|", B: f"|{B}|"}
    assert [row.subject for row in await watched.recordings.list(party="boat")] == [A, "valley"]


async def test_a_talk_that_nobody_records_is_told(watched: Watched):
    watched.tapes.conversation("valley", (A,), on=True)
    group, leg = (order.recording for order in watched.started())
    watched.begun(leg)
    await watched.clock.advance(tapes.BEGIN_WITHIN + 0.1)
    assert watched.alarms == [("not-recorded", "valley", "the voice node has not begun to record")]
    watched.close(leg, "failed")
    assert watched.alarms[1][:2] == ("not-recorded", A)
    await watched.written()


async def test_a_segment_without_an_end_and_a_hole_are_told(watched: Watched):
    watched.tapes.conversation("valley", (), on=True)
    name = watched.started()[0].recording
    watched.begun(name)
    await watched.clock.advance(900.0)
    watched.segment(name, 1, hole_ms=700)
    assert [(what, why) for what, _, why in watched.alarms] == [
        ("recording-hole", f"{name}: 700 ms passed and are not in it")
    ]
    await watched.clock.advance(900.0 + tapes.SEGMENT_LATE + 0.1)
    assert watched.alarms[1] == ("recording-hole", "valley", f"{name}: a segment has no end")
    assert len(watched.alarms) == 2
    await watched.written()


async def test_a_conversation_that_goes_on_after_its_node_died_is_recorded_again(watched: Watched):
    watched.tapes.conversation("valley", (A,), on=True)
    before = {order.recording for order in watched.started()}
    for name in before:
        watched.begun(name)
    watched.tapes.node_came(())
    again = {order.recording for order in watched.started()} - before
    assert len(again) == 2 and set(watched.tapes.running) == again
    assert {what for what, _, _ in watched.alarms} == {"recording-hole"}
    watched.tapes.conversation("valley", (A,), on=False)
    watched.tapes.node_came(())
    assert watched.tapes.running == {}, "what was to end does not begin anew"
    await watched.written()
