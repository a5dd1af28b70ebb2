"""Outbox: which lane sends what next, and how much may be under way. Does no I/O.

Theory: what is in the store is sent in its order, alarms before all else, and begun again from the first event that
the centre did not acknowledge: after a new connection, or when nothing moves for max(10 s, 4 SRTT). The number of
octets under way is bounded by W = clamp(2 rate SRTT, one batch, 48 kB), and freed by the centre's acknowledgement,
not by the broker's PUBACK. That is stricter than the byte window of the bus door: the broker takes a whole backlog in
a second and lets the centre have it over a slow or broken link for minutes, and all of that would be sent again after
each cut. 48 of the door's 64 kB, so that reports of lines always find room.

The lane of events pauses while the centre or its store is away, nobody has subscribed, or the centre asked for it;
alarms go all the same. An alarm batch never waits for room that events take.
"""

from dataclasses import dataclass, field, replace

from firmware.events import CentreChanged, EventsAcked, LinkChanged, OutboxStood, ProfileChosen
from firmware.outbox.entries import (
    BatchRead,
    Counted,
    Forget,
    GivenUp,
    LaneOpened,
    NothingRead,
    ReadBatch,
    StoreChanged,
    Stored,
    StoreOpened,
)
from firmware.outbox.lane import Lane, SendBatch
from link.contract.batch import BATCH_OCTETS, MOST_EVENTS, Ack
from link.contract.facts import LaneMark
from link.contract.lanes import LANES
from link.contract.link_facts import LaneName
from link.contract.profile import PROFILES, LinkProfile

ALARMS_AT_ONCE = 5
WINDOW_MOST = 48_000
"""Octets of batches that may be under way."""
FAST = 50_000
"""Octets per second from which on a backlog goes in large batches."""
SRTT_FIRST = 1.0
"""Seconds taken for the way to the centre and back before it was measured."""
UNHEARD_FIRST, UNHEARD_MOST = 10.0, 60.0
"""Seconds until events are tried again for which nobody had subscribed; doubles."""
REFUSED_PAUSE = 1.0
"""Seconds until a batch is tried again that the bus door did not take."""
STAND_EVERY = 1.0
"""Seconds between two tellings of how the outbox stands."""


@dataclass(frozen=True)
class Unheard:
    """The broker took a batch of this lane for which nobody has subscribed."""

    lane: LaneName


@dataclass(frozen=True)
class SendRefused:
    """The bus door did not take a batch of this lane."""

    lane: LaneName


@dataclass(frozen=True)
class OutboxState:
    """For screens: events waiting by lane, age of the oldest (s), epochs, octets under way, given up, trouble."""

    waiting: dict[LaneName, int]
    oldest_age_s: float
    epochs: dict[LaneName, int]
    in_flight_bytes: int
    dropped: int
    trouble: str


def _lanes() -> dict[LaneName, Lane]:
    return {name: Lane(name) for name in LANES}


