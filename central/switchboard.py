"""Who hears whom at the centre: the one table from events and effects to their receivers.

Reads like the flow diagram (docs/architecture.md). Every fact and order passes the journal here. Nothing here
decides; nobody subscribes anywhere else.
"""

import logging
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field

from central.broadcast_effects import BroadcastEffects
from central.broadcasts import messages as warn
from central.broadcasts.machine import Broadcast
from central.evidence import Evidence
from central.field_book import FieldBook
from central.figures import FLOOR, KEYED, Figures
from central.fleet import messages as fleet
from central.fleet.machine import Gateway
from central.mail import Mail
from central.outgoing import Outgoing
from central.patching import GroupTable
from central.ports import Documents, Intake, Ledger, NoDocuments, Tapes
from central.sender import Sender
from central.store.arrivals import Parcel
from central.talk_desk import TalkDesk
from central.talk_lane import TalkLane
from central.telephones import Telephones, lines_of
from link.bus.port import Bus, BusDown, BusUp, Frame, NeighbourServer, PeerDown, PeerUp
from link.contract import facts, orders
from link.contract import neighbour as voice
from link.contract.batch import Ack, encode_ack
from link.contract.envelope import EnvelopeError
from link.contract.ids import LineRef
from link.contract.topics import Row, Topics
from link.contract.wire import Wire
from link.floor import messages as floor
from link.floor.machine import Group
from link.hosting.beat import Beat, BeatChanged, BeatLost, BeatWatch
from link.hosting.clock import Clock
from link.hosting.portions import Portions
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

NODE_PEER = "voice"
LEG_TTL = 30
TONE_TTL = 2
"""Seconds in which a tone for a talker must arrive; later it would only puzzle him."""


