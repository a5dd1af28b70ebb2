"""A contact of the board file at its one or two inputs: what the centre is told of it, and the technician.

The two bits of a converter change one after the other; what they say in between is not passed on. All that is told
follows from the state of the contact, so that nothing is said twice. Performs nothing.
"""

from dataclasses import dataclass, replace

from firmware.effects import Record, TellHealth
from hw.contacts.machine import Contact, OneBit, TwoBits
from link.contract import field_facts

SETTLE = 0.02
"""Seconds without a change after which two bits belong together."""
_CUT = "find the break in the pair of wires, or the end-of-line resistor that came off"
_SHORT = "find where the pair of wires is squeezed or wet; until then an alarm cannot come through it"
_CHATTERS = (
    "look for a loose clamp, water in the box or a worn contact; it is believed again when it has been calm"
)


@dataclass(frozen=True)
class WireHeard:
    """The level of the contact's input, or of its `second` one."""

    on: bool
    second: bool = False


Step = tuple["WiredContact", tuple[object, ...]]


@dataclass(frozen=True)
class WiredContact:
    """See the module. `since`: the bits changed then and are not passed on yet."""

    contact: Contact
    two: bool = False
    first: bool | None = None
    second: bool | None = None
    since: float | None = None
    told: field_facts.ContactChanged | None = None
    ill: str = ""

    @property
    def deadline(self) -> float | None:
        """When two bits have come to rest, or the contact's own."""
        rest = None if self.since is None else self.since + SETTLE
        return min((each for each in (rest, self.contact.deadline) if each is not None), default=None)

    @property
    def state(self) -> str:
        """One word for people."""
        return self.ill or (self.told.state if self.told is not None else "not known")

    def started_over(self, now: float) -> Step:
        """After a crash: what the wires say is known, and told anew."""
        fresh = replace(self, contact=Contact(self.contact.settings), told=None)
        return (replace(fresh, since=now) if self.two else _passed_on(fresh, now)), ()

    def handle(self, event: object, now: float) -> Step:
        """The contact after `event` and what must be told."""
        wired = self
        if isinstance(event, WireHeard):
            wired = replace(self, second=event.on) if event.second else replace(self, first=event.on)
            if self.two:
                wired = replace(wired, since=now)
        if wired.since is None or now >= wired.since + SETTLE:
            wired = _passed_on(wired, now)
        else:
            wired = replace(wired, contact=wired.contact.handle(None, now)[0])
        return _news(wired)


def _passed_on(wired: WiredContact, now: float) -> WiredContact:
    """The contact has heard what its inputs say."""
    says: object = None
    if not wired.two and wired.first is not None:
        says = OneBit(wired.first)
    elif wired.two and wired.first is not None and wired.second is not None:
        says = TwoBits(wired.first, wired.second)
    return replace(wired, contact=wired.contact.handle(says, now)[0], since=None)


def _news(wired: WiredContact) -> Step:
    effects: list[object] = []
    fact, (ill, advice) = _fact(wired.contact), _trouble(wired.contact)
    if fact is not None and fact != wired.told:
        effects.append(Record(fact))
    if ill != wired.ill:
        effects.append(TellHealth(f"contact {wired.contact.settings.name}", ill, advice))
    return replace(wired, told=fact or wired.told, ill=ill), tuple(effects)


def _fact(contact: Contact) -> field_facts.ContactChanged | None:
    name, normal = contact.settings.name, contact.settings.normal
    active = bool(contact.told)  # the last state that was believed
    if contact.locked:
        return field_facts.ContactChanged(contact=name, active=active, state="chatters")
    if contact.tampered:
        state = "short" if contact.tampered == "short" else "cut"
        return field_facts.ContactChanged(contact=name, active=active, state=state)
    if contact.told is None or contact.active is None:
        return None
    is_open = contact.active == (normal == "closed")
    return field_facts.ContactChanged(
        contact=name, active=contact.active, state="open" if is_open else "closed"
    )


def _trouble(contact: Contact) -> tuple[str, str]:
    if contact.locked:
        return "chatters: locked out", _CHATTERS
    if contact.tampered:
        return f"wires {contact.tampered}", _SHORT if contact.tampered == "short" else _CUT
    return "", ""
