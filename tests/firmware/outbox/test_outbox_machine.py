"""The outbox's machine: what goes when, how much is under way, and when it begins again."""

from dataclasses import dataclass, field

import pytest

from firmware.events import CentreChanged, EventsAcked, LinkChanged, OutboxStood, ProfileChosen
from firmware.outbox.entries import (
    BatchRead,
    Counted,
    Forget,
    GivenUp,
    LaneOpened,
    NothingRead,
    ReadBatch,
    StoreChanged,
    Stored,
    StoreOpened,
)
from firmware.outbox.lane import STALL, SendBatch
from firmware.outbox.machine import REFUSED_PAUSE, UNHEARD_FIRST, WINDOW_MOST, Outbox, SendRefused, Unheard
from link.contract.batch import Ack
from link.contract.profile import PROFILES
from link.hosting.machine import Tick

EPOCH = {"alm": 11, "evt": 12}


@dataclass
class Bench:
    """The machine with a store of so many events; a batch has `octets` per event."""

    outbox: Outbox = field(default_factory=Outbox)
    now: float = 100.0
    octets: int = 10
    stored: dict[str, int] = field(default_factory=lambda: {"alm": 0, "evt": 0})
    sent: list[tuple[str, int, int]] = field(default_factory=list)
    forgotten: list[Forget] = field(default_factory=list)
    stood: list[OutboxStood] = field(default_factory=list)
    asked: list[ReadBatch] = field(default_factory=list)
    deaf: bool = False

    def __post_init__(self) -> None:
        lanes = tuple(LaneOpened(lane, epoch, epoch - 10, (epoch,), 0) for lane, epoch in EPOCH.items())
        self.post(StoreOpened(lanes))

    def post(self, event: object) -> list[object]:
        self.outbox, effects = self.outbox.handle(event, self.now)
        for effect in effects:
            match effect:
                case ReadBatch():
                    self.asked.append(effect)
                    if not self.deaf:
                        self.answer(effect)
                case SendBatch(lane=lane, payload=payload):
                    first, last = map(int, payload.split()[:2])
                    self.sent.append((lane, first, last))
                case Forget():
                    self.forgotten.append(effect)
                case OutboxStood():
                    self.stood.append(effect)
        return list(effects)

    def answer(self, read: ReadBatch) -> None:
        taken = [each.upto for each in self.forgotten if each.epoch == EPOCH[read.lane]]
        first = max([read.after, *taken]) + 1
        last = min(self.stored[read.lane], first + read.most - 1)
        if first > last:
            self.post(NothingRead(read.lane, read.turn))
            return
        payload = f"{first} {last} ".encode().ljust(self.octets * (last - first + 1))
        self.post(BatchRead(read.lane, read.turn, EPOCH[read.lane], first, last, last, payload))

    def store(self, lane: str, count: int = 1) -> None:
        self.stored[lane] += count
        self.post(Stored(lane, count, EPOCH[lane], self.stored[lane]))

    def ack(self, lane: str, upto: int, hold: int = 0) -> None:
        self.post(EventsAcked(Ack(epoch=EPOCH[lane], upto=upto, hold_ms=hold)))

    def up(self) -> "Bench":
        self.post(LinkChanged(up=True))
        return self

    def wait(self, seconds: float) -> None:
        """Time passes; the machine gets its ticks."""
        end = self.now + seconds
        for _ in range(10_000):
            due = self.outbox.deadline
            if due is None or due > end:
                self.now = end
                return
            self.now = max(self.now, due)
            self.post(Tick())
        raise AssertionError("it never came to rest")


def thin() -> Bench:
    bench = Bench().up()
    bench.post(ProfileChosen(PROFILES["thin"]))
    return bench


def test_nothing_is_sent_without_a_link_and_all_of_it_after():
    bench = Bench()
    bench.store("evt", 3)
    bench.wait(100)
    assert bench.sent == [] and bench.asked == []
    bench.up()
    assert bench.sent == [("evt", 1, 3)]


def test_events_wait_for_their_batch_and_no_longer_than_the_profile_says():
    bench = thin()
    bench.store("evt", 3)
    bench.wait(PROFILES["thin"].wait - 0.1)
    assert bench.sent == []
    bench.wait(0.2)
    assert bench.sent == [("evt", 1, 3)]
    bench.store("evt", 25)
    assert bench.sent[1:] == [("evt", 4, 28)], "a full batch waits for nothing"