@dataclass
class Switchboard:
    """The parts, and one method per source of events."""

    clock: Clock
    bus: Bus
    node: NeighbourServer
    ledger: Ledger
    topics: Topics
    changed: Callable[[str, str], None]
    after_journal: Callable[[Callable[[], object]], None]
    talkers: Mapping[str, str]
    tapes: Tapes = field(init=False)
    telephones: Telephones = field(init=False)
    intake: Intake = field(init=False)
    documents: Documents = field(default_factory=NoDocuments)
    node_watch: Runner[BeatWatch] = field(init=False)
    gateways: dict[str, Runner[Gateway]] = field(default_factory=dict)
    groups: dict[str, Runner[Group]] = field(default_factory=dict)
    table: GroupTable = field(default_factory=GroupTable)
    broadcasts: dict[str, Runner[Broadcast]] = field(default_factory=dict)
    node_said: voice.NodeReady | None = None
    node_lag_ms: float = 0.0
    bus_up: bool = False
    calls_refused: int = 0

    def __post_init__(self) -> None:
        self.lane = TalkLane(self._publish_frame, lambda name: self.gateways[name].machine.reported_n)
        stands = lambda name: self.gateways[name].inbox.post(fleet.TalkStands())  # noqa: E731
        self.talk = TalkDesk(self.lane, self.command, self.journal, stands)
        self.mail = Mail(self.topics, self.clock, self.from_mail, self.talk.report_keys)
        self.outgoing = Outgoing(self.bus, self.clock)
        self._lost, self._node_told = Portions(), Portions()
        self.sender = Sender(self.clock, self.topics, self.outgoing, self.ledger, self._session_of)
        self.figures = Figures()
        self.field = FieldBook(self.clock, self.changed, self.talkers)
        self._broadcast_effects = BroadcastEffects(self)
        told = (self.field, self.figures, self.gateways, self.groups, self.broadcasts)
        self.evidence = Evidence(self.clock, *told, lambda *fact: self.tapes.told(*fact))  # they come later

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves the gateways, the groups and the watch over the node."""
        gateways = [runner.run for runner in self.gateways.values()]
        groups = [runner.run for runner in self.groups.values()]
        return [*gateways, *groups, self.node_watch.run, self.outgoing.run, self.telephones.runner.run]

    # -- events in --

    def from_mail(self, gateway: str, fact: object) -> None:
        """A decoded message of a gateway, or of the broker's door (gateway is empty then)."""
        if gateway and gateway not in self.gateways:
            self.mail.refuse("", "stranger", f"{gateway[:40]} is not among the gateways of the settings")
            return
        match fact:
            case BusUp(session_id=session):
                self._lost.finish()  # births follow
                self.bus_up = True
                self.outgoing.clear()
                self.documents.connected(session)
                self.journal("bus.up", "", {})
                self.changed("centre", "")
            case BusDown(reason=reason):
                self._bus_lost(reason)
            case Parcel():
                self.gateways[gateway].inbox.post(fleet.Heard())
                self.intake.take(fact)
            case facts.CommandResult(id=id, s=s, why=why):
                self.gateways[gateway].inbox.post(fleet.Heard())
                self.journal("command.result", gateway, {"id": id, "s": s, "why": why})
                self.talk.answered(gateway, fact)
                self.field.result(fact)
                for broadcast in self.broadcasts.values():
                    broadcast.inbox.post(warn.Result(gateway, fact))
            case _ if gateway in self.gateways:
                if isinstance(fact, facts.Birth | facts.Heartbeat):
                    machine = self.gateways[gateway].machine
                    self.intake.said(
                        gateway, fact, fact.boot if isinstance(fact, facts.Birth) else machine.boot
                    )
                self.figures.carriers(gateway, fact, self.clock.now())
                self.gateways[gateway].inbox.post(fact)
                self.documents.told(gateway, fact)

    def _bus_lost(self, reason: str) -> None:
        self.outgoing.clear()
        if self.bus_up:
            self.bus_up = False
            self.journal("bus.down", "", {"reason": reason})
            self.changed("centre", "")
            self._lost.tell((each.inbox for each in self.gateways.values()), fleet.BrokerLost())

    def from_node(self, fact: object) -> None:
        """Facts of the voice node's door."""
        match fact:
            case PeerUp() | PeerDown():
                self.node_watch.inbox.post(BeatLost())
                self._node_gone()
            case Frame(payload=payload):
                try:
                    self._from_node(voice.CENTRE_VOICE.decode(payload))
                except EnvelopeError as error:
                    log.warning("from=voice-node refused=%s", error)

    def _from_node(self, fact: Wire) -> None:
        match fact:
            case voice.VoiceBeat(lag_ms=lag_ms):
                self.node_lag_ms = lag_ms
                self.node_watch.inbox.post(Beat())
            case voice.NodeReady():
                self._node_came(fact)
            case voice.LegAnswered(leg=leg):
                self._to_line(leg, fleet.LegStands)
            case voice.LegLost(leg=leg):
                self._to_line(leg, fleet.LegFell)
            case voice.CallRefused(source=source, why=why):
                self.calls_refused += 1
                self.journal("call.refused", source, {"why": why})
            case voice.RecordingBegan() | voice.RecordingClosed():
                self.tapes.heard(fact)
            case _:
                self.telephones.from_node(fact)

    def _to_line(self, leg: str, event: Callable[[str], object]) -> None:
        try:
            ref = LineRef.parse(leg)
        except ValueError:
            return
        if ref.gateway in self.gateways:
            self._node_told.finish()
            self.gateways[ref.gateway].inbox.post(event(ref.line))

    def _node_came(self, said: voice.NodeReady) -> None:
        self.node_said = said
        self.journal("node.up", NODE_PEER, {"sip": said.sip, "calls": said.calls, "version": said.version})
        self._node_told.tell((each.inbox for each in self.gateways.values()), fleet.NodeUp(said.legs))
        for group in self.groups.values():
            self.tell_node(self._set_bridge(group.machine.bridge()))
            group.inbox.post(floor.NodeChanged(up=True))
        self.telephones.node_up(said.legs)
        self.tapes.node_came(said.recordings)
        self.changed("node", NODE_PEER)

    def _node_gone(self) -> None:
        if self.node_said is None:
            return
        self.node_said = None
        self.journal("node.down", NODE_PEER, {})
        self.changed("node", NODE_PEER)
        self._node_told.tell((each.inbox for each in self.gateways.values()), fleet.NodeGone())
        for group in self.groups.values():
            group.inbox.post(floor.NodeChanged(up=False))
        self.telephones.node_gone()

    # -- effects out --

    def perform_node_watch(self, effect: object) -> None:
        """The voice node froze: what it holds cannot be relied on."""
        if isinstance(effect, BeatChanged) and not effect.up:
            self._node_gone()
        elif isinstance(effect, BeatChanged) and self.node_said is None:
            self.tell_node(voice.Hello())

    def perform_gateway(self, effect: object) -> None:
        """Effects of one gateway."""
        match effect:
            case fleet.OpenTalk():
                self.talk.open(effect)
            case fleet.IssueLeg(gateway=gateway, line=line):
                self._issue_leg(gateway, line)
            case fleet.LineBelieved():
                self._believed(effect)
            case fleet.LatenessChanged(gateway=gateway, late=late):
                self.journal("gateway.late" if late else "gateway.heard", gateway, {})
                self.changed("gateway", gateway)
            case fleet.PresenceChanged(gateway=gateway, online=online, why=why):
                self.journal("gateway.online" if online else "gateway.offline", gateway, {"why": why})
                if not online:
                    self.talk.close(gateway)
                told = warn.GatewayOnline if online else warn.GatewayOffline
                for broadcast in self.broadcasts.values():
                    broadcast.inbox.post(told(gateway))
                self.changed("gateway", gateway)

    def _issue_leg(self, gateway: str, line: str) -> None:
        if self.node_said is None:
            return
        token = secrets.token_urlsafe(24)
        self.tell_node(voice.ExpectLeg(leg=f"{gateway}/{line}", token=token, ttl=LEG_TTL))
        uri = f"sip:{line}@{self.node_said.sip}"
        self.command(gateway, orders.DialLeg(line=line, uri=uri, token=token))

    def _believed(self, line: fleet.LineBelieved) -> None:
        name = f"{line.gateway}/{line.line}"
        if line.ptt:
            self.figures.end(KEYED, name, self.clock.now())
        who = (self.field.talker_name(line.talker), line.talker)
        self.evidence.tell_groups(floor.LineHeard(name, line.carrier, line.leg, line.online, *who, line.ptt))
        self.changed("gateway", line.gateway)

    def perform_group(self, effect: object) -> None:
        """Effects of one group."""
        match effect:
            case floor.KeepLines(lines=lines, talker=talker, fresh=fresh):
                self.lane.keep(lines_of(lines), talker, self.clock.now())
                for line in lines_of(fresh):
                    self.figures.begin(KEYED, line, self.clock.now())
            case floor.ReleaseLines(lines=lines):
                kept = {line for group in self.groups.values() for line in group.machine.keyed}
                self.lane.release([line for line in lines_of(lines) if line not in kept])  # a patch keeps it
                for line in lines:
                    self.figures.forget(KEYED, line)
            case floor.Bridge():
                self.tell_node(self._set_bridge(effect))
            case floor.FloorChanged(group=group, holder=holder, talker=talker, talker_id=id, why=why):
                told: dict[str, object] = {"holder": holder, "talker": talker, "talker_id": id, "why": why}
                if holder is not None:
                    self.figures.end(FLOOR, holder, self.clock.now())
                    self.tapes.talks(group, holder, f"{talker} ({id})" if id and id != talker else talker)
                self.journal("group.floor", group, told)
                self._group_changed(group)
            case floor.QueueChanged(group=group):
                self._group_changed(group)
            case floor.ConversationChanged(group=group, on=on):
                lines = tuple(m.line for m in self.groups[group].machine.settings.members)
                self.tapes.conversation(group, lines, on, self.table.groups_of(group))
                self._group_changed(group)
            case floor.ToneTalker(line=line, tone=tone) if not lines_of((line,)):
                self.telephones.tone(line, tone)
            case floor.ToneTalker(line=line, tone=tone):
                ref = LineRef.parse(line)
                self.command(ref.gateway, orders.PlayTone(line=ref.line, tone=tone), TONE_TTL)
            case floor.Noticed(group=group, what=what, line=line, talker=talker, why=why):
                self.journal(f"group.{what}", group, {"line": line, "talker": talker, "why": why})
                if what != "emergency":  # the book has said it, also of lines in no group
                    self.field.notice(what, line, group, talker, why)
                self._group_changed(group)

    def _group_changed(self, group: str) -> None:
        """Screens show the floor of a patch in each of its groups."""
        for each in dict.fromkeys((group, *self.table.groups_of(group))):
            self.changed("group", each)

    def tell_beliefs(self, lines: Iterable[str]) -> None:
        """Every group hears anew what is believed of these lines: it may have got some of which it knew nothing."""
        for ref in map(LineRef.parse, lines_of(tuple(lines))):
            gateway = self.gateways.get(ref.gateway)
            if gateway is not None and ref.line in gateway.machine.lines:
                self.perform_gateway(gateway.machine.believed(ref.line))

    def perform_broadcast(self, effect: object) -> None:
        """Effects of one broadcast. Its orders leave when what stands before them is in the journal."""
        self._broadcast_effects.perform(effect)

    @staticmethod
    def _set_bridge(bridge: floor.Bridge) -> voice.SetBridge:
        return voice.SetBridge(bridge=bridge.group, talkers=bridge.talkers, listeners=bridge.listeners)

    # -- ways out --

    def tell_node(self, order: Wire) -> None:
        """One order for the voice node."""
        self.node.send(NODE_PEER, voice.CENTRE_VOICE.encode(order))

    def command(self, gateway: str, order: Wire, ttl: int = 30, **more: object) -> str:
        """One command for a gateway; its id."""
        return self.sender.command(gateway, order, ttl, more)

    def _session_of(self, gateway: str) -> str:
        runner = self.gateways.get(gateway)
        return (runner.machine.sid or "") if runner is not None else ""

    def _publish_frame(self, gateway: str, payload: bytes) -> None:
        row = Row.REALTIME_DOWN
        topic = self.topics.of(row, gateway)
        self.bus.publish(topic, payload, qos=row.qos, retain=row.retain, expiry=row.expiry)

    def acknowledge(self, gateway: str, ack: Ack) -> None:
        """Tell a gateway up to where its events are held."""
        row = Row.ACK
        topic = self.topics.of(row, gateway)
        self.outgoing.post(topic, encode_ack(ack), row)

    def alarm(self, gateway: str, what: str, why: str) -> None:
        """Let people see what is wrong with a gateway's events; the journal has it already."""
        self.field.notice(what, gateway, why=why)

    def journal(self, kind: str, subject: str, payload: dict[str, object]) -> None:
        """One entry for the journal."""
        self.ledger.append(kind, subject, payload)
