"""A broker in memory and the bus door to it: deterministic, turned by hand, with verbs for trouble.

Nothing moves until `turn` or `settle` is called, and time is whatever the given function says. It keeps what
the real door promises (clean sessions, QoS 1, window, retained, will); passwords and access rules it does not
check.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from link.bus import reasons
from link.bus.port import (
    LARGEST_PAYLOAD,
    BusDown,
    BusError,
    BusUp,
    Message,
    NeverKept,
    Sink,
    Unheard,
    Will,
)
from link.bus.tally import Tally
from link.bus.topic_filter import check_filter, check_topic, matches
from link.bus.window import NOBODY_LISTENS, OVERHEAD, Window

log = logging.getLogger(__name__)

DOWN = "nobody listens at the fake broker: is the broker running?"
TAKEN_OVER = 0x8E


@dataclass(frozen=True)
class _Packet:
    """One message on its way; `at` is when it was handed over or taken by the broker."""

    message: Message
    qos: int
    mid: int
    expiry: int | None
    at: float


class FakeBus:
    """See link.bus.port.Bus; connects to a FakeBroker at the broker's next turn."""

    def __init__(
        self,
        broker: "FakeBroker",
        client_id: str,
        *,
        window_bytes: int = 65_536,
        largest_payload: int = LARGEST_PAYLOAD,
    ) -> None:
        self.client_id = client_id
        self.sink: Sink | None = None
        self.subscriptions: tuple[str, ...] = ()
        self.will: Will | None = None
        self.will_message: Message | None = None
        self.session = ""
        self.said = ""
        self.uplink: deque[_Packet] = deque()
        self.downlink: deque[_Packet] = deque()
        self._broker, self._window_bytes, self._largest = broker, window_bytes, largest_payload
        self._tally = Tally(f"fake-bus-{client_id}")
        self.window = self._new_window()
        self._mid = 0
        self.tuned: tuple[int, float] | None = None
        self._started = self._stopped = False

    def _new_window(self) -> Window:
        return Window(self._window_bytes, self._tally, lambda topic: self.post(Unheard(topic)))

    async def start(self, sink: Sink, subscriptions: tuple[str, ...] = (), will: Will | None = None) -> None:
        """See Bus."""
        if self._started or self._stopped:
            raise BusError(f"bus {self.client_id} was started before: make a new one")
        for pattern in subscriptions:
            check_filter(pattern)
        self._started = True
        self.sink, self.subscriptions, self.will = sink, subscriptions, will
        self._broker.enter(self)

    async def stop(self) -> None:
        """See Bus."""
        self._stopped = True
        self.sink = None
        self._broker.leave(self)

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry: int | None = None
    ) -> bool:
        """See Bus."""
        check_topic(topic)
        if qos not in (0, 1):
            raise ValueError(f"qos {qos} is not used here: 0 or 1")
        size = len(payload) + len(topic) + OVERHEAD
        if len(payload) > self._largest:
            self._tally.count("too-large-out", topic)
        elif not self.session:
            self._tally.count("not-connected", topic)
        elif not self.window.take(size):
            self._tally.count("window-full", topic)
        else:
            self._mid += 1
            self.window.sent(self._mid, size, topic)
            message = Message(topic, bytes(payload), retain)
            self.uplink.append(_Packet(message, qos, self._mid, expiry or None, self._broker.now()))
            return True
        return False

    def room(self) -> int:
        """See Bus."""
        return self.window.room() if self.session else 0

    def retune(self, *, keepalive: int, spread: float) -> None:
        """See Bus; `tuned` keeps it, the fake broker comes back to everybody at once."""
        self.tuned = (keepalive, spread)

    def dropped(self) -> dict[str, int]:
        """See Bus."""
        return self._tally.counts()

    # ---- called by the broker ------------------------------------------------------------------------------

    def opened(self, session: str) -> None:
        """The connection stands."""
        self.session, self.said = session, ""
        self.window = self._new_window()
        self.post(BusUp(session))

    def lost(self, reason: str) -> None:
        """The connection broke or could not be made; what was under way is gone."""
        self.session = ""
        self.uplink.clear()
        self.downlink.clear()
        if reason != self.said:
            self.said = reason
            self.post(BusDown(reason))

    def deliver(self, message: Message) -> None:
        """Hand one message to the sink unless it is too large."""
        if len(message.payload) > self._largest:
            self._tally.count("too-large-in", message.topic)
        else:
            self.post(message)

    def post(self, fact: object) -> None:
        """Give a fact to the sink, as the real door does."""
        if self.sink is None:
            return
        try:
            self.sink(fact)
        except Exception:
            log.exception("bus=%s the sink raised on %s", self.client_id, type(fact).__name__)


