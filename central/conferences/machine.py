"""Conference: calls everybody on a list at once, by as many lines as there are, until each is reached or given up.

Theory: each person is a `Party` that knows its own calls and when it is called next. The conference begins calls in
the order of rank, never more than `lines` at once nor faster than `per_second`. A call counts as reached by a key or
the PIN, for a mailbox answers too; a message that was cut short informed nobody. Who is in the talk stays when whoever
began it leaves: the conference has no host. Who is lost from the talk is called again by itself. It ends when a person
closes it.
"""

from dataclasses import dataclass, field, replace

from central.conferences import messages as say
from central.conferences.messages import Person, Terms
from central.conferences.party import Party

REPORTS = (180.0, 300.0, 600.0)
"""Seconds after the beginning at which the result is told."""
DEAF = 10.0
"""Seconds beyond the ringing after which a call that nobody told anything of is given up."""
Turn = tuple["Conference", tuple[object, ...]]


@dataclass(frozen=True)
class Conference:
    """See the module. `id` names it and, with a count, its calls. Times are monotonic seconds."""

    id: str
    terms: Terms
    parties: dict[str, Party] = field(default_factory=dict)
    began_at: float | None = None
    closed: bool = False
    next_dial: float = field(default=0.0, compare=False)
    reports: int = 0
    talked: bool = False
    """Somebody was in the talk before."""

    @staticmethod
    def of(id: str, terms: Terms, persons: tuple[Person, ...]) -> "Conference":
        """Nobody is called yet. ValueError: somebody has no number, or stands there twice."""
        for person in persons:
            if not person.numbers:
                raise ValueError(f"{person.name} has no number")
        if len({person.id for person in persons}) != len(persons):
            raise ValueError("a person stands twice on the list")
        return Conference(id, terms, {person.id: Party(person) for person in persons})

    @property
    def standing(self) -> bool:
        """It has begun and is not closed."""
        return self.began_at is not None and not self.closed

    @property
    def busy(self) -> int:
        """Lines in use."""
        return sum(bool(party.call) for party in self.parties.values())

    @property
    def deadline(self) -> float | None:
        """When the next call, the next report or the end of one that nobody told of is due."""
        if self.began_at is None or self.closed:
            return None
        due = [party.called_at + self._deaf for party in self._unanswered()]
        if self.busy < self.terms.lines:
            waiting = [party.next_at for party in self.parties.values() if party.next_at is not None]
            due += [max(min(waiting), self.next_dial)] if waiting else []
        if self.reports < len(REPORTS):
            due.append(self.began_at + REPORTS[self.reports])
        return min(due, default=None)

    @property
    def _deaf(self) -> float:
        return self.terms.ring + DEAF

    def _unanswered(self) -> list[Party]:
        return [party for party in self.parties.values() if party.call and not party.answered]

    def result(self, now: float, over: bool = False) -> say.Reported:
        """Who is informed, and who is missing."""
        informed = sum(party.informed(self.terms) for party in self.parties.values())
        missing = tuple(id for id, party in self.parties.items() if not party.informed(self.terms))
        return say.Reported(now - (self.began_at or now), informed, len(self.parties), missing, over)

    def handle(self, event: object, now: float) -> Turn:
        """The conference after `event` and what must be done."""
        before = self.parties
        conference, effects = self._heard(event, now)
        conference, due = conference._settle(now)
        changed = tuple(
            say.StandingChanged(id, party.standing, party.why)
            for id, party in conference.parties.items()
            if id not in before or party.standing != before[id].standing
        )
        return conference, (*effects, *due, *changed)

    # -- events --

    def _heard(self, event: object, now: float) -> Turn:
        match event:
            case say.Begin() if self.began_at is None:
                asked = {id: replace(party, next_at=now) for id, party in self.parties.items()}
                return replace(self, parties=asked, began_at=now), ()
            case say.Close() if not self.closed:
                return self._close(now)
            case say.Add(person=person) if person.id not in self.parties and not self.closed:
                return self._with(Party(person, next_at=now if self.standing else None)), ()
            case say.Drop(person=id) if id in self.parties:
                party = self.parties[id]
                ending = (say.HangUp(party.call),) if party.call else ()
                return self._with(replace(party, dropped=True, next_at=None)), ending
            case say.Redial(person=id) if id in self.parties and self.standing:
                party = self.parties[id]
                return self._with(party.asked_for(now) if not party.call else party), ()
            case say.Mute(person=id, on=on) if id in self.parties and self.parties[id].muted != on:
                party = replace(self.parties[id], muted=on)
                return self._with(party), (say.MuteTalk(party.call, on),) if party.joined else ()
        return self._of_call(event, now)

    def _of_call(self, event: object, now: float) -> Turn:
        """News of a call; of one that is over nothing is believed."""
        call = getattr(event, "call", "")
        party = next((each for each in self.parties.values() if call and each.call == call), None)
        if party is None:
            return self, ()
        match event:
            case say.Rang():
                return self._with(replace(party, rung=True)), ()
            case say.Answered():
                return self._with(replace(party, answered=True)), ()
            case say.Heard() if party.answered and not party.joined:
                return self._informed(replace(party, heard=True), party)
            case say.Pressed(digit=digit) if party.answered and not party.joined:
                return self._informed(party.pressed(digit, self.terms), party)
            case say.Ended(why=why):
                return self._with(party.ended(why, self.terms, now)), ()
        return self, ()

    def _informed(self, party: Party, before: Party) -> Turn:
        """He heard the message or pressed something: is it enough, and what follows?"""
        conference = self._with(party)
        if party.dropped:
            return conference, ()
        if self.terms.mode == "conference":
            if not party.let_in(self.terms):
                return conference, ()
            joined = conference._with(replace(party, joined=True))
            return replace(joined, talked=True), (say.JoinTalk(party.call, party.muted, self.talked),)
        enough = party.informed(self.terms) and not before.informed(self.terms)
        return conference, (say.HangUp(party.call),) if enough else ()

    def _close(self, now: float) -> Turn:
        calls = tuple(say.HangUp(party.call) for party in self.parties.values() if party.call)
        quiet = {id: replace(party, next_at=None) for id, party in self.parties.items()}
        closed = replace(self, parties=quiet, closed=True)
        return closed, (*calls, self.result(now, over=True))

    def _with(self, party: Party) -> "Conference":
        return replace(self, parties={**self.parties, party.person.id: party})

    # -- what is due --

    def _settle(self, now: float) -> Turn:
        if self.began_at is None or self.closed:
            return self, ()
        conference, effects = self._give_up(now)
        conference, dialled = conference._dial(now)
        due = self.reports
        while due < len(REPORTS) and now >= self.began_at + REPORTS[due]:
            due += 1
        told = (conference.result(now),) if due > self.reports else ()
        return replace(conference, reports=due), (*effects, *dialled, *told)

    def _give_up(self, now: float) -> Turn:
        """Calls that rang for too long and of which nobody says an end: the line is free for others."""
        conference, effects = self, list[object]()
        for party in self._unanswered():
            if now >= party.called_at + self._deaf:
                effects.append(say.HangUp(party.call))
                conference = conference._with(party.ended("failed", self.terms, now))
        return conference, tuple(effects)

    def _dial(self, now: float) -> Turn:
        """As many calls as lines and pace allow, whoever ranks first."""
        conference, effects = self, list[object]()
        due = [each for each in self.parties.values() if each.next_at is not None and each.next_at <= now]
        due.sort(key=lambda party: (party.person.rank, party.next_at or 0.0))
        for party in due:
            if conference.busy >= self.terms.lines or now < conference.next_dial:
                break
            call = f"{self.id}.{party.person.id}.{party.calls + 1}"
            effects.append(say.Dial(call, party.person.id, party.number(self.terms), self.terms.ring))
            conference = conference._with(party.dialled(call, now))
            paced = max(now - 1.0, conference.next_dial) + 1.0 / self.terms.per_second
            conference = replace(conference, next_dial=paced)
        return conference, tuple(effects)
