"""The calls of one phone, as its list (+CLCC), its rings and its result words say. Pure; sends nothing.

A call keeps what was heard of it; its state follows. OK after ATD is not taken for an answer: only the list
proves one. A list that is empty while a call is being set up proves nothing either. What cannot be (two
callers who both ring, a talk that nobody ordered) is named in `lie`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hw.phone.facts import (
    CallAlerting,
    CallAnswered,
    CallArrived,
    CallDialling,
    CallEnded,
    CallerKnown,
    Facts,
)
from hw.phone.lines import Listed

MOST = 8
ABSENT = 2
"""Lists in a row in which a call must be missing to be over."""
LATE_RING = 5.0
"""Seconds after an answer in which a RING is still of the same call."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: between rings; for a set-up to be listed; for the far end."""

    ring_gap: float = 6.0
    setup_grace: float = 20.0
    dial_limit: float = 90.0


@dataclass(frozen=True)
class Call:
    """What was heard of one call. Times are monotonic seconds."""

    call: int
    incoming: bool
    number: str
    began_at: float
    ordered: bool = False
    second: bool = False
    index: int | None = None
    stat: int | None = None
    listed_at: float | None = None
    absent: int = 0
    rang_at: float | None = None
    alerted: bool = False
    active_at: float | None = None
    ending: str = ""

    @property
    def state(self) -> str:
        """One word for people."""
        if self.ending:
            return "ending"
        if self.active_at is not None:
            return "held" if self.stat == 1 else "active"
        if self.incoming:
            return "waiting" if self.second else ("answering" if self.ordered else "ringing")
        return "alerting" if self.alerted else "dialling"

    def ended(self, why: str, now: float) -> CallEnded:
        """The fact of its end."""
        talked = round(now - self.active_at, 3) if self.active_at is not None else 0.0
        return CallEnded(self.call, self.number, self.incoming, self.ending or why, talked)

    @property
    def natural_end(self) -> str:
        """Why it is over when the phone just stops listing it."""
        if self.active_at is not None:
            return "far end"
        if not self.incoming:
            return "no carrier"
        return "caller gone" if self.ordered else "missed"


Step = tuple["Calls", Facts]


