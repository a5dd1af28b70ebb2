"""What a phone in use wants to do next with a free line: its calls first, then its texts, then how it is. Pure.

Part of `hw.phone.machine`. Texts and questions wait while there is a call: a hang-up must never stand behind
a message that takes a minute.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from hw.phone import orders
from hw.phone.dialogue import Command
from hw.phone.setup import status
from hw.terminal import MakeSafe

if TYPE_CHECKING:
    from hw.phone.machine import Phone

HANG_UP_AGAIN = 5.0
Step = tuple["Phone", tuple[object, ...]]


def next_wish(phone: "Phone", now: float) -> Step | None:
    """The phone with one more command in its queue; None when there is nothing to do."""
    return _voice(phone, now) or _text(phone, now) or _status(phone, now)


def _voice(phone: "Phone", now: float) -> Step | None:
    if not phone.calls.any:
        return None
    refuse = phone.profile.voice.refuse_second
    if phone.calls.second is not None and refuse:
        calls = phone.calls.put(replace(phone.calls.second, ending="line in use"))
        return replace(phone, calls=calls, dialogue=phone.dialogue.ask(Command(refuse, "refuse-second"))), ()
    ending = any(call.ending and not call.second for call in phone.calls.calls)
    if ending and now >= phone.hung_at + HANG_UP_AGAIN:
        phone, effects = orders.hang_up(phone, now)
        return phone, (MakeSafe("the phone does not hang up"), *effects)
    if phone.lists and now >= phone.list_at:
        ask = phone.dialogue.ask(Command("AT+CLCC", "list"))
        return replace(phone, list_at=now + phone.profile.voice.list_every, dialogue=ask), ()
    return None


def _text(phone: "Phone", now: float) -> Step | None:
    if phone.no_texts or phone.calls.any:
        return None
    if phone.inbox.doomed:
        slot, *rest = phone.inbox.doomed
        ask = phone.dialogue.ask(Command(f"AT+CMGD={slot}", "delete", 15.0, slot=slot))
        return replace(phone, inbox=replace(phone.inbox, doomed=tuple(rest)), dialogue=ask), ()
    if phone.unread:
        slot, *rest = phone.unread
        ask = phone.dialogue.ask(Command(f"AT+CMGR={slot}", "read", 15.0, slot=slot))
        return replace(phone, unread=tuple(rest), dialogue=ask), ()
    if phone.relist:
        return replace(
            phone, relist=False, dialogue=phone.dialogue.ask(Command("AT+CMGL=4", "read-all", 60.0))
        ), ()
    pdu = phone.outbox.next(now) if phone.service_told is not False else None
    if pdu is None:
        return None
    send = Command(f"AT+CMGS={pdu[1]}", "send", phone.profile.text.send_limit, pdu[0])
    return replace(phone, dialogue=phone.dialogue.ask(send)), ()


def _status(phone: "Phone", now: float) -> Step | None:
    if phone.calls.any:
        return None
    if now >= phone.status_at:
        asked = replace(phone, status_at=now + phone.profile.status.every, storage_at=None)
        return replace(
            asked, dialogue=phone.dialogue.ask(*status(phone.profile, not phone.no_texts, phone.lists))
        ), ()
    if phone.storage_at is not None and now >= phone.storage_at:
        ask = phone.dialogue.ask(Command("AT+CPMS?", "storage", 15.0))
        return replace(phone, storage_at=None, dialogue=ask), ()
    return None
