"""One satellite or GSM phone: its set-up, its calls, its texts. Decides what to send next; performs nothing.

Theory: what the phone said is kept (calls, registration, storage), what is wanted is kept (dialogue's queue,
outbox, places to read and delete), and the next command is derived from both whenever the line is free. OK to
ATD proves nothing; the list of calls does. A phone that restarts, falls silent or says what cannot be loses its
calls: MakeSafe goes out before anything else, and the set-up begins again.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hw.phone import lines, orders, wishes
from hw.phone.answers import Effects, answered, message, told
from hw.phone.calls import Calls
from hw.phone.dialogue import Command, Dialogue
from hw.phone.facts import (
    Answer,
    CallEnded,
    Dial,
    HangUp,
    Lied,
    PhoneLost,
    PhoneReady,
    SendText,
    SendTones,
    ServiceChanged,
    SignalChanged,
    SimTrouble,
    StorageChanged,
    TextKept,
)
from hw.phone.setup import hello, set_up
from hw.phone.sms import Inbox, Outbox
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write

if TYPE_CHECKING:
    from hw.phone.profile import PhoneProfile

UNREAD = 64
BOOT = 10.0
"""Seconds after the set-up in which the phone may still say what it says when it starts."""
DEAF = 3
"""Probes without an answer after which the phone is lost."""
BARS_OF = (0, 2, 8, 14, 20, 26)
"""Least +CSQ value for each number of bars."""
_REGISTERED = {0: "not searching", 1: "home", 2: "searching", 3: "denied", 4: "unknown", 5: "roaming"}
Step = tuple["Phone", Effects]


@dataclass(frozen=True)
class Phone:
    """See the module. Times are monotonic seconds; `pin` is entered once unless `pin_tried` already."""

    profile: "PhoneProfile"
    pin: str = ""
    pin_tried: bool = False
    port: bool = False
    dialogue: Dialogue = Dialogue()
    calls: Calls = Calls()
    inbox: Inbox = Inbox()
    outbox: Outbox = Outbox()
    asked_set_up: bool = False
    ready: bool = False
    ready_at: float = 0.0
    lost: bool = False
    echo_off: bool = False
    echoing: bool = False
    no_texts: bool = False
    pin_state: str = ""
    pin_at: float | None = None
    sim: SimTrouble | None = None
    service: bool | None = None
    service_what: str = ""
    service_since: float = 0.0
    service_told: bool | None = None
    signal: SignalChanged | None = None
    storage: StorageChanged | None = None
    storage_at: float | None = None
    status_at: float = 0.0
    list_at: float = 0.0
    list_refusals: int = 0
    listing_empty: bool = True
    hung_at: float = -1e9
    lie: str = ""
    unread: tuple[int, ...] = ()
    relist: bool = False

    @property
    def lists(self) -> bool:
        """Calls are known from +CLCC."""
        return self.profile.voice.listed and self.list_refusals < 3

    @property
    def state(self) -> str:
        """One word for people."""
        if not self.port:
            return "unplugged"
        if self.lost:
            return "silent"
        if not self.ready:
            return "SIM trouble" if self.sim else "setting up"
        if self.calls.any:
            return self.calls.calls[0].state
        return "no service" if self.service_told is False else "idle"

    @property
    def deadline(self) -> float | None:
        """When it must be ticked, or None."""
        if not self.port:
            return self.inbox.deadline
        times = [self.dialogue.deadline, self.calls.deadline, self.inbox.deadline]
        if self.service != self.service_told:
            times.append(self.service_since + self.profile.status.settle)
        if self.dialogue.idle:
            times.append(self._next_wish())
        return min((at for at in times if at is not None), default=None)

    def _next_wish(self) -> float | None:
        """When a free line will be used again by time alone."""
        if not self.ready:
            return self.pin_at
        times = [self.status_at] if not self.calls.any else []
        if self.calls.any and self.lists:
            times.append(self.list_at)
        if any(call.ending for call in self.calls.calls):
            times.append(self.hung_at + wishes.HANG_UP_AGAIN)
        if not self.calls.any:
            times += [at for at in (self.outbox.deadline, self.storage_at) if at is not None]
        return min(times, default=None)

    # -- events --

    def handle(self, event: object, now: float) -> Step:
        """The phone after `event`, and what has to be done outside. Unknown events change nothing."""
        phone, effects = self._take(event, now)
        for _ in range(8):  # a time-out may be followed by a command: go on until the line is in use
            phone, more = phone._settle(now)
            effects = (*effects, *more)
            if not more:
                break
        return phone, effects

    def _take(self, event: object, now: float) -> Step:
        match event:
            case PortUp():
                return replace(self, port=True, lost=False).begin(now), ()
            case PortDown(reason):
                phone, effects = self._lose(f"port: {reason}", "check the cable and the phone's power", now)
                return replace(phone, port=False, dialogue=Dialogue()), effects
            case Dial() | Answer() | HangUp() | SendTones() | SendText() | TextKept():
                return orders.obey(self, event, now)
            case _ if isinstance(event, lines.Line) and self.port:
                return self._line(event, now)
        return self, ()

    def begin(self, now: float) -> "Phone":
        """Set up from the start: whatever the phone was told before, it may have forgotten."""
        dialogue = Dialogue(strays=self.dialogue.strays).probe(now).ask(*hello(self.profile))
        fresh = replace(self, dialogue=dialogue, inbox=self.inbox.forget_slots(), echo_off=False, unread=())
        fresh = replace(fresh, asked_set_up=False, ready=False, pin_state="", pin_at=None, relist=False)
        return replace(fresh, storage=None, storage_at=None, list_refusals=0)

    def sim_trouble(self, trouble: SimTrouble) -> Step:
        """The SIM is in the way; told once."""
        return replace(self, sim=trouble), () if trouble == self.sim else (Told(trouble),)

    def _lose(self, reason: str, advice: str, now: float) -> Step:
        """The phone is not there: its calls are over, a text in flight is in doubt."""
        calls, facts = self.calls.end_all(f"lost: {reason}", now)
        outbox = self.outbox
        flight = self.dialogue.flight
        if flight is not None and flight.purpose == "send" and self.dialogue.body_sent:
            outbox, more = outbox.fail(f"lost: {reason}", sure=False)
            facts = (*facts, *more)
        phone = replace(
            self, calls=calls, outbox=outbox, ready=False, lost=True, service=None, service_told=None
        )
        phone = replace(phone, signal=None, sim=None, lie="", inbox=self.inbox.forget_slots(), pin_at=None)
        safe = (MakeSafe(reason),) if self.calls.any else ()
        news = () if self.lost else (Told(PhoneLost(reason, advice)),)
        return phone, (*safe, *told(facts), *news)

    def _restarted(self, now: float) -> Step:
        phone, effects = self._lose("the phone has restarted", "check its power supply and its antenna", now)
        return replace(phone, lost=False).begin(now), effects

    # -- lines --

    def _line(self, line: lines.Line, now: float) -> Step:
        dialogue, data, done = self.dialogue.take(line, now)
        phone = replace(self, dialogue=dialogue)
        effects: Effects = (Write(data),) if data else ()
        if done is not None:
            phone, more = answered(phone, done, now)
        else:
            phone, more = phone._unasked(line, now)
        return phone, (*effects, *more)

    def _unasked(self, line: lines.Line, now: float) -> Step:
        match line:
            case lines.Ring() | lines.Clip() | lines.Waiting() | lines.Result():
                return self._call_line(line, now)
            case lines.Registration(stat):
                return self._service(stat in (1, 5), _REGISTERED.get(stat, str(stat)), now), ()
            case lines.Signal(rssi):
                bars = None if rssi > 31 else sum(rssi >= least for least in BARS_OF) - 1
                return self._bars(bars, None if bars is None else 2 * rssi - 113)
            case lines.Bars(bars):
                return self._bars(min(bars, 5), None)
            case lines.Indicator(index, value):
                return self._indicator(index, value, now)
            case lines.PinState(state):
                if self.ready and now >= self.ready_at + BOOT and not self.dialogue.waits_for("pin"):
                    return self._restarted(now)
                return replace(self, pin_state=state), ()
            case lines.Arrived(store, slot):
                known = store == self.profile.text.store or not self.profile.text.store
                room = known and len(self.unread) < UNREAD
                unread = tuple(dict.fromkeys((*self.unread, slot))) if room else self.unread
                return replace(self, unread=unread, relist=self.relist or not room), ()
            case lines.Direct(pdu):
                return message(self, pdu, None, now)
            case lines.Echo() if self.echo_off and self.ready and not self.echoing:
                return self._restarted(now)
            case lines.Echo() if self.echo_off:
                return replace(self, echoing=True), ()
            case lines.Other(text) if text.startswith(self.profile.restarts):
                return self._restarted(now) if self.ready else (self.begin(now), ())
        return self, ()

    def _call_line(self, line: lines.Ring | lines.Clip | lines.Waiting | lines.Result, now: float) -> Step:
        match line:
            case lines.Ring():
                calls, facts = self.calls.ring("", now)
            case lines.Clip(number):
                calls, facts = self.calls.ring(number, now)
            case lines.Waiting(number):
                calls, facts = self.calls.waiting(number, now)
            case lines.Result(word):
                calls, facts = self.calls.result(word, now)
        return replace(self, calls=calls, list_at=min(self.list_at, now)), told(facts)

    def _service(self, on: bool, what: str, now: float) -> "Phone":
        since = self.service_since if on == self.service else now
        return replace(self, service=on, service_what=what, service_since=since)

    def _bars(self, bars: int | None, dbm: int | None) -> Step:
        known = self.signal is not None and self.signal.bars == bars
        signal = SignalChanged(bars, dbm)
        return replace(self, signal=signal), () if known else (Told(signal),)

    def _indicator(self, index: int, value: int, now: float) -> Step:
        if index == self.profile.status.bars_indicator:
            return self._bars(min(value, 5), None)
        if index == self.profile.status.service_indicator:
            return self._service(value == 1, "indicated" if value else "no satellite in view", now), ()
        return self, ()

    # -- what time and a free line bring --

    def _settle(self, now: float) -> Step:
        inbox, texts = self.inbox.expire(now)
        phone = replace(self, inbox=inbox)
        if not self.port:
            return phone, told(texts)
        phone, effects = phone._time(now)
        if phone.dialogue.probe_at is None and phone.dialogue.settled_at is None:
            phone, more = phone._wish(now)
            effects = (*effects, *more)
        dialogue, data, done = phone.dialogue.go(now)
        phone = replace(phone, dialogue=dialogue)
        written: Effects = (Write(data),) if data else ()
        after: Effects = ()
        if done is not None:
            phone, after = answered(phone, done, now)
        if dialogue.probes > DEAF and not phone.lost:
            phone, gone = phone._lose("it does not answer", "check power, cable and baud rate", now)
            phone = phone.begin(now)
            phone = replace(
                phone, dialogue=replace(phone.dialogue, probe_at=dialogue.probe_at, probes=DEAF + 1)
            )
            after = (*after, *gone)
        return phone, (*told(texts), *effects, *written, *after)

    def _time(self, now: float) -> Step:
        calls, facts, hang_up = self.calls.expire(now)
        phone = replace(self, calls=calls)
        effects = told(facts)
        if hang_up:
            phone, more = orders.hang_up(phone, now)
            effects = (*effects, *more)
        lie = phone.calls.lie
        if lie and not phone.lie:
            phone = replace(phone, calls=phone.calls.hang_up(lambda call: f"failed: {lie}"), lie=lie)
            phone, more = orders.hang_up(phone, now)
            effects = (*effects, MakeSafe(lie), Told(Lied(lie)), *more)
        if not phone.calls.any and phone.listing_empty:
            phone = replace(phone, lie="")
        settled = phone.service_told is None or now >= phone.service_since + phone.profile.status.settle
        if phone.service is not None and phone.service != phone.service_told and settled:
            phone = replace(phone, service_told=phone.service)
            effects = (*effects, Told(ServiceChanged(phone.service is True, phone.service_what)))
        if any(isinstance(each, Told) and _puzzling(each.fact) for each in effects):
            phone = replace(phone, dialogue=phone.dialogue.ask(Command("AT+CEER", "cause")))
        return phone, effects

    def _wish(self, now: float) -> Step:
        """With the next command that is wanted, if the queue is empty."""
        if self.dialogue.flight is not None or self.dialogue.queue:
            return self, ()
        if self.pin_state != "READY":
            due = self.pin_at is not None and now >= self.pin_at
            ask = Command("AT+CPIN?", "pin", 10.0)
            return (replace(self, pin_at=None, dialogue=self.dialogue.ask(ask)) if due else self), ()
        if not self.asked_set_up:
            return replace(self, asked_set_up=True, dialogue=self.dialogue.ask(*set_up(self.profile))), ()
        if not self.ready:
            ready = replace(
                self, ready=True, ready_at=now, lost=False, sim=None, status_at=now, relist=not self.no_texts
            )
            return ready, (Told(PhoneReady()),)
        return wishes.next_wish(self, now) or (self, ())


def _puzzling(fact: object) -> bool:
    return isinstance(fact, CallEnded) and fact.why == "no carrier"
