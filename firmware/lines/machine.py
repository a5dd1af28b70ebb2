"""Line: one radio with carrier and push-to-talk. Decides when the transmitter is on; performs nothing.

Theory: the line keeps what it was told (carrier, the order's lease, link, voice, leg, the guard's read-back)
and derives from that whether it should transmit. While it transmits, its own receiver is deaf or hears
itself, so a carrier that rises then is kept as a fact but opens nothing until the transmitter is off.

A transmission ends in one of two ways. Released: the speech that still waits is played (`draining`), a tail
follows, then the output is made safe; the gateway itself answers for those at most DRAIN_LIMIT seconds. Lost
(lease over, link, voice or leg gone): the output is made safe at once. Either way the guard process holds
every feed to the same deadline, so that a frozen gateway changes nothing.
"""

from dataclasses import dataclass, replace

from firmware.effects import FeedOutput, Record, Report, SafeOutput, TellVoice
from firmware.events import LinkChanged, OutputRead, VoiceChanged
from link.contract import facts
from link.contract import neighbour as voice

DRAIN_LIMIT = 2.5
"""Longest time a released line may stay keyed to play what still waits, in seconds."""
DRAIN_LEASE = 1.0
DRAIN_EVERY = 0.4
"""Seconds a released line is fed for, and between feeds: a gateway that freezes now unkeys within its lease."""


@dataclass(frozen=True)
class LineSettings:
    """What the board file says of a radio line; times in seconds."""

    line: str
    ptt: str
    cos: str
    card: str
    lead: float = 0.05
    tail: float = 0.05
    timeout: float = 180.0


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CarrierChanged:
    """The squelch opened or closed at `at_ns` (CLOCK_MONOTONIC)."""

    on: bool
    at_ns: int


@dataclass(frozen=True)
class KeyLine:
    """Transmit until `until` (monotonic s) unless renewed."""

    until: float
    talker: str = ""


@dataclass(frozen=True)
class ReleaseLine:
    """Play what waits and unkey."""


Effects = tuple[object, ...]


