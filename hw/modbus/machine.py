"""One Modbus RTU bus: several slaves, one transaction in flight, time-outs by baud. Performs nothing.

Clients ask with a ticket of their own; each ask ends in exactly one Answered or Failed with that ticket, or is
replaced while it waits by a newer ask with the same ticket, so that a poll cannot pile up behind a dead slave.
Urgent asks (switching off) go before all others. After a time-out the next exchange is followed by silence in
which a late second reply is thrown away, because a reply says neither what it answers nor when it was asked.
"""

from dataclasses import dataclass, replace

from hw.modbus import protocol as p
from hw.terminal import PortDown, PortUp, Told, Write

WAITING_LIMIT = 64
BUFFER_LIMIT = 2 * p.FRAME_LIMIT
BUSY = 6


@dataclass(frozen=True)
class BusSettings:
    """`thinking`: seconds a device may take before it answers; `tries` of each ask; `gap`: least silence."""

    baud: int = 9600
    thinking: float = 0.3
    tries: int = 3
    broadcast_pause: float = 0.1
    gap: float = 0.0

    @property
    def silence(self) -> float:
        """Seconds of silence between two telegrams."""
        return max(self.gap, p.frame_gap(self.baud))


@dataclass(frozen=True)
class Received:
    """Bytes from the wire, cut anywhere."""

    data: bytes


@dataclass(frozen=True)
class Ask:
    """Order: one exchange. `request` must be one that `encode` takes."""

    ticket: str
    request: p.Request
    urgent: bool = False


@dataclass(frozen=True)
class Answered:
    """Effect: the device answered (maybe with a Refusal); a broadcast is Written once it is sent."""

    ticket: str
    request: p.Request
    reply: p.Reply


@dataclass(frozen=True)
class Failed:
    """Effect: no answer to this ask. why: no-answer | garbled | port-down | bus-full | bad-request."""

    ticket: str
    request: p.Request
    why: str


@dataclass(frozen=True)
class SlaveLost:
    """A device that answered, or was never heard, does not answer any more."""

    slave: int
    why: str
    advice: str


@dataclass(frozen=True)
class SlaveBack:
    """A lost device answers again."""

    slave: int


@dataclass(frozen=True)
class AdapterEchoes:
    """The RS485 adapter hears itself; from now on the own frame is taken off before each reply."""

    advice: str = "an adapter that switches its receiver off while sending is safer"


Step = tuple["Bus", tuple[object, ...]]


