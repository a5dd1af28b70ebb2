"""Who hears whom on a gateway: the one table from events and effects to their receivers.

Reads like the flow diagram (docs/architecture.md). Nothing here decides; nobody subscribes anywhere else.
"""

import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from firmware.authority.desk import AuthorityDesk
from firmware.effects import FeedOutput, Record, Report, SafeOutput, TellHealth, TellVoice
from firmware.events import (
    CentreChanged,
    DesiredArrived,
    EventsAcked,
    LinkChanged,
    OutputRead,
    TalkOpened,
    VoiceChanged,
)
from firmware.guarding import SHORTEST_LEASE, Guard
from firmware.inputs.board import Inputs
from firmware.island.desk import IslandDesk
from firmware.lines.machine import Line
from firmware.outbox.board import Evidence
from firmware.paging.machine import FetchClip, Playout
from firmware.stamp import Stamp
from firmware.talk import (
    CarrierChanged,
    Cease,
    Demand,
    EndCall,
    KeyLine,
    ReleaseLine,
    ToneWanted,
    TransmitLost,
)
from firmware.terminals.board import Shelf, Terminals, Ways
from firmware.uplink.machine import Uplink
from firmware.uplink.messages import Arrived, Connected, HealthTold, LineTold, Obey, Publish, Refused, Talk
from firmware.voice_health import VoiceHealth
from link.bus.port import Bus, BusDown, BusUp, Frame, Message, NeighbourServer, PeerDown, PeerUp, Unheard
from link.contract import facts, field_facts, orders, recording_orders
from link.contract import neighbour as voice
from link.contract.envelope import EnvelopeError
from link.contract.link_facts import TimeQuality
from link.contract.wire import Wire
from link.hosting.beat import Beat, BeatChanged, BeatLost, BeatWatch
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

VOICE_PEER = "voice"


