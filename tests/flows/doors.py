"""Fakes of a gateway's and the centre's doors that no port test covers: guard, sound card, journal, tapes."""

import json
import sqlite3
from collections import deque
from dataclasses import dataclass, field

import sqlite_utils

from central.store.events import known_of, read_all, since_of
from central.store.intake import Transaction
from central.store.migrations import migrate
from link.hosting.clock import HandClock


@dataclass
class FakeGuard:
    """Keeps leases like the guard does; `history` is every change of every output with its time."""

    clock: HandClock
    told: "object" = None
    leases: dict[str, float] = field(default_factory=dict)
    driven: dict[str, bool] = field(default_factory=dict)
    history: list[tuple[float, str, bool]] = field(default_factory=list)

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        self.leases[out] = self.clock.now() + left
        self.look()
        return True

    def safe(self, out: str) -> bool:
        self.leases.pop(out, None)
        self.look()
        return True

    def look(self) -> None:
        """Drive what is leased, make safe what is not."""
        for out in {*self.leases, *self.driven}:
            on = self.leases.get(out, 0.0) > self.clock.now()
            if on != self.driven.get(out, False):
                self.driven[out] = on
                self.history.append((self.clock.now(), out, on))
                if callable(self.told):
                    self.told(out, on, "feed" if on else "expired")


class FakeCard:
    """A sound card in memory: `say` gives it captured frames, `played` is what it was given, with times."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.captured: deque[bytes] = deque()
        self.played: list[tuple[float, bytes]] = []
        self.taken = 0
        self.witness = None
        self.open = False
        self.mode = "shut"
        self.waiting: deque[bytes] = deque()
        self.finishing = False
        self.drained: object = None
        self.source = self
        self.sink = self

    def pop(self) -> bytes | None:
        return self.captured.popleft() if self.open and self.captured else None

    def push(self, frame: bytes) -> None:
        if self.mode == "shut":
            return
        if any(frame):
            self.waiting.append(frame)
        if self.mode == "open" and self.waiting:
            self.played.append((self.clock.now(), self.waiting.popleft()))
            if callable(self.witness):
                self.witness(self.played[-1][1])
        self.taken += self.mode == "open"
        if self.finishing and not self.waiting and callable(self.drained):
            self.finishing = False
            self.drained()

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        self.open = True

    def close_capture(self, until_ns: int | None = None) -> None:
        self.open = self.open and until_ns is not None

    def shut_playback(self) -> None:
        self.mode, self.finishing = "shut", False
        self.waiting.clear()

    def hold_playback(self, for_grant: bool = False) -> None:
        self.mode = "held"

    def release_playback(self) -> None:
        self.mode = "open"

    def finish_playback(self) -> None:
        self.mode, self.finishing = "open", True


@dataclass
class FakeLedger:
    entries: list[tuple[str, str, dict]] = field(default_factory=list)

    def append(self, kind, subject, payload) -> None:
        self.entries.append((kind, subject, dict(payload)))

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.entries]


class FakeEvents:
    """The store of events without threads and files; journal entries go to the ledger."""

    def __init__(self, ledger: FakeLedger, wall) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self.sql, self.ledger, self.wall = sqlite_utils.Database(connection), ledger, wall
        migrate(self.sql)

    async def take(self, arrivals):
        return self._done(lambda transaction: transaction.take(read_all(arrivals)))

    async def old_gaps(self, before_ms):
        return self._done(lambda transaction: transaction.old_gaps(before_ms))

    def _done(self, work):
        transaction = Transaction(self.sql, int(self.wall() * 1000))
        outcome = work(transaction)
        for entry in transaction.journal:
            self.ledger.append(entry.kind, entry.subject, json.loads(entry.body))
        return outcome

    async def known(self):
        return known_of(self.sql)

    async def since(self, places):
        return since_of(self.sql, places)

    async def plays(self, since_ms):
        return []


@dataclass
class FakeTapes:
    running: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    subjects: dict[str, tuple[str, ...]] = field(default_factory=dict)
    floors: list[tuple[str, str, str]] = field(default_factory=list)

    def conversation(self, group, members, on, subjects=()) -> None:
        self.subjects[f"group:{group}"] = subjects
        self._note(f"group:{group}", members, on)

    def broadcast(self, broadcast, lines, channel, on) -> None:
        self._note(f"broadcast:{broadcast}", lines, on)

    def _note(self, owner, lines, on) -> None:
        if on:
            self.running[owner] = tuple(lines)
        elif self.running.pop(owner, None) is not None:
            self.ended.append(owner)

    def call(self, call, leg, number) -> None:
        self._note(f"call:{call}", (*self.running.get(f"call:{call}", ()), number), True)

    def call_over(self, call) -> None:
        self._note(f"call:{call}", (), False)

    def talks(self, group, holder, talker) -> None:
        self.floors.append((group, holder, talker))

    def heard(self, fact) -> None:
        pass

    def node_came(self, running) -> None:
        pass

    def told(self, gateway, fact) -> None:
        pass

    def of_owner(self, owner, kind, subject=""):
        return None


@dataclass
class MemoryDesired:
    """A gateway's shelf for its desired document, in memory; `full` makes its disk refuse."""

    held: object = None
    ill: str = ""
    full: bool = False

    def load(self):
        return self.held, self.ill

    def keep(self, held) -> None:
        if self.full:
            raise OSError("no space left")
        self.held = held


@dataclass
class MemoryDesiredRows:
    """The centre's store of desired documents, in memory."""

    rows: dict[str, object] = field(default_factory=dict)

    async def save(self, row, wall_ms: int) -> None:
        self.rows[row.gateway] = row

    async def all(self):
        return list(self.rows.values())
