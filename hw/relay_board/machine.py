"""One relay board of the waveshare kind on a Modbus bus. Performs nothing; speaks through asks of hw.modbus.

The only way a relay is closed is the board's own timed pulse (flash-on): whoever dies, the board opens it. A
lease longer than a pulse's rest is renewed; its end also writes "off", repeated until the read-back (FC 01)
shows it open. What the device echoes is no proof, only the read-back is. A board that has not shown a firmware
with timed pulses is never told to close anything.
"""

from dataclasses import dataclass, replace
from typing import Self

from hw.modbus import protocol as p
from hw.modbus.machine import Answered, Ask, Failed
from hw.relay_board.events import (
    BoardFound,
    BoardLost,
    BoardUnsuited,
    MakeSafe,
    OrderRefused,
    RelayFault,
    RelayRead,
    SwitchOff,
    SwitchOn,
)
from hw.terminal import PortDown, PortUp, Told

ALL = 0x00FF
PULSE_LIMIT = 0x7FFF


@dataclass(frozen=True)
class RelaySettings:
    """Of one board; times in seconds, `unit` is the pulse's unit, `longest` what one lease may ask for."""

    name: str
    slave: int = 1
    channels: int = 8
    version_register: int = 0x8000
    version_least: int = 200
    flash_on: int = 0x0200
    unit: float = 0.1
    longest: float = 5.0
    poll: float = 1.0
    idle_poll: float = 10.0
    again: float = 0.5
    margin: float = 0.3


@dataclass(frozen=True)
class Relay:
    """What is known of one relay. `until`: end of the lease; `pulse_end`: when the board opens it;
    `written`: the newest write has been answered, so that what is read from now on comes after it."""

    until: float | None = None
    written: bool = True
    pulse_end: float = 0.0
    since: float | None = None
    closed: bool | None = None
    read_since_pulse: bool = False
    fault: str = ""
    off_at: float | None = None


Step = tuple["RelayBoard", tuple[object, ...]]


