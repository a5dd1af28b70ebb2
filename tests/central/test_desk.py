"""Desk: every answer is what core then does, and every no is a DeskError with a status and a way out."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from central.api.changes import BroadcastNow, CentreNow, GatewayNow, GroupNow, NodeNow, RecordingNow
from central.api.desk import DeskError
from central.api.recording_desk import RecordingSearch
from central.api.requests import BroadcastRequest
from central.broadcasts import messages as warn
from central.broadcasts.asked import Clip
from central.store.clips import ClipError
from central.store.database import StoreError
from central.store.journal import JournalError
from link.bus.port import Message
from link.hosting.clock import settle_loop
from tests.central.town_rig import LINES, Town, tone

STORE_TROUBLE = StoreError("the disk is full", "free some space")


def ask(*zones: str, **fields: object) -> BroadcastRequest:
    return BroadcastRequest.model_validate({"zones": zones or ("north",), "text": "Leave now", **fields})


async def refusal(work) -> DeskError:
    with pytest.raises(DeskError) as caught:
        await work
    return caught.value


async def kinds(town: Town) -> list[str]:
    await town.journal.barrier()
    return [entry.kind for entry in await town.desk.journal_tail(50, None)]


# ---- broadcasts


async def test_a_test_goes_out_at_once(town: Town):
    await town.born()
    seen = await town.desk.start_broadcast(ask("north", "all", channel="test", window=60), "wang")
    assert [(target.line, target.state) for target in seen.targets] == [
        ("gw-a/pa1", "ordered"),
        ("gw-b/pa1", "waiting"),
    ]
    assert (seen.by, seen.channel, seen.state, seen.zones) == ("wang", "test", "sending", ("north", "all"))
    assert seen.not_after_wall == town.clock.wall() + 60


async def test_a_live_one_waits_for_a_second_person(town: Town):
    await town.born()
    seen = await town.desk.start_broadcast(ask(), "wang")
    assert (seen.state, seen.text) == ("waiting", "Leave now")
    error = await refusal(town.desk.approve(seen.id, "Wang "))
    assert (error.status, error.what) == (409, "Wang  asked for it; a second, different person must approve")
    seen = await town.desk.approve(seen.id, "li")
    assert (seen.state, seen.approvals[0].by) == ("sending", "li")
    assert (await refusal(town.desk.approve(seen.id, "zhao"))).what == "it is approved already"
    assert "broadcast.approval-refused" in await kinds(town)


async def test_a_drill_needs_no_approval(town: Town):
    seen = await town.desk.start_broadcast(ask(channel="drill"), "wang")
    error = await refusal(town.desk.approve(seen.id, "li"))
    assert (error.status, error.what) == (409, "a drill broadcast needs no approval")


@pytest.mark.parametrize(
    ("zones", "status", "what", "advice"),
    [
        (("nroth",), 404, "there is no zone 'nroth'", "zones: all, empty, north"),
        (("empty",), 409, "there is no loudspeaker in these zones", "see: spillway status"),
    ],
)
async def test_a_zone_that_cannot_be_warned(
    town: Town, zones: tuple[str, ...], status: int, what: str, advice: str
):
    error = await refusal(town.desk.start_broadcast(ask(*zones), "wang"))
    assert (error.status, error.what, error.advice) == (status, what, advice)
    assert town.speech.said == [], "nothing is spoken for nobody"


async def test_a_clip_or_text_that_cannot_be_had(town: Town):
    missing = BroadcastRequest(zones=("north",), clip="flood")
    assert (await refusal(town.desk.start_broadcast(missing, "wang"))).status == 404
    assert (await refusal(town.desk.start_broadcast(ask(text="…"), "wang"))).status == 422
    assert (await refusal(town.desk.start_broadcast(ask(voice="fr"), "wang"))).status == 422
    assert town.board.broadcasts == {}


async def test_a_store_that_fails_is_no_fault_of_the_program(town: Town, monkeypatch):
    async def fail(name: str) -> None:
        raise STORE_TROUBLE

    monkeypatch.setattr(town.clips, "find", fail)
    error = await refusal(town.desk.start_broadcast(ask(), "wang"))
    assert (error.status, error.what, error.advice) == (503, "the disk is full", "free some space")


async def test_a_clip_that_no_order_can_carry_is_refused(town: Town, monkeypatch):
    async def huge(request: BroadcastRequest) -> Clip:
        return Clip("c" * 64, 64_000_001, 3599.0, "endless")

    monkeypatch.setattr(town.desk._studio, "clip_for", huge)
    error = await refusal(town.desk.start_broadcast(ask(), "wang"))
    assert error.status == 422
    assert "size" in error.what


async def test_a_stop_is_never_refused_to_a_person(town: Town):
    await town.born()
    seen = await town.desk.start_broadcast(ask(channel="test"), "wang")
    stopped = await town.desk.stop(seen.id, "anybody")
    assert (stopped.state, stopped.stopped_by) == ("stopped", "anybody")
    assert (await town.desk.stop(seen.id, "li")).stopped_by == "anybody"


async def test_what_is_over_is_returned_as_it_is(town: Town):
    seen = await town.desk.start_broadcast(ask(), "wang")
    await town.desk.stop(seen.id, "li")
    assert seen.id not in town.board.broadcasts, "nothing was sent: it is settled"
    again = await town.desk.stop(seen.id, "zhao")
    assert (again.state, again.stopped_by) == ("stopped", "li")
    error = await refusal(town.desk.approve(seen.id, "li"))
    assert (error.status, error.what) == (409, f"broadcast {seen.id} is over")


@pytest.mark.parametrize("verb", ["approve", "stop"])
async def test_a_broadcast_that_is_not_known(town: Town, verb: str):
    error = await refusal(getattr(town.desk, verb)("b-x", "li"))
    assert (error.status, error.what, error.advice) == (
        404,
        "there is no broadcast 'b-x'",
        "see: spillway status",
    )
    assert await town.desk.broadcast("b-x") is None


async def test_old_broadcasts_come_from_the_store(town: Town):
    seen = await town.desk.start_broadcast(ask(), "wang")
    await town.desk.stop(seen.id, "li")
    await town.hosted.flush()
    kept = town.hosted.recent.pop(seen.id)
    assert await town.desk.broadcast(seen.id) == kept
    assert await town.desk.broadcasts(10) == (kept,)
    newer = await town.desk.start_broadcast(ask(channel="test"), "wang")
    assert [each.id for each in await town.desk.broadcasts(1)] in ([newer.id], [seen.id])
    assert len(await town.desk.broadcasts(10)) == 2


async def test_a_row_that_cannot_be_read_back_hides_no_other(town: Town):
    seen = await town.desk.start_broadcast(ask(), "wang")
    await town.hosted.flush()
    row = await town.store.get(seen.id)
    await town.store.save(replace(row, id="b-damaged", snapshot={"id": 5}))
    assert [each.id for each in await town.desk.broadcasts(10)] == [seen.id]
    assert await town.desk.broadcast("b-damaged") is None


# ---- clips and evidence


async def test_a_clip_is_added_shown_and_given_out(town: Town, tmp_path: Path):
    seen = await town.desk.add_clip("flood", tone(tmp_path / "t.wav"), "wang")
    assert await town.desk.clips() == (seen,)
    assert (await town.desk.blob(seen.sha)).read_bytes()[:4] == b"RIFF"
    assert await town.desk.blob("a" * 64) is None
    assert await town.desk.blob("../x") is None
    assert "clip.added" in await kinds(town)


async def test_a_clip_without_a_name_is_given_one(town: Town, tmp_path: Path):
    assert (await town.desk.add_clip(None, tone(tmp_path / "t.wav"), "wang")).name.startswith("wav-")


async def test_a_clip_that_is_no_sound_is_refused(town: Town, tmp_path: Path):
    path = tmp_path / "t.wav"
    path.write_bytes(b"MP3")
    error = await refusal(town.desk.add_clip("flood", path, "wang"))
    assert (error.status, error.what) == (422, "this is not a WAV file (no RIFF/WAVE header)")
    assert "clip.added" not in await kinds(town)


@pytest.mark.parametrize(("trouble", "status"), [(STORE_TROUBLE, 503), (ClipError("no", "x"), 422)])
async def test_a_clip_that_is_not_kept_is_told(town: Town, monkeypatch, trouble: Exception, status: int):
    async def fail(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(town.clips, "add", fail)
    error = await refusal(town.desk.add_clip("flood", Path("/x"), "wang"))
    assert (error.status, error.what) == (status, trouble.reason)


@pytest.mark.parametrize(
    ("part", "method", "ask_for"),
    [
        ("store", "list", lambda desk: desk.broadcasts(5)),
        ("store", "get", lambda desk: desk.broadcast("b-1")),
        ("clips", "list", lambda desk: desk.clips()),
        ("recordings", "list", lambda desk: desk.tapes.recordings(RecordingSearch(), 5)),
        ("recordings", "find", lambda desk: desk.tapes.recording("g-1")),
        ("recordings", "find", lambda desk: desk.tapes.recording_audio("g-1")),
        ("journal", "tail", lambda desk: desk.journal_tail(5, None)),
        ("journal", "verify", lambda desk: desk.journal_verify()),
    ],
)
@pytest.mark.parametrize("trouble", [STORE_TROUBLE, JournalError("the disk is full", "free some space")])
async def test_a_disk_that_fails_is_told_with_its_advice(town, monkeypatch, part, method, ask_for, trouble):
    async def fail(*_: object, **__: object) -> None:
        raise trouble

    monkeypatch.setattr(getattr(town, part), method, fail)
    error = await refusal(ask_for(town.desk))
    assert (error.status, error.what, error.advice) == (503, "the disk is full", "free some space")


async def test_recordings_are_shown_by_kind_and_subject(town: Town):
    begin = town.recordings.begin
    await begin("g-1", "group", "valley", Path("g-1.wav"), 1_000)
    await begin("l-1", "leg", "gw-a/r1", Path("l-1.wav"), 2_000)
    assert [each.id for each in await town.desk.tapes.recordings(RecordingSearch(), 5)] == ["l-1", "g-1"]
    assert [each.id for each in await town.desk.tapes.recordings(RecordingSearch(kind="group"), 5)] == ["g-1"]
    assert [each.id for each in await town.desk.tapes.recordings(RecordingSearch(subject="gw-a/r1"), 5)] == [
        "l-1"
    ]
    assert (await town.desk.tapes.recording("g-1")).started_wall == 1.0
    assert await town.desk.tapes.recording("x") is None
    assert await town.desk.tapes.recording_audio("x") is None
    assert await town.desk.tapes.recording_audio("g-1") is None, "there is no file yet"
    (town.folder / "recordings").mkdir()
    tone(town.folder / "recordings" / "g-1.wav")
    assert (await town.desk.tapes.recording_audio("g-1")).name == "g-1.wav"


async def test_the_journal_is_shown_and_checked(town: Town):
    for number in range(3):
        town.journal.append("a.thing", str(number), {"n": number})
    await town.journal.barrier()
    assert [entry.subject for entry in await town.desk.journal_tail(2, "a.thing")] == ["1", "2"]
    verdict = await town.desk.journal_verify()
    assert (verdict.ok, verdict.reason) == (True, "")


# ---- looks and news


async def test_counters_count_what_was_refused(town: Town):
    for gateway in ("gw-a", "gw-b"):
        town.board.mail.take(Message(f"sw/1/main/up/{gateway}/live", b"rubbish"))
    town.bus.publish("x", b"nobody is connected")
    counters = town.desk.counters()
    assert counters["refused_codec_total"] == 2.0
    assert counters["bus_not_connected_total"] == 1.0
    assert counters["mail_dropped_total"] == counters["commands_total"] == 0.0
    assert counters["mail_waiting"] == counters["mail_lag_ms"] == counters["gateways_online"] == 0.0
    await town.born()
    assert town.desk.counters()["gateways_online"] == 1.0


@pytest.mark.parametrize("leg", [True, False])
async def test_only_lines_that_have_a_leg_are_recorded(town: Town, leg: bool):
    await town.born(lines=tuple(line.model_copy(update={"leg": leg}) for line in LINES))
    town.board.perform_broadcast(warn.RecordFrom("b-1", ("gw-a/pa1",), "drill"))
    await settle_loop()
    assert len(town.board.tapes.running) == int(leg)


async def test_every_change_is_announced_as_it_is_now(town: Town):
    await town.born()
    await town.recordings.begin("g-1", "group", "valley", Path("g-1.wav"), 1_000)
    seen = await town.desk.start_broadcast(ask(), "wang")
    listener = town.desk.announcer.listen()
    for kind, name in (("gateway", "gw-a"), ("group", "valley"), ("broadcast", seen.id), ("node", "voice")):
        town.desk.changed(kind, name)
    town.desk.changed("centre", "")
    await town.desk.announce_recording("g-1")
    heard = [await asyncio.wait_for(anext(listener), 1) for _ in range(6)]
    assert [type(news) for news in heard] == [
        GatewayNow,
        GroupNow,
        BroadcastNow,
        NodeNow,
        CentreNow,
        RecordingNow,
    ]
    assert heard[0].gateway == town.views.gateway("gw-a")
    assert heard[2].broadcast.id == seen.id


async def test_what_does_not_exist_is_not_announced(town: Town):
    for kind, name in (("gateway", "x"), ("group", "x"), ("broadcast", "x"), ("weather", "x")):
        town.desk.changed(kind, name)
    await town.desk.announce_recording("x")
    assert town.desk.announcer.announced == 0


async def test_the_view_is_the_town_as_it_is(town: Town):
    town.desk.journal_ok = False
    seen = town.desk.view()
    assert (seen.journal_ok, seen.bus, len(seen.gateways)) == (False, False, 2)
    for plain in (True, False):
        town.views.settings = town.views.settings.model_copy(update={"plain": plain})
        assert town.desk.view().plain is plain


async def test_an_open_broker_is_in_the_view_and_is_announced(town: Town):
    town.views.bus_trouble = lambda: "the broker is open: x"
    assert town.desk.view().bus_trouble == "the broker is open: x"
    change = town.desk._change("centre", "")
    assert isinstance(change, CentreNow) and change.bus_trouble == "the broker is open: x"
