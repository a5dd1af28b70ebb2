"""The thin devices of a simulated gateway: a guard that says yes, and a voice that plays clips by the clock.

They keep the promises of the doors they stand in for (leases end, a clip takes its length) and have no sound.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.outbox.entries import Forget, ReadBatch
from firmware.outbox.writer import OutboxWriter, Sink
from firmware.stamp import Stamp
from firmware.switchboard import VOICE_PEER
from link.bus.port import Frame
from link.bus.port import Sink as DoorSink
from link.contract import facts
from link.contract import neighbour as say
from link.contract.wire import Wire
from link.hosting.clock import Clock, SystemClock

LOOKS, LOOK_AGAIN = 4, 0.2
PROGRESS_EVERY = 0.5
WAV_HEAD, OCTETS_A_SECOND = 44, 32_000
"""A clip is a WAV of 16 kHz, mono, 16 bit."""


@dataclass
class ThinGuard:
    """Keys what is asked and lets go when the lease ends. `told(out, on, why)` is its read-back.

    It shares its process with what it guards: a lease ends only when its end was seen LOOKS times, so that a process
    that got no processor time as a whole does not look like a gateway that feeds no more.
    """

    told: Callable[[str, bool, str], None] = lambda out, on, why: None
    clock: Clock = field(default_factory=SystemClock)
    _until: dict[str, float] = field(default_factory=dict)

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        """Key `out` for `left` seconds."""
        fresh = out not in self._until
        self._until[out] = self.clock.now() + left
        if fresh:
            self._watch(out, LOOKS)
            self.told(out, True, "feed")
        return True

    def safe(self, out: str) -> bool:
        """Make `out` safe."""
        if self._until.pop(out, None) is not None:
            self.told(out, False, "stop")
        return True

    def _watch(self, out: str, looks: int) -> None:
        until = self._until.get(out)
        if until is None:
            return
        left = until - self.clock.now()
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._watch, out, LOOKS)
        elif looks > 1:
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._watch, out, looks - 1)
        else:
            del self._until[out]
            self.told(out, False, "expired")


class ThinVoice:
    """A voice process that is always there. It stands in for link.bus.port.NeighbourServer.

    `whole`: playings that ran their whole length.
    """

    def __init__(self) -> None:
        self.whole: set[str] = set()
        self._sink: DoorSink = lambda fact: None
        self._playing: dict[str, asyncio.TimerHandle] = {}
        self._seconds: dict[str, float] = {}

    def hold(self, sha: str, size: int) -> str:
        """The file of this clip is here; its path."""
        path = f"/held/{sha}.wav"
        self._seconds[path] = max(0.1, (size - WAV_HEAD) / OCTETS_A_SECOND)
        return path

    async def start(self, sink: DoorSink) -> None:
        """Facts go to `sink`."""
        self._sink = sink

    async def stop(self) -> None:
        """Play nothing any more."""
        for handle in self._playing.values():
            handle.cancel()

    def peers(self) -> tuple[str, ...]:
        """Who is up."""
        return (VOICE_PEER,)

    def dropped(self) -> dict[str, int]:
        """Nothing ever is."""
        return {}

    def send(self, peer: str, payload: bytes) -> bool:
        """One order of the gateway."""
        match say.GATEWAY_VOICE.decode(payload):
            case say.StartClip(play=play, path=path):
                loop = asyncio.get_running_loop()
                self._playing[play] = loop.call_later(0, self._begin, play, self._seconds[path])
            case say.CutClip(play=play):
                handle = self._playing.pop(play, None)
                if handle is not None:
                    handle.cancel()
            case say.GatherProof(play=play, line=line, judge=True):
                why = "no microphone hears this loudspeaker"
                self._tell(say.SoundJudged(play=play, line=line, verdict="unknown", why=why))
            case say.FinishDownlink(line=line):
                self._tell(say.DownlinkDrained(line=line))
        return True

    def _begin(self, play: str, seconds: float) -> None:
        """The card takes sound from now on: that is told first, however late it is."""
        self._advance(play, seconds, asyncio.get_running_loop().time())

    def _advance(self, play: str, seconds: float, began: float) -> None:
        loop = asyncio.get_running_loop()
        done = loop.time() - began
        if done >= seconds:
            del self._playing[play]
            self.whole.add(play)
            self._tell(say.ClipDone(play=play, ok=True, seconds=seconds))
            return
        wait = min(PROGRESS_EVERY, seconds - done)
        self._playing[play] = loop.call_later(wait, self._advance, play, seconds, began)
        self._tell(say.ClipProgress(play=play, seconds=max(0.02, done)))

    def _tell(self, fact: Wire) -> None:
        self._sink(Frame(VOICE_PEER, say.GATEWAY_VOICE.encode(fact)))


@dataclass
class NotedStore:
    """The shipped outbox writer; what begins to sound is noted in passing with its time (monotonic ns)."""

    writer: OutboxWriter
    events: int = 0
    started: dict[str, int] = field(default_factory=dict)

    def append(self, fact: Wire, stamp: Stamp) -> None:
        """See firmware.outbox.board.Store."""
        self.events += 1
        if isinstance(fact, facts.ClipStarted):
            self.started[fact.play] = time.monotonic_ns()
        self.writer.append(fact, stamp)

    def ask(self, order: ReadBatch | Forget) -> None:
        """See firmware.outbox.board.Store."""
        self.writer.ask(order)

    def start(self, sink: Sink) -> None:
        """Open the file. Blocks."""
        self.writer.start(sink)