class FakeBroker:
    """The broker and all its trouble. `now` gives seconds; by default a clock that only `advance` moves."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._time = 0.0
        self.now = now or (lambda: self._time)
        self.retained: dict[str, Message] = {}
        self.taken: deque[Message] = deque(maxlen=100_000)  # what publishers handed over, in order
        self._buses: list[FakeBus] = []
        self._running = True
        self._away: dict[str, str] = {}  # client id -> why it cannot connect
        self._lag: dict[str, float] = {}
        self._trouble: list[tuple[str, str, int]] = []  # verb, filter, how many left
        self._sessions = 0

    # ---- turning -------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Move the broker's own clock (only when no `now` was given)."""
        self._time += seconds

    def turn(self) -> int:
        """Connect who waits, take what was published before, deliver what is due. Returns how many moved."""
        moved = sum(self._connect(bus) for bus in list(self._buses) if not bus.session)
        waiting = [(bus, len(bus.uplink)) for bus in self._buses]
        for bus, count in waiting:
            for _ in range(count):
                if not bus.uplink or bus.uplink[0].at + self._lag_of(bus) > self.now():
                    break
                packet = bus.uplink.popleft()
                heard = packet.qos == 0 or self._listened(packet.message.topic)
                bus.window.acknowledged(packet.mid, 0 if heard else NOBODY_LISTENS)
                self._take(packet.message, packet.qos, packet.expiry)
                bus.window.settle()
                moved += 1
        for bus in list(self._buses):
            moved += self._deliver_due(bus)
        return moved

    def settle(self, most: int = 10_000) -> None:
        """Turn until nothing moves. RuntimeError when messages chase each other for ever."""
        for _ in range(most):
            if not self.turn():
                return
        raise RuntimeError(f"the fake broker did not come to rest in {most} turns")

    # ---- trouble -------------------------------------------------------------------------------------------

    def cut(self, client_id: str, reason: str = reasons.LOST) -> None:
        """Break the connection without goodbye (its will is published) and keep it broken until `mend`."""
        self._away[client_id] = reason
        for bus in self._of(client_id):
            if bus.session:
                self._lose(bus, reason)

    def mend(self, client_id: str) -> None:
        """The client may connect again, at the next turn."""
        self._away.pop(client_id, None)

    def refuse(self, client_id: str, code: int) -> None:
        """Answer the client's CONNECT with an MQTT 5 reason code (0x86: bad password) until `mend`."""
        self.cut(client_id, reasons.of_code(code, client_id, client_id, "refused"))

    def kill(self) -> None:
        """kill -9: everybody is cut, no will, retained messages are forgotten. Down until `restart`."""
        self._running = False
        self.retained.clear()
        for bus in list(self._buses):
            if bus.session:
                bus.lost(reasons.LOST)

    def restart(self) -> None:
        """Up again; clients connect at the next turn."""
        self._running = True

    def delay(self, client_id: str, seconds: float) -> None:
        """Each packet from and to the client takes `seconds`; math.inf: a silent link, not broken."""
        self._lag[client_id] = seconds

    def drop(self, count: int, pattern: str = "#") -> None:
        """Acknowledge the next `count` messages on `pattern` but forward them to nobody: a full queue."""
        self._trouble.append(("drop", pattern, count))

    def duplicate(self, count: int, pattern: str = "#") -> None:
        """Deliver the next `count` QoS 1 messages on `pattern` twice."""
        self._trouble.append(("duplicate", pattern, count))

    def inject(self, message: Message) -> None:
        """Publish as if by a stranger (QoS 1, no limits checked)."""
        self._take(message, 1, None)

    # ---- inside --------------------------------------------------------------------------------------------

    def enter(self, bus: FakeBus) -> None:
        """A door was started."""
        self._buses.append(bus)

    def leave(self, bus: FakeBus) -> None:
        """A door says goodbye: what it published before is taken, its will is not."""
        if bus not in self._buses:
            return
        self._buses.remove(bus)
        for packet in bus.uplink if bus.session else ():
            self._take(packet.message, packet.qos, packet.expiry)
        bus.lost("stopped")

    def _of(self, client_id: str) -> list[FakeBus]:
        return [bus for bus in self._buses if bus.client_id == client_id]

    def _lag_of(self, bus: FakeBus) -> float:
        return self._lag.get(bus.client_id, 0.0)

    def _connect(self, bus: FakeBus) -> int:
        why = DOWN if not self._running else self._away.get(bus.client_id)
        if why is not None:
            news = why != bus.said
            bus.lost(why)
            return int(news)
        for other in self._of(bus.client_id):
            if other.session:
                reason = reasons.of_code(TAKEN_OVER, bus.client_id, None, "")
                self._lose(other, reason)
                self._buses.remove(other)  # both would take it from each other for ever
        self._sessions += 1
        session = f"{self._sessions:016x}"
        will = bus.will
        bus.will_message = Message(will.topic, will.payload_of(session), will.retain) if will else None
        bus.opened(session)
        for topic, message in self.retained.items():
            if any(matches(pattern, topic) for pattern in bus.subscriptions):
                bus.downlink.append(_Packet(message, 1, 0, None, self.now()))
        return 1

    def _lose(self, bus: FakeBus, reason: str) -> None:
        bus.lost(reason)
        if bus.will_message is not None:
            self._take(bus.will_message, 1, None)

    def _listened(self, topic: str) -> bool:
        subscribed = [pattern for bus in self._buses if bus.session for pattern in bus.subscriptions]
        return any(matches(pattern, topic) for pattern in subscribed)

    def _take(self, message: Message, qos: int, expiry: int | None) -> None:
        self.taken.append(message)
        if message.retain:
            if message.payload:
                self.retained[message.topic] = message
            else:
                self.retained.pop(message.topic, None)
        verbs = self._troubles_of(message.topic)
        copies = 0 if "drop" in verbs else 2 if "duplicate" in verbs and qos else 1
        for bus in self._buses:
            hit = [pattern for pattern in bus.subscriptions if matches(pattern, message.topic)]
            if bus.session and hit:
                shown = message.retain and any(isinstance(pattern, NeverKept) for pattern in hit)
                live = Message(message.topic, message.payload, shown)
                bus.downlink.extend([_Packet(live, qos, 0, expiry, self.now())] * copies)

    def _troubles_of(self, topic: str) -> set[str]:
        verbs: set[str] = set()
        left = []
        for verb, pattern, count in self._trouble:
            hit = verb not in verbs and matches(pattern, topic)
            if hit:
                verbs.add(verb)
            if count - hit > 0:
                left.append((verb, pattern, count - hit))
        self._trouble = left
        return verbs

    def _deliver_due(self, bus: FakeBus) -> int:
        moved = 0
        for _ in range(len(bus.downlink)):
            if not bus.downlink or bus.downlink[0].at + self._lag_of(bus) > self.now():
                break
            packet = bus.downlink.popleft()
            moved += 1
            if packet.expiry is None or self.now() < packet.at + packet.expiry:
                bus.deliver(packet.message)
        return moved
