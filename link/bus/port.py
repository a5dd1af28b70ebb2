"""What the two message doors promise, so that the real ones and the fakes can stand in for each other.

Bus: the fleet's broker. Stream: neighbours on one machine. Facts go to a sink given at start; orders are
plain calls that never block and never wait for a reply. No vendor is imported here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from link.bus.topic_filter import check_topic

LARGEST_PAYLOAD = 200_000
"""Bytes; contract §5. Larger is refused outgoing and dropped incoming."""
LARGEST_FRAME = 256 * 1024
"""Bytes of one frame of the stream door."""

Sink = Callable[[object], object]
"""Takes one fact. Must be quick and thread-safe, normally `Inbox.post`: some doors call it on a vendor's thread."""


class BusError(Exception):
    """A door cannot start or stop: says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `retain`: it came from the broker's store; on a NeverKept filter also: it was to stay there."""

    topic: str
    payload: bytes
    retain: bool = False


class NeverKept(str):
    """A subscription on whose topics nothing may be retained: a live message that was published so shows it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes (QoS 1) when the connection breaks without a goodbye.

    `payload` may be a function of the session id, called before each CONNECT, perhaps on another thread, so
    that birth and death of one connection carry the same id (contract §4).
    """

    topic: str
    payload: bytes | Callable[[str], bytes]
    retain: bool = True

    def __post_init__(self) -> None:
        check_topic(self.topic)

    def payload_of(self, session_id: str) -> bytes:
        """The bytes to hand to the broker for this connection."""
        return self.payload(session_id) if callable(self.payload) else self.payload


@dataclass(frozen=True, slots=True)
class BusUp:
    """Connected, all subscriptions answered. `session_id` (64 random bits, hex) is new each time."""

    session_id: str


@dataclass(frozen=True, slots=True)
class BusDown:
    """Not connected, and why, with advice. Said at the loss, then only when the reason changes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """The broker took a QoS 1 message on this topic and nobody was subscribed to it (PUBACK 0x10)."""

    topic: str


class Bus(Protocol):
    """The broker's door. Facts to the sink: BusUp, BusDown, Message, Unheard; always a BusUp before its messages.

    Sessions are clean: what was not acknowledged when the connection broke is gone, and the owner publishes
    again after the next BusUp. `publish` may be called by any thread, also from within the sink.
    """

    async def start(self, sink: Sink, subscriptions: tuple[str, ...] = (), will: Will | None = None) -> None:
        """Begin to connect and return at once. BusError when the settings cannot work at all."""

    async def stop(self) -> None:
        """Write what was accepted (at most 1 s), say goodbye (no will), end. No fact comes afterwards."""

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry: int | None = None
    ) -> bool:
        """Hand one message over; never blocks. True means handed over, not delivered.

        False (counted): not connected, window full or payload above LARGEST_PAYLOAD. `expiry` in s, None or 0
        for none. ValueError for a topic with a wildcard or a qos other than 0 and 1.
        """

    def room(self) -> int:
        """Bytes the window still takes now; 0 when not connected. One message larger than the whole window is
        taken when nothing else is unacknowledged."""

    def retune(self, *, keepalive: int, spread: float) -> None:
        """From the next connection on: MQTT keepalive (s), and the time (s) over which a lost broker is met again."""

    def dropped(self) -> dict[str, int]:
        """What was dropped since the start, by kind."""


# ---- stream door -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeerUp:
    """A neighbour has said its name; frames may be sent to it."""

    peer: str


@dataclass(frozen=True, slots=True)
class PeerDown:
    """A neighbour that was up is gone, and why."""

    peer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame from a neighbour."""

    peer: str
    payload: bytes


class NeighbourServer(Protocol):
    """The listening side of the stream door. All calls from the event loop's thread, as are the sink's."""

    async def start(self, sink: Sink) -> None:
        """Listen. BusError when the place is taken, unusable or its path too long."""

    async def stop(self) -> None:
        """Write what was accepted (at most 1 s) and close. No fact comes afterwards."""

    def send(self, peer: str, payload: bytes) -> bool:
        """Queue one frame; False (counted): peer not up, frame too large, or peer too slow (then dropped)."""

    def peers(self) -> tuple[str, ...]:
        """Names of the peers that are up."""

    def dropped(self) -> dict[str, int]:
        """What was dropped since the start, by kind."""


class NeighbourClient(Protocol):
    """The calling side of the stream door; connects again by itself."""

    async def start(self, sink: Sink) -> None:
        """Begin to connect and return at once."""

    async def stop(self) -> None:
        """Write what was accepted (at most 1 s) and close. No fact comes afterwards."""

    def send(self, payload: bytes) -> bool:
        """Queue one frame; False (counted): not up, frame too large, or the peer was too slow."""

    def dropped(self) -> dict[str, int]:
        """What was dropped since the start, by kind."""
