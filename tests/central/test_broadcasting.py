"""Broadcasting: changes reach the store; after a crash or a restart nothing begins anew by itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from central import broadcasting as broadcasting_module
from central.broadcasting import Broadcasting, row_of
from central.broadcasts import messages as warn
from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from central.broadcasts.view import view
from central.store.broadcasts import BroadcastRow, Broadcasts
from central.store.database import Database, StoreError
from link.contract import facts
from link.contract.field_facts import SoundProved
from link.hosting.clock import HandClock, settle_loop

LINE = "gw-a/pa1"
CLIP = Clip("c" * 64, 64044, 2.0, "warning")


class Board:
    """The switchboard as broadcasts see it: performs their effects, and crashes when told to."""

    def __init__(self) -> None:
        self.broadcasts: dict = {}
        self.done: list[object] = []
        self.broken: type | None = None
        self.changed = lambda name: None

    def perform_broadcast(self, effect: object) -> None:
        if self.broken is not None and isinstance(effect, self.broken):
            self.broken = None
            raise OSError("the door is shut")
        self.done.append(effect)
        if isinstance(effect, warn.Changed):
            self.changed(effect.broadcast)

    def sent(self, kind: type) -> list:
        return [effect for effect in self.done if isinstance(effect, kind)]


class Rig:
    def __init__(self, database: Database, clock: HandClock | None = None) -> None:
        self.clock = clock or HandClock()
        self.board = Board()
        self.store = Broadcasts(database)
        self.tasks: list[asyncio.Task[None]] = []
        self.hosted = Broadcasting(self.board, self.store, self.clock, self.spawn)
        self.board.changed = self.hosted.changed

    def spawn(self, coroutine) -> "asyncio.Task[None]":
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return self.tasks[-1]

    def ask(self, name: str = "b-1", channel: str = "test", **more: object) -> Broadcast:
        asked = Asked(name, channel, CLIP, (LINE,), "wang", ("north",), **more)
        return Broadcast.ask(asked, self.clock.now(), self.clock.wall(), frozenset({"gw-a"}))

    async def begin(self, machine: Broadcast) -> None:
        self.hosted.begin(machine)
        await settle_loop()

    async def post(self, event: object, name: str = "b-1") -> None:
        self.board.broadcasts[name].inbox.post(event)
        await settle_loop()

    async def played(self, name: str = "b-1") -> None:
        play = f"{name}.pa1"
        await self.post(warn.ClipTold("gw-a", facts.ClipStarted(play=play, line="pa1", sha=CLIP.sha)), name)
        end = facts.ClipFinished(play=play, line="pa1", result="played", played=2.0)
        await self.post(warn.ClipTold("gw-a", end), name)

    async def proved(self, name: str = "b-1", verdict: str = "played") -> None:
        fact = {"play": f"{name}.pa1", "line": "pa1", "verdict": verdict}
        await self.post(warn.ClipTold("gw-a", SoundProved.model_validate(fact)), name)

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
def database(tmp_path: Path):
    opened = Database.open(tmp_path / "core.db")
    yield opened
    opened.close()


@pytest.fixture
async def rig(database: Database):
    made = Rig(database)
    yield made
    await made.stop()


async def test_a_broadcast_begins_at_once_and_is_shown(rig: Rig):
    await rig.begin(rig.ask())
    assert [effect.gateway for effect in rig.board.sent(warn.Deliver)] == ["gw-a"]
    assert rig.hosted.recent["b-1"].state == "sending"


async def test_a_flush_returns_when_the_store_holds_every_change(rig: Rig):
    await rig.begin(rig.ask())
    await rig.hosted.flush()
    row = await rig.store.get("b-1")
    assert (row.state, row.channel, row.zones, row.asked_by) == ("sending", "test", ("north",), "wang")
    assert row == row_of(rig.hosted.recent["b-1"])


async def test_the_newest_state_is_what_is_kept(rig: Rig):
    await rig.begin(rig.ask())
    await rig.post(warn.Stop("li"))
    await rig.hosted.flush()
    assert (await rig.store.get("b-1")).state == "stopped"


async def test_changes_are_written_behind_without_being_asked_for(rig: Rig):
    saver = rig.spawn(rig.hosted.save())
    await rig.begin(rig.ask())
    await rig.hosted.flush()
    assert (await rig.store.get("b-1")).state == "sending"
    assert not saver.done()


async def test_a_store_that_fails_costs_only_that_view(rig: Rig, monkeypatch, caplog):
    await rig.begin(rig.ask("b-1"))
    await rig.begin(rig.ask("b-2"))
    save = rig.store.save

    async def fails_once(row: BroadcastRow) -> None:
        if row.id == "b-1":
            raise StoreError("the disk is full", "free some space")
        await save(row)

    monkeypatch.setattr(rig.store, "save", fails_once)
    await rig.hosted.flush()
    assert "broadcast=b-1 not saved" in caplog.text
    assert (await rig.store.get("b-2")).state == "sending"


async def test_what_the_store_did_not_take_is_written_when_it_takes_it_again(rig: Rig, monkeypatch, caplog):
    """A restart must not find a warning under way that has ended meanwhile."""
    save, full = rig.store.save, [True]

    async def fails(row: BroadcastRow) -> None:
        if full:
            raise StoreError("the disk is full", "free some space")
        await save(row)

    monkeypatch.setattr(rig.store, "save", fails)
    rig.spawn(rig.hosted.save())
    await rig.begin(rig.ask())
    await rig.played()
    await rig.clock.advance(10.0)
    assert caplog.text.count("broadcast=b-1 not saved") == 1, "said once"
    assert await rig.store.get("b-1") is None
    full.clear()
    await rig.clock.advance(broadcasting_module.SAVE_AGAIN)
    await rig.hosted.flush()
    assert (await rig.store.get("b-1")).state == "done"


async def test_one_that_is_settled_is_forgotten_here_and_kept_there(rig: Rig):
    await rig.begin(rig.ask())
    await rig.played()
    assert set(rig.board.broadcasts) == {"b-1"}, "its proof is still to come"
    await rig.proved()
    assert rig.board.broadcasts == {}
    assert rig.tasks[0].cancelled()
    assert rig.hosted.recent["b-1"].state == "done"
    await rig.hosted.flush()
    assert (await rig.store.get("b-1")).state == "done"


async def test_a_change_of_what_is_not_hosted_is_no_news(rig: Rig):
    rig.hosted.changed("b-unknown")
    assert rig.hosted.recent == {}


# ---- crash


@pytest.mark.parametrize("broken", [warn.Keep, warn.Deliver, warn.RecordFrom, warn.Changed])
async def test_one_that_crashes_is_stopped_and_never_begins_anew(rig: Rig, broken: type):
    rig.board.broken = broken
    await rig.begin(rig.ask())
    machine = rig.board.broadcasts["b-1"].machine if rig.board.broadcasts else None
    seen = rig.hosted.recent["b-1"]
    assert (seen.state, seen.stopped_by) == ("stopped", "core")
    delivered = len(rig.board.sent(warn.Deliver))
    await rig.clock.advance(600.0)
    assert len(rig.board.sent(warn.Deliver)) == delivered
    assert machine is None or machine.stopped_by == "core"


async def test_a_crash_while_it_sounds_stops_what_was_sent(rig: Rig):
    await rig.begin(rig.ask())
    rig.board.broken = warn.Changed
    await rig.post(warn.ClipTold("gw-a", facts.ClipStarted(play="b-1.pa1", line="pa1", sha=CLIP.sha)))
    (cancel,) = rig.board.sent(warn.Cancel)
    assert (cancel.gateway, cancel.order.play) == ("gw-a", "b-1.pa1")
    assert rig.hosted.recent["b-1"].stopped_by == "core"


# ---- restart


async def restarted(rig: Rig, database: Database, later: float = 10.0) -> Rig:
    """A core that starts `later` seconds after `rig` was killed."""
    await rig.hosted.flush()
    await rig.stop()
    clock = HandClock(now=5.0, wall=rig.clock.wall() + later)
    again = Rig(database, clock)
    await again.hosted.resume()
    await settle_loop()
    return again


async def test_one_that_was_under_way_is_taken_up_and_told_again_when_its_gateway_is_born(rig: Rig, database):
    await rig.begin(rig.ask())
    again = await restarted(rig, database)
    assert again.board.sent(warn.Deliver) == [], "nobody is online yet"
    await again.post(warn.GatewayOnline("gw-a"))
    (deliver,) = again.board.sent(warn.Deliver)
    assert deliver.order.play == "b-1.pa1", "an equal play does nothing twice"
    await again.played()
    assert again.hosted.recent["b-1"].state == "done"
    await again.stop()


async def test_one_that_was_stopped_but_not_confirmed_is_still_stopped_there(rig: Rig, database):
    await rig.begin(rig.ask())
    await rig.post(warn.Stop("li"))
    again = await restarted(rig, database)
    await again.post(warn.GatewayOnline("gw-a"))
    assert again.board.sent(warn.Deliver) == []
    assert [cancel.order.play for cancel in again.board.sent(warn.Cancel)] == ["b-1.pa1"]
    await again.stop()


async def test_one_that_is_over_is_remembered_and_not_hosted(rig: Rig, database):
    await rig.begin(rig.ask())
    await rig.played()
    again = await restarted(rig, database)
    assert again.board.broadcasts == {}
    assert again.hosted.recent["b-1"].state == "done"
    await again.stop()


async def test_one_whose_time_is_over_sends_nothing(rig: Rig, database):
    await rig.begin(rig.ask("b-1", "live"))
    again = await restarted(rig, database, later=3600.0)
    assert again.board.sent(warn.Deliver) == []
    assert again.hosted.recent["b-1"].state == "expired"
    await again.stop()


async def test_what_a_gateway_never_confirmed_is_left_after_a_day(rig: Rig, database):
    await rig.begin(rig.ask())
    await rig.post(warn.Stop("li"))
    await rig.clock.advance(60.0)
    assert rig.hosted.recent["b-1"].over
    again = await restarted(rig, database, later=broadcasting_module.UNCONFIRMED_FOR + 1)
    assert again.board.broadcasts == {}
    await again.stop()


async def test_a_row_that_cannot_be_read_back_stops_nobody(rig: Rig, database, caplog):
    await rig.begin(rig.ask())
    await rig.hosted.flush()
    row = await rig.store.get("b-1")
    await rig.store.save(replace(row, id="b-0", snapshot={"id": "b-0"}))
    again = await restarted(rig, database)
    assert set(again.board.broadcasts) == {"b-1"}
    assert "broadcast=b-0 cannot be read back" in caplog.text
    await again.stop()


async def test_a_crash_after_a_restart_still_knows_what_was_sent(rig: Rig, database):
    await rig.begin(rig.ask())
    again = await restarted(rig, database)
    again.board.broken = warn.Deliver
    await again.post(warn.GatewayOnline("gw-a"))
    assert [cancel.order.play for cancel in again.board.sent(warn.Cancel)] == ["b-1.pa1"]
    await again.stop()


# ---- what is remembered


async def test_the_oldest_are_forgotten_but_never_one_that_is_under_way(rig: Rig, monkeypatch):
    monkeypatch.setattr(broadcasting_module, "RECENT_MOST", 3)
    await rig.begin(rig.ask("b-old"))
    await rig.hosted.flush()
    for number in range(5):
        await rig.clock.advance(1.0)
        await rig.begin(rig.ask(f"b-{number}"))
        await rig.played(f"b-{number}")
        await rig.proved(f"b-{number}")
        await rig.hosted.flush()
    assert set(rig.hosted.recent) == {"b-old", "b-3", "b-4"}
    await rig.post(warn.Stop("li"), "b-old")
    await rig.hosted.flush()
    assert (await rig.store.get("b-old")).state == "stopped", "its end reaches the store"


def test_a_row_holds_the_whole_view():
    asked = Asked("b-1", "drill", CLIP, (LINE,), "wang", ("north",), 7, window=60.0)
    seen = view(Broadcast.ask(asked, 5.0, 1_700_000_000.25))
    row = row_of(seen)
    assert (row.priority, row.created_wall_ms, row.state) == (7, 1_700_000_000_250, seen.state)
    assert type(seen).model_validate(row.snapshot) == seen
