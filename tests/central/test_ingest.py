"""The ingest: stored, acknowledged, then acted on; bounded, fair, and silent while the store refuses."""

import asyncio
from collections.abc import Sequence

import pytest

from central.evidence import Evidence
from central.ingest import GAP_LOOK, GROUP, HOLD_FROM, HOLD_MS, MOST_OF_ONE, TRY_AGAIN, Ingest
from central.link_figures import LANES_MOST, LinkFigures
from central.store.arrivals import Hello, Parcel
from central.store.database import StoreError
from central.store.events import Arrival, BrokenArrival, Known
from central.store.intake import Alarm, Fresh, Outcome
from central.store.lane_marks import Standing
from link.contract import facts
from link.contract.batch import Ack
from link.hosting.clock import HandClock, settle_loop
from tests.central.store.outbox import NOW, parcel, talk, told
from tests.central.town_rig import Town

FULL = StoreError("the disk is full", "free space", passing=True)


class FakeStore:
    """Remembers groups; answers as it is told."""

    def __init__(self) -> None:
        self.groups: list[list[Arrival]] = []
        self.answers: list[Exception | Outcome] = []

    async def take(self, arrivals: Sequence[Arrival]) -> Outcome:
        self.groups.append(list(arrivals))
        return self._answer()

    async def old_gaps(self, before_ms: int) -> Outcome:
        self.looked = before_ms
        return self._answer()

    def _answer(self) -> Outcome:
        answer = self.answers.pop(0) if self.answers else Outcome()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def known(self) -> Known:
        return Known([], {}, {})


class Bench:
    def __init__(self) -> None:
        self.clock, self.store = HandClock(), FakeStore()
        self.log: list[object] = []
        self.ingest = Ingest(
            self.store,
            self.clock,
            lambda gateway, boot, offset_ms, place, event: self.log.append(event),
            lambda gateway, ack: self.log.append((gateway, ack)),
            lambda gateway, what, why: self.log.append(what),
            lambda: self.log.append(("ok", self.ingest.ingest_ok)),
        )


@pytest.fixture
def bench() -> Bench:
    return Bench()


def standing(upto: int, gateway: str = "gw-a", epoch: int = 7) -> Outcome:
    made = Standing(gateway, epoch, "evt", upto, upto, 0, upto, 0, NOW)
    return Outcome(standings={(gateway, epoch, "evt"): made})


async def test_it_acknowledges_before_it_acts_and_only_what_is_stored(bench: Bench) -> None:
    outcome = standing(3)
    outcome.fresh.append(Fresh("gw-a", "k.p", None, ((1, "event"),)))
    outcome.alarms.append(Alarm("gw-a", "seq_reuse", "why"))
    bench.store.answers.append(outcome)
    bench.ingest.take(parcel(1, 3))
    assert bench.log == []
    await bench.ingest.step()
    assert bench.log == [("gw-a", Ack(epoch=7, upto=3)), "seq_reuse", "event"]


async def test_alarms_come_first_gateways_in_turn_and_each_in_order(bench: Bench) -> None:
    for n in range(3):
        bench.ingest.take(parcel(n + 1, n + 1))
    bench.ingest.take(parcel(1, 1, gateway="gw-b"))
    bench.ingest.take(parcel(9, 9, lane="alm"))
    await bench.ingest.step()
    (group,) = bench.store.groups
    assert [(each.gateway, each.lane) for each in group] == [
        ("gw-a", "alm"),
        ("gw-a", "evt"),
        ("gw-b", "evt"),
        ("gw-a", "evt"),
        ("gw-a", "evt"),
    ]
    assert group[1:2] + group[3:] == [parcel(1, 1), parcel(2, 2), parcel(3, 3)]


async def test_a_group_is_bounded(bench: Bench) -> None:
    for n in range(GROUP + 5):
        bench.ingest.take(parcel(1, 1, gateway=f"gw-{n}"))
    bench.ingest.take(Parcel("gw-z", "evt", b"x" * 50_000, NOW))
    bench.ingest.take(Parcel("gw-z", "evt", b"x" * 50_000, NOW))
    while bench.ingest.waiting:
        await bench.ingest.step()
    octets = [sum(len(each.payload) for each in group) for group in bench.store.groups]
    assert max(map(len, bench.store.groups)) <= GROUP and max(octets) < 60_000
    assert sum(map(len, bench.store.groups)) == GROUP + 7