@dataclass(frozen=True)
class Calls:
    """See the module."""

    patience: Patience = Patience()
    calls: tuple[Call, ...] = ()
    count: int = 0

    @property
    def any(self) -> bool:
        """There is a call."""
        return bool(self.calls)

    @property
    def ringing(self) -> Call | None:
        """The first call that waits to be answered."""
        return self._first(lambda c: c.incoming and c.active_at is None and not c.ending and not c.second)

    @property
    def second(self) -> Call | None:
        """A caller who came while another call stood."""
        return self._first(lambda c: c.second and c.active_at is None and not c.ending)

    @property
    def lie(self) -> str:
        """What the phone says that cannot be, or ""."""
        open_ = [call for call in self.calls if not call.ending]
        active = [call for call in open_ if call.stat == 0]
        if len(active) > 1:
            return "two calls are active at once"
        if sum(call.stat == 4 for call in open_) > 1:
            return "two callers ring at once"
        if any(not call.ordered for call in active):
            return "a call is active that nobody ordered"
        if any(not call.incoming and not call.ordered for call in open_):
            return "a call is dialled that nobody ordered"
        return ""

    @property
    def deadline(self) -> float | None:
        """When a missing ring or the far end's silence ends a call."""
        return min((at for call in self.calls if (at := self._ends_at(call)) is not None), default=None)

    def _ends_at(self, call: Call) -> float | None:
        if call.active_at is not None or call.ending:
            return None
        if not call.incoming:
            return call.began_at + self.patience.dial_limit
        heard = max(call.rang_at or 0.0, call.listed_at or 0.0, call.began_at)
        return heard + (self.patience.setup_grace if call.ordered else self.patience.ring_gap)

    # -- orders --

    def dial(self, number: str, now: float) -> Step:
        """With a call of ours."""
        call = Call(self.count + 1, False, number, now, ordered=True)
        return self._with(call), (CallDialling(call.call, number),)

    def answer(self) -> "Calls":
        """The ringing call is to be answered."""
        ringing = self.ringing
        return self if ringing is None else self.put(replace(ringing, ordered=True))

    def hang_up(self, why: Callable[[Call], str]) -> "Calls":
        """Every call is to end; `why` names the reason of each."""
        ending = (replace(call, ending=call.ending or why(call)) for call in self.calls)
        return replace(self, calls=tuple(ending))

    def end_all(self, why: str, now: float) -> Step:
        """Every call is over."""
        return replace(self, calls=()), tuple(call.ended(why, now) for call in self.calls)

    def end_ending(self, now: float, lists: bool = False) -> Step:
        """The phone said OK to our hanging up. With `lists`, a call that was listed is over when it no longer is."""
        over = [call for call in self.calls if call.ending and not (lists and call.index is not None)]
        facts = tuple(call.ended("hung up", now) for call in over)
        return replace(self, calls=tuple(call for call in self.calls if call not in over)), facts

    def end_second(self, now: float) -> Step:
        """The caller who was turned away is gone."""
        gone = [call for call in self.calls if call.second and call.ending]
        calls = tuple(call for call in self.calls if call not in gone)
        return replace(self, calls=calls), tuple(call.ended("line in use", now) for call in gone)

    def expire(self, now: float) -> tuple["Calls", Facts, bool]:
        """What time ends, and whether the phone must hang up for it."""
        calls, facts, hang_up = self, (), False  # type: tuple[Calls, Facts, bool]
        for call in self.calls:
            at = self._ends_at(call)
            if at is None or now < at:
                continue
            if call.incoming:
                calls, more = calls.over(call, call.natural_end, now)
                facts, hang_up = (*facts, *more), hang_up or call.ordered
            else:
                calls, hang_up = calls.put(replace(call, ending="no answer")), True
        return calls, facts, hang_up

    # -- what the phone says --

    def ring(self, number: str, now: float) -> Step:
        """RING, or who rings. A ring of the call that was just answered is old news."""
        call = self._first(lambda c: c.incoming and not c.second and self._may_ring(c, now))
        if call is not None:
            named = replace(call, rang_at=now, number=call.number or number)
            news = (CallerKnown(call.call, number),) if number and not call.number else ()
            return self.put(named), news
        return self._arrived(number, now, bool(self.calls))

    def _may_ring(self, call: Call, now: float) -> bool:
        return call.active_at is None or now - call.active_at < LATE_RING

    def waiting(self, number: str, now: float) -> Step:
        """+CCWA: somebody calls while another call stands."""
        known = self.second
        if known is None:
            return self._arrived(number, now, True)
        return self.put(replace(known, rang_at=now, number=known.number or number)), ()

    def _arrived(self, number: str, now: float, second: bool) -> Step:
        if len(self.calls) >= MOST:
            return self, ()
        call = Call(self.count + 1, True, number, now, rang_at=now, second=second)
        return self._with(call), (CallArrived(call.call, number, second),)

    def listed(self, lines: tuple[Listed, ...], now: float) -> Step:
        """A whole list: each call is matched, what is missing twice is over."""
        calls, facts = self, ()  # type: Step
        seen: set[int] = set()
        for line in lines[:MOST]:
            if line.mode == 0:
                known = calls.match(line, seen)
                calls, more, number = calls.heard(known, line, now)
                facts = (*facts, *more)
                seen.add(number)
        for call in calls.calls:
            if call.call not in seen:
                calls, more = calls.unlisted(call, now)
                facts = (*facts, *more)
        return calls, facts

    def match(self, line: Listed, seen: set[int]) -> Call | None:
        """The known call that a line of the list is about. Who talked does not ring again: that is a new call."""
        fitting = [c for c in self.calls if c.incoming == line.incoming and c.call not in seen]
        fitting = [c for c in fitting if c.active_at is None or line.stat < 2]
        by_index = [c for c in fitting if c.index == line.index]
        unlisted = [c for c in fitting if c.index is None]
        return next(iter(by_index or unlisted), None)

    def heard(self, known: Call | None, line: Listed, now: float) -> tuple["Calls", Facts, int]:
        """One line of the list; with the number of its call."""
        calls, facts = self, ()  # type: Step
        if known is None:
            if line.incoming:
                calls, facts = self._arrived(line.number, now, line.stat == 5)
            else:
                calls = self._with(Call(self.count + 1, False, line.number, now))
            known = calls.calls[-1] if len(calls.calls) > len(self.calls) else None
        if known is None:
            return calls, facts, -1
        heard = replace(
            known, index=line.index, stat=line.stat, listed_at=now, absent=0, second=line.stat == 5
        )
        if line.number and not known.number:
            heard = replace(heard, number=line.number)
            facts = (*facts, CallerKnown(known.call, line.number))
        if line.stat == 3 and not known.alerted:
            heard = replace(heard, alerted=True)
            facts = (*facts, CallAlerting(known.call))
        if line.stat == 0 and known.active_at is None:
            heard = replace(heard, active_at=now)
            facts = (*facts, *((CallAnswered(known.call),) if known.ordered else ()))
        return calls.put(heard), facts, known.call

    def unlisted(self, call: Call, now: float) -> Step:
        """A list without this call."""
        if call.index is None and not call.ending:
            if call.incoming or now - call.began_at < self.patience.setup_grace:
                return self, ()
            return self.over(call, "no carrier", now)
        if call.absent + 1 < ABSENT and not call.ending:
            return self.put(replace(call, absent=call.absent + 1)), ()
        return self.over(call, call.natural_end, now)

    def result(self, word: str, now: float) -> Step:
        """A result word ends the call it can only mean; where it could mean two, the list will tell."""
        call = self._first(lambda c: not c.incoming and c.active_at is None)
        if word == "NO CARRIER":
            call = self.calls[0] if len(self.calls) == 1 else None
        if call is None:
            return self, ()
        words = {"BUSY": "busy", "NO ANSWER": "no answer", "NO DIALTONE": "no service"}
        return self.over(call, words.get(word, call.natural_end), now)

    def dial_failed(self, why: str, now: float) -> Step:
        """ATD was refused."""
        call = self._first(lambda c: not c.incoming and c.active_at is None and c.ordered)
        return (self, ()) if call is None else self.over(call, why, now)

    def trust(self, now: float) -> Step:
        """The phone has no list: its OK to ATD or ATA is all that can be known."""
        call = self._first(lambda c: c.ordered and c.active_at is None and not c.ending)
        if call is None:
            return self, ()
        return self.put(replace(call, active_at=now)), (CallAnswered(call.call, proved=False),)

    # -- the table --

    def _first(self, fits: Callable[[Call], bool]) -> Call | None:
        return next((call for call in self.calls if fits(call)), None)

    def _with(self, call: Call) -> "Calls":
        return replace(self, calls=(*self.calls, call)[-MOST:], count=self.count + 1)

    def put(self, call: Call) -> "Calls":
        """With this call in place of what was known of it."""
        return replace(self, calls=tuple(call if c.call == call.call else c for c in self.calls))

    def over(self, call: Call, why: str, now: float) -> Step:
        """Without this call."""
        calls = replace(self, calls=tuple(c for c in self.calls if c.call != call.call))
        return calls, (call.ended(why, now),)