@dataclass(frozen=True)
class RelayBoard:
    """See the module. `RelayBoard.start(settings)` makes one."""

    settings: RelaySettings
    relays: tuple[Relay, ...]
    port: bool = False
    version: int | None = None
    lost: bool = False
    read_at: float | None = None
    begin_at: float | None = None

    @classmethod
    def start(cls, settings: RelaySettings) -> Self:
        """A board that is not there yet."""
        return cls(settings, (Relay(),) * settings.channels)

    @property
    def suited(self) -> bool:
        """It answered with a firmware that has timed pulses."""
        return self.version is not None and self.version >= self.settings.version_least

    @property
    def deadline(self) -> float | None:
        """Next renewal, end of lease, repeated "off", or poll."""
        if not self.port:
            return None
        moments = [self.begin_at, self.read_at]
        moments += [relay.off_at for relay in self.relays]
        moments += [self._due(relay) for relay in self.relays if relay.until is not None]
        return min((moment for moment in moments if moment is not None), default=None)

    def handle(self, event: object, now: float) -> Step:
        """The board after `event` and what must be done."""
        board, effects = self._take(event, now)
        board, more = board._drive(now)
        return board, (*effects, *more)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case SwitchOn():
                return self._on(event, now)
            case SwitchOff(channel=channel):
                chosen = range(len(self.relays)) if channel is None else (channel,)
                return self._off(chosen, now), ()
            case PortUp():
                return replace(self._forgotten(), port=True, begin_at=now), ()
            case PortDown(reason=reason):
                board, effects = self._gone(reason)
                return replace(board, port=False, begin_at=None), effects
            case Answered(ticket=ticket, request=request, reply=reply) if self._mine(ticket):
                return self._answered(request, reply, now)
            case Failed(ticket=ticket, why=why) if self._mine(ticket):
                board, effects = self._gone(why)
                return replace(board, begin_at=now + self.settings.idle_poll / 2), effects
        return self, ()

    def _mine(self, ticket: str) -> bool:
        return ticket.startswith(self.settings.name + "/")

    def _ask(self, what: str, request: p.Request) -> Ask:
        return Ask(f"{self.settings.name}/{what}", request, urgent=True)

    # ---- orders --------------------------------------------------------------------------------------------

    def _on(self, order: SwitchOn, now: float) -> Step:
        why = ""
        if not 0 <= order.channel < len(self.relays):
            why = "no-such-relay"
        elif not self.settings.unit <= order.seconds <= self.settings.longest:
            why = "bad-time"
        elif not self.port or self.lost or self.version is None:
            why = "not-answering"
        elif not self.suited:
            why = "unsuited"
        if why:
            return self, (Told(OrderRefused(self.settings.name, order.channel, why)),)
        relay = self.relays[order.channel]
        until = max(relay.until or now, now + order.seconds)
        return self._with(order.channel, replace(relay, until=until, off_at=None)), ()

    def _off(self, channels: tuple[int, ...] | range, now: float) -> "RelayBoard":
        board = self
        for channel in channels:
            if 0 <= channel < len(self.relays):
                relay = replace(board.relays[channel], until=None, since=None, pulse_end=now, off_at=now)
                board = board._with(channel, relay)
        return board

    def _with(self, channel: int, relay: Relay) -> "RelayBoard":
        return replace(self, relays=(*self.relays[:channel], relay, *self.relays[channel + 1 :]))

    # ---- what the bus says ---------------------------------------------------------------------------------

    def _gone(self, why: str) -> Step:
        """No answer: leases end, since nothing can renew them; what was read is not known any more."""
        board = replace(self._forgotten(), lost=True)
        if self.lost:
            return board, ()
        name = self.settings.name
        return board, (Told(BoardLost(name, why)), MakeSafe(name, None, f"relay board: {why}"))

    def _forgotten(self) -> "RelayBoard":
        relays = tuple(Relay(fault=each.fault, pulse_end=each.pulse_end) for each in self.relays)
        return replace(self, relays=relays, version=None, read_at=None)

    def _answered(self, request: p.Request, reply: p.Reply, now: float) -> Step:
        match request, reply:
            case p.ReadRegisters(), p.Registers(values=(version,)):
                return self._versioned(version, now)
            case p.ReadRegisters(), _:
                return self._versioned(0, now)
            case p.ReadBits(), p.Bits(values=values):
                return self._read_back(values, now)
            case p.ReadBits(), _:
                return self._gone("refused")
        board = self
        for channel, relay in enumerate(self.relays):
            if isinstance(request, p.WriteOne) and request.address in (
                channel,
                self.settings.flash_on + channel,
            ):
                board = board._with(channel, replace(relay, written=True))
        return replace(board, read_at=now), ()  # after every write: read it back

    def _versioned(self, version: int, now: float) -> Step:
        board = replace(self, version=version, lost=False, read_at=now, begin_at=None)
        name = self.settings.name
        if board.suited:
            return board, (Told(BoardFound(name, version)),)
        advice = "the board has no timed pulses: have its firmware brought to V2 or replace it"
        return board, (Told(BoardUnsuited(name, version or None, advice)),)

    def _read_back(self, values: tuple[bool, ...], now: float) -> Step:
        board, effects = self, ()  # type: RelayBoard, tuple[object, ...]
        for channel, closed in enumerate(values[: len(self.relays)]):
            board, more = board._seen(channel, closed, now)
            effects = (*effects, *more)
        return board, effects

    def _seen(self, channel: int, closed: bool, now: float) -> Step:
        name, relay, margin = self.settings.name, self.relays[channel], self.settings.margin
        effects: tuple[object, ...] = ()
        if relay.closed != closed:
            effects = (Told(RelayRead(name, channel, closed)),)
        fault, off_at, pulse_end = relay.fault, relay.off_at, relay.pulse_end
        must_close = relay.written and relay.since is not None and now < relay.pulse_end - margin
        if closed and relay.until is None:
            # Until the pulse is over by the board's own clock it may lawfully be closed once more read.
            off_at = now + self.settings.again if off_at is None else off_at
            overdue = relay.written and now > relay.pulse_end + margin
            fault = "closed-unasked" if overdue else fault
        elif not closed and relay.until is None:
            off_at, fault = None, ""
        elif must_close and not closed:
            fault, pulse_end = ("dropped-early" if relay.read_since_pulse else "did-not-close"), now
        elif closed:
            fault = ""
        confirmed = closed or (relay.read_since_pulse and relay.until is not None)
        after = replace(relay, closed=closed, fault=fault, off_at=off_at, pulse_end=pulse_end)
        after = replace(after, read_since_pulse=confirmed)
        if fault != relay.fault:
            effects += (Told(RelayFault(name, channel, fault)),)
            if fault:
                effects += (MakeSafe(name, channel, fault),)
        return self._with(channel, after), effects

    # ---- what is due ---------------------------------------------------------------------------------------

    def _due(self, relay: Relay) -> float:
        """When a held relay wants a pulse or ends."""
        assert relay.until is not None
        if relay.since is None:
            return 0.0
        if relay.until <= relay.pulse_end + self.settings.unit:
            return relay.until
        renew = max((relay.since + relay.pulse_end) / 2, relay.since + self.settings.again)
        return min(renew, relay.until)

    def _drive(self, now: float) -> Step:
        if not self.port:
            return self, ()
        board, effects = self, ()  # type: RelayBoard, tuple[object, ...]
        s = self.settings
        if board.begin_at is not None and now >= board.begin_at:
            board = replace(board, begin_at=None)
            # "All off" is the same frame in every firmware, so it is safe before the version is known.
            effects = (
                board._ask("all-off", p.WriteOne(s.slave, 5, ALL, 0)),
                Ask(f"{s.name}/version", p.ReadRegisters(s.slave, 3, s.version_register, 1)),
            )
        for channel in range(len(board.relays)):
            board, more = board._drive_relay(channel, now)
            effects = (*effects, *more)
        if board.read_at is not None and now >= board.read_at:
            busy = any(r.until is not None or r.off_at is not None or r.closed for r in board.relays)
            board = replace(board, read_at=now + (s.poll if busy else s.idle_poll))
            effects = (*effects, board._ask("read", p.ReadBits(s.slave, 1, 0, s.channels)))
        return board, effects

    def _drive_relay(self, channel: int, now: float) -> Step:
        s, relay = self.settings, self.relays[channel]
        if relay.until is not None and now >= relay.until:
            relay = replace(relay, until=None, since=None, off_at=now)
        if relay.off_at is not None and now >= relay.off_at:
            relay = replace(relay, off_at=now + s.again, written=False)
            off = self._ask(f"relay-{channel}", p.WriteOne(s.slave, 5, channel, 0))
            return self._with(channel, relay), (off,)
        if relay.until is None or now < self._due(relay):
            return self._with(channel, relay), ()
        units = min(max(int((relay.until - now) / s.unit + 1e-6), 1), PULSE_LIMIT)
        fresh = relay.since is None
        relay = replace(relay, since=now, pulse_end=now + units * s.unit)
        relay = replace(relay, read_since_pulse=relay.read_since_pulse and not fresh)
        relay = replace(relay, written=relay.written and not fresh)
        pulse = self._ask(f"relay-{channel}", p.WriteOne(s.slave, 5, s.flash_on + channel, units))
        # Read before a renewal: after it a relay that had dropped early would look well.
        before = () if fresh else (self._ask("before", p.ReadBits(s.slave, 1, 0, s.channels)),)
        return self._with(channel, relay), (*before, pulse)