async def test_what_does_not_fit_is_dropped_without_an_answer_and_costs_its_sender_only(bench: Bench) -> None:
    for _ in range(MOST_OF_ONE + 10):
        bench.ingest.take(parcel(1, 1))
    bench.ingest.take(parcel(1, 1, gateway="gw-b"))
    assert (bench.ingest.waiting, bench.ingest.turned_away) == (MOST_OF_ONE + 1, 10)
    for n in range(60):
        bench.ingest.take(Parcel(f"gw-{n}", "evt", b"x" * 190_000, NOW))
    assert bench.ingest.turned_away > 10, "octets are bounded too"
    while bench.ingest.waiting:  # who was turned away as the first of his gateway left nothing behind
        await bench.ingest.step()
    assert "gw-59" not in {each.gateway for group in bench.store.groups for each in group}


async def test_a_long_queue_asks_for_a_pause(bench: Bench) -> None:
    bench.store.answers += [standing(n) for n in range(99)]
    for n in range(HOLD_FROM + GROUP):
        bench.ingest.take(Hello(f"gw-{n}", NOW))
    while bench.ingest.waiting:
        await bench.ingest.step()
    holds = [ack.hold_ms for _, ack in bench.log]
    assert (holds[0], holds[-1], holds) == (HOLD_MS, 0, sorted(holds, reverse=True))


async def test_while_the_store_refuses_nothing_is_acknowledged_and_the_same_is_tried_again(
    bench: Bench,
) -> None:
    bench.store.answers += [FULL, FULL, standing(1)]
    bench.ingest.take(parcel(1, 1))
    task = asyncio.create_task(bench.ingest.run())
    await settle_loop()
    assert (bench.ingest.ingest_ok, bench.log) == (False, [("ok", False)])
    await bench.clock.advance(TRY_AGAIN)
    assert bench.log == [("ok", False)]
    await bench.clock.advance(TRY_AGAIN)
    assert bench.log == [("ok", False), ("ok", True), ("gw-a", Ack(epoch=7, upto=1))]
    assert bench.store.groups == [[parcel(1, 1)]] * 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_while_the_store_refuses_alarms_are_shown_as_they_come(bench: Bench) -> None:
    """How a warning goes does not wait for the centre's disk."""
    shown: list[tuple[str, int]] = []
    bench.ingest._unsaved = lambda gateway, event: shown.append((gateway, event.seq))
    bench.store.answers = [FULL]
    bench.ingest.take(parcel(1, 1, lane="alm"))
    step = asyncio.create_task(bench.ingest.step())
    await settle_loop()
    assert shown == [("gw-a", 1)]
    bench.ingest.take(parcel(2, 2, lane="alm"))
    bench.ingest.take(parcel(3, 3, lane="evt"))
    assert shown == [("gw-a", 1), ("gw-a", 2)], "and nothing of the other lane"
    await bench.clock.advance(TRY_AGAIN + 0.01)
    await step
    await bench.ingest.step()
    assert shown == [("gw-a", 1), ("gw-a", 2)], "what is tried again is not shown again"


async def test_one_arrival_that_breaks_the_program_takes_no_other_with_it(bench: Bench) -> None:
    broken = BrokenArrival("x")
    bench.store.answers += [broken, Outcome(), broken, Outcome()]
    for n in (1, 2, 3):
        bench.ingest.take(parcel(n, n))
    while bench.ingest.waiting:
        await bench.ingest.step()
    first, second, third = parcel(1, 1), parcel(2, 2), parcel(3, 3)
    assert bench.store.groups[:2] == [[first, second, third], [first]]
    assert bench.store.groups[2] == [second, third]
    assert bench.ingest.ingest_ok


async def test_the_one_at_fault_goes_alone_and_people_are_told(bench: Bench) -> None:
    bench.store.answers += [BrokenArrival("x")]
    bench.ingest.take(parcel(1, 1))
    await bench.ingest.step()
    assert (bench.ingest.waiting, bench.log) == (0, ["not-understood"])


async def test_a_heartbeat_tells_what_waits_and_a_clock_only_when_it_is_new(bench: Bench) -> None:
    beat = facts.Heartbeat(s="s", t=NOW, mono_ms=1000, tq="ntp", q=61.5, n=40)
    bench.ingest.said("gw-a", beat, "k1.p1")
    assert bench.ingest.waiting == 1
    bench.ingest.figures.note(Outcome(offsets={("gw-a", "k1"): NOW - 1000}))
    await bench.ingest.step()
    bench.ingest.said("gw-a", beat.model_copy(update={"t": NOW + 30}), "k1.p2")
    bench.ingest.said("gw-a", beat.model_copy(update={"tq": None}), "k9.p2")
    assert bench.ingest.waiting == 0
    link = bench.ingest.figures.view("gw-a")
    assert (link.waiting, link.oldest) == (40, 61.5)
    birth = facts.Birth(sid="s", boot="k.p", fw="1", lanes=(facts.LaneMark(lane="evt", epoch=7),))
    bench.ingest.said("gw-a", birth, birth.boot)
    assert bench.ingest.waiting == 1, "a birth is always answered"


