"""The books of a fleet run: what every outbox committed against what the centre holds, and how late it came."""

import contextlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scripts.fleet_parts.gauges import quantiles
from scripts.town.outbox_ledger import committed, effects, reading, waiting

_FACTS = "select e.subject, e.wall_ms, p.body from entries e join payloads p using (seq) where e.kind like 'fact.%'"


@dataclass(frozen=True)
class Tally:
    """What the books say. `effects`: journal entries that the events brought."""

    events: int
    lost: int
    doubled: int
    effects: int
    waiting: int

    @property
    def clean(self) -> bool:
        """Every event is there, once."""
        return not (self.lost or self.doubled or self.waiting) and self.effects == self.events


@dataclass(frozen=True)
class Books:
    """`outboxes`: gateway to its outbox file; `centre`: the centre's database."""

    outboxes: dict[str, Path]
    centre: Path

    def waiting(self) -> int:
        """Events that the outboxes still hold."""
        return sum(waiting(path) for path in self.outboxes.values())

    def tally(self) -> Tally:
        """Compare every outbox with the centre."""
        known = {(name, *key) for name, path in self.outboxes.items() for key in committed(path)}
        with contextlib.closing(reading(self.centre)) as connection:
            held = Counter(connection.execute("select gateway, epoch, seq from events"))
            told = Counter(effects(connection))
        lost = sum(1 for key in known if not held[key])
        doubled = sum(1 for key in known if told[key] > 1 or held[key] > 1)
        once = sum(1 for key in known if told[key] == 1)
        return Tally(len(known), lost, doubled, once, self.waiting())

    def lag(self, from_ms: int, to_ms: int) -> dict[str, float]:
        """Milliseconds from an event to its place in the store, of the events that happened in a span (Unix ms)."""
        lags = []
        with contextlib.closing(reading(self.centre)) as connection:
            for gateway, stored_ms, body in connection.execute(_FACTS):
                happened = json.loads(body).get("wall_ms")
                if gateway in self.outboxes and happened is not None and from_ms <= happened < to_ms:
                    lags.append(float(stored_ms - happened))
        return quantiles(lags)
