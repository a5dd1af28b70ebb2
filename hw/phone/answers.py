"""What follows from the answer to each command. Pure: a phone and a finished command in, the phone after it out.

Part of `hw.phone.machine`, which decides when to ask; here is decided what an answer means.
"""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hw.phone.codes import MEMORY_FULL, NO_SERVICE_CME, error_name
from hw.phone.dialogue import Command, Done
from hw.phone.facts import CallCause, OrderRefused, PinTried, SimTrouble, StorageChanged, Unsupported
from hw.phone.lines import Cause, Failed, Listed, Ok, Result, SentRef, Storage, Stored
from hw.phone.pdu import BadPdu, Report, decode
from hw.terminal import MakeSafe, Told

if TYPE_CHECKING:
    from hw.phone.machine import Phone

Effects = tuple[object, ...]
Step = tuple["Phone", Effects]
PIN_AGAIN = 5.0
LIST_REFUSALS = 3
_PIN_ADVICE = "enter the PIN in the gateway's settings, or take the lock off the SIM in a handset"
_SIM_FAULTS = {
    10: ("SIM not inserted", "put a SIM into the phone"),
    12: ("SIM PUK required", "the PIN was wrong three times: unlock the SIM in a handset with its PUK"),
    13: ("SIM failure", "clean the contacts or change the SIM"),
    15: ("SIM wrong", "this SIM does not belong to this phone"),
}


def told(facts: tuple[object, ...]) -> Effects:
    """Each fact as an effect."""
    return tuple(Told(fact) for fact in facts)


def answered(phone: "Phone", done: Done, now: float) -> Step:
    """The phone after a command is over."""
    match done.command.purpose:
        case "set-up" | "pin" | "pin-enter" if done.end is None:
            return phone.begin(now), ()
        case "set-up":
            return _set_up(phone, done)
        case "pin" | "pin-enter":
            return _pin(phone, done, now)
        case "dial" | "answer":
            return _call(phone, done, now)
        case "hang-up":
            return _hung_up(phone, done, now)
        case "refuse-second" if isinstance(done.end, Ok) or not phone.lists:
            calls, facts = phone.calls.end_second(now)
            return replace(phone, calls=calls), told(facts)
        case "list":
            return _listed(phone, done, now)
        case "read" | "read-all" | "delete":
            return _stored(phone, done, now)
        case "send":
            return _sent(phone, done, now)
        case "storage":
            return _storage(phone, done)
        case "cause":
            causes = tuple(CallCause(line.text[:120]) for line in done.answer if isinstance(line, Cause))
            return phone, told(causes[-1:])
        case "tones" if isinstance(done.end, Failed):
            return phone, (Told(OrderRefused("tones", error_name(done.end.kind, done.end.code))),)
    return phone, ()


def _set_up(phone: "Phone", done: Done) -> Step:
    if done.command.text == "ATE0":
        phone = replace(phone, echo_off=isinstance(done.end, Ok), echoing=False)
    if not isinstance(done.end, Failed):
        return phone, ()
    needed = done.command.text == "AT+CMGF=0"
    fact = Unsupported(done.command.text, error_name(done.end.kind, done.end.code), needed)
    return replace(phone, no_texts=phone.no_texts or needed), (Told(fact),)


def _pin(phone: "Phone", done: Done, now: float) -> Step:
    """What the SIM wants. The PIN is entered once in the life of this machine: three wrong ones lock the SIM."""
    asked = replace(phone, pin_at=now + PIN_AGAIN)
    if isinstance(done.end, Failed):
        code = done.end.code
        if done.command.purpose == "pin-enter":
            trouble = SimTrouble("PIN refused", "correct the PIN in the settings; it is not tried again")
            return asked.sim_trouble(trouble)
        if code in _SIM_FAULTS:
            return asked.sim_trouble(SimTrouble(*_SIM_FAULTS[code]))
        if done.end.kind == "" or code == 4:  # no +CPIN at all: then no PIN is wanted
            return replace(phone, pin_state="READY"), ()
        return asked, ()
    if done.command.purpose == "pin-enter":
        return replace(phone, pin_at=now, pin_state=""), ()
    if phone.pin_state == "READY":
        return phone, ()
    if phone.pin_state == "SIM PIN" and re.fullmatch("[0-9]{4,8}", phone.pin) and not phone.pin_tried:
        enter = Command(f'AT+CPIN="{phone.pin}"', "pin-enter", 20.0)
        entered = replace(asked, pin_tried=True, dialogue=asked.dialogue.ask(enter, first=True))
        return entered, (Told(PinTried()),)
    known = {"SIM PIN": SimTrouble("SIM PIN required", _PIN_ADVICE), "SIM PUK": SimTrouble(*_SIM_FAULTS[12])}
    if phone.pin_state in known:
        return asked.sim_trouble(known[phone.pin_state])
    return (
        (asked.sim_trouble(SimTrouble(phone.pin_state[:40], _PIN_ADVICE))) if phone.pin_state else (asked, ())
    )


