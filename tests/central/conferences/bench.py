"""A conference on a bench: the clock is turned by hand, calls are answered by word."""

from central.conferences import messages as say
from central.conferences.machine import Conference
from central.conferences.messages import Person, Terms

WANG = Person("wang", "王", ("2001", "13800000001"), rank=0)
LI = Person("li", "李", ("2002",), rank=1)
ZHAO = Person("zhao", "赵", ("2003",))


class Bench:
    """`told` handles an event; what it asked for is in `effects`, newest last."""

    def __init__(self, *persons: Person, begin: bool = True, **terms: object) -> None:
        self.now = 1000.0
        self.effects: list[object] = []
        self.machine = Conference.of("c", Terms(**terms), persons or (WANG, LI, ZHAO))  # type: ignore[arg-type]
        if begin:
            self.told(say.Begin())

    def told(self, event: object) -> list[object]:
        """The effects of this event alone."""
        self.machine, effects = self.machine.handle(event, self.now)
        self.effects += effects
        return list(effects)

    def wait(self, seconds: float) -> list[object]:
        """Let time pass, with every deadline on the way; the effects of all that."""
        end, effects = self.now + seconds, list[object]()
        while (due := self.machine.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            effects += self.told(object())
        self.now = end
        return effects

    def calls(self) -> list[str]:
        """Ids of all calls so far, in their order."""
        return [each.call for each in self.effects if isinstance(each, say.Dial)]

    def numbers(self) -> list[str]:
        return [each.number for each in self.effects if isinstance(each, say.Dial)]

    def call_of(self, person: str) -> str:
        return self.machine.parties[person].call

    def standing(self, person: str) -> str:
        return self.machine.parties[person].standing

    def answer(self, person: str, *digits: str) -> list[object]:
        """He picks up and presses; the effects."""
        call = self.call_of(person)
        effects = self.told(say.Rang(call)) + self.told(say.Answered(call))
        for digit in digits:
            effects += self.told(say.Pressed(call, digit))
        return effects

    def ends(self, person: str, why: say.Why = "no-answer") -> list[object]:
        return self.told(say.Ended(self.call_of(person), why))


def of(kind: type, effects: list[object]) -> list:
    """Those of one kind."""
    return [each for each in effects if isinstance(each, kind)]
