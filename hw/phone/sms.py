"""Short messages: long ones are put together as they come in, and sent part by part. Pure; sends nothing.

Inbox: parts come out of order, twice, or never. Nothing is deleted from the phone before TextKept says that
the whole text lies in a durable store, so a restart loses nothing: what is read again is known by its key.
Memory is bounded: sets that wait too long, or are too many, are told with their missing parts named.

Outbox: one text at a time. An error that may pass is tried again, an answer that never came is not: the text
may have been sent. Delivery reports are matched by reference and number, also when they come early.
"""

import hashlib
from dataclasses import dataclass, replace

from hw.phone.codes import CMS_RETRY, error_name, status_name
from hw.phone.facts import (
    Facts,
    SendText,
    TextArrived,
    TextDelivered,
    TextFailed,
    TextSent,
    TextUndelivered,
    TextUnreadable,
)
from hw.phone.lines import Failed
from hw.phone.pdu import BadPdu, Deliver, Part, Report, Submit, encode_submit, join, split

SETS = 32
SET_WAIT = 3600.0
TOLD = 64
KEPT = 128
CLOSED = 16
SLOTS = 512
PARTS_OUT = 20
WAITING = 32
AWAITED = 64
EARLY = 16
TRIES = 4
RETRY_FIRST = 5.0


def key_of(sender: str, sent_at: str, text: str) -> str:
    """The same for the same message whenever it is read."""
    whole = "\0".join((sender, sent_at, text)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:20]


@dataclass(frozen=True)
class Set:
    """The parts of one long message that are here."""

    sender: str
    ref: int
    total: int
    since: float
    parts: tuple[tuple[int, Deliver], ...] = ()
    slots: tuple[int, ...] = ()

    def text(self) -> TextArrived:
        """What it says, gaps marked."""
        have = dict(self.parts)
        numbers = range(1, self.total + 1)
        missing = tuple(number for number in numbers if number not in have)
        first = have[min(have)]
        shown: list[str] = []
        for number in numbers:
            if number in have:
                shown.append(have[number].text)
            elif not shown or shown[-1] != "…":
                shown.append("…")
        data = b"".join(have[number].data for number in sorted(have))
        text = join(tuple(shown))
        key = key_of(self.sender, first.sent_at, f"{self.ref}/{self.total}/{missing}/{text}/{data.hex()}")
        return TextArrived(key, self.sender, first.sent_at, text, missing, data)


