"""Uplink and outbox: acknowledgements, the centre's state, snapshots, birth and heartbeat, results as evidence."""

from firmware.effects import Record
from firmware.events import CentreChanged, EventsAcked, OutboxStood
from firmware.uplink.machine import SNAPSHOT_EVERY
from firmware.uplink.messages import CommandEnded, HealthTold
from link.bus.port import BusDown
from link.contract import facts, orders
from link.contract.batch import Ack, encode_ack
from link.contract.documents import CentreState, encode_document
from link.contract.envelope import pack, unpack
from link.contract.link_facts import CommandAnswered
from link.contract.profile import PROFILES
from link.contract.topics import Row
from link.hosting.machine import Tick
from tests.firmware.uplink.test_uplink_machine import WALL, Bench


def centre(bench: Bench, **fields) -> list[object]:
    return bench.arrive(Row.CENTRE, encode_document(CentreState.model_validate(fields)), gateway="")


def test_an_acknowledgement_goes_to_the_outbox_and_a_bad_one_is_refused():
    bench = Bench().up()
    assert bench.arrive(Row.ACK, encode_ack(Ack(epoch=7, upto=3))) == [EventsAcked(Ack(epoch=7, upto=3))]
    bench.arrive(Row.ACK, pack([2, 7, 3, 0]))
    assert bench.refusals() == ["version"]


def test_the_centres_state_is_told_when_it_is_news():
    bench = Bench().up()
    assert centre(bench, on=True, cid="a") == [CentreChanged(on=True)]
    assert centre(bench, on=True, cid="a") == []
    assert centre(bench, on=True, cid="a", ingest=False) == [CentreChanged(on=True, ingest=False)]
    assert centre(bench, on=True, cid="b") == [CentreChanged(on=True)], "a new connection of the centre"
    assert centre(bench, on=False, cid="b") == [CentreChanged(on=False)]


def test_the_late_will_of_an_earlier_centre_does_not_count():
    bench = Bench().up()
    centre(bench, on=True, cid="new")
    assert centre(bench, on=False, cid="old") == []
    assert centre(bench, on=False, cid="new") == [CentreChanged(on=False)]
    fresh = Bench().up()
    assert centre(fresh, on=False, cid="any") == [CentreChanged(on=False)], "nothing better is known"


def health(n: int) -> HealthTold:
    return HealthTold(facts.HealthChanged(subject=f"card {n}", ok=False, what="gone"))


def test_a_snapshot_follows_at_most_once_a_second_and_holds_all_that_changed():
    bench = Bench().up()
    bench.effects.clear()
    for n in range(20):
        bench.post(health(n))
    assert bench.published(Row.STATE) == []
    assert bench.uplink.deadline == bench.now + SNAPSHOT_EVERY
    bench.now += SNAPSHOT_EVERY
    bench.post(Tick())
    (told,) = bench.published(Row.STATE)
    assert len(unpack(told)["health"]) == 20
    bench.now += 5 * SNAPSHOT_EVERY
    bench.post(health(99))
    assert len(bench.published(Row.STATE)) == 2, "after a quiet time at once"


def test_birth_and_heartbeat_tell_of_the_outbox_and_of_the_clocks():
    bench = Bench()
    mark = facts.LaneMark(lane="evt", epoch=9, prev_epoch=8, acked=4)
    bench.post(OutboxStood((mark,), waiting=12, oldest_at=bench.now - 30.0))
    bench.up()
    birth = facts.Birth.model_validate(unpack(bench.published(Row.LIVE)[0]))
    assert birth.lanes == (mark,) and birth.boot == "aa.bb" and birth.profile == "broad"
    assert (birth.t, birth.mono_ms, birth.tq) == (int(WALL * 1000), int(bench.now * 1000), "est")
    bench.now += PROFILES["broad"].heartbeat + 1
    bench.post(Tick())
    beat = facts.Heartbeat.model_validate(unpack(bench.published(Row.HEARTBEAT)[0]))
    assert (beat.n, beat.q) == (12, 30.0 + PROFILES["broad"].heartbeat + 1)
    assert beat.t == int((WALL + PROFILES["broad"].heartbeat + 1) * 1000)


def test_what_became_of_a_command_is_evidence_too_even_without_a_link():
    bench = Bench().up()
    bench.command(orders.StopClip(play="p1"))
    bench.post(BusDown("gone"))
    bench.post(CommandEnded(facts.CommandResult(id="c", s="done")))
    told = [effect.fact for effect in bench.effects if isinstance(effect, Record)]
    assert [(fact.id, fact.s) for fact in told if isinstance(fact, CommandAnswered)] == [
        (f"gw-a.{int(WALL)}.1", "accepted"),
        ("c", "done"),
    ]
    assert bench.results() == ["accepted"]