@dataclass(frozen=True)
class Outbox:
    """See the module. All times are monotonic seconds."""

    profile: LinkProfile = PROFILES["broad"]
    lanes: dict[LaneName, Lane] = field(default_factory=_lanes)
    link: bool = False
    centre: CentreChanged = CentreChanged(on=True)
    srtt: float | None = None
    unheard_until: float = 0.0
    unheard_pause: float = UNHEARD_FIRST
    counted: Counted = Counted(())
    dropped: int = 0
    trouble: str = ""
    stood: OutboxStood | None = None
    stood_at: float = float("-inf")

    # -- what others may ask --

    @property
    def state(self) -> str:
        """One word for people."""
        if not self.link:
            return "holding"
        return "sending" if self.in_flight else "ready"

    @property
    def in_flight(self) -> int:
        """Octets that were sent and not acknowledged."""
        return sum(lane.in_flight for lane in self.lanes.values())

    @property
    def window(self) -> int:
        """Octets that may be under way; one batch may in any case."""
        srtt = SRTT_FIRST if self.srtt is None else self.srtt
        return min(WINDOW_MOST, int(2 * self.profile.rate * srtt))

    @property
    def alarms_waiting(self) -> bool:
        """Alarms wait for the centre: what is less urgent keeps off the link."""
        return dict(self.counted.waiting).get("alm", 0) > 0

    def view(self, now: float) -> OutboxState:
        """For screens."""
        waiting = {lane: dict(self.counted.waiting).get(lane, 0) for lane in LANES}
        oldest = self.counted.oldest_at
        age = 0.0 if oldest is None else max(0.0, now - oldest)
        epochs = {name: lane.epoch for name, lane in self.lanes.items()}
        return OutboxState(waiting, age, epochs, self.in_flight, self.dropped, self.trouble)

    @property
    def deadline(self) -> float | None:
        """When a batch is due, a pause ends, something has not moved for too long, or it is told how all stands."""
        moments = [self.stood_at + STAND_EVERY] if self._standing() != self.stood else []
        for lane in self.lanes.values() if self.link else ():
            if lane.flight:
                moments.append(lane.stalled_at(self.srtt))
            due = self._due_at(lane)
            if due is not None:
                moments.append(due)
        return min(moments, default=None)

    def started_over(self) -> "Outbox":
        """After a crash: what the store and the link are is known; all else begins again."""
        lanes = {
            name: replace(lane.again(), unread=lane.again().unread + 1) for name, lane in self.lanes.items()
        }
        fresh = Outbox(self.profile, lanes, self.link, self.centre)
        return replace(fresh, counted=self.counted, dropped=self.dropped, trouble=self.trouble)

    # -- events --

    def handle(self, event: object, now: float) -> tuple["Outbox", tuple[object, ...]]:
        """The outbox after `event`, and what must be done: ReadBatch, Forget, SendBatch, OutboxStood."""
        outbox, effects = self._take(event, now)
        for name in LANES:
            outbox, more = outbox._go_on(name, now)
            effects = (*effects, *more)
        standing = outbox._standing()
        if standing != outbox.stood and (
            now >= outbox.stood_at + STAND_EVERY or isinstance(event, StoreOpened)
        ):
            return replace(outbox, stood=standing, stood_at=now), (*effects, standing)
        return outbox, effects

    def _take(self, event: object, now: float) -> tuple["Outbox", tuple[object, ...]]:
        match event:
            case StoreOpened(lanes=lanes):
                return self._opened(lanes), ()
            case Stored(lane=name, count=count):
                return self._with(self.lanes[name].grown(count, now)), ()
            case BatchRead(lane=name, turn=turn) if turn == self.lanes[name].turn:
                return self._with(replace(self.lanes[name], ready=event, asked=False)), ()
            case NothingRead(lane=name, turn=turn) if turn == self.lanes[name].turn:
                return self._with(replace(self.lanes[name], unread=0, since=None, asked=False)), ()
            case EventsAcked(ack=ack):
                return self._acked(ack, now)
            case LinkChanged(up=up):
                return replace(self._again(), link=up), ()
            case CentreChanged():
                return self._centre(event), ()
            case ProfileChosen(profile=profile):
                return replace(self, profile=profile), ()
            case Unheard(lane="evt"):
                until, pause = now + self.unheard_pause, min(UNHEARD_MOST, 2 * self.unheard_pause)
                return replace(self, unheard_until=until, unheard_pause=pause), ()
            case SendRefused(lane=name):
                lane = self.lanes[name].again()
                return self._with(replace(lane, hold_until=max(lane.hold_until, now + REFUSED_PAUSE))), ()
        return self._told(event), ()

    def _told(self, event: object) -> "Outbox":
        match event:
            case Counted():
                return replace(self, counted=event)
            case StoreChanged(what=what):
                return replace(self, trouble=what)
            case GivenUp(count=count):
                return replace(self, dropped=count)
        return self

    def _with(self, lane: Lane) -> "Outbox":
        return replace(self, lanes={**self.lanes, lane.name: lane})

    def _again(self) -> "Outbox":
        """Every lane begins again with what is not acknowledged."""
        lanes = {name: replace(lane.again(), patience=0) for name, lane in self.lanes.items()}
        return replace(self, lanes=lanes, unheard_until=0.0, unheard_pause=UNHEARD_FIRST)

    def _opened(self, opened: tuple[LaneOpened, ...]) -> "Outbox":
        lanes = {each.lane: self.lanes[each.lane].opened(each) for each in opened}
        return replace(self, lanes={**self.lanes, **lanes})

    def _centre(self, centre: CentreChanged) -> "Outbox":
        """A centre that is there anew, or takes events again, may have missed what was sent meanwhile."""
        return replace(self._again() if centre.on and centre.ingest else self, centre=centre)

    def _acked(self, ack: Ack, now: float) -> tuple["Outbox", tuple[object, ...]]:
        lane = next((lane for lane in self.lanes.values() if ack.epoch in lane.epochs), None)
        if lane is None:
            return self, ()
        lane, freed, took = lane.acked(ack, now)
        outbox = (
            replace(self._with(lane), unheard_until=0.0, unheard_pause=UNHEARD_FIRST)
            if freed
            else self._with(lane)
        )
        if took is not None:
            srtt = took if self.srtt is None else 0.875 * self.srtt + 0.125 * took
            outbox = replace(outbox, srtt=srtt)
        return outbox, (Forget(ack.epoch, ack.upto),) if ack.upto else ()

    # -- what is sent --

    def _go_on(self, name: LaneName, now: float) -> tuple["Outbox", tuple[object, ...]]:
        """Begin again, send, read: whatever is possible now."""
        lane, effects = self.lanes[name], ()  # type: tuple[Lane, tuple[object, ...]]
        if not self.link:
            return self, ()
        if lane.flight and now >= lane.stalled_at(self.srtt):
            lane = replace(lane.again(), patience=lane.patience + 1)
        if lane.ready is not None and now >= self._held_until(lane) and self._fits(lane, lane.ready):
            batch = lane.ready
            lane, effects = lane.sent(now), (SendBatch(name, batch.payload),)
        outbox = self._with(lane)
        due = outbox._due_at(lane)
        if due is None or now < due:
            return outbox, effects
        most = outbox._most(lane)
        asked = ReadBatch(name, lane.turn, lane.place, most, min(BATCH_OCTETS, 3 * max(1_500, outbox.window)))
        return outbox._with(replace(lane, asked=True)), (*effects, asked)

    def _most(self, lane: Lane) -> int:
        if lane.name == "alm":
            return ALARMS_AT_ONCE
        backlog = lane.unread > self.profile.batch and self.profile.rate >= FAST
        return MOST_EVENTS if backlog else self.profile.batch

    def _fits(self, lane: Lane, batch: BatchRead) -> bool:
        """Alarms look at what alarms take only."""
        taken = lane.in_flight if lane.name == "alm" else self.in_flight
        return not lane.flight or taken + len(batch.payload) <= self.window

    def _held_until(self, lane: Lane) -> float:
        """From when on the lane may send; infinite: an event decides."""
        if lane.name == "alm":
            return lane.hold_until
        if not (self.centre.on and self.centre.ingest):
            return float("inf")
        return max(lane.hold_until, self.unheard_until)

    def _due_at(self, lane: Lane) -> float | None:
        """When the lane reads its next batch or sends the one it has; None when an event decides."""
        held = self._held_until(lane)
        if held == float("inf") or lane.asked:
            return None
        if lane.ready is not None:
            return held if self._fits(lane, lane.ready) else None
        full = self.in_flight >= self.window if lane.name == "evt" else lane.in_flight >= self.window
        if not lane.unread or (lane.flight and full):
            return None
        at_once = lane.name == "alm" or lane.unread >= self.profile.batch or lane.since is None
        return max(held, 0.0 if at_once or lane.since is None else lane.since + self.profile.wait)

    def _standing(self) -> OutboxStood:
        marks = tuple(
            LaneMark(lane=lane.name, epoch=lane.epoch, prev_epoch=lane.prev_epoch, acked=lane.taken)
            for lane in self.lanes.values()
            if lane.epoch
        )
        return OutboxStood(marks, sum(count for _, count in self.counted.waiting), self.counted.oldest_at)
