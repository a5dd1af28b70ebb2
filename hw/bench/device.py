"""What every live bench device has: a name, levels and edges, trouble; and a sound card if it sounds.

Holds no socket and asks no clock. What differs between families stands in a file of each.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from hw.bench.card_buffer import CardBuffer
from hw.bench.entries import Entry, LineEntry
from hw.bench.gate import Gate
from hw.bench.recording import Recording

EDGES = 10_000
CARD_VERBS = ("unplug_sound", "plug_sound", "card_gone_at_keying")


def nothing() -> None:
    """What a device calls while nobody is interested."""


@dataclass(frozen=True)
class Port:
    """A device's end of a serial line, under the name of its link. Times in seconds, monotonic.

    `hear` is given bytes of the gateway, `take` gives those for it that are due, `due` says when there will be some.
    """

    name: str
    hear: Callable[[bytes, float], None]
    take: Callable[[float], bytes]
    due: Callable[[], float | None]
    baud: int = 9600


@dataclass(frozen=True)
class Edge:
    """Something seen at a device. what: ptt | relay | carrier | cos | collision | call | contact …"""

    t_ns: int
    what: str
    value: int


@dataclass
class Card:
    """One sound card of a gateway. `gone` is called when it is pulled out."""

    gateway: str
    name: str
    buffer: CardBuffer = field(default_factory=CardBuffer)
    capture: Callable[[bytes], None] | None = None
    unplugged: bool = False
    doomed: bool = False
    """It will be gone at the next keying."""
    gone: Callable[[], None] = nothing

    def pull(self, out: bool) -> None:
        """Pulled out or put back."""
        self.unplugged, self.doomed = out, False
        if out:
            self.gone()


class Device:
    """One device on the bench. `wake` is called when its serial end may have something to say, `moved` when a
    deadline may have moved outside of a verb."""

    kind: ClassVar[str] = ""

    def __init__(self, entry: Entry) -> None:
        self.name = entry.device
        self.gateway = entry.gateway
        self.edges: deque[Edge] = deque(maxlen=EDGES)
        self.levels: dict[str, int] = {}
        self.recordings: list[Recording] = []
        self.port: Port | None = None
        self.wake: Callable[[], None] = nothing
        self.moved: Callable[[], None] = nothing

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its sound cards."""
        return ()

    @property
    def deadline(self) -> int | None:
        """When poke() must be called (ns), or None."""
        return None

    def poke(self, now: int) -> None:
        """Its deadline has come."""

    def edge(self, at_ns: int, what: str, value: int) -> None:
        """Notes an edge."""
        self.levels[what] = value
        self.edges.append(Edge(at_ns, what, value))

    def level(self, at_ns: int, what: str, value: int) -> None:
        """Notes an edge if it is one."""
        if self.levels.get(what) != value:
            self.edge(at_ns, what, value)

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        raise AssertionError("every kind of device has verbs")

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it, as words."""
        raise AssertionError("every kind of device tells its trouble")

    @property
    def facts(self) -> dict[str, str]:
        """What else can be seen at it."""
        return {}

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        raise AssertionError("every kind of device performs its verbs")


class SoundDevice(Device):
    """A device with a card: what the gateway plays is emitted, what it captures comes from the device."""

    def __init__(self, entry: LineEntry) -> None:
        super().__init__(entry)
        self.card = Card(entry.gateway, entry.card)
        self.emitting = Gate()
        self.frame: bytes | None = None

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its sound cards."""
        return (self.card,)

    @property
    def buffer(self) -> CardBuffer:
        """What its card has been given to play."""
        return self.card.buffer

    @property
    def capture(self) -> Callable[[bytes], None] | None:
        """Who is given each captured frame."""
        return self.card.capture

    @capture.setter
    def capture(self, told: Callable[[bytes], None] | None) -> None:
        self.card.capture = told

    def next_frame(self) -> None:
        """The card's clock: takes the frame that sounds during the coming 20 ms."""
        self.frame = self.card.buffer.pop()

    def keyed(self) -> None:
        """Its transmitter or amplifier goes on: a doomed card is gone now."""
        if self.card.doomed:
            self.card.pull(True)

    def record(self, start_ns: int, sound: bytes | None) -> None:
        """Keeps what it emitted for whoever listens."""
        if sound is not None:
            for recording in self.recordings:
                recording.add(start_ns, sound)

    @property
    def card_troubles(self) -> list[str]:
        """What is wrong with its card."""
        return ["unplug_sound"] * self.card.unplugged + ["card_gone_at_keying"] * self.card.doomed

    def perform_at_card(self, verb: str) -> bool:
        """Whether the verb was one of the card alone; `normal` heals the card and goes on."""
        match verb:
            case "unplug_sound" | "plug_sound":
                self.card.pull(verb == "unplug_sound")
            case "card_gone_at_keying":
                self.card.doomed = True
            case "normal":
                self.card.pull(False)
                return False
            case _:
                return False
        return True


def named(trouble: object) -> list[str]:
    """The fields of a trouble record that are set, as verbs."""
    values = {name: value for name, value in vars(trouble).items() if value}
    return [name if value is True else f"{name}:{_shown(value)}" for name, value in values.items()]


def _shown(value: object) -> str:
    if isinstance(value, set):
        return ",".join(str(each) for each in sorted(value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)
