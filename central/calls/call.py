"""One telephone call as a value: its parties, and what follows from them: who hears whom, and what is played. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from central.calls.messages import Join
from link.contract.call_talk import Sound

State = Literal["ringing", "talking", "held", "group"]


@dataclass(frozen=True)
class Party:
    """One end of a call. `came`: it called us, and has to be answered; else we dialled it."""

    leg: str
    number: str
    came: bool = False
    up: bool = False
    held: bool = False
    early: bool = False


@dataclass(frozen=True)
class Call:
    """Times are monotonic seconds. `extension` is who is charged; `line` is a gateway's that calls for
    us; `then` is dialled when the first party answers."""

    id: str
    caller: str
    dialled: str
    extension: str
    began: float
    parties: tuple[Party, ...] = ()
    group: str = ""
    talking: bool = False
    answered: float | None = None
    ring_until: float | None = None
    hops: int = 0
    then: str = ""
    emergency: bool = False
    line: str = ""

    @property
    def state(self) -> State:
        """One word for people."""
        if self.answered is None:
            return "ringing"
        if self.group:
            return "group"
        return "held" if any(party.held for party in self.parties) else "talking"

    def party(self, leg: str) -> Party | None:
        """The party on this leg."""
        return next((each for each in self.parties if each.leg == leg), None)

    def of_number(self, number: str) -> Party | None:
        """The party of this number."""
        return next((each for each in self.parties if each.number == number), None)

    @property
    def up(self) -> tuple[Party, ...]:
        """Those who stand."""
        return tuple(each for each in self.parties if each.up)

    @property
    def rung(self) -> tuple[Party, ...]:
        """Those whom we dialled and who have not answered."""
        return tuple(each for each in self.parties if not each.up and not each.came)

    def with_party(self, party: Party) -> "Call":
        """This party new, or instead of the one on its leg."""
        if self.party(party.leg) is None:
            return replace(self, parties=(*self.parties, party))
        return replace(self, parties=tuple(party if p.leg == party.leg else p for p in self.parties))

    def without(self, *legs: str) -> "Call":
        """Without the parties on these legs."""
        return replace(self, parties=tuple(each for each in self.parties if each.leg not in legs))

    def join(self) -> Join:
        """Who hears whom: all who stand and do not hold; before the answer, early sound of who is rung."""
        if self.group:
            return Join(self.id)
        legs = tuple(each.leg for each in self.up if not each.held)
        if len(legs) > 1:
            return Join(self.id, legs, legs)
        early = tuple(each.leg for each in self.rung if each.early)
        waiting = tuple(each.leg for each in self.parties if each.came and not each.up) + legs
        return Join(self.id, early, waiting) if early and waiting else Join(self.id)

    def sounds(self) -> dict[str, Sound]:
        """What is played to whom: music to who is left alone on hold, ringback to who waits for a third."""
        hearing = [each.leg for each in self.up if not each.held]
        if self.group or len(hearing) != 1:
            return {}
        if any(each.held for each in self.up):
            return {hearing[0]: "hold"}
        if self.rung and not any(each.early for each in self.rung):
            return {hearing[0]: "ringback"}
        return {}