@dataclass(frozen=True)
class Line:
    """See the module. All times are monotonic seconds."""

    settings: LineSettings
    carrier: bool = False
    carrier_at_ns: int = 0
    carrier_since: float = 0.0
    opened: bool = False
    lease: float | None = None
    talker: str = ""
    keyed_since: float | None = None
    released_at: float | None = None
    tail_from: float | None = None
    drain_fed_at: float = 0.0
    link: bool = False
    voice: bool = False
    leg: bool = False
    ptt: bool = False
    locked_out: bool = False

    # -- what follows from the facts --

    @property
    def transmitting(self) -> bool:
        """The transmitter is ordered on by this machine."""
        return self.keyed_since is not None

    @property
    def may_transmit(self) -> bool:
        """Everything a transmission needs is there."""
        return self.link and self.voice and self.leg and not self.locked_out

    @property
    def wants_to_transmit(self) -> bool:
        """An order stands and nobody is talking to us on this radio (half-duplex: they would not hear us)."""
        return self.lease is not None and self.may_transmit and not self.opened

    @property
    def should_open(self) -> bool:
        """Somebody talks on this radio and we are not drowning him out."""
        return self.carrier and not self.transmitting

    @property
    def state(self) -> str:
        """One word for people."""
        if self.locked_out:
            return "locked out"
        if self.transmitting:
            return "draining" if self.released_at is not None else "transmitting"
        return "receiving" if self.opened else "idle"

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        moments = [self.lease] if self.lease is not None else []
        if self.keyed_since is not None:
            moments.append(self.keyed_since + self.settings.timeout)
        if self.released_at is not None:
            moments.append(min(self._drain_end, self.drain_fed_at + DRAIN_EVERY))
        return min(moments, default=None)

    @property
    def _drain_end(self) -> float:
        assert self.released_at is not None
        latest = self.released_at + DRAIN_LIMIT
        return latest if self.tail_from is None else min(latest, self.tail_from + self.settings.tail)

    def report(self) -> facts.LineReport:
        """The line's row in the realtime lane."""
        return facts.LineReport(
            line=self.settings.line, carrier=self.opened, ptt=self.ptt, leg=self.leg, talker=None
        )

    # -- transitions --

    def started_over(self, now: float) -> tuple["Line", Effects]:
        """After a crash: off the air, without an order; what was told of the world stays and is told anew."""
        line, effects = replace(self, lease=None), ()  # type: tuple[Line, Effects]
        if line.transmitting:
            line, effects = line._stop("forced", now)
        if line.opened:
            effects = (*effects, TellVoice(voice.CloseUplink(line=self.settings.line)))
        line, more = replace(line, opened=False)._settle(now)
        return line, (*effects, *more, Report())

    def handle(self, event: object, now: float) -> tuple["Line", Effects]:
        """The line after `event` and what must be done."""
        line, effects = self._take(event, now)
        line, more = line._settle(now)
        changed = line.report() != self.report()
        return line, (*effects, *more, *((Report(),) if changed else ()))

    def _take(self, event: object, now: float) -> tuple["Line", Effects]:
        match event:
            case CarrierChanged(on=on, at_ns=at_ns):
                since = now if on and not self.carrier else self.carrier_since
                return replace(self, carrier=on, carrier_at_ns=at_ns, carrier_since=since), ()
            case KeyLine(until=until, talker=talker):
                return self._ordered(until, talker, now)
            case ReleaseLine():
                return self._released(now)
            case LinkChanged(up=up):
                return replace(self, link=up), ()
            case VoiceChanged(up=up):
                return replace(self, voice=up, leg=self.leg and up), ()
            case facts.LegChanged(up=up):
                return replace(self, leg=up), ()
            case voice.DownlinkDrained() if self.released_at is not None and self.tail_from is None:
                return replace(self, tail_from=now), ()
            case OutputRead(on=on, why=why):
                return self._read_back(on, why, now)
        return self, ()

    def _ordered(self, until: float, talker: str, now: float) -> tuple["Line", Effects]:
        if until <= now:
            return self, ()
        line = replace(self, lease=until, talker=talker, released_at=None, tail_from=None)
        if not self.transmitting:
            return line, ()
        effects: Effects = (FeedOutput(self.settings.ptt, until, f"talker {talker}"),)
        if self.released_at is not None:  # called back while draining: the path is opened again, without lead
            effects = (*effects, TellVoice(voice.OpenDownlink(line=self.settings.line, lead_ms=0)))
        return line, effects

    def _released(self, now: float) -> tuple["Line", Effects]:
        line = replace(self, lease=None)
        if not self.transmitting or self.released_at is not None:
            return line, ()
        line = replace(line, released_at=now, tail_from=None, drain_fed_at=now)
        return line, (
            FeedOutput(self.settings.ptt, now + DRAIN_LEASE, "draining"),
            TellVoice(voice.FinishDownlink(line=self.settings.line)),
        )

    def _read_back(self, on: bool, why: str, now: float) -> tuple["Line", Effects]:
        line = replace(self, ptt=on)
        if not on and self.transmitting and why in ("longest", "locked"):
            return replace(line, locked_out=True)._stop("timeout", now)
        return line, ()

    def _settle(self, now: float) -> tuple["Line", Effects]:
        """Bring transmitter and receiver path in line with the facts."""
        line, effects = self, ()  # type: tuple[Line, Effects]
        if line.lease is not None and line.lease <= now:
            line = replace(line, lease=None)
            if line.transmitting and line.released_at is None:
                line, effects = line._stop("expired", now)
        if line.transmitting:
            line, more = line._end_if_due(now)
            effects = (*effects, *more)
        if line.locked_out and line.lease is None and not line.transmitting:
            line = replace(line, locked_out=False)
        line, more = line._receive(now)
        effects = (*effects, *more)
        if line.wants_to_transmit and not line.transmitting:
            line, more = line._start(now)
            effects = (*effects, *more)
        return line, effects

    def _end_if_due(self, now: float) -> tuple["Line", Effects]:
        assert self.keyed_since is not None
        if not self.may_transmit:
            why = "link-lost" if not self.link else "voice-lost"
            return self._stop(why, now)
        if now >= self.keyed_since + self.settings.timeout:
            return replace(self, locked_out=True)._stop("timeout", now)
        if self.released_at is not None and now >= self._drain_end:
            return self._stop("released", now)
        if self.released_at is not None and now >= self.drain_fed_at + DRAIN_EVERY:
            until = min(now + DRAIN_LEASE, self._drain_end)
            return replace(self, drain_fed_at=now), (FeedOutput(self.settings.ptt, until, "draining"),)
        return self, ()

    def _start(self, now: float) -> tuple["Line", Effects]:
        assert self.lease is not None
        line = replace(self, keyed_since=now, released_at=None, tail_from=None)
        lead_ms = round(self.settings.lead * 1000)
        return line, (
            FeedOutput(self.settings.ptt, self.lease, f"talker {self.talker}"),
            TellVoice(voice.OpenDownlink(line=self.settings.line, lead_ms=lead_ms)),
            Record(facts.TransmitStarted(line=self.settings.line, why=self.talker)),
        )

    def _stop(self, why: str, now: float) -> tuple["Line", Effects]:
        assert self.keyed_since is not None
        seconds = round(now - self.keyed_since, 3)
        # After a time-out the order still stands: the line stays locked until it is released or runs out.
        lease = self.lease if why in ("released", "timeout") else None
        line = replace(self, keyed_since=None, released_at=None, tail_from=None, lease=lease)
        return line, (
            SafeOutput(self.settings.ptt, why),
            TellVoice(voice.CutDownlink(line=self.settings.line)),
            Record(facts.TransmitEnded(line=self.settings.line, seconds=seconds, why=why)),
        )

    def _receive(self, now: float) -> tuple["Line", Effects]:
        if self.should_open and not self.opened:
            order = voice.OpenUplink(line=self.settings.line, since_ns=self.carrier_at_ns)
            fact = facts.LineOpened(line=self.settings.line)
            return replace(self, opened=True, carrier_since=now), (TellVoice(order), Record(fact))
        if self.opened and not self.should_open:
            closed = facts.LineClosed(line=self.settings.line, seconds=round(now - self.carrier_since, 3))
            order_close = voice.CloseUplink(line=self.settings.line)
            return replace(self, opened=False), (TellVoice(order_close), Record(closed))
        return self, ()