@dataclass(frozen=True)
class Inbox:
    """What came in. `doomed` are the storage places to delete."""

    sets: tuple[Set, ...] = ()
    told: tuple[tuple[str, tuple[int, ...]], ...] = ()
    kept: tuple[str, ...] = ()
    closed: tuple[tuple[TextArrived, tuple[tuple[int, Deliver], ...]], ...] = ()
    doomed: tuple[int, ...] = ()

    @property
    def deadline(self) -> float | None:
        """When the oldest incomplete message has waited enough."""
        return min((each.since + SET_WAIT for each in self.sets), default=None)

    def take(self, message: Deliver, slot: int | None, now: float) -> tuple["Inbox", Facts]:
        """A message, or a part of one; `slot` is where the phone keeps it."""
        slots = () if slot is None else (slot,)
        if message.part is None:
            key = key_of(message.sender, message.sent_at, message.text + message.data.hex())
            text = join((message.text,))
            return self.tell(TextArrived(key, message.sender, message.sent_at, text, (), message.data), slots)
        part, inbox, facts = message.part, self, ()  # type: Part, Inbox, Facts
        late = next((fact for fact, parts in self.closed if (part.number, message) in parts), None)
        if late is not None:  # a part that the network has sent twice
            return self.tell(late, slots)
        known = self._set_of(message.sender, part)
        if known is not None and dict(known.parts).get(part.number, message) != message:
            inbox, facts = self.close(known)  # the sender's reference has come round
            known = None
        grown = known or Set(message.sender, part.ref, part.total, now)
        if part.number not in dict(grown.parts):
            grown = replace(grown, parts=(*grown.parts, (part.number, message)))
        grown = replace(grown, slots=tuple(dict.fromkeys((*grown.slots, *slots)))[-SLOTS:])
        others = tuple(each for each in inbox.sets if each != known)
        inbox = replace(inbox, sets=(*others, grown))
        if len(grown.parts) == grown.total:
            inbox, more = inbox.close(grown)
        elif len(inbox.sets) > SETS:
            inbox, more = inbox.close(min(inbox.sets, key=lambda each: each.since))
        else:
            more = ()
        return inbox, (*facts, *more)

    def unreadable(self, pdu: str, why: str, slot: int | None) -> tuple["Inbox", Facts]:
        """Something that is no message."""
        fact = TextUnreadable(key_of("", "", pdu), pdu[:400], why)
        return self.tell(fact, () if slot is None else (slot,))

    def remember(self, key: str) -> "Inbox":
        """The text of this key is kept: its places may be deleted."""
        slots = tuple(slot for told, places in self.told if told == key for slot in places)
        told = tuple(each for each in self.told if each[0] != key)
        kept = (*(each for each in self.kept if each != key), key)[-KEPT:]
        return replace(self, told=told, kept=kept, doomed=self._doom(slots))

    def doom(self, slot: int) -> "Inbox":
        """Nothing in this place is wanted."""
        return replace(self, doomed=self._doom((slot,)))

    def deleted(self) -> "Inbox":
        """The doomed places are being deleted."""
        return replace(self, doomed=())

    def expire(self, now: float) -> tuple["Inbox", Facts]:
        """Tells what has waited enough."""
        inbox, facts = self, ()  # type: tuple[Inbox, Facts]
        for each in self.sets:
            if now >= each.since + SET_WAIT:
                inbox, more = inbox.close(each)
                facts = (*facts, *more)
        return inbox, facts

    def make_room(self) -> tuple["Inbox", Facts]:
        """The storage is full: the oldest incomplete message that takes up places is told as it is."""
        stored = [each for each in self.sets if each.slots]
        return self.close(min(stored, key=lambda each: each.since)) if stored else (self, ())

    def forget_slots(self) -> "Inbox":
        """The phone is gone, perhaps for another: its places mean nothing any more."""
        sets = tuple(replace(each, slots=()) for each in self.sets)
        return replace(self, sets=sets, told=tuple((key, ()) for key, _ in self.told), doomed=())

    def _set_of(self, sender: str, part: Part) -> Set | None:
        fitting = (s for s in self.sets if (s.sender, s.ref, s.total) == (sender, part.ref, part.total))
        return next(fitting, None)

    def close(self, each: Set) -> tuple["Inbox", Facts]:
        """No more parts of this are waited for."""
        fact = each.text()
        rest = tuple(other for other in self.sets if other != each)
        closed = self.closed if fact.missing else (*self.closed, (fact, each.parts))[-CLOSED:]
        return replace(self, sets=rest, closed=closed).tell(fact, each.slots)

    def tell(self, fact: TextArrived | TextUnreadable, slots: tuple[int, ...]) -> tuple["Inbox", Facts]:
        """Told once; the same text again only adds the places where it lies."""
        if fact.key in self.kept:
            return replace(self, doomed=self._doom(slots)), ()
        known = dict(self.told)
        places = tuple(dict.fromkeys((*known.get(fact.key, ()), *slots)))[-SLOTS:]
        others = tuple(each for each in self.told if each[0] != fact.key)
        inbox = replace(self, told=(*others, (fact.key, places))[-TOLD:])
        return inbox, () if fact.key in known else (fact,)

    def _doom(self, slots: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*self.doomed, *slots)))[-SLOTS:]


# ---- going out ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sending:
    """A text on its way out: its PDUs with their lengths, and the phone's references of those that are out."""

    order: SendText
    pdus: tuple[tuple[str, int], ...]
    refs: tuple[int, ...] = ()
    tries: int = 0
    retry_at: float = 0.0


@dataclass(frozen=True)
class Awaited:
    """A text whose delivery reports are still out."""

    id: str
    to: str
    refs: tuple[int, ...]