async def test_old_gaps_are_looked_for(bench: Bench) -> None:
    bench.store.answers += [Outcome(alarms=[Alarm("gw-a", "events-missing", "why")]), FULL]
    task = asyncio.create_task(bench.ingest.watch_gaps())
    await bench.clock.advance(GAP_LOOK + 1)
    assert bench.log == ["events-missing"]
    await bench.clock.advance(GAP_LOOK + 1)
    assert not bench.ingest.ingest_ok
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_the_figures_keep_sums_and_the_newest_lanes() -> None:
    figures = LinkFigures()
    first = Standing("gw-a", 1, "evt", 10, 12, 2, 10, 3, NOW)
    figures.learn(Known([first], {"gw-a": 4}, {}))
    for epoch in range(2, LANES_MOST + 6):
        outcome = standing(1, epoch=epoch)
        outcome.events["gw-a"] = 1
        assert figures.note(outcome) == {"gw-a"}
    view = figures.view("gw-a")
    assert (view.events, view.dropped, view.quarantined, view.missing) == (10 + LANES_MOST + 4, 3, 4, 2)
    assert len(view.lanes) == LANES_MOST and 1 in {lane.epoch for lane in view.lanes}, "one with gaps stays"
    assert figures.view("gw-b").lanes == ()


# ---- with the real store and machines


async def test_evidence_repeats_do_nothing_twice_and_the_link_is_shown(town: Town) -> None:
    await town.born()
    town.board.from_mail("gw-a", parcel(1, 5))
    town.board.from_mail("gw-a", parcel(3, 8))
    while town.ingest.waiting:
        await town.ingest.step()
    link = town.views.gateway("gw-a").link
    assert link is not None and (link.events, link.lanes[0].upto) == (8, 8)
    assert town.board.field.places["gw-a"] == 8
    counters = town.desk.counters()
    assert (counters["ingest_ok"], counters["ingest_waiting"], counters["ingest_turned_away_total"]) == (
        1,
        0,
        0,
    )
    entries = await town.journal.tail(99, "fact.LineOpened")
    assert len(entries) == 8


async def test_alarms_of_the_ingest_are_notices_for_people(town: Town) -> None:
    for payload in (parcel(1, 2), told(1, talk(99)), Parcel("gw-a", "evt", b"\x01\x92\x02\x00", NOW)):
        town.board.from_mail("gw-a", payload)
    while town.ingest.waiting:
        await town.ingest.step()
    assert [(each.what, each.line) for each in town.views.notices()] == [
        ("not-understood", "gw-a"),
        ("seq_reuse", "gw-a"),
    ]
    (seen, _) = await town.desk.events.quarantine("gw-a", 9)
    assert (await town.desk.events.raw(seen.id))[:2] == b"\x01\x92"
    shown = await town.desk.events.events(None, 9)
    assert [(each.kind, each.fields["talker"]) for each in shown] == [
        ("LineOpened", "t2"),
        ("LineOpened", "t1"),
    ]


async def test_a_killed_core_is_told_again_what_it_had_stored(town: Town) -> None:
    """Committed and acknowledged, and then core died before anybody was told."""
    await town.born()
    done: list[object] = []
    held = facts.ClipFinished(play="b.x", line="pa1", result="played", played=1.0)
    await town.events.take([told(1, talk(1), held)])
    fresh = Ingest(town.events, town.clock, town.board.evidence.hear, lambda *a: None, lambda *a: None)
    await fresh.resume({"gw-a": 0}, NOW, lambda gateway, event: done.append(event.fact))
    assert town.board.field.site("gw-a").lines["r1"].last_talker == "t1"
    assert done == [held]
    assert fresh.figures.view("gw-a").events == 2
    await fresh.resume(town.board.field.places, None, done.append)
    assert len(done) == 1, "nobody waits for a playing"


async def test_a_stranger_to_the_settings_is_not_heard(town: Town) -> None:
    evidence: Evidence = town.board.evidence
    evidence.hear("gw-x", "b", None, 1, told)
    assert "gw-x" not in town.board.field.places
