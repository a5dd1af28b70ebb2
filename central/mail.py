"""Turns what comes from the broker into facts. What does not decode is counted.
Batches of the outbox are handed on unread.

One task reads the mailbox; a flood of rubbish costs its sender's messages, nobody else's.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from central.store.arrivals import Parcel
from link.bus.port import BusDown, BusUp, Message
from link.contract import facts
from link.contract.documents import decode_reported
from link.contract.envelope import EnvelopeError, unpack
from link.contract.link_facts import LaneName
from link.contract.realtime import decode_report
from link.contract.topics import Row, Topics
from link.contract.wire import validated
from link.hosting.clock import Clock
from link.hosting.inbox import Inbox

log = logging.getLogger(__name__)

AT_A_TIME = 8
"""Messages taken before the rest of core gets its turn."""
LANES: dict[Row, LaneName] = {Row.ALARMS: "alm", Row.EVENTS: "evt"}
"""Rows of the outbox; their batches go on as they came."""


@dataclass(frozen=True, slots=True)
class Came:
    """A fact of the broker's door, and when it came (monotonic s)."""

    at: float
    fact: object


class Mail:
    """`deliver(gateway, fact)` is called in order, on the loop. `lag`: seconds that the newest message had waited.

    `keys(gateway)`: one of which must have sealed its reports; None: none has to.
    """

    def __init__(
        self,
        topics: Topics,
        clock: Clock,
        deliver: Callable[[str, object], None],
        keys: Callable[[str], Iterable[bytes] | None] = lambda gateway: None,
    ) -> None:
        self.inbox = Inbox("mail", limit=50_000)
        self.refused: Counter[tuple[str, str]] = Counter()
        self.lag = 0.0
        self._topics = topics
        self._clock = clock
        self._deliver, self._keys = deliver, keys

    def come(self, fact: object) -> None:
        """A fact of the broker's door."""
        self.inbox.post(Came(self._clock.now(), fact))

    async def run(self) -> None:
        """Serve the mailbox until cancelled."""
        taken = 0
        while True:
            item = await self.inbox.get()
            if isinstance(item, Came):
                self.lag, item = self._clock.now() - item.at, item.fact
            self.take(item)
            taken += 1
            if taken % AT_A_TIME == 0:  # the mailbox does not wait while it holds anything
                await asyncio.sleep(0)

    def take(self, fact: object) -> None:
        """One fact of the broker's door."""
        if isinstance(fact, BusUp | BusDown):
            self._deliver("", fact)
        elif isinstance(fact, Message):
            known = self._topics.parse(fact.topic)
            if known is None or known[0].direction != "up":
                self.refuse("", "misaddressed", fact.topic)
                return
            if known[0] in LANES:  # read elsewhere: a large batch costs milliseconds
                received = int(self._clock.wall() * 1000)
                self._deliver(known[1], Parcel(known[1], LANES[known[0]], fact.payload, received))
                return
            try:
                decoded = decode(known[0], fact, self._keys(known[1]))
            except EnvelopeError as error:
                self.refuse(known[1], error.reason, f"{known[0].name}: {error}")
                return
            if decoded is not None:
                self._deliver(known[1], decoded)

    def refuse(self, gateway: str, reason: str, detail: str) -> None:
        """Count a message that is dropped; the first of each gateway and reason is named in the log."""
        self.refused[(gateway, reason)] += 1
        if self.refused[(gateway, reason)] == 1:
            log.warning("from=%s refused=%s detail=%s", gateway or "?", reason, detail[:200])


def decode(row: Row, message: Message, keys: Iterable[bytes] | None = None) -> object | None:
    """The fact in a message; None when the row carries nothing for the centre. `keys`: see Mail. EnvelopeError."""
    match row:
        case Row.REALTIME_UP:
            if message.retain:
                raise EnvelopeError("retained", "a report must never be retained")
            return decode_report(message.payload, keys)
        case Row.LIVE:
            value = unpack(message.payload)
            alive = isinstance(value, dict) and value.get("on") == 1
            return validated(facts.Birth if alive else facts.Death, value)
        case Row.STATE:
            return validated(facts.Snapshot, unpack(message.payload))
        case Row.RESULT:
            return validated(facts.CommandResult, unpack(message.payload))
        case Row.HEARTBEAT:
            return validated(facts.Heartbeat, unpack(message.payload))
        case Row.REPORTED:
            return decode_reported(message.payload)
    return None