@dataclass(frozen=True)
class Outbox:
    """What goes out."""

    waiting: tuple[Sending, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    early: tuple[Report, ...] = ()
    count: int = 0

    @property
    def deadline(self) -> float | None:
        """When the text at the head may be tried again."""
        return self.waiting[0].retry_at if self.waiting and self.waiting[0].retry_at else None

    def order(self, order: SendText) -> tuple["Outbox", Facts]:
        """One more text to send."""
        if any(each.order.id == order.id for each in self.waiting):
            return self, ()
        if len(self.waiting) >= WAITING:
            return self, (TextFailed(order.id, "too many texts are waiting"),)
        pieces = split(order.text)
        if len(pieces) > PARTS_OUT:
            return self, (TextFailed(order.id, f"{len(pieces)} parts, at most {PARTS_OUT} are sent"),)
        try:
            pdus = tuple(encode_submit(each) for each in _submits(order, pieces, self.count & 0xFF))
        except BadPdu as why:
            return self, (TextFailed(order.id, str(why)),)
        waiting = (*self.waiting, Sending(order, pdus))
        return replace(self, waiting=waiting, count=self.count + (len(pieces) > 1)), ()

    def next(self, now: float) -> tuple[str, int] | None:
        """The PDU to send now, with its length."""
        head = self.waiting[0] if self.waiting else None
        return None if head is None or now < head.retry_at else head.pdus[len(head.refs)]

    def accepted(self, ref: int) -> tuple["Outbox", Facts]:
        """The network took the part at the head."""
        if not self.waiting:
            return self, ()
        head, *rest = self.waiting
        head = replace(head, refs=(*head.refs, ref), tries=0, retry_at=0.0)
        if len(head.refs) < len(head.pdus):
            return replace(self, waiting=(head, *rest)), ()
        outbox, facts = replace(self, waiting=tuple(rest)), (TextSent(head.order.id, len(head.refs)),)
        if not head.order.report:
            return outbox, facts
        awaited = (*self.awaited, Awaited(head.order.id, head.order.to, head.refs))[-AWAITED:]
        outbox, more = replace(outbox, awaited=awaited, early=()).match(self.early)
        return outbox, (*facts, *more)

    def refused(self, end: Failed, now: float) -> tuple["Outbox", Facts]:
        """The part at the head was refused: tried again if that may help."""
        if not self.waiting:
            return self, ()
        head, *rest = self.waiting
        if end.kind == "CMS" and end.code in CMS_RETRY and head.tries + 1 < TRIES:
            later = now + RETRY_FIRST * 2**head.tries
            return replace(self, waiting=(replace(head, tries=head.tries + 1, retry_at=later), *rest)), ()
        return self.fail(error_name(end.kind, end.code))

    def again(self, why: str, now: float) -> tuple["Outbox", Facts]:
        """The part at the head surely did not go out."""
        tried, facts = self.refused(Failed("CMS", 500), now)
        return tried, tuple(replace(f, why=why) if isinstance(f, TextFailed) else f for f in facts)

    def fail(self, why: str, *, sure: bool = True) -> tuple["Outbox", Facts]:
        """The text at the head is given up."""
        if not self.waiting:
            return self, ()
        head = self.waiting[0]
        sent = f" ({len(head.refs)} of {len(head.pdus)} parts are out)" if head.refs else ""
        return replace(self, waiting=self.waiting[1:]), (TextFailed(head.order.id, why + sent, sure),)

    def reported(self, report: Report) -> tuple["Outbox", Facts]:
        """A delivery report; one that nobody awaits yet is kept for a while."""
        return self.match((report,))

    def match(self, reports: tuple[Report, ...]) -> tuple["Outbox", Facts]:
        """Each report with the text it is about."""
        awaited, early = self.awaited, self.early
        facts: list[object] = []
        for report in reports:
            fits = (a for a in awaited if report.ref in a.refs and _same(a.to, report.to))
            text = next(fits, None)
            if text is None:
                early = (*early, report)[-EARLY:]
                continue
            if 0x20 <= report.status < 0x40:  # the network still tries
                continue
            others = tuple(each for each in awaited if each != text)
            left = tuple(ref for ref in text.refs if ref != report.ref)
            if report.status > 0x02:
                facts.append(TextUndelivered(text.id, status_name(report.status)))
                awaited = others
            elif left:
                awaited = (*others, replace(text, refs=left))
            else:
                facts.append(TextDelivered(text.id))
                awaited = others
        return replace(self, awaited=awaited, early=early), tuple(facts)


def _submits(order: SendText, pieces: tuple[str, ...], ref: int) -> tuple[Submit, ...]:
    """The messages of a text; all in the same alphabet, whatever a single piece would allow."""
    if len(pieces) == 1:
        return (Submit(order.to, pieces[0], None, order.report),)
    wide = max(map(len, pieces)) <= 67
    parts = (Part(ref, len(pieces), number) for number in range(1, len(pieces) + 1))
    return tuple(
        Submit(order.to, text, part, order.report, wide=wide)
        for text, part in zip(pieces, parts, strict=True)
    )


def _same(ours: str, theirs: str) -> bool:
    """The same number, written nationally or internationally."""
    digits = [text.removeprefix("+") for text in (ours, theirs)]
    size = min(8, *(len(text) for text in digits))
    return digits[0][-size:] == digits[1][-size:] if size else False