def _call(phone: "Phone", done: Done, now: float) -> Step:
    dialled = done.command.purpose == "dial"
    phone = replace(phone, list_at=now)
    match done.end:
        case Ok() if not phone.lists:
            calls, facts = phone.calls.trust(now)
        case Result(word):
            calls, facts = phone.calls.result(word, now)
        case Failed(kind, code) if dialled:
            lost = kind == "CME" and code in NO_SERVICE_CME
            why = "no service" if lost else f"failed: {error_name(kind, code)}"
            calls, facts = phone.calls.dial_failed(why, now)
        case Failed(kind, code):
            return phone, (Told(OrderRefused("answer", error_name(kind, code))),)
        case None if dialled:
            calls, facts = phone.calls.dial_failed("no answer", now)
        case _:
            return phone, ()
    return replace(phone, calls=calls), told(facts)


def _hung_up(phone: "Phone", done: Done, now: float) -> Step:
    if isinstance(done.end, Ok):
        calls, facts = phone.calls.end_ending(now, phone.lists)
        return replace(phone, calls=calls, list_at=now), told(facts)
    voice = phone.profile.voice
    if isinstance(done.end, Failed) and done.command.text == voice.hang_up != voice.hang_up_else:
        other = Command(voice.hang_up_else, "hang-up", 10.0)
        return replace(phone, dialogue=phone.dialogue.ask(other, first=True)), ()
    return replace(phone, list_at=now), (MakeSafe("the phone does not hang up"),)


def _listed(phone: "Phone", done: Done, now: float) -> Step:
    if isinstance(done.end, Ok):
        lines = tuple(line for line in done.answer if isinstance(line, Listed))
        calls, facts = phone.calls.listed(lines, now)
        return replace(phone, calls=calls, list_refusals=0, listing_empty=not lines), told(facts)
    if done.end is None or not phone.lists:
        return phone, ()
    phone = replace(phone, list_refusals=phone.list_refusals + 1)
    if phone.lists or not isinstance(done.end, Failed):
        return phone, ()
    return phone, (Told(Unsupported("AT+CLCC", error_name(done.end.kind, done.end.code), False)),)


def _stored(phone: "Phone", done: Done, now: float) -> Step:
    purpose, slot = done.command.purpose, done.command.slot
    if done.end is None:
        if purpose == "delete" and slot is not None:
            return replace(phone, inbox=phone.inbox.doom(slot)), ()
        return replace(phone, relist=True), ()
    if purpose == "delete":
        return replace(phone, storage_at=now), ()
    effects: Effects = ()
    for line in done.answer:
        if isinstance(line, Stored) and line.stat < 2:
            phone, more = message(phone, line.pdu, slot if line.slot is None else line.slot, now)
            effects = (*effects, *more)
    return phone, effects


def message(phone: "Phone", pdu: str, slot: int | None, now: float) -> Step:
    """A PDU came in, from the storage place `slot` or directly."""
    try:
        decoded = decode(pdu)
    except BadPdu as why:
        inbox, facts = phone.inbox.unreadable(pdu, str(why), slot)
        return replace(phone, inbox=inbox), told(facts)
    if isinstance(decoded, Report):
        outbox, facts = phone.outbox.reported(decoded)
        inbox = phone.inbox if slot is None else phone.inbox.doom(slot)
        return replace(phone, outbox=outbox, inbox=inbox), told(facts)
    inbox, facts = phone.inbox.take(decoded, slot, now)
    return replace(phone, inbox=inbox), told(facts)


def _sent(phone: "Phone", done: Done, now: float) -> Step:
    refs = [line.ref for line in done.answer if isinstance(line, SentRef)]
    match done.end:
        case Ok() if refs:
            outbox, facts = phone.outbox.accepted(refs[-1])
        case Failed(kind, code):
            outbox, facts = phone.outbox.refused(done.end, now)
            if (kind, code) in MEMORY_FULL:
                phone = replace(phone, storage_at=now)
        case _ if done.body_sent:
            outbox, facts = phone.outbox.fail("the phone did not say whether it was sent", sure=False)
        case _:
            outbox, facts = phone.outbox.again("the phone did not ask for the message", now)
    return replace(phone, outbox=outbox), told(facts)


def _storage(phone: "Phone", done: Done) -> Step:
    """A storage that holds something new is read; from a full one the oldest incomplete message is taken out."""
    lines = [line for line in done.answer if isinstance(line, Storage)]
    if not lines:
        return phone, ()
    fact = StorageChanged(lines[-1].used, lines[-1].total)
    news = () if fact == phone.storage else (Told(fact),)
    grew = fact.used > (phone.storage.used if phone.storage else 0)
    inbox, facts = phone.inbox.make_room() if fact.full else (phone.inbox, ())
    phone = replace(phone, storage=fact, relist=phone.relist or grew, inbox=inbox)
    return phone, (*news, *told(facts))