@dataclass
class Switchboard:
    """The parts, and one method per source of events."""

    clock: Clock
    bus: Bus
    guard: Guard
    neighbour: NeighbourServer
    fetch: Callable[[FetchClip], None]
    shelf: Shelf
    authority: AuthorityDesk
    quality: Callable[[], TimeQuality] = lambda: "est"
    files: Callable[[object], object] = lambda event: None
    terminals: Terminals = field(init=False)
    island: IslandDesk = field(init=False)
    sound: VoiceHealth = field(init=False)
    uplink: Runner[Uplink] = field(init=False)
    outbox: Evidence = field(init=False)
    watch: Runner[BeatWatch] = field(init=False)
    lines: dict[str, Runner[Line]] = field(default_factory=dict)
    speakers: dict[str, Runner[Playout]] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=Inputs)
    outputs: dict[str, Runner[Line]] = field(default_factory=dict)
    dials: dict[str, voice.ConnectLeg] = field(default_factory=dict)
    recordings: Callable[[object], None] = field(default=lambda event: None)
    served: list[Callable[[], Coroutine[None, None, None]]] = field(default_factory=list)
    desired: Callable[[object], object] = lambda event: None

    def __post_init__(self) -> None:
        ways = Ways(self._to_line, self.record, self.tell_health, self._unsafe, self.shelf)
        self.terminals = Terminals(ways)
        self.island = IslandDesk(self.clock, self.tell_health)
        self.sound = VoiceHealth(self.tell_health)

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves lines, terminals, loudspeakers, contacts, bypasses and the outbox."""
        lines = [runner.run for runner in self.lines.values()]
        speakers = [runner.run for runner in self.speakers.values()]
        own = (*self.inputs.runners(), *self.island.runners(), self.outbox.runner.run, *self.served)
        return [*lines, *self.terminals.runners(), *speakers, *own]

    # -- events in --

    def from_pin(self, line: str) -> Callable[[bool, int], None]:
        """Carrier edges of one line; called on the pin library's thread."""
        inbox = self.lines[line].inbox
        return lambda on, at_ns: void(inbox.post(CarrierChanged(on, at_ns)))

    def from_bus(self, fact: object) -> None:
        """Facts of the broker's door."""
        if isinstance(fact, Message):
            trusted = self.quality() in ("ntp", "rtc")
            self.uplink.inbox.post(Arrived(fact, self.clock.wall(), self.clock.now(), trusted))
            self.island.arrived(fact, self.uplink.machine.topics)
        elif isinstance(fact, BusUp):
            sid = fact.session_id
            self.uplink.inbox.post(Connected(sid, self.stamp(), self.authority.offer(sid)))
            self.tell_health("broker", "")
        elif isinstance(fact, BusDown):
            self.uplink.inbox.post(fact)
            self.tell_health("broker", fact.reason)
        elif isinstance(fact, Unheard):
            self.outbox.unheard(fact)

    def from_guard(self, out: str, on: bool, why: str) -> None:
        """The guard's read-back of one output."""
        line = self.outputs.get(out)
        if line is not None:
            line.inbox.post(OutputRead(on, why, out))
            if isinstance(line.machine, Line):
                self.terminals.output_read(line.machine.settings.line, OutputRead(on, why, out))

    def from_neighbour(self, fact: object) -> None:
        """Facts of the voice process."""
        match fact:
            case PeerUp() | PeerDown():
                self.watch.inbox.post(BeatLost())
                if isinstance(fact, PeerUp):  # the last dial was too early; its token may still be good
                    for dial in self.dials.values():
                        self.tell_voice(dial)
            case Frame(payload=payload):
                try:
                    self._from_voice(voice.GATEWAY_VOICE.decode(payload))
                except EnvelopeError as error:
                    log.warning("from=voice refused=%s", error)

    def _from_voice(self, fact: Wire) -> None:
        match fact:
            case voice.VoiceBeat():
                self.watch.inbox.post(Beat())
            case voice.LegState(line=line, up=up, why=why):
                if up:
                    self.dials.pop(line, None)
                self.sound.leg(up, why)
                told = facts.LegChanged(line=line, up=up, why=why)
                self.inputs.of_line(line, told)
                if line in self.lines:
                    self.lines[line].inbox.post(told)
                else:
                    self._speaker_leg(line, up)
                self.record(told)
            case voice.DownlinkDrained(line=line) if line in self.lines:
                self.lines[line].inbox.post(fact)
            case voice.SquelchChanged(line=line, on=on, since_ns=since_ns) if line in self.lines:
                self.lines[line].inbox.post(CarrierChanged(on, since_ns))
            case voice.DigitHeard(line=line, digit=digit):
                self.record(field_facts.DigitsHeard(line=line, digits=digit))
            case voice.ClipProgress() | voice.ClipDone() | voice.SoundJudged():
                for speaker in self.speakers.values():
                    speaker.inbox.post(fact)
            case voice.SoundState(card=card, ok=ok, what=what, advice=advice):
                self.tell_health(f"card {card}", "" if ok else what or "not working", advice)
            case recording_orders.RecordingKept() | recording_orders.RecordingLost():
                self.recordings(fact)
            case voice.LevelReport(card=card, clipped=clipped):
                self.sound.level(card, clipped)

    def _speaker_leg(self, line: str, up: bool) -> None:
        if line in self.speakers:
            self.uplink.inbox.post(LineTold(facts.LineReport(line=line, carrier=False, ptt=False, leg=up)))

    # -- effects out --

    def perform_line(self, line: str) -> Callable[[object], None]:
        """Effects of one radio line."""

        def perform(effect: object) -> None:
            match effect:
                case Report():
                    report = self.lines[line].machine.report()
                    self.uplink.inbox.post(LineTold(report))
                    self.island.post(report)
                    self.recordings(report)
                case Demand() | Cease() | EndCall():
                    self.terminals.order(line, effect)
                case _:
                    self._perform_common(effect)

        return perform

    def _to_line(self, line: str, event: object) -> None:
        self.lines[line].inbox.post(event)
        self.inputs.of_line(line, event)

    def _unsafe(self, line: str, reason: str) -> None:
        """A driver cannot answer for its device: the guard lets go of it, and the line ends what it does. A device that
        its driver keys is let go of when a lease ends: so it gets one that ends at once."""
        settings = self.lines[line].machine.settings
        if settings.grant == "device" or settings.calls:
            self.guard.feed(settings.ptt, 2 * SHORTEST_LEASE, reason[:100])
        else:
            self.guard.safe(settings.ptt)
        self.lines[line].inbox.post(TransmitLost(reason))

    def perform_speaker(self, effect: object) -> None:
        """Effects of a loudspeaker."""
        if isinstance(effect, FetchClip):
            self.fetch(effect)
        else:
            self._perform_common(effect)

    def perform_input(self, effect: object) -> None:
        """Effects of a contact, an instrument or a bypass."""
        if self.inputs.is_news(effect):
            self._perform_common(effect)

    def _perform_common(self, effect: object) -> None:
        match effect:
            case FeedOutput(out=out, until=until, why=why):
                at_ns = time.monotonic_ns()  # before `left`: what passes in between is not given twice
                left = until - self.clock.now()
                if left >= SHORTEST_LEASE:
                    self.guard.feed(out, left, why, at_ns)
            case SafeOutput(out=out):
                self.guard.safe(out)
            case TellVoice(order=order):
                self.tell_voice(order)
            case Record(fact=fact):
                self.record(fact)
            case TellHealth(subject=subject, what=what, advice=advice):
                self.tell_health(subject, what, advice)

    def perform_watch(self, effect: object) -> None:
        """The voice process came or went."""
        if not isinstance(effect, BeatChanged):
            return
        for line in self.lines.values():
            line.inbox.post(VoiceChanged(effect.up))
        for name, playout in self.speakers.items():
            playout.inbox.post(VoiceChanged(effect.up))
            if not effect.up:
                self._speaker_leg(name, up=False)
        self.inputs.voice(effect.up)
        self.island.post(VoiceChanged(effect.up))
        self.recordings(VoiceChanged(effect.up))
        self.tell_health("voice", "" if effect.up else "the voice process does not answer")

    def perform_uplink(self, effect: object) -> None:
        """Effects of the uplink."""
        match effect:
            case Publish(row=row, topic=topic, payload=payload):
                self.bus.publish(topic, payload, qos=row.qos, retain=row.retain, expiry=row.expiry)
            case DesiredArrived():
                self.desired(effect)
            case LinkChanged():
                self.outbox.runner.inbox.post(effect)
                self.desired(effect)
                for line in self.lines.values():
                    line.inbox.post(effect)
                self.island.post(effect)
            case CentreChanged() | EventsAcked() | TalkOpened():
                self.outbox.runner.inbox.post(effect)
                self.files(effect)
                self.island.post(effect)
            case Record(fact=fact):
                self.record(fact)
            case Talk():
                self._talk(effect)
            case Refused(where=where, reason=reason, detail=detail):
                log.warning("from=bus where=%s refused=%s detail=%s (named once)", where, reason, detail)
            case Obey(order=order):
                self._obey(order)
            case _:
                self.authority.perform(effect)

    def _talk(self, talk: Talk) -> None:
        for keep in talk.frame.keep:
            if keep.line in self.lines and not self.island.holds(keep.line):
                until = min(talk.at + keep.lease_ms / 1000, talk.until)
                self.lines[keep.line].inbox.post(KeyLine(until, keep.talker))
        for up in talk.frame.up:
            if up.line in self.lines and not self.island.holds(up.line):
                self.lines[up.line].inbox.post(ReleaseLine())

    def _obey(self, order: Wire) -> None:
        match order:
            case orders.DialLeg(line=line, uri=uri, token=token):
                self.dials[line] = voice.ConnectLeg(line=line, uri=uri, token=token)
                self.tell_voice(self.dials[line])
            case orders.PlayClip(line=line) if line in self.speakers:
                self.speakers[line].inbox.post(order)
            case orders.PlayClip(play=play, line=line):
                fields = {"play": play, "line": line, "result": "refused"}
                why = "no such loudspeaker here"
                self.record(facts.ClipFinished.model_validate(fields | {"why": why}))
            case orders.StopClip():
                for speaker in self.speakers.values():
                    speaker.inbox.post(order)
            case orders.PlayTone(line=line, tone=tone) if line in self.lines:
                self.lines[line].inbox.post(ToneWanted(tone))
            case _:
                self._obey_terminal(order)

    def _obey_terminal(self, order: Wire) -> None:
        """What only a terminal, a rig or an instrument can do."""
        line = getattr(order, "line", "")
        if not (self.inputs.order(order, self.record) or self.terminals.order(line, order)):
            told = {"line": line or "none", "order": type(order).__name__, "why": "no such terminal here"}
            self.record(field_facts.OrderRefused.model_validate(told))

    def tell_voice(self, order: Wire) -> None:
        """One order for the voice process."""
        self.neighbour.send(VOICE_PEER, voice.GATEWAY_VOICE.encode(order))

    # -- evidence --

    def stamp(self) -> Stamp:
        """The clocks now."""
        return Stamp(int(self.clock.wall() * 1000), int(self.clock.now() * 1000), self.quality())

    def record(self, fact: Wire) -> None:
        """Put a fact into the outbox. The island hears it at first hand, health stands in the snapshot. Any thread."""
        self.island.told(fact)
        self.authority.told(fact)
        self.outbox.record(fact, self.stamp())
        self.recordings(fact)
        if isinstance(fact, facts.HealthChanged):
            self.uplink.inbox.post(HealthTold(fact))

    def tell_health(self, subject: str, what: str, advice: str = "") -> None:
        """`what` is the trouble, or empty when all is well."""
        fields = {"subject": subject, "ok": not what, "what": what[:200], "advice": advice[:200]}
        self.record(facts.HealthChanged.model_validate(fields))


def void(_: object) -> None:
    """A callback's answer is not wanted."""
