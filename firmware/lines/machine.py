"""Line: one radio, rig, terminal or phone that people talk over. Decides when it transmits; performs nothing.

Theory: the line keeps what it was told (carrier, the order's lease, link, voice, leg, device, call, the guard's
read-back) and derives from that whether it should transmit. While it transmits, its own receiver is deaf or hears
itself, so a carrier that rises then is kept as a fact but opens nothing until the transmitter is off and `deaf`
is over.

A line that the gateway joins with others by itself (island mode) needs neither link nor leg; all else is the same.

Speech of a talker waits (held) until the transmitter is up: after the lead where the guard's output is the
transmitter, after the grant where a network gives one. A transmission ends in one of two ways. Released: the
speech that still waits is played (`draining`), a tail follows, then the output is made safe; the gateway itself
answers for those at most DRAIN_LIMIT seconds after the release or the grant. Lost (lease over, link, voice, leg,
device or grant gone): the output is made safe at once. Either way the guard process holds every feed to the same
deadline, so that a frozen gateway changes nothing.
"""

from dataclasses import dataclass, replace

from firmware.effects import FeedOutput, Record, Report, SafeOutput, TellVoice
from firmware.events import LinkChanged, OutputRead, VoiceChanged
from firmware.lines import transmission as tx
from firmware.talk import (
    CallChanged,
    CallState,
    CarrierChanged,
    DeviceChanged,
    EndCall,
    KeyLine,
    LineSettings,
    LocalPatch,
    ReleaseLine,
    ToneWanted,
    TransmitGranted,
    TransmitLost,
    TransmitQueued,
)
from link.contract import facts
from link.contract import neighbour as voice

CALL_LEASE = 2.0
CALL_EVERY = 0.8
"""Seconds that a standing call is fed for, and between feeds."""
Effects = tuple[object, ...]
Step = tuple["Line", Effects]


