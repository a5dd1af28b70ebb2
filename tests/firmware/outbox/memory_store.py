"""A store in a list, without a thread: what is appended is stored at once, answers come within the call."""

from collections import deque
from collections.abc import Callable

from firmware.outbox.entries import (
    BatchRead,
    Counted,
    Entry,
    Forget,
    LaneOpened,
    NothingRead,
    ReadBatch,
    Stored,
    StoreOpened,
)
from firmware.outbox.packing import encoded, one_batch
from firmware.outbox.store import Kept
from firmware.stamp import Stamp
from link.contract.batch import body_of
from link.contract.lanes import LANES, lane_of, rank_of
from link.contract.wire import Wire


class MemoryStore:
    """See firmware.outbox.board.Store. `facts`: everything that was appended."""

    def __init__(self, boot: str = "1.1", first_epoch: int = 1) -> None:
        self.boot = boot
        self.epochs = {lane: first_epoch + n for n, lane in enumerate(LANES)}
        self.seqs = dict.fromkeys(LANES, 0)
        self.kept: deque[Kept] = deque(maxlen=5000)
        self.place = 0
        self.facts: deque[Wire] = deque(maxlen=20_000)
        self.started = False
        self.heard: Callable[[object], object] = lambda fact: None

    def start(self, heard: Callable[[object], object]) -> None:
        self.heard, self.started = heard, True
        opened = [
            LaneOpened(lane, epoch, 0, (epoch,), self.count(lane)) for lane, epoch in self.epochs.items()
        ]
        heard(StoreOpened(tuple(opened)))

    def count(self, lane: str) -> int:
        return sum(each.entry.lane == lane for each in self.kept)

    def append(self, fact: Wire, stamp: Stamp) -> None:
        self.facts.append(fact)
        lane, rank = lane_of(type(fact)), rank_of(type(fact))
        self.seqs[lane] += 1
        self.place += 1
        entry = Entry(lane, self.epochs[lane], self.seqs[lane], rank, self.boot, *stamp, body=body_of(fact))
        self.kept.append(Kept(self.place, entry))
        self.heard(Stored(lane, 1, entry.epoch, entry.seq))
        if self.started:
            self._counted()

    def ask(self, order: ReadBatch | Forget) -> None:
        if isinstance(order, Forget):
            left = [
                each for each in self.kept if each.entry.epoch != order.epoch or each.entry.seq > order.upto
            ]
            self.kept = deque(left, self.kept.maxlen)
            self._counted()
            return
        found = [each for each in self.kept if each.entry.lane == order.lane and each.place > order.after]
        if not found:
            self.heard(NothingRead(order.lane, order.turn))
            return
        batch = one_batch(found[: order.most], order.octets)
        first, last = batch[0].entry, batch[-1]
        payload = encoded(batch)
        assert payload is not None
        self.heard(
            BatchRead(order.lane, order.turn, first.epoch, first.seq, last.entry.seq, last.place, payload)
        )

    def _counted(self) -> None:
        oldest = self.kept[0].entry.mono_ms / 1000 if self.kept else None
        self.heard(Counted(tuple((lane, self.count(lane)) for lane in LANES), oldest))
