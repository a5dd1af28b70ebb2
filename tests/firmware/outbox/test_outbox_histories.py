"""Whatever the link does, a model centre gets every stored event, nothing goes unacknowledged, nothing stalls."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from firmware.events import CentreChanged, EventsAcked, LinkChanged, OutboxStood, ProfileChosen
from firmware.outbox.entries import Forget, ReadBatch
from firmware.outbox.lane import SendBatch
from firmware.outbox.machine import Outbox, SendRefused, Unheard
from link.contract.batch import Ack, Batch, decode_batch
from link.contract.profile import PROFILES
from link.hosting.machine import Tick
from tests.firmware.outbox.bench import alarm, stamp, talk
from tests.firmware.outbox.memory_store import MemoryStore

Key = tuple[int, int]


@dataclass
class Centre:
    """Holds what arrived; acknowledges up to the first event that is missing."""

    held: dict[Key, object] = field(default_factory=dict)
    upto: dict[int, int] = field(default_factory=dict)

    def take(self, batch: Batch) -> Ack:
        epoch = batch.head.epoch
        for event in batch.events:
            known = self.held.setdefault((epoch, event.seq), event.fact)
            assert known == event.fact, "a number was used twice"
        upto = self.upto.get(epoch, 0)
        while (epoch, upto + 1) in self.held:
            upto += 1
        self.upto[epoch] = upto
        return Ack(epoch=epoch, upto=upto)


class History(RuleBasedStateMachine):
    """Batches and answers travel in order; a cut takes all that is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.outbox, self.centre = 100.0, Outbox(), Centre()
        self.inbox: list[object] = []
        self.up_way: list[bytes] = []
        self.down_way: list[Ack] = []
        self.link = False
        self.made = 0
        self.told: dict[Key, object] = {}
        self.epoch = 1
        self.refusing = False
        self.open_store()

    def open_store(self) -> None:
        before = self.store.kept if hasattr(self, "store") else ()
        self.store = MemoryStore(first_epoch=self.epoch)
        self.store.kept.extend(before)
        self.store.place = before[-1].place if before else 0
        self.epoch += 2
        self.store.start(self.inbox.append)
        # epochs of earlier openings are part of what the store names
        opened = self.inbox.pop()
        lanes = []
        for each in opened.lanes:  # type: ignore[attr-defined]
            epochs = {
                each.epoch,
                *(kept.entry.epoch for kept in self.store.kept if kept.entry.lane == each.lane),
            }
            lanes.append(type(each)(each.lane, each.epoch, 0, tuple(epochs), each.waiting))
        self.inbox.append(type(opened)(tuple(lanes)))
        self.settle()

    def settle(self) -> None:
        for _ in range(5000):
            if not self.inbox:
                return
            self.outbox, effects = self.outbox.handle(self.inbox.pop(0), self.now)
            for effect in effects:
                self.perform(effect)
        raise AssertionError("it never comes to rest")

    def perform(self, effect: object) -> None:
        match effect:
            case Forget(epoch=epoch, upto=upto):
                assert upto <= self.centre.upto.get(epoch, 0), "deleted and not acknowledged"
                self.store.ask(effect)
            case ReadBatch():
                self.store.ask(effect)
            case SendBatch(lane=lane, payload=payload):
                assert self.link
                sender, outbox = self.outbox.lanes[lane], self.outbox
                taken = sender.in_flight if lane == "alm" else outbox.in_flight
                assert taken <= outbox.window or len(sender.flight) == 1, "the window"
                if self.refusing:
                    self.inbox.append(SendRefused(lane))
                else:
                    self.up_way.append(payload)
            case OutboxStood():
                pass
            case _:
                raise AssertionError(effect)

    # -- what happens --

    @initialize(name=st.sampled_from(list(PROFILES)))
    def profile(self, name: str) -> None:
        self.inbox.append(ProfileChosen(PROFILES[name]))
        self.settle()

    @rule(count=st.integers(1, 40), urgent=st.booleans())
    def append(self, count: int, urgent: bool) -> None:
        for _ in range(count):
            self.made += 1
            fact = alarm(self.made) if urgent else talk(self.made)
            self.store.append(fact, stamp(self.made))
            entry = self.store.kept[-1].entry
            self.told[entry.epoch, entry.seq] = fact
        self.settle()

    @rule()
    def connect(self) -> None:
        self.cut()
        self.link = True
        self.inbox.append(LinkChanged(up=True))
        self.settle()

    @rule()
    def cut(self) -> None:
        self.link = False
        self.up_way.clear()
        self.down_way.clear()
        self.inbox.append(LinkChanged(up=False))
        self.settle()

    @rule(count=st.integers(1, 5))
    def deliver(self, count: int) -> None:
        for _ in range(min(count, len(self.up_way))):
            self.down_way.append(self.centre.take(decode_batch(self.up_way.pop(0))))

    @rule(hold=st.sampled_from([0, 0, 0, 500]))
    def answer(self, hold: int) -> None:
        if self.down_way:
            ack = self.down_way.pop(0)
            self.inbox.append(EventsAcked(ack.model_copy(update={"hold_ms": hold})))
            self.settle()

    @rule()
    def lose_one_batch(self) -> None:
        """A broker with a full queue."""
        if self.up_way:
            self.up_way.pop(0)

    @rule()
    def lose_one_answer(self) -> None:
        if self.down_way:
            self.down_way.pop(0)

    @rule(on=st.booleans(), ingest=st.booleans())
    def centre_says(self, on: bool, ingest: bool) -> None:
        self.inbox.append(CentreChanged(on, ingest))
        self.settle()

    @rule()
    def nobody_listened(self) -> None:
        self.inbox.append(Unheard("evt"))
        self.settle()

    @rule(refusing=st.booleans())
    def bus_full(self, refusing: bool) -> None:
        self.refusing = refusing

    @rule()
    def restart(self) -> None:
        """The process starts over; the file stays."""
        self.cut()
        self.outbox = Outbox()
        self.inbox.clear()
        self.open_store()

    @rule()
    def crash(self) -> None:
        self.outbox = self.outbox.started_over()

    @rule(seconds=st.floats(0.01, 30))
    def time_passes(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(2000):
            due = self.outbox.deadline
            if due is None or due > end:
                self.now = end
                return
            self.now = max(self.now, due)
            self.inbox.append(Tick())
            self.settle()
        raise AssertionError("it ticks for ever")

    # -- what holds --

    @invariant()
    def nothing_that_the_centre_lacks_is_deleted(self) -> None:
        kept = {(each.entry.epoch, each.entry.seq) for each in self.store.kept}
        assert set(self.told) <= kept | set(self.centre.held)

    def teardown(self) -> None:
        """On a good link everything arrives, soon."""
        self.refusing = False
        self.centre_says(True, True)
        self.connect()
        for _ in range(400):
            if not self.store.kept:
                break
            self.deliver(5)
            while self.down_way:
                self.answer(0)
            self.time_passes(1.0)
        assert not self.store.kept, "it stalls"
        assert self.centre.held == self.told


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