@dataclass(frozen=True)
class Line:
    """See the module. All times are monotonic seconds."""

    settings: LineSettings
    carrier: bool = False
    carrier_at_ns: int = 0
    carrier_since: float = 0.0
    speaker: str = ""
    opened: bool = False
    stuck: bool = False
    lease: float | None = None
    talker: str = ""
    keyed_since: float | None = None
    granted_at: float | None = None
    queued: bool = False
    released_at: float | None = None
    tail_from: float | None = None
    drain_fed_at: float = 0.0
    deaf_until: float | None = None
    link: bool = False
    local: bool = False
    local_order: bool = False
    voice: bool = False
    leg: bool = False
    ready: bool = True
    unready_why: str = ""
    call_state: CallState = "none"
    call_since: float = 0.0
    call_fed_at: float = 0.0
    ptt: bool = False
    locked_out: bool = False
    tone: str = ""
    tone_until: float = 0.0
    toning_until: float | None = None
    ending_until: float | None = None

    # -- what follows from the facts --

    @property
    def transmitting(self) -> bool:
        """The transmitter is ordered on by this machine, granted or not."""
        return self.keyed_since is not None

    @property
    def on_air(self) -> bool:
        """The transmitter is on: the guard's read-back, or the device's grant."""
        if self.settings.grant == "device" or self.settings.calls:
            return self.granted_at is not None
        return self.ptt

    @property
    def call(self) -> bool:
        """A call stands: both ends can talk."""
        return self.call_state == "up"

    @property
    def usable(self) -> bool:
        """Everything a transmission needs is there. What a local patch left waiting is played after its end, too."""
        talking = self.call if self.settings.calls else self.ready
        ended_here = self.local_order and self.released_at is not None
        return self.voice and talking and (self.local or ended_here or (self.link and self.leg))

    @property
    def may_transmit(self) -> bool:
        """It is usable and not locked out."""
        return self.usable and not self.locked_out

    @property
    def wants_to_transmit(self) -> bool:
        """An order stands and nobody is talking to us on this line (half-duplex: they would not hear us)."""
        return self.lease is not None and self.may_transmit and not self.opened

    def should_open(self, now: float) -> bool:
        """Somebody talks on this line and we are not drowning him out."""
        talking = self.call if self.settings.calls else self.ready
        return self.carrier and talking and not self.transmitting and not self.stuck and not self._deaf(now)

    def _deaf(self, now: float) -> bool:
        return self.deaf_until is not None and now < self.deaf_until

    @property
    def state(self) -> str:
        """One word for people."""
        if self.locked_out:
            return "locked out"
        if self.transmitting and self.granted_at is None:
            return "queued" if self.queued else "asking"
        if self.transmitting:
            return "draining" if self.released_at is not None else "transmitting"
        if self.opened:
            return "receiving"
        return ("in call" if self.call else "idle") if self.ready else "not ready"

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        moments = tx.deadlines(self)
        if self.lease is not None:
            moments.append(self.lease)
        if self.opened:
            moments.append(self.carrier_since + self.settings.open_limit)
        elif self.carrier and self.deaf_until is not None:
            moments.append(self.deaf_until)
        if self.call_state != "none":
            moments.append(min(self.call_fed_at + CALL_EVERY, self.call_since + self.settings.call_limit))
        return min(moments, default=None)

    def report(self) -> facts.LineReport:
        """The line's row in the realtime lane."""
        talker = self.speaker if self.opened and self.speaker else None
        return facts.LineReport(
            line=self.settings.line, carrier=self.opened, ptt=self.on_air, leg=self.leg, talker=talker
        )

    # -- transitions --

    def started_over(self, now: float) -> Step:
        """After a crash: off the air, without an order; what was told of the world stays and is told anew."""
        line, effects = replace(self, lease=None, tone=""), ()  # type: Line, Effects
        if line.transmitting:
            line, effects = tx.stop(line, "forced", now)
        if line.opened:
            effects = (*effects, TellVoice(voice.CloseUplink(line=self.settings.line)))
        line, more = replace(line, opened=False)._settle(now)
        return line, (*effects, *more, Report())

    def handle(self, event: object, now: float) -> Step:
        """The line after `event` and what must be done."""
        line, effects = self._take(event, now)
        line, more = line._settle(now)
        changed = line.report() != self.report()
        return line, (*((Report(),) if changed else ()), *effects, *more)  # first: the talk path waits for it

    def _take(self, event: object, now: float) -> Step:
        match event:
            case CarrierChanged():
                return self._carrier(event, now)
            case KeyLine(until=until, talker=talker):
                return tx.ordered(self, until, talker, now)
            case ReleaseLine():
                return tx.released(self, now)
            case LinkChanged(up=up):
                return replace(self, link=up), ()
            case LocalPatch(on=on):
                return replace(self, local=on), ()
            case VoiceChanged(up=up):
                return replace(self, voice=up, leg=self.leg and up), ()
            case facts.LegChanged(up=up):
                return replace(self, leg=up), ()
            case DeviceChanged(ready=ready, why=why):
                return replace(self, ready=ready, unready_why=why), ()
            case CallChanged(state=state, number=number):
                return self._called(state, number, now)
            case TransmitGranted() if self.transmitting and self.granted_at is None:
                return tx.granted(self, now)
            case TransmitQueued() if self.transmitting and self.granted_at is None and not self.queued:
                return tx.queued(self)
            case TransmitLost(why=why) if self.transmitting:
                return tx.lost(self, why, now)
            case ToneWanted(tone=tone):
                return replace(self, tone=tone, tone_until=now + tx.TONE_WORTH), ()
            case voice.DownlinkDrained() if self.released_at is not None and self.tail_from is None:
                return replace(self, tail_from=now), ()
            case OutputRead(on=on, why=why):
                return self._read_back(on, why, now)
        return self, ()

    def _carrier(self, event: CarrierChanged, now: float) -> Step:
        since = now if event.on and not self.carrier else self.carrier_since
        told = event.on and not self.settings.calls  # of a call we know the number, not who speaks now
        speaker = event.talker if told else self.speaker
        line = replace(
            self, carrier=event.on, carrier_at_ns=event.at_ns, carrier_since=since, speaker=speaker
        )
        if event.on or not self.stuck:
            return line, ()
        return replace(line, stuck=False), (self._squelch_health(ok=True),)

    def _squelch_health(self, ok: bool) -> Record:
        what = "" if ok else "squelch open without end; its sound is shut out until it closes"
        advice = "" if ok else "check squelch and COS polarity of the radio"
        subject = f"squelch {self.settings.line}"
        return Record(facts.HealthChanged(subject=subject, ok=ok, what=what, advice=advice))

    def _called(self, state: CallState, number: str, now: float) -> Step:
        if not self.settings.calls:
            return self, ()
        since = now if self.call_state == "none" else self.call_since
        line = replace(self, call_state=state, call_since=since, speaker=number or self.speaker)
        if state != "none":
            return replace(line, call_fed_at=float("-inf")), ()
        return line, () if self.call_state == "none" else (SafeOutput(self.settings.ptt, "call ended"),)

    def _read_back(self, on: bool, why: str, now: float) -> Step:
        line = replace(self, ptt=on)
        if not on and self.call_state != "none" and why != "stop":
            return line, (EndCall(f"guard: {why}"),)
        if not on and self.transmitting and why in ("longest", "locked"):
            return tx.stop(replace(line, locked_out=True), "timeout", now)
        return line, ()

    # -- bring transmitter and receiver path in line with the facts --

    def _settle(self, now: float) -> Step:
        line, effects = self, ()  # type: Line, Effects
        if line.deaf_until is not None and not line._deaf(now):
            line = replace(line, deaf_until=None)
        if line.lease is not None and line.lease <= now:
            line = replace(line, lease=None)
            if line.transmitting and line.released_at is None:
                line, effects = tx.stop(line, "expired", now)
        for step in (tx.end_if_due, tx.end_of_ending, Line._keep_call, Line._unlock, Line._receive, tx.begin):
            line, more = step(line, now)
            effects = (*effects, *more)
        return line, effects

    @property
    def lack(self) -> str:
        """What is missing for a transmission."""
        if not (self.link or self.local):
            return "link-lost"
        heard = self.voice and (self.leg or self.local)
        return "device-lost" if heard else "voice-lost"

    def _keep_call(self, now: float) -> Step:
        if self.call_state == "none":
            return self, ()
        if now >= self.call_since + self.settings.call_limit:
            # Its last lease ends now: the guard hangs up as well, whether the driver hears of it or not.
            return replace(self, call_state="none"), (EndCall("longest"),)
        if now < self.call_fed_at + CALL_EVERY:
            return self, ()
        until = min(now + CALL_LEASE, self.call_since + self.settings.call_limit)
        return replace(self, call_fed_at=now), (FeedOutput(self.settings.ptt, until, "call"),)

    def _unlock(self, now: float) -> Step:
        if self.locked_out and self.lease is None and not self.transmitting:
            return replace(self, locked_out=False), ()
        return self, ()

    def _receive(self, now: float) -> Step:
        if self.opened and now >= self.carrier_since + self.settings.open_limit:
            line, effects = replace(self, stuck=True)._close(now)
            return line, (self._squelch_health(ok=False), *effects)
        if self.should_open(now) and not self.opened:
            cut_ms = round(self.settings.tail_cut * 1000)
            order = voice.OpenUplink(line=self.settings.line, since_ns=self.carrier_at_ns, tail_cut_ms=cut_ms)
            fact = facts.LineOpened(line=self.settings.line, talker=self.speaker or None)
            return replace(self, opened=True, carrier_since=now), (TellVoice(order), Record(fact))
        if self.opened and not self.should_open(now):
            return self._close(now)
        return self, ()

    def _close(self, now: float) -> Step:
        seconds = round(now - self.carrier_since, 3)
        at_ns = 0 if self.carrier else self.carrier_at_ns
        order = voice.CloseUplink(line=self.settings.line, at_ns=at_ns)
        closed = Record(facts.LineClosed(line=self.settings.line, seconds=seconds))
        return replace(self, opened=False), (TellVoice(order), closed)