def test_an_alarm_goes_at_once_and_no_more_than_five_together():
    bench = thin()
    bench.store("alm", 1)
    assert bench.sent == [("alm", 1, 1)]
    bench.store("alm", 7)
    assert bench.sent[1:] == [("alm", 2, 6), ("alm", 7, 8)]


def test_the_window_is_never_exceeded_and_the_centres_answer_frees_it():
    bench = thin()
    bench.octets = 50
    bench.store("evt", 300)
    assert [last for _, _, last in bench.sent] == [25], "2 000 octets: 1 250 and 1 250 are too many"
    bench.now += 0.6
    bench.ack("evt", 25)
    assert bench.outbox.srtt == pytest.approx(0.6)
    assert bench.outbox.window < 1250 == bench.outbox.in_flight, "one batch goes in any case"
    assert [last for _, _, last in bench.sent] == [25, 50]
    assert bench.forgotten == [Forget(EPOCH["evt"], 25)]


def test_the_window_leaves_room_for_reports_on_the_fastest_link():
    bench = Bench().up()
    assert bench.outbox.window == WINDOW_MOST
    bench.store("evt", 100_000)
    assert WINDOW_MOST - 2000 <= bench.outbox.in_flight <= WINDOW_MOST
    assert {last - first + 1 for _, first, last in bench.sent} == {200}, "a backlog goes in large batches"


def test_an_alarm_does_not_wait_for_room_that_events_take():
    bench = thin()
    bench.octets = 80
    bench.store("evt", 200)
    bench.sent.clear()
    bench.store("alm", 1)
    assert bench.sent == [("alm", 1, 1)]


def test_a_new_connection_begins_again_after_the_last_acknowledged():
    bench = thin()
    bench.store("evt", 50)
    bench.ack("evt", 25)
    bench.post(LinkChanged(up=False))
    bench.sent.clear()
    bench.post(LinkChanged(up=True))
    assert bench.sent == [("evt", 26, 50)], "what the centre has is not in the store any more"


def test_an_answer_to_a_question_of_an_earlier_connection_is_void():
    bench = thin()
    bench.deaf = True
    bench.store("evt", 25)
    old = bench.asked[-1]
    bench.post(LinkChanged(up=True))
    bench.answer(old)
    assert bench.sent == []
    bench.answer(bench.asked[-1])
    assert bench.sent == [("evt", 1, 25)]


def test_without_an_answer_it_begins_again_after_ten_seconds_then_later_and_later():
    bench = thin()
    bench.store("alm", 1)
    times = []
    for _ in range(4):
        bench.sent.clear()
        begun = bench.now
        while not bench.sent:
            bench.wait(0.5)
        times.append(bench.now - begun)
    assert times == [
        pytest.approx(STALL, abs=0.6),
        pytest.approx(20, abs=0.6),
        *(pytest.approx(t, abs=0.6) for t in (40, 80)),
    ]
    bench.ack("alm", 1)
    bench.store("alm", 1)
    bench.sent.clear()
    bench.wait(STALL + 0.5)
    assert len(bench.sent) == 1, "an answer makes it patient again"


def test_a_slow_link_is_given_four_round_trips():
    bench = thin()
    bench.store("alm", 1)
    bench.now += 8.0
    bench.ack("alm", 1)
    bench.store("alm", 1)
    bench.sent.clear()
    bench.wait(31.0)
    assert bench.sent == []
    bench.wait(1.5)
    assert len(bench.sent) == 1


def test_a_batch_that_went_twice_measures_nothing():
    bench = thin()
    bench.store("alm", 1)
    bench.wait(STALL + 0.1)
    bench.ack("alm", 1)
    assert bench.outbox.srtt is None


@pytest.mark.parametrize("away", [CentreChanged(on=False), CentreChanged(on=True, ingest=False)])
def test_events_pause_while_the_centre_does_not_take_them_and_alarms_go(away):
    bench = thin()
    bench.post(away)
    bench.store("evt", 30)
    bench.store("alm", 1)
    bench.wait(60)
    assert {lane for lane, *_ in bench.sent} == {"alm"}
    bench.post(CentreChanged(on=True))
    assert ("evt", 1, 25) in bench.sent


