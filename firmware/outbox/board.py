"""The evidence of a gateway: its store, the machine that sends it, and who hears of it. Decides nothing.

Everything that a gateway tells passes `record`: onto the disk first, to the centre from there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware.events import OutboxStood
from firmware.outbox.entries import Forget, ReadBatch, StoreChanged
from firmware.outbox.lane import SendBatch
from firmware.outbox.machine import Outbox, SendRefused, Unheard
from firmware.stamp import Stamp
from link.bus.port import Bus
from link.bus.port import Unheard as NobodyListened
from link.contract.link_facts import LaneName
from link.contract.topics import Row
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.runner import Runner

ROWS: dict[LaneName, Row] = {"alm": Row.ALARMS, "evt": Row.EVENTS}


class Store(Protocol):
    """What the outbox asks of its store; facts of it come to `heard`."""

    def append(self, fact: Wire, stamp: Stamp) -> None:
        """Take a fact. Any thread, never blocks."""

    def ask(self, order: ReadBatch | Forget) -> None:
        """Have it done; the answer comes as a fact."""


@dataclass
class Evidence:
    """`topic` spells the topic of a row; `stood` hears how the outbox stands; `health` of trouble with the store."""

    store: Store
    bus: Bus
    clock: Clock
    topic: Callable[[Row], str]
    stood: Callable[[OutboxStood], object]
    health: Callable[[str, str, str], None]

    def __post_init__(self) -> None:
        self.runner: Runner[Outbox] = Runner(
            "outbox", Outbox(), self.perform, self.clock, limit=20_000, recover=self._started_over
        )

    def _started_over(self) -> tuple[Outbox, tuple[object, ...]]:
        return self.runner.machine.started_over(), ()

    def record(self, fact: Wire, stamp: Stamp) -> None:
        """Put a fact into the outbox."""
        self.store.append(fact, stamp)

    def heard(self, fact: object) -> None:
        """Facts of the store; called on its thread."""
        if isinstance(fact, StoreChanged):
            self.health("outbox", fact.what, fact.advice)
        self.runner.inbox.post(fact)

    def unheard(self, fact: NobodyListened) -> None:
        """A message of ours reached nobody; called on the bus door's thread."""
        for lane, row in ROWS.items():
            if fact.topic == self.topic(row):
                self.runner.inbox.post(Unheard(lane))

    def perform(self, effect: object) -> None:
        """Effects of the outbox."""
        match effect:
            case ReadBatch() | Forget():
                self.store.ask(effect)
            case SendBatch(lane=lane, payload=payload):
                row = ROWS[lane]
                if not self.bus.publish(self.topic(row), payload, qos=row.qos):
                    self.runner.inbox.post(SendRefused(lane))
            case OutboxStood():
                self.stood(effect)
