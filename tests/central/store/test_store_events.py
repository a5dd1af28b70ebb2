"""Events on disk: once each, with their journal entries, whatever is repeated, reordered, torn or tried again."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from central.store import lane_marks, quarantine
from central.store.arrivals import Parcel, hello_of
from central.store.database import Database, StoreError
from central.store.events import BrokenArrival
from central.store.quarantine import MOST_OF_ONE, Quarantine
from central.store.verify import verify_file
from link.contract import facts, link_facts
from link.contract.envelope import Codec, pack
from tests.central.store.outbox import NOW, Bench, parcel, talk, told


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    made = Bench(database)
    yield made
    made.events.close()
    await made.journal.close()
    verdict = verify_file(database.path)
    assert verdict.ok, verdict


async def test_a_batch_is_stored_journalled_and_acknowledged(bench: Bench) -> None:
    bench.journal.append("command", "gw-a", {})
    outcome = await bench.take(parcel(1, 3))
    assert bench.acks == {("gw-a", 7, "evt"): 3}
    assert bench.heard == [("gw-a", 1), ("gw-a", 2), ("gw-a", 3)]
    entries = await bench.journal.tail(9)
    assert [entry.kind for entry in entries] == ["command"] + ["fact.LineOpened"] * 3, (
        "in the order of happening"
    )
    assert entries[-1].payload == {
        "line": "r1",
        "talker": "t3",
        "seq": 3,
        "tq": "none",
        "outbox": {"lane": "evt", "epoch": 7},
        "wall_ms": 8000,
        "mono_ms": 6000,
    }
    assert outcome.events == {"gw-a": 3}


async def test_what_comes_again_changes_nothing_and_is_acknowledged_again(bench: Bench) -> None:
    await bench.take(parcel(1, 3))
    bench.acks.clear()
    await bench.take(parcel(1, 3), parcel(2, 4), parcel(1, 4))
    assert (bench.seqs(), bench.acks) == ([1, 2, 3, 4], {("gw-a", 7, "evt"): 4})
    assert [seq for _, seq in bench.heard] == [1, 2, 3, 4]
    assert len(await bench.journal.tail(99)) == 4


async def test_epochs_lanes_and_gateways_have_numbers_of_their_own(bench: Bench) -> None:
    await bench.take(
        parcel(1, 2), parcel(1, 3, epoch=8), parcel(1, 1, epoch=9, lane="alm"), parcel(1, 4, gateway="gw-b")
    )
    assert bench.acks == {
        ("gw-a", 7, "evt"): 2,
        ("gw-a", 8, "evt"): 3,
        ("gw-a", 9, "alm"): 1,
        ("gw-b", 7, "evt"): 4,
    }
    assert len(bench.heard) == 10


async def test_a_gap_holds_the_watermark_until_it_is_filled(bench: Bench) -> None:
    await bench.take(parcel(1, 2), parcel(5, 6))
    assert bench.acks == {("gw-a", 7, "evt"): 2}
    await bench.take(parcel(3, 4))
    assert bench.acks == {("gw-a", 7, "evt"): 6}
    assert bench.query("select * from gaps") == []


async def test_dropped_events_close_their_gap(bench: Bench) -> None:
    dropped = link_facts.EventsDropped(lane="evt", epoch=7, first=3, last=9, count=7, why="quota")
    await bench.take(parcel(1, 2), told(10, dropped))
    assert bench.acks == {("gw-a", 7, "evt"): 10}
    known = await bench.events.known()
    assert [(each.missing, each.dropped) for each in known.standings] == [(0, 7)]


async def test_a_claim_about_scattered_events_waits_for_those_between(bench: Bench) -> None:
    dropped = link_facts.EventsDropped(lane="alm", epoch=5, first=1, last=9, count=3, why="quota")
    await bench.take(told(1, dropped))
    assert bench.acks[("gw-a", 5, "alm")] == 0
    await bench.take(parcel(2, 4, epoch=5, lane="alm"), parcel(6, 8, epoch=5, lane="alm"))
    assert bench.acks[("gw-a", 5, "alm")] == 9
    assert bench.query("select * from drops") == []


async def test_a_note_in_the_place_of_an_event_that_had_arrived_is_no_alarm(bench: Bench) -> None:
    """The gateway had sent 5, did not hear the answer, and dropped 5, 7, 9; 6 and 8 are still to come."""
    await bench.take(parcel(1, 5))
    note = told(5, link_facts.EventsDropped(lane="evt", epoch=7, first=5, last=9, count=3, why="quota"))
    await bench.take(note)
    await bench.take(note)
    assert (bench.alarms, bench.acks) == ([], {("gw-a", 7, "evt"): 5})
    await bench.take(parcel(6, 6), parcel(10, 11))
    assert bench.acks == {("gw-a", 7, "evt"): 6}, "8 is still to come, and 7 may be"
    await bench.take(parcel(8, 8))
    assert bench.acks == {("gw-a", 7, "evt"): 11}
    kinds = [entry.kind for entry in await bench.journal.tail(99)]
    assert kinds.count("fact.EventsDropped") == 1


async def test_what_a_claim_leaves_in_doubt_is_given_up_when_the_gateway_resends_from_behind_it(
    bench: Bench,
) -> None:
    await bench.take(parcel(1, 7))
    dropped = link_facts.EventsDropped(lane="evt", epoch=7, first=5, last=9, count=4, why="quota")
    await bench.take(told(5, dropped), parcel(10, 11))
    assert bench.acks == {("gw-a", 7, "evt"): 7}, (
        "5, 6, 7 had arrived, one of them may not be among the dropped"
    )
    bench.wall += 61
    await bench.take(parcel(10, 11))
    assert bench.acks == {("gw-a", 7, "evt"): 11}


async def test_an_impossible_claim_changes_nothing(bench: Bench) -> None:
    wrong = [(5, 3, 1), (0, 3, 1), (1, 2**60, 2**60), (1, 3, -1)]
    claims = [
        link_facts.EventsDropped(lane="evt", epoch=7, first=first, last=last, count=count)
        for first, last, count in wrong
    ]
    await bench.take(told(1, *claims))
    assert bench.acks == {("gw-a", 7, "evt"): len(wrong)}


async def test_the_same_number_with_another_event_is_an_alarm_and_kept(bench: Bench) -> None:
    await bench.take(parcel(1, 3))
    await bench.take(told(2, talk(2), facts.LineClosed(line="r9", seconds=1.0)))
    assert bench.alarms == [("gw-a", "seq_reuse")]
    assert len(bench.heard) == 3, "nobody acts on it"
    (kept,) = await Quarantine(bench.database).list("gw-a", 9)
    assert (kept.why, kept.times) == ("seq_reuse", 1)
    assert "alarm.seq_reuse" in [entry.kind for entry in await bench.journal.tail(9)]
    await bench.take(told(2, talk(2), facts.LineClosed(line="r9", seconds=1.0)))
    assert len(bench.alarms) == 1, "told once"


async def test_another_time_is_another_event(bench: Bench) -> None:
    await bench.take(parcel(1, 1))
    await bench.take(parcel(1, 1, wall_ms=5_001))
    assert bench.alarms == [("gw-a", "seq_reuse")]


async def test_an_unknown_version_is_kept_raw_never_acknowledged_and_told_once(bench: Bench) -> None:
    newer = Parcel("gw-a", "evt", pack([2, 7, 1, "b", {"new": "shape"}]), NOW)
    for _ in range(3):
        await bench.take(newer)
    assert (bench.acks, bench.alarms) == ({}, [("gw-a", "not-understood")])
    store = Quarantine(bench.database)
    (kept,) = await store.list(None, 9)
    assert (kept.why, kept.times, kept.head) == ("version", 3, newer.payload[: quarantine.HEAD])
    assert (await store.raw(kept.id), await store.raw(99)) == (newer.payload, None)
    bench.wall += 7200
    await bench.take(newer)
    assert len(bench.alarms) == 2, "after an hour of quiet it is news again"


async def test_one_event_that_cannot_be_read_stops_no_other(bench: Bench) -> None:
    rows = [[1, 0, 0, None, "r1"], [1, 0, 0, None, "UPPER CASE"], "no list", [999, 5, 5, None, b"\x00", 3]]
    await bench.take(Parcel("gw-a", "evt", pack([1, 7, 1, "b", 10, 20, "none", rows], Codec.MSGPACK), NOW))
    assert (bench.acks, bench.heard) == ({("gw-a", 7, "evt"): 4}, [("gw-a", 1)])
    kinds = [entry.kind for entry in await bench.journal.tail(9)]
    assert kinds == ["fact.LineOpened", "fact.unreadable", "fact.unreadable", "fact.unknown"]
    assert [kept.why for kept in await Quarantine(bench.database).list(None, 9)] == ["unreadable"] * 2
    assert [seen.number for seen in await bench.events.list("gw-a", 9, 999)] == [999]
    assert [len(fresh.events) for fresh in await bench.events.since({"gw-a": 0})] == [1], (
        "unread ones are passed over"
    )


async def test_the_quarantine_is_bounded_by_gateway(bench: Bench) -> None:
    rubbish = [Parcel("gw-a", "evt", bytes([3, n]), NOW) for n in range(MOST_OF_ONE + 20)]
    outcome = await bench.take(*rubbish, Parcel("gw-b", "evt", b"\x09", NOW))
    kept = await Quarantine(bench.database).list(None, 999)
    assert len(kept) == MOST_OF_ONE + 1 and outcome.quarantined == {"gw-a": MOST_OF_ONE, "gw-b": 1}
    assert len(bench.alarms) == 2


@pytest.mark.parametrize(
    "place", ["events", "gaps", "watermarks", "entries", "payloads", "boots", "quarantine"]
)
async def test_a_transaction_that_fails_at_any_table_leaves_nothing_and_works_when_tried_again(
    bench: Bench, place: str
) -> None:
    group = (parcel(1, 3, tq="ntp"), parcel(6, 9), parcel(1, 1, epoch=8), Parcel("gw-a", "evt", b"\x05", NOW))
    trigger = f"create trigger broken before insert on {place} begin select raise(abort, 'torn'); end"
    await bench.database.write(lambda sql: sql.conn.execute(trigger))
    with pytest.raises(StoreError):
        await bench.take(*group)
    tables = ("events", "gaps", "watermarks", "entries", "boots", "quarantine")
    assert [bench.query(f"select count(*) from {table}") for table in tables] == [[(0,)]] * len(tables)
    await bench.database.write(lambda sql: sql.conn.execute("drop trigger broken"))
    await bench.take(*group)
    await bench.take(parcel(4, 5))
    assert bench.acks == {("gw-a", 7, "evt"): 9, ("gw-a", 8, "evt"): 1}
    assert sorted(seq for _, seq in bench.heard) == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9]


async def test_a_commit_whose_answer_was_lost_is_acted_on_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.take(parcel(1, 2))
    honest = Database.transaction

    @contextlib.contextmanager
    def torn(database: Database):
        with honest(database) as sql:
            yield sql
        raise StoreError("the disk fails", "look", passing=True)

    monkeypatch.setattr(Database, "transaction", torn)
    with pytest.raises(StoreError):
        await bench.take(parcel(3, 4))
    monkeypatch.setattr(Database, "transaction", honest)
    await bench.take(parcel(3, 4), parcel(3, 5))
    await bench.take(parcel(1, 5))
    assert ([seq for _, seq in bench.heard], bench.seqs()) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert len(await bench.journal.tail(99)) == 5


async def test_what_breaks_the_program_is_said_and_stored_nowhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_marks.LaneMarks, "save", lambda self: 1 / 0)
    with pytest.raises(BrokenArrival, match="ZeroDivisionError"):
        await bench.take(parcel(1, 2))
    monkeypatch.undo()
    assert bench.seqs() == []
    await bench.take(parcel(1, 2))
    assert bench.seqs() == [1, 2]


# ---- time


async def test_events_of_a_start_without_time_are_corrected_when_it_learns_it(bench: Bench) -> None:
    await bench.take(parcel(1, 2, boot="k1.p1"), parcel(1, 1, epoch=8, boot="k2.p1"))
    assert [(seen.at_ms, seen.corrected) for seen in await bench.events.list("gw-a", 9)] == [
        (7000, 0),
        (6000, 0),
        (6000, 0),
    ]
    outcome = await bench.take(parcel(1, 1, epoch=9, boot="k1.p2", tq="ntp", wall_ms=NOW, mono_ms=9_000))
    assert outcome.offsets == {("gw-a", "k1"): NOW - 9_000}
    seen = await bench.events.list("gw-a", 9)
    assert [(each.epoch, each.seq, each.at_ms - NOW) for each in seen] == [
        (9, 1, 1000),
        (7, 2, -4000),
        (7, 1, -5000),
        (8, 1, 6000 - NOW),
    ], "by corrected time; the other start of the computer is not corrected"
    assert [each.wall_ms for each in seen[1:3]] == [7000, 6000], "never a rewrite"
    (fresh,) = [each for each in await bench.events.since({"gw-a": 3})]
    assert (fresh.offset_ms, fresh.events[0][0]) == (NOW - 9_000, 4)


async def test_a_birth_that_knows_the_time_corrects_too_and_impossible_clocks_do_not(bench: Bench) -> None:
    birth = facts.Birth(sid="s", boot="k1.p9", fw="1", t=NOW, mono_ms=4_000, tq="ntp")
    await bench.take(parcel(1, 1), hello_of("gw-a", birth, birth.boot, NOW))
    assert [seen.at_ms for seen in await bench.events.list("gw-a", 9)] == [NOW]
    for wrong in ({"tq": "rtc"}, {"t": 2**62}, {"mono_ms": -5}):
        assert hello_of("gw-a", birth.model_copy(update=wrong), "k1.p9", NOW).offset_ms is None


# ---- births, gaps that stay


async def test_a_birth_is_answered_for_its_lanes_and_the_epoch_before(bench: Bench) -> None:
    await bench.take(parcel(1, 3))
    bench.acks.clear()
    lanes = (
        facts.LaneMark(lane="evt", epoch=8, prev_epoch=7),
        facts.LaneMark(lane="alm", epoch=9, prev_epoch=55),
        facts.LaneMark(lane="evt", epoch=2**64 - 1),
    )
    birth = facts.Birth(sid="s", boot="k.p", fw="1", lanes=lanes)
    await bench.take(hello_of("gw-a", birth, birth.boot, NOW))
    assert bench.acks == {("gw-a", 8, "evt"): 0, ("gw-a", 7, "evt"): 3, ("gw-a", 9, "alm"): 0}


async def test_a_store_that_was_restored_says_what_it_misses_and_goes_on(bench: Bench) -> None:
    await bench.take(parcel(1, 3))
    birth = facts.Birth(sid="s", boot="k.p", fw="1", lanes=(facts.LaneMark(lane="evt", epoch=7, acked=9),))
    await bench.take(hello_of("gw-a", birth, birth.boot, NOW))
    await bench.take(parcel(10, 12))
    assert bench.acks == {("gw-a", 7, "evt"): 12}
    assert bench.alarms == [("gw-a", "events-missing")]
    assert "alarm.events_missing" in [entry.kind for entry in await bench.journal.tail(9)]


async def test_an_old_gap_is_told_once_and_given_up_when_the_gateway_has_it_no_more(bench: Bench) -> None:
    await bench.take(parcel(1, 2), parcel(6, 8))
    await bench.take(parcel(6, 8))
    assert bench.acks == {("gw-a", 7, "evt"): 2}, "a young gap is waited for"
    for _ in range(2):
        bench.note(await bench.events.old_gaps(NOW + 1))
    assert bench.alarms == [("gw-a", "events-missing")]
    await bench.take(parcel(9, 9))
    assert bench.acks == {("gw-a", 7, "evt"): 2}
    await bench.take(parcel(6, 8))
    assert bench.acks == {("gw-a", 7, "evt"): 9}, "it resends from its oldest, and that lies behind the gap"


# ---- restart


async def test_a_core_that_starts_again_is_told_what_it_had_not_done(bench: Bench) -> None:
    play = facts.ClipFinished(play="b.p", line="pa1", result="played", played=1.0)
    await bench.take(parcel(1, 2), told(3, play), parcel(1, 1, gateway="gw-b"))
    behind = await bench.events.since({"gw-a": 2, "gw-b": 4})
    assert [(each.gateway, n, event.fact) for each in behind for n, event in each.events] == [
        ("gw-a", 3, play)
    ]
    assert await bench.events.since({}) == []
    (again,) = await bench.events.plays(NOW)
    assert again.events[0][1].fact == play
    assert await bench.events.plays(NOW + 1) == []
