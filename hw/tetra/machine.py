"""One TETRA terminal as a line of the gateway. Decides what to ask it and what to believe; performs nothing.

Theory: it keeps what the terminal said of each call (CC instance) and the one demand that the line's owner
makes, and derives from these whether it transmits. A demand has an end (its lease, the longest talk, the wait
for a grant), and each end is followed by a cease which overtakes everything else. A terminal that stops
answering, echoes (so it has restarted) or loses its port is initialised anew and no call is believed.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hw.terminal import PortDown, PortUp, Told, Write
from hw.tetra.calls import CALLS_LIMIT, Call, Demand, SetUp, cease_refused, end_demand, on_urc, put
from hw.tetra.dialogue import Ask, Dialogue, Kind, Outcome
from hw.tetra.lines import (
    HOME,
    REGISTRATION,
    VISITED,
    Cleared,
    Failed,
    Group,
    Ok,
    Registration,
    SdsData,
    SdsSent,
    Signal,
    Text,
)
from hw.tetra.messages import (
    Answer,
    CallEnded,
    CommandRefused,
    Dial,
    GroupSelected,
    HangUp,
    Key,
    MessageFailed,
    MessageSent,
    RegistrationChanged,
    Release,
    SelectGroup,
    SendStatus,
    SendText,
    SignalRead,
    TerminalLost,
    TerminalReady,
)
from hw.tetra.messaging import received
from hw.tetra.orders import obey

if TYPE_CHECKING:
    from hw.tetra.profile import Profile

Effects = tuple[object, ...]
Step = tuple["TetraLine", Effects]
WATCH_EVERY = 2.0
"""While it transmits, the terminal is asked something so often: one that does not answer is not believed."""
MUTE_AFTER = 3
_ADVICE = "check that the terminal is on, its PEI is enabled in the code plug, and baud and cable are right"


@dataclass(frozen=True)
class TetraLine:
    """See the module. Times are monotonic seconds."""

    profile: "Profile"
    group: str = ""
    """The wanted talk group (GSSI or 17 digits)."""
    port: bool = False
    ready: bool = False
    lost: bool = False
    registration: int | None = None
    dialogue: Dialogue = field(default_factory=Dialogue)
    calls: tuple[Call, ...] = ()
    demand: Demand | None = None
    set_up: SetUp | None = None
    ended_at: float = float("-inf")
    numbers: int = 0
    poll_at: float = 0.0
    owed: tuple[int, ...] = ()
    """Calls that may still transmit since the terminal was lost: ceased first when it is back."""
    sent: tuple[tuple[int, str], ...] = ()
    """(message reference, key) of texts whose report may still come."""

    # -- what follows from the facts --

    def call(self, instance: int | None) -> Call | None:
        """The call with this instance."""
        return next((call for call in self.calls if call.instance == instance), None)

    def sure(self, instance: int) -> Call:
        """The same; an unknown one is a fresh call."""
        return self.call(instance) or Call(instance)

    @property
    def transmitting(self) -> bool:
        """A live demand holds a live grant."""
        call = self.call(self.demand.instance) if self.demand is not None else None
        return self.port and call is not None and call.granted

    @property
    def registered(self) -> bool:
        """Calls can be made."""
        return not self.profile.trunked or self.registration in (HOME, VISITED)

    @property
    def state(self) -> str:
        """One word for people."""
        if not self.port or not self.ready:
            return "down"
        if self.transmitting:
            return "transmitting"
        if self.demand is not None:
            return "queued" if self.demand.queued else "asking"
        if any(call.hearing for call in self.calls):
            return "receiving"
        return "idle" if self.registered else "not registered"

    @property
    def _demand_end(self) -> float | None:
        demand = self.demand
        if demand is None:
            return None
        wait = self.profile.queue_wait if demand.queued else self.profile.grant_wait
        limit = (
            demand.asked_at + wait
            if demand.granted_at is None
            else demand.granted_at + self.profile.longest_talk
        )
        return min(demand.until, limit)

    @property
    def _set_up_end(self) -> float | None:
        return None if self.set_up is None else self.set_up.since + self.profile.queue_wait + 5.0

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        if not self.port:
            return self._demand_end
        moments = (self.dialogue.deadline, self._demand_end, self._set_up_end)
        poll = self.poll_at if self.ready and self.dialogue.synced else None
        return min((at for at in (*moments, poll) if at is not None), default=None)

    # -- what happens --

    def handle(self, event: object, now: float) -> Step:
        """The line after `event` and what must be done."""
        line, effects = self._take(event, now)
        line, more = line._settle(now)
        return line, (*effects, *more)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case PortUp():
                return replace(self, port=True, dialogue=Dialogue(), ready=False)._initialise(now), ()
            case PortDown(reason=reason):
                return self._unplugged(reason or "the port is gone", now)
            case Key() | Release() | Dial() | Answer() | HangUp() | SelectGroup() | SendText() | SendStatus():
                return obey(self, event, now)
        return self._line(event, now) if self.port else (self, ())

    def _unplugged(self, reason: str, now: float) -> Step:
        line, effects = self._down(reason, "check cable and power of the terminal", now)
        return replace(line, port=False), effects

    def _down(self, reason: str, advice: str, now: float) -> Step:
        """Nothing is believed any more."""
        line, effects = end_demand(self, reason, now)
        ended = tuple(Told(CallEnded(call.instance, reason)) for call in line.calls)
        told = () if self.lost else (Told(TerminalLost(reason, advice)),)
        owed = {*line.owed, *(call.instance for call in line.calls if call.owing)}
        line = replace(line, owed=tuple(sorted(owed))[:CALLS_LIMIT])
        line = replace(line, calls=(), set_up=None, registration=None, ready=False, lost=True)
        return replace(line, dialogue=Dialogue()), (*effects, *ended, *told)

    def _initialise(self, now: float) -> "TetraLine":
        line = replace(self, ready=False, dialogue=self.dialogue.without("initialise"))
        for instance in self.owed:
            line = line.ask("cease", f"AT+CUTXC={instance}", now, instance=instance)
        for text in self.profile.initialise:
            line = line.ask("initialise", text, now)
        line = line.select(now) if self.group else line
        return line.ask("initialise", "AT+CSQ?", now, key="last")

    def select(self, now: float) -> "TetraLine":
        """Ask for the wanted group."""
        return self.ask("select", self.profile.group_select.format(group=self.group), now)

    def ask(
        self, kind: Kind, text: str, now: float, key: str = "", instance: int | None = None, data: bytes = b""
    ) -> "TetraLine":
        """With one more command to send."""
        wait = self.profile.message_wait if data else self.profile.answer_wait
        dialogue = self.dialogue.push(Ask(text, kind, wait, now, key, instance, data=data))
        return self if dialogue is None else replace(self, dialogue=dialogue)

    def cease(self, instance: int, now: float) -> "TetraLine":
        """Let the transmitter go on this call, before anything else."""
        line = put(self, replace(self.sure(instance), granted=False, owing=True))
        line = replace(line, dialogue=line.dialogue.without("cease", instance=instance))
        return line.ask("cease", f"AT+CUTXC={instance}", now, instance=instance)

    # -- what the terminal says --

    def _line(self, said: object, now: float) -> Step:
        match said:
            case Ok() | Failed():
                code = said.code if isinstance(said, Failed) else None
                dialogue, outcome = self.dialogue.answered(isinstance(said, Ok), code, now)
                line = replace(self, dialogue=dialogue)
                return line._outcome(outcome, now) if outcome is not None else (line, ())
            case Registration(status=status):
                return self._registered(status, now)
            case Group(address=address):
                return self, (Told(GroupSelected(address)),)
            case Signal(dbm=dbm):
                return self, ((Told(SignalRead(dbm)),) if dbm is not None else ())
            case SdsData():
                return received(self, said, now)
            case SdsSent(status=status) if status is not None and status >> 5 == 2:
                return self, ()  # the error that follows names the message
            case Text(text=text):
                return self._echo(text, now)
        return on_urc(self, said, now)

    def _echo(self, text: str, now: float) -> Step:
        """An echo after the initialisation: the terminal has restarted, and keeps its calls to itself."""
        flight = self.dialogue.flight
        if not self.ready or flight is None or text != flight.text:
            return self, ()
        return self._restarted("the terminal has restarted", now)

    def _restarted(self, reason: str, now: float) -> Step:
        line, effects = self._down(reason, _ADVICE, now)
        return line._initialise(now), effects

    def _registered(self, status: int, now: float) -> Step:
        line, effects = self, ()  # type: TetraLine, Effects
        if self.profile.trunked and status not in (HOME, VISITED):
            line, effects = end_demand(self, "registration lost", now)
        if status == self.registration:
            return line, effects
        line = replace(line, registration=status)
        word = REGISTRATION.get(status, f"state {status}")
        return line, (*effects, Told(RegistrationChanged(line.registered, word)))

    # -- what became of our commands --

    def _outcome(self, outcome: Outcome, now: float) -> Step:
        ask, ok = outcome.ask, outcome.result == "ok"
        line, effects = self, ()  # type: TetraLine, Effects
        if not ok and ask.kind not in ("cease", "poll"):
            effects = (Told(CommandRefused(ask.text, outcome.code)),)
        match ask.kind:
            case "initialise" if outcome.result == "lost":
                line = self._initialise(now)
            case "initialise" if ask.key == "last":
                line = replace(self, ready=True, lost=False, owed=(), poll_at=now + self.profile.poll_every)
                effects = (*effects, Told(TerminalReady()))
            case "cease" if ask.instance is not None:
                call = self.call(ask.instance)
                if call is not None and ok:
                    line = put(self, replace(call, owing=False, stuck=0))
                elif call is not None and call.owing:
                    line, effects = cease_refused(self, call, now)
                elif not ok and ask.instance in self.owed:
                    line, effects = cease_refused(self, Call(ask.instance, owing=True, stuck=1), now)
            case "demand" | "set-up" | "dial" if not ok:
                line, more = self._failed(ask, outcome.result, now)
                effects = (*effects, *more)
            case "message" if not ok:
                line = replace(self, dialogue=self.dialogue.without("message", ask.key))
                effects = (*effects, Told(MessageFailed(ask.key, outcome.result))) if ask.key else effects
            case "message" if ask.data and ask.key:
                effects = (Told(MessageSent(ask.key)),)
        return line, effects

    def _failed(self, ask: Ask, result: str, now: float) -> Step:
        line = replace(self, dialogue=self.dialogue.without(ask.kind, ask.key))
        if result == "refused" and ask.kind != "demand":
            line = replace(line, set_up=None)
        effects: Effects = ()
        if line.demand is not None and ask.key == str(line.demand.number):
            line, effects = end_demand(line, f"the terminal {result} the demand", now)
        if (
            result == "refused" and ask.instance is not None
        ):  # its end went unheard: the next demand sets up anew
            line, more = on_urc(line, Cleared(ask.instance), now)
            effects = (*effects, *more)
        return line, effects

    # -- time --

    def _settle(self, now: float) -> Step:
        line, effects = self, ()  # type: TetraLine, Effects
        end = line._demand_end
        if end is not None and now >= end:
            line, effects = end_demand(line, "time over", now)
        if line._set_up_end is not None and now >= line._set_up_end:
            line = replace(line, set_up=None)
        if not line.port:
            return line, effects
        watchful = line.demand is not None or any(call.owing for call in line.calls)
        if line.ready and line.dialogue.synced and now >= line.poll_at:
            for call in line.calls:
                if call.stuck and call.owing:
                    line = line.cease(call.instance, now)
            line = replace(line, poll_at=now + (WATCH_EVERY if watchful else line.profile.poll_every))
            if not line.dialogue.holds("poll"):
                line = line.ask("poll", "AT+CSQ?", now)
        if watchful and line.poll_at > now + WATCH_EVERY:
            line = replace(line, poll_at=now + WATCH_EVERY)
        line, more = line._mute(now)
        return line._advance(now, (*effects, *more))

    def _mute(self, now: float) -> Step:
        """A terminal that does not answer is not believed, and after a while not there."""
        misses = self.dialogue.misses
        if misses >= MUTE_AFTER and (self.ready or not self.lost):
            again, effects = self._restarted("the terminal does not answer", now)
            return replace(again, dialogue=replace(again.dialogue, misses=misses)), effects
        if misses and self.transmitting:
            return end_demand(self, "the terminal does not answer", now)
        return self, ()

    def _advance(self, now: float, effects: Effects) -> Step:
        dialogue, wire, outcome = self.dialogue.advance(now)
        line = replace(self, dialogue=dialogue)
        if outcome is not None:
            line, more = line._outcome(outcome, now)
            effects = (*effects, *more)
        if wire is not None:
            effects = (*effects, Write(wire))
        return line, effects