@dataclass(frozen=True)
class Bus:
    """See the module. Times are monotonic seconds."""

    settings: BusSettings = BusSettings()
    up: bool = False
    waiting: tuple[Ask, ...] = ()
    flight: Ask | None = None
    tried: int = 0
    until: float = 0.0
    quiet_until: float = 0.0
    timed_out: bool = False
    buffer: bytes = b""
    heard_noise: bool = False
    lost: frozenset[int] = frozenset()
    dropped: int = 0
    echoes: bool = False
    own: bytes = b""

    @property
    def deadline(self) -> float | None:
        """End of the exchange in flight, or of the silence before the next one."""
        if self.flight is not None:
            return self.until
        return self.quiet_until if self.waiting and self.up else None

    def handle(self, event: object, now: float) -> Step:
        """The bus after `event` and what must be done."""
        bus, effects = self._take(event, now)
        if bus.flight is not None and now >= bus.until:
            bus, more = bus._over(now)
            effects = (*effects, *more)
        bus, more = bus._next(now)
        return bus, (*effects, *more)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case Ask():
                return self._asked(event)
            case Received(data=data):
                return self._received(data, now)
            case PortUp():
                # A reply to something asked before the port went away must not be read as a new one.
                quiet = now + self.settings.silence
                return replace(self, up=True, echoes=False, buffer=b"", quiet_until=quiet), ()
            case PortDown():
                return self._down()
        return self, ()

    def _asked(self, ask: Ask) -> Step:
        try:
            p.encode(ask.request)
        except ValueError:
            return self, (Failed(ask.ticket, ask.request, "bad-request"),)
        if not self.up:
            return self, (Failed(ask.ticket, ask.request, "port-down"),)
        same = [each.ticket for each in self.waiting if each.urgent == ask.urgent]
        if ask.ticket in same:  # it keeps its place, or a busy client would never be served
            swapped = tuple(ask if each.ticket == ask.ticket else each for each in self.waiting)
            return replace(self, waiting=swapped), ()
        waiting = [each for each in self.waiting if each.ticket != ask.ticket]
        failed: tuple[object, ...] = ()
        if len(waiting) >= WAITING_LIMIT:
            victim = waiting.pop() if ask.urgent else ask
            failed = (Failed(victim.ticket, victim.request, "bus-full"),)
            if victim is ask:
                return replace(self, waiting=tuple(waiting)), failed
        place = sum(each.urgent for each in waiting) if ask.urgent else len(waiting)
        waiting.insert(place, ask)
        return replace(self, waiting=tuple(waiting)), failed

    def _received(self, data: bytes, now: float) -> Step:
        if self.flight is None:
            return replace(self, dropped=self.dropped + len(data)), ()
        bus, told = self._without_echo(data)
        if len(bus.own) > len(bus.buffer):
            return bus, told
        reply, rest, dropped = p.take_reply(bus.buffer, self.flight.request)
        bus = replace(bus, buffer=rest[-BUFFER_LIMIT:], own=b"", dropped=bus.dropped + dropped)
        bus = replace(bus, heard_noise=self.heard_noise or dropped > 0)
        if reply is None:
            return bus, told
        # Whatever follows a whole reply belongs to nobody.
        bus = replace(bus, buffer=b"", dropped=bus.dropped + len(rest))
        if reply == p.Refusal(BUSY) and bus._tries_left:
            return replace(bus, until=now + bus.settings.thinking), told
        bus, effects = bus._done(reply, now)
        return bus, (*told, *effects)

    def _without_echo(self, data: bytes) -> Step:
        """Add `data` to the buffer and take off the own frame. Only a read shows that there is an echo: the
        reply to a write looks the same. `own` longer than the buffer: the echo is not complete yet."""
        assert self.flight is not None
        frame, buffer = p.encode(self.flight.request), self.buffer + data
        reads = isinstance(self.flight.request, p.ReadBits | p.ReadRegisters)
        if not self.own or not self.own.startswith(buffer[: len(self.own)]):
            return replace(self, buffer=buffer, own=b""), ()
        if len(buffer) < len(frame) or not (self.echoes or reads):
            return replace(self, buffer=buffer, own=self.own if self.echoes or reads else b""), ()
        told = () if self.echoes else (Told(AdapterEchoes()),)
        return replace(self, buffer=buffer[len(frame) :], own=b"", echoes=True), told

    @property
    def _tries_left(self) -> bool:
        if self.flight is None:
            return False
        # One try for a lost slave: it must not take the bus from those that live. Switching off is worth all.
        patient = self.flight.urgent or self.flight.request.slave not in self.lost
        return self.tried < (self.settings.tries if patient else 1)

    def _done(self, reply: p.Reply, now: float) -> Step:
        assert self.flight is not None
        ask, slave = self.flight, self.flight.request.slave
        silence = self.settings.thinking if self.timed_out else 0.0
        quiet = now + self.settings.silence + silence
        bus = replace(self._landed(), quiet_until=quiet, lost=self.lost - {slave})
        back = (Told(SlaveBack(slave)),) if slave in self.lost else ()
        return bus, (Answered(ask.ticket, ask.request, reply), *back)

    def _landed(self) -> "Bus":
        return replace(self, flight=None, buffer=b"", own=b"", tried=0, timed_out=False, heard_noise=False)

    def _over(self, now: float) -> Step:
        """The time of the exchange in flight is over."""
        assert self.flight is not None
        if self.flight.request.slave == p.BROADCAST:
            ask = self.flight
            return replace(self._landed(), quiet_until=now), (Answered(ask.ticket, ask.request, p.Written()),)
        rest = b"\0" + self.buffer
        while rest:  # noise that looked like the head of a reply may have swallowed the true one
            reply, rest, _ = p.take_reply(rest[1:], self.flight.request)
            if reply is not None:
                return self._done(reply, now)
        noise = self.heard_noise or bool(self.buffer)
        bus = replace(self, buffer=b"", timed_out=True, heard_noise=noise)
        if bus._tries_left:
            return bus._send(now)
        why = "garbled" if noise else "no-answer"
        return bus._given_up(why, now)

    def _given_up(self, why: str, now: float) -> Step:
        assert self.flight is not None
        ask, slave = self.flight, self.flight.request.slave
        fact = SlaveLost(slave, why, _ADVICE[why])
        told = () if slave in self.lost else (Told(fact),)
        quiet = now + self.settings.silence
        bus = replace(self._landed(), quiet_until=quiet, lost=self.lost | {slave})
        return bus, (Failed(ask.ticket, ask.request, why), *told)

    def _down(self) -> Step:
        asks = ((self.flight,) if self.flight else ()) + self.waiting
        bus = replace(self._landed(), up=False, waiting=())
        return bus, tuple(Failed(ask.ticket, ask.request, "port-down") for ask in asks)

    def _next(self, now: float) -> Step:
        if not self.up or self.flight is not None or not self.waiting or now < self.quiet_until:
            return self, ()
        ask, *waiting = self.waiting
        return replace(self, flight=ask, waiting=tuple(waiting))._send(now)

    def _send(self, now: float) -> Step:
        assert self.flight is not None
        request, baud = self.flight.request, self.settings.baud
        pause = self.settings.broadcast_pause if request.slave == p.BROADCAST else self.settings.thinking
        until = now + p.reply_limit(request, baud, pause)
        frame = p.encode(request)
        return replace(self, tried=self.tried + 1, until=until, own=frame), (Write(frame),)


_ADVICE = {
    "no-answer": "check the device's power, its address, the baud rate and A/B of the RS485 pair",
    "garbled": "bytes come but no frame: check baud rate and parity, termination, two devices on one address",
}
