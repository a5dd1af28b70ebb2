"""One MPT-1327 radio behind MAP27 as a line of the gateway. Decides what to ask it and what to believe; performs
nothing.

Theory: it keeps the link, the one call, the radio's last word on its own condition and the one demand of the
line's owner, and derives from these whether it transmits. A demand has an end (its lease, the longest talk, the
wait for the call), and each end that had reached the radio is followed by an order to stop which overtakes
everything else and is owed until the radio has taken it and no longer says that it transmits. A radio whose
link is lost is not believed; when it is back, the order to stop is the first thing it hears.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hw.map27 import network
from hw.map27.calls import (
    CLEAR_WAIT,
    OFF_LIMIT,
    Call,
    Demand,
    call_over,
    end_demand,
    hang_end,
    lie,
    on_message,
    pursue,
)
from hw.map27.link import Link, Turn
from hw.map27.messages import (
    ONLY,
    Answer,
    ClearDownWarned,
    Dial,
    HangUp,
    Key,
    RegistrationChanged,
    Release,
    SelectGroup,
    SendStatus,
    SendText,
    TalkerEnded,
    TalkerStarted,
    TerminalLost,
    TerminalReady,
    TransmitGranted,
)
from hw.map27.messaging import Post, give_up, post_next
from hw.map27.orders import obey
from hw.map27.protocol import LinkAck, LinkRequest, LinkTransfer, encode
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write

if TYPE_CHECKING:
    from hw.map27.profile import Profile

Effects = tuple[object, ...]
WATCH_EVERY = 2.0
"""While it transmits, the order is said again so often: a radio that does not take it is not believed."""
_ADVICE = (
    "check that the radio is on, in trunked mode, its port set to MAP27, and that baud and cable are right"
)


@dataclass(frozen=True)
class Map27Line:
    """See the module. Times are monotonic seconds. Takes the events of the port, frames, orders and Tick."""

    profile: "Profile"
    group: str = ""
    """The group that Key calls: PFIX/IDENT."""
    port: bool = False
    lost: bool = False
    link: Link = field(default_factory=Link)
    condition: network.Condition | None = None
    call: Call | None = None
    demand: Demand | None = None
    hearing: bool = False
    off_at: float | None = None
    """Since when an order to stop is owed to the radio or not believed to be carried out."""
    stuck: bool = False
    """That it is not carried out was told."""
    watch_at: float = 0.0
    clearing_at: float | None = None
    """When the radio was told to end a call; until it says that it has, or for CLEAR_WAIT."""
    ended_at: float = float("-inf")
    posts: tuple[Post, ...] = ()
    pending: Effects = ()
    """Effects of the step under way; empty between steps."""

    # -- what follows from the facts --

    @property
    def ready(self) -> bool:
        """The link stands."""
        return self.link.ready

    @property
    def transmitting(self) -> bool:
        """A live demand that the radio carries out."""
        return self.ready and self.demand is not None and self.demand.granted_at is not None

    @property
    def believes(self) -> bool:
        """The transmit bit of OPERATING CONDITION counts."""
        return self.profile.grant_by == "condition"

    @property
    def on_air(self) -> bool:
        """The radio says that it transmits."""
        return self.believes and self.condition is not None and self.condition.transmitting

    @property
    def registered(self) -> bool:
        """Nothing says that calls cannot be made."""
        return self.condition is None or self.condition.contact

    @property
    def state(self) -> str:
        """One word for people."""
        if not self.ready:
            return "down"
        if self.transmitting:
            return "transmitting"
        if self.demand is not None:
            return "queued" if self.demand.queued else "asking"
        if self.hearing:
            return "receiving"
        return "idle" if self.registered else "not registered"

    @property
    def _demand_end(self) -> float | None:
        demand = self.demand
        if demand is None:
            return None
        wait = self.profile.queue_wait if demand.queued else self.profile.grant_wait
        if demand.granted_at is None:
            return min(demand.until, demand.asked_at + wait)
        return min(demand.until, demand.granted_at + self.profile.longest_talk)

    @property
    def _set_up_end(self) -> float | None:
        call = self.call
        waits = call is not None and not call.incoming and not call.connected and self.demand is None
        return call.since + self.profile.queue_wait if call is not None and waits else None

    @property
    def _warn_at(self) -> float | None:
        call, now = self.call, self.condition
        if call is None or call.connected_at is None or call.warned or now is None or now.longest is None:
            return None
        return call.connected_at + max(0.0, now.longest - self.profile.warn_before)

    @property
    def _off_end(self) -> float | None:
        return self.off_at + OFF_LIMIT if self.off_at is not None and self.ready else None

    @property
    def _cleared_at(self) -> float | None:
        return self.clearing_at + CLEAR_WAIT if self.clearing_at is not None else None

    @property
    def _watch_end(self) -> float | None:
        return self.watch_at if self.demand is not None and self.demand.keyed_at is not None else None

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        post = self.posts[0].until if self.posts else None
        moments = (self._demand_end, self._set_up_end, self._warn_at, self._off_end, self._watch_end)
        rest = (self._cleared_at, hang_end(self), post, self.link.deadline)
        return min((at for at in (*moments, *rest) if at is not None), default=None)

    # -- what its parts use --

    def tell(self, fact: object) -> "Map27Line":
        """With one more fact told."""
        return replace(self, pending=(*self.pending, Told(fact)))

    def make_safe(self, reason: str) -> "Map27Line":
        """With the transmitter let go by every other way."""
        return replace(self, pending=(*self.pending, MakeSafe(reason)))

    def say(self, data: bytes, now: float, first: bool = False) -> "Map27Line":
        """With one more message to the radio."""
        return self.turn(self.link.send(data, now, first), now)

    def control(self, transmit: bool, now: float) -> "Map27Line":
        """Hook and transmitter as they shall be, before anything else; what was not sent yet of it is void."""
        off_hook = self.call is not None and self.call.off_hook
        line = replace(self, link=self.link.without(is_control))
        return line.say(network.radio_control(off_hook, transmit), now, first=True)

    def cease(self, now: float) -> "Map27Line":
        """Let the transmitter go; owed until it is done."""
        return replace(self, off_at=now if self.off_at is None else self.off_at).control(False, now)

    def hang_up(self, cause: int, now: float, normal: bool = True) -> "Map27Line":
        """Say that the call is not wanted any more; the next is set up when this one is cleared."""
        where = self.call.peer if self.call is not None else network.Address(0, 0)
        data = network.disconnect(normal, cause, where if self.profile.address_on_disconnect else None)
        line = replace(self, clearing_at=now) if self.ready else self
        return line.say(data, now)

    def turn(self, turn: Turn, now: float) -> "Map27Line":
        """With what a step of the link brought about."""
        writes = tuple(Write(encode(frame)) for frame in turn.out)
        line = replace(self, link=turn.link, pending=(*self.pending, *writes))
        if turn.lost:
            line = line._down(turn.lost, _ADVICE, now)
        if turn.up:
            line = line._up(now)
        for data in turn.heard:
            line = on_message(line, network.decode(data), now)
        return line

    # -- what happens --

    def handle(self, event: object, now: float) -> tuple["Map27Line", Effects]:
        """The line after `event` and what must be done."""
        line = self._take(event, now)
        line = line._settle(now)
        return replace(line, pending=()), line.pending

    def _take(self, event: object, now: float) -> "Map27Line":
        match event:
            case PortUp():
                line = replace(self, port=True, link=Link(self.profile.terms))
                return line.turn(line.link.start(now), now)
            case PortDown(reason=reason):
                line = replace(self, port=False, link=self.link.stop())
                return line._down(reason or "the port is gone", "check cable and power of the radio", now)
            case LinkRequest() | LinkAck() | LinkTransfer():
                return self.turn(self.link.received(event, now), now)
            case Key() | Release() | Dial() | Answer() | HangUp() | SelectGroup() | SendText() | SendStatus():
                return obey(self, event, now)
        return self

    def _down(self, reason: str, advice: str, now: float) -> "Map27Line":
        """Nothing is believed any more."""
        line = end_demand(self, reason, now)
        if line.call is not None:
            line = call_over(line, reason, now)
        line = give_up(replace(line, condition=None, clearing_at=None), "the radio was lost")
        return line if self.lost else replace(line, lost=True).tell(TerminalLost(reason, advice))

    def _up(self, now: float) -> "Map27Line":
        """Whatever it was doing, it stops: it may have been left transmitting by a gateway that is no more."""
        line = replace(self, lost=False, off_at=now).cease(now).hang_up(network.DISCONNECTED, now)
        return line.tell(TerminalReady()).tell(RegistrationChanged(True, "assumed until the radio tells"))

    # -- what follows, and time --

    def _settle(self, now: float) -> "Map27Line":
        line = self.turn(self.link.tick(now), now)
        end = line._demand_end
        if end is not None and now >= end:
            line = end_demand(line, "time over", now)
        end = line._set_up_end
        if end is not None and now >= end:
            line = call_over(line.hang_up(network.NO_LONGER_WANTED, now, normal=False), "no answer", now)
        end = hang_end(line)
        if end is not None and now >= end:
            line = call_over(line.hang_up(network.DISCONNECTED, now), "nobody talks", now)
        if line.clearing_at is not None and now >= line.clearing_at + CLEAR_WAIT:
            line = replace(line, clearing_at=None)
        line = pursue(line._owed(now)._watched(now), now)._granted(now)._heard()
        at = line._warn_at
        if at is not None and now >= at and line.call is not None and line.condition is not None:
            ends = (line.call.connected_at or now) + (line.condition.longest or 0.0)
            line = replace(line, call=replace(line.call, warned=True))
            line = line.tell(ClearDownWarned(ONLY, max(0.0, ends - now)))
        return post_next(line, now)

    def _owed(self, now: float) -> "Map27Line":
        """Whether the radio has stopped, and what to do when it does not."""
        if self.off_at is None or not self.ready:
            return self
        unheard = self.link.holds(is_off)
        if not unheard and not self.on_air:
            return replace(self, off_at=None, stuck=False)
        if now < self.off_at + OFF_LIMIT:
            return self
        line = replace(self, off_at=now)
        if not self.stuck:
            line = lie(replace(line, stuck=True), "cease refused", now)
        if unheard:
            return line.turn(line.link.reset("the radio does not take the order to stop", now), now)
        return call_over(line.cease(now).hang_up(network.DISCONNECTED, now), "the radio does not stop", now)

    def _watched(self, now: float) -> "Map27Line":
        end = self._watch_end
        if end is None or now < end:
            return self
        if self.link.holds(is_on):
            return end_demand(self, "the radio does not answer", now)
        line = replace(self, watch_at=now + WATCH_EVERY)
        return line.control(True, now)

    def _granted(self, now: float) -> "Map27Line":
        demand = self.demand
        if demand is None or demand.keyed_at is None or demand.granted_at is not None:
            return self
        if self.link.holds(is_on) or (self.believes and not self.on_air):
            return self
        line = replace(self, demand=replace(demand, granted_at=now))
        return line.tell(TransmitGranted(ONLY, now - demand.asked_at))

    def _heard(self) -> "Map27Line":
        """The receive path is open while a call stands on which we do not talk."""
        call = self.call
        talks = self.off_at is not None or (self.demand is not None and self.demand.keyed_at is not None)
        wanted = call is not None and call.connected and not talks and self.profile.open_by == "call"
        if wanted == self.hearing:
            return self
        line = replace(self, hearing=wanted)
        return line.tell(TalkerStarted(ONLY, call.talker) if call and wanted else TalkerEnded(ONLY))


def is_control(data: bytes) -> bool:
    """RADIO CONTROL of any kind."""
    return data[:1] == bytes((network.RADIO_CONTROL,))


def is_on(data: bytes) -> bool:
    """The order to transmit."""
    return is_control(data) and bool(data[1] & network.TRANSMIT)


def is_off(data: bytes) -> bool:
    """An order that ends transmission."""
    return is_control(data) and not data[1] & network.TRANSMIT
