"""The outbox's own thread: commits in groups, deletes what the centre has, encodes what is sent next.

`append` may be called from any thread and never blocks; whatever is slow (disk, packing, deflating) happens here.
The gateway works whatever becomes of the file: a damaged one is set aside and a new one begun, with no file at all
the events live in memory; both are said.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from firmware.outbox.entries import (
    BatchRead,
    Counted,
    Entry,
    Forget,
    GivenUp,
    LaneOpened,
    NothingRead,
    ReadBatch,
    StoreChanged,
    Stored,
    StoreOpened,
)
from firmware.outbox.packing import encoded, one_batch, readable
from firmware.outbox.pending import MOST, Pending, Waiting
from firmware.outbox.store import MEMORY, EventFile, Kept, StoreTrouble, quota_of, set_aside
from firmware.stamp import Stamp
from link.contract.batch import body_of
from link.contract.lanes import LANES, lane_of, rank_of
from link.contract.link_facts import LaneName, StoreSetAside
from link.contract.wire import Wire

log = logging.getLogger(__name__)

GROUP = 50
GROUP_WAIT = 0.02
"""A group is committed when it has so many events or its first has waited so long (s)."""
AT_ONCE = 500
"""Events of one transaction at most, when many wait."""
AGAIN = 1.0
"""Seconds between tries while the disk is in trouble."""
MEMORY_QUOTA = 8_000_000
QUOTA = 200_000_000

Sink = Callable[[object], object]


class OutboxWriter:
    """See the module. `path`: the file; `boot` names this start of the process; `quota`: octets it may hold."""

    def __init__(self, path: Path, boot: str, quota: int = QUOTA, most: int = MOST) -> None:
        self.path, self.boot, self.quota = path, boot, quota
        self._turn = threading.Condition()
        self._pending = Pending(most)
        self._epochs: dict[LaneName, int] = {}
        self._seqs: dict[LaneName, int] = {}
        self._new_epochs()
        self._first_at = self._read_at = self._write_at = 0.0
        self._reads: list[ReadBatch] = []
        self._acked: dict[int, int] = {}
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._sink: Sink = log.debug  # until start
        self._file: EventFile  # from start on
        self._said = self._lasting = ("", "")
        self._given_up = self._told_given_up = 0

    def _new_epochs(self) -> None:
        self._epochs = {lane: secrets.randbits(62) | 1 for lane in LANES}
        self._seqs = dict.fromkeys(LANES, 0)

    # -- any thread --

    def append(self, fact: Wire, stamp: Stamp) -> None:
        """Take a fact for the outbox. Any thread; never blocks, never fails for want of room."""
        lane, rank, body = lane_of(type(fact)), rank_of(type(fact)), body_of(fact)
        with self._turn:
            self._seqs[lane] += 1
            self._pending.put(Waiting(lane, self._epochs[lane], self._seqs[lane], rank, stamp, body))
            count = len(self._pending)
            if count == 1:
                self._first_at = time.monotonic()
            if count in (1, GROUP):
                self._turn.notify()

    def ask(self, order: ReadBatch | Forget) -> None:
        """Have it done by the thread; answers go to the sink. Any thread."""
        with self._turn:
            if isinstance(order, Forget):
                self._acked[order.epoch] = max(order.upto, self._acked.get(order.epoch, 0))
            else:
                self._reads.append(order)
            self._turn.notify()

    def start(self, sink: Sink) -> None:
        """Open the file and begin. Blocks for the check of the file; never fails. Facts go to `sink`."""
        self._sink = sink
        self._open()
        self._thread = threading.Thread(target=self._serve, name="outbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Commit what was appended and close the file. Blocks."""
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()
            self._file.close()

    # -- opening --

    def _open(self, damage: StoreTrouble | None = None) -> None:
        before = dict(self._epochs) if damage else {}
        kept = ""
        try:
            try:
                if damage is not None:
                    raise damage
                self._file = self._begun(self.path)
            except StoreTrouble as trouble:
                if not trouble.damaged:
                    raise
                damage, kept = trouble, set_aside(self.path, time.time())
                with self._turn:
                    self._new_epochs()
                self._file = self._begun(self.path)
        except (StoreTrouble, OSError) as error:
            what = error.what if isinstance(error, StoreTrouble) else str(error)
            advice = error.advice if isinstance(error, StoreTrouble) else f"check {self.path.parent}"
            self._last(f"events are kept in memory only: {what}", f"{advice}; then restart the gateway")
            self._file = self._begun(MEMORY)
        if damage is not None and kept:
            self._tell_aside(kept, damage.what)
        self._sink(StoreOpened(tuple(self._lane_opened(lane, before.get(lane, 0)) for lane in LANES)))
        self._count()

    def _begun(self, path: Path) -> EventFile:
        file = EventFile(path)
        try:
            file.begin(self._epochs)
        except StoreTrouble as trouble:
            if trouble.damaged:
                file.close()
                raise
            self._say(trouble.what, trouble.advice)  # a full disk: what is there can be sent all the same
        return file

    def _lane_opened(self, lane: LaneName, before: int) -> LaneOpened:
        epoch = self._epochs[lane]
        epochs = tuple({*self._file.epochs_of(lane), epoch})
        return LaneOpened(
            lane, epoch, self._file.before.get(lane, 0) or before, epochs, self._file.waiting[lane]
        )

    def _tell_aside(self, kept: str, why: str) -> None:
        log.error("outbox=%s set-aside=%s why=%s", self.path, kept, why)
        now = Stamp(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000, "est")
        self.append(StoreSetAside(store="outbox", kept_as=kept[:200], why=why[:200]), now)
        self._last(
            f"the store was damaged and is set aside as {kept}", "keep that file as evidence and report it"
        )

    def _say(self, what: str, advice: str = "") -> None:
        """Trouble of the moment, or empty: what lasts is said again then."""
        said = (what, advice) if what else self._lasting
        if said != self._said:
            self._said = said
            log.log(
                logging.ERROR if said[0] else logging.INFO,
                "outbox=%s trouble=%s",
                self.path,
                said[0] or "none",
            )
            self._sink(StoreChanged(*said))

    def _last(self, what: str, advice: str) -> None:
        """Trouble that stays until the process ends."""
        self._lasting = (what, advice)
        self._say(what, advice)

    def _troubled(self, trouble: StoreTrouble) -> None:
        self._write_at = time.monotonic() + AGAIN
        if trouble.damaged and self._file.path != MEMORY:
            self._file.close()
            self._open(trouble)
        else:
            self._say(trouble.what, trouble.advice)

    # -- the thread --

    def _serve(self) -> None:
        while True:
            with self._turn:
                while not (self._stopping or self._urgent() or self._group_due()):
                    self._turn.wait(self._pause())
                now, last = time.monotonic(), self._stopping
                reads, acked = [], {}
                if now >= self._read_at:
                    reads, self._reads = self._reads, []
                if now >= self._write_at or last:
                    acked, self._acked = self._acked, {}
                group = self._pending.take(AT_ONCE) if last or self._group_due() else []
                self._first_at = now if group else self._first_at
            changed = self._forget(acked) if acked else False
            for read in reads:
                self._answer(read)
            stored = self._commit(group) if group else False
            if changed or stored:
                self._count()
            if last and not stored:
                return

    def _urgent(self) -> bool:
        """With the lock held: something is to be read or deleted now."""
        now = time.monotonic()
        return (bool(self._reads) and now >= self._read_at) or (bool(self._acked) and now >= self._write_at)

    def _group_due(self) -> bool:
        """With the lock held: a group is to be committed now."""
        count, now = len(self._pending), time.monotonic()
        return count > 0 and now >= self._write_at and (count >= GROUP or now >= self._first_at + GROUP_WAIT)

    def _pause(self) -> float | None:
        """With the lock held: seconds until something is due; None: until somebody says so."""
        moments = [self._read_at] if self._reads else []
        moments += [self._write_at] if self._acked else []
        moments += [max(self._write_at, self._first_at + GROUP_WAIT)] if len(self._pending) else []
        return max(0.001, min(moments) - time.monotonic()) if moments else None

    def _forget(self, acked: dict[int, int]) -> bool:
        try:
            self._file.forget(acked)
        except StoreTrouble as trouble:
            with self._turn:
                for epoch, upto in acked.items():
                    self._acked[epoch] = max(upto, self._acked.get(epoch, 0))
            self._troubled(trouble)
            return False
        return True

    def _commit(self, group: list[Waiting]) -> bool:
        why = "disk" if self._said != self._lasting else "memory"
        entries = [each.entry(self.boot, why) for each in group]
        try:
            self._file.add(entries)
        except StoreTrouble as trouble:
            with self._turn:
                self._pending.give_back(group)
            self._troubled(trouble)
            return False
        self._say("")
        self._keep_quota()
        for lane in LANES:
            stored = [each for each in entries if each.lane == lane]
            if stored:
                self._sink(Stored(lane, len(stored), stored[-1].epoch, stored[-1].seq))
        return True

    def _keep_quota(self) -> None:
        """A full file gives up what matters least. Looked at after each group."""
        quota = MEMORY_QUOTA if self._file.path == MEMORY else quota_of(self.path, self.quota)
        try:
            while self._file.octets() > quota and (count := self._file.make_room(quota)):
                self._given_up += count
                log.warning("outbox=%s quota=%d given-up=%d", self.path, quota, count)
        except StoreTrouble as trouble:
            self._troubled(trouble)

    def _answer(self, read: ReadBatch) -> None:
        try:
            kept = self._next(read)
            if kept is None:
                self._sink(NothingRead(read.lane, read.turn))
                return
            payload = encoded(kept)
            if payload is None:  # some cannot be read: they are told as given up
                for each in kept:
                    if not readable(each.entry.body):
                        self._file.mend(each.place, each.entry)
                payload = encoded(kept := self._next(read) or [])
        except StoreTrouble as trouble:
            self._read_at = time.monotonic() + AGAIN
            with self._turn:
                self._reads.append(read)
            self._troubled(trouble)
            return
        if payload is None:
            self._sink(NothingRead(read.lane, read.turn))
            return
        first, last = kept[0].entry, kept[-1]
        told = BatchRead(read.lane, read.turn, first.epoch, first.seq, last.entry.seq, last.place, payload)
        self._sink(told)

    def _next(self, read: ReadBatch) -> list[Kept] | None:
        """What a read finds, without what the centre has and the disk did not let go of yet."""
        after = read.after
        with self._turn:
            acked = dict(self._acked)
        while found := self._file.read(read.lane, after, read.most):
            left = [each for each in found if each.entry.seq > acked.get(each.entry.epoch, 0)]
            if left:
                return one_batch(left, read.octets)
            after = found[-1].place
        return None

    def _happened(self, oldest: Entry) -> float:
        if oldest.boot.partition(".")[0] == self.boot.partition(".")[0]:
            return oldest.mono_ms / 1000
        return time.monotonic() - max(0.0, time.time() - oldest.wall_ms / 1000)

    def _count(self) -> None:
        try:
            oldest = self._file.oldest()
        except StoreTrouble as trouble:
            self._troubled(trouble)
            return
        waiting = tuple((lane, self._file.waiting[lane]) for lane in LANES)
        self._sink(Counted(waiting, self._happened(oldest) if oldest else None))
        given_up = self._given_up + self._pending.dropped
        if given_up != self._told_given_up:
            self._told_given_up = given_up
            self._sink(GivenUp(given_up))
