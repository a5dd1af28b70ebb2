"""The books of a chaos run: what every outbox committed against what the centre holds and did."""

import contextlib
import json
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from scripts.town.outbox_ledger import committed, effects, note_commits, reading, waiting

Key = tuple[str, int, int]
"""Gateway, epoch, sequence number."""


@dataclass(frozen=True)
class Tally:
    """What the books say at the end."""

    events: int
    lost: tuple[Key, ...]
    doubled: tuple[Key, ...]
    effects: int
    given_up: int
    early: int

    @property
    def clean(self) -> bool:
        """Nothing was lost, nothing came twice, each event had its one effect."""
        return not self.lost and not self.doubled and self.effects == self.events - self.given_up


@dataclass
class Books:
    """`outboxes`: gateway to its outbox file; `centre`: the centre's database."""

    outboxes: dict[str, Path]
    centre: Path
    _known: dict[Key, None] = field(default_factory=dict)

    def open(self) -> None:
        """Begin to note: call it once every outbox exists."""
        for path in self.outboxes.values():
            note_commits(path)

    def collect(self) -> None:
        """Take over what the outboxes noted so far."""
        for gateway, path in self.outboxes.items():
            self._known.update({(gateway, *key): None for key in committed(path)})

    def forgive(self, gateway: str, image: Path) -> int:
        """Events that go with an outbox which is replaced by `image`: not delivered, and not in it. How many."""
        keys = "select epoch, seq from outbox"
        with (
            contextlib.closing(reading(self.outboxes[gateway])) as present,
            contextlib.closing(reading(image)) as older,
        ):
            gone = set(present.execute(keys)) - set(older.execute(keys))
        for epoch, seq in gone:
            self._known.pop((gateway, epoch, seq), None)
        return len(gone)

    def waiting(self) -> int:
        """Events that the outboxes still hold."""
        return sum(waiting(path) for path in self.outboxes.values())

    def wait_empty(self, limit: float) -> float | None:
        """Seconds until every outbox was empty; None when that took longer than `limit`."""
        began = time.monotonic()
        while time.monotonic() - began < limit:
            with contextlib.suppress(sqlite3.OperationalError):  # being replaced, or busy
                if self.waiting() == 0:
                    return time.monotonic() - began
            time.sleep(0.05)
        return None

    def tally(self, floor_ms: int) -> Tally:
        """Compare. `floor_ms`: no event may claim to be older (Unix ms)."""
        self.collect()
        with contextlib.closing(reading(self.centre)) as connection:
            held = {
                (gateway, epoch, seq): wall
                for gateway, epoch, seq, wall in connection.execute(
                    "select gateway, epoch, seq, wall_ms from events"
                )
            }
            told = Counter(effects(connection))
            dropped = _given_up(connection)
        lost = tuple(key for key in self._known if key not in held and not _within(key, dropped))
        doubled = tuple(key for key, count in told.items() if count > 1)
        given_up = sum(1 for key in self._known if key not in held and _within(key, dropped))
        early = sum(1 for key in self._known if held.get(key, floor_ms) < floor_ms)
        once = sum(1 for key in self._known if told[key] == 1)
        return Tally(len(self._known), lost, doubled, once, given_up, early)


def _given_up(connection: sqlite3.Connection) -> list[tuple[str, int, int, int]]:
    """What gateways said they had to give up: gateway, epoch, first, last."""
    rows = connection.execute(
        "select e.subject, p.body from entries e join payloads p using (seq) where e.kind = 'fact.EventsDropped'"
    )
    told = [(gateway, json.loads(body)) for gateway, body in rows]
    return [(gateway, each["epoch"], each["first"], each["last"]) for gateway, each in told]


def _within(key: Key, dropped: list[tuple[str, int, int, int]]) -> bool:
    gateway, epoch, seq = key
    return any(g == gateway and e == epoch and first <= seq <= last for g, e, first, last in dropped)