def test_a_centre_that_came_anew_gets_at_once_what_it_did_not_acknowledge():
    bench = thin()
    bench.store("evt", 25)
    bench.sent.clear()
    bench.post(CentreChanged(on=True))
    assert bench.sent == [("evt", 1, 25)]


def test_what_reached_nobody_is_tried_again_later():
    bench = thin()
    bench.store("evt", 25)
    bench.post(Unheard("evt"))
    bench.store("evt", 25)
    bench.sent.clear()
    bench.wait(UNHEARD_FIRST - 0.5)
    assert bench.sent == []
    bench.wait(1.0)
    assert bench.sent[0] == ("evt", 1, 25)
    bench.post(Unheard("evt"))
    bench.sent.clear()
    bench.wait(2 * UNHEARD_FIRST - 1.0)
    assert bench.sent == [], "the pause doubles"


def test_a_lane_that_the_centre_holds_waits_and_the_other_does_not():
    bench = thin()
    bench.store("evt", 25)
    bench.ack("evt", 25, hold=5000)
    bench.store("evt", 25)
    bench.store("alm", 1)
    assert bench.sent == [("evt", 1, 25), ("alm", 1, 1)]
    bench.wait(5.1)
    assert bench.sent[-1] == ("evt", 26, 50)


def test_a_batch_that_the_bus_did_not_take_is_read_again_after_a_pause():
    bench = thin()
    bench.store("alm", 1)
    bench.post(SendRefused("alm"))
    assert bench.sent == [("alm", 1, 1)] and bench.outbox.in_flight == 0
    bench.wait(REFUSED_PAUSE + 0.1)
    assert bench.sent == [("alm", 1, 1)] * 2


def test_an_acknowledgement_of_an_unknown_epoch_deletes_nothing():
    bench = thin()
    bench.store("evt", 25)
    bench.post(EventsAcked(Ack(epoch=99, upto=25)))
    bench.ack("evt", 0)
    assert bench.forgotten == [] and bench.outbox.in_flight > 0


def test_a_store_opened_anew_is_read_from_its_beginning():
    bench = thin()
    bench.store("evt", 25)
    bench.post(StoreOpened((LaneOpened("evt", 55, 12, (55,), 0), LaneOpened("alm", 56, 11, (56,), 0))))
    assert bench.outbox.in_flight == 0 and bench.stood[-1].lanes[1].epoch == 55
    assert bench.stood[-1].lanes[1].prev_epoch == 12


def test_how_it_stands_is_told_at_most_once_a_second():
    bench = thin()
    for n in range(1, 50):
        bench.store("alm", 1)
        bench.ack("alm", n)
        bench.post(Counted((("alm", 0), ("evt", n)), 99.0))
    assert len(bench.stood) == 1
    bench.wait(1.0)
    assert len(bench.stood) == 2
    (alm, evt) = bench.stood[-1].lanes
    assert (alm.acked, evt.acked, bench.stood[-1].waiting, bench.stood[-1].oldest_at) == (49, 0, 49, 99.0)


def test_what_screens_are_shown():
    bench = thin()
    assert not bench.outbox.alarms_waiting and bench.outbox.state == "ready"
    bench.store("alm", 2)
    bench.post(Counted((("alm", 2), ("evt", 7)), 90.0))
    bench.post(StoreChanged("the disk is full", "free space"))
    bench.post(GivenUp(3))
    shown = bench.outbox.view(bench.now)
    assert (shown.waiting, shown.oldest_age_s, shown.epochs) == ({"alm": 2, "evt": 7}, 10.0, EPOCH)
    assert (shown.in_flight_bytes, shown.dropped, shown.trouble) == (20, 3, "the disk is full")
    assert bench.outbox.alarms_waiting and bench.outbox.state == "sending"
    assert Outbox().state == "holding"


def test_after_a_crash_it_goes_on_with_what_is_not_acknowledged():
    bench = thin()
    bench.store("evt", 25)
    bench.outbox = bench.outbox.started_over()
    bench.sent.clear()
    bench.post(Tick())
    assert bench.sent == [("evt", 1, 25)]
