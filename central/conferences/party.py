"""Party: one person of a conference, and every call that was made to him. Facts and what follows; no effects."""

from dataclasses import dataclass, replace

from central.conferences.messages import Person, Standing, Terms, Why


@dataclass(frozen=True)
class Party:
    """See the module. Times are monotonic seconds.

    `tries` counts the calls made since he was last asked for; `call` names the present one. `heard`, `confirmed`: in
    any call. `next_at`: when he is called next; None: he is not. `lost`: how often he left without being dropped.
    """

    person: Person
    calls: int = 0
    tries: int = 0
    call: str = ""
    called_at: float = 0.0
    rung: bool = False
    answered: bool = False
    keys: str = ""
    heard: bool = False
    confirmed: bool = False
    joined: bool = False
    muted: bool = False
    dropped: bool = False
    lost: int = 0
    last: Why | None = None
    next_at: float | None = None

    @property
    def standing(self) -> Standing:
        """One word for the roll call."""
        if self.joined:
            return "joined"
        if self.dropped:
            return "dropped"
        if self.confirmed and (self.answered or not self.call):
            return "confirmed"
        if self.call:
            return "answered" if self.answered else "ringing" if self.rung else "dialling"
        if self.heard:
            return "heard"
        return "missed" if self.next_at is None and self.calls else "pending"

    @property
    def why(self) -> str:
        """What became of his last call."""
        if self.last is None or self.standing in ("confirmed", "joined", "heard"):
            return ""
        return f"{self.last}, call {self.calls}"

    def number(self, terms: Terms) -> str:
        """Which one is called next: each is tried `attempts` times, then the one after it."""
        return self.person.numbers[self.tries // terms.attempts]

    def exhausted(self, terms: Terms) -> bool:
        """Every number was tried as often as it shall be."""
        return self.tries >= terms.attempts * len(self.person.numbers)

    def informed(self, terms: Terms) -> bool:
        """He got what the conference is for; answering alone is not enough, for a mailbox answers too."""
        return self.heard or self.confirmed if terms.mode == "notify" else self.confirmed

    def dialled(self, call: str, now: float) -> "Party":
        """A call to him was begun."""
        begun = replace(self, calls=self.calls + 1, tries=self.tries + 1, call=call, called_at=now)
        return replace(begun, rung=False, answered=False, keys="", next_at=None)

    def pressed(self, digit: str, terms: Terms) -> "Party":
        """One more key in this call."""
        pressed = replace(self, keys=(self.keys + digit)[-max(1, len(terms.pin)) :])
        return replace(pressed, confirmed=self.confirmed or pressed.let_in(terms))

    def let_in(self, terms: Terms) -> bool:
        """With a PIN the last keys of this call are it; else any key will do."""
        return self.keys == terms.pin if terms.pin else bool(self.keys)

    def ended(self, why: Why, terms: Terms, now: float) -> "Party":
        """His call is gone: is he called again, and when?"""
        was_in = self.joined
        gone = replace(self, call="", rung=False, answered=False, joined=False, last=why)
        if self.dropped:
            return replace(gone, next_at=None)
        if was_in:
            again = self.lost < terms.redials
            return replace(gone, tries=0, lost=self.lost + 1, next_at=now if again else None)
        if self.informed(terms) and terms.mode != "conference":
            return replace(gone, next_at=None)
        if gone.exhausted(terms):
            return replace(gone, next_at=None)
        gap = terms.gaps[min((self.tries - 1) % terms.attempts, len(terms.gaps) - 1)]
        return replace(gone, next_at=now + gap)

    def asked_for(self, now: float) -> "Party":
        """A person wants him called again, from the first number."""
        return replace(self, dropped=False, tries=0, lost=0, next_at=now)
