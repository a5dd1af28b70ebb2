"""What follows from each order to a phone. Pure: a phone and an order in, the phone after it out.

Part of `hw.phone.machine`. An order that cannot be obeyed is answered by OrderRefused or by the end of its
call, never by silence. Hanging up goes before whatever waits.
"""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hw.phone.calls import Call
from hw.phone.dialogue import Command
from hw.phone.facts import Answer, Dial, HangUp, OrderRefused, SendText, SendTones, TextKept
from hw.terminal import Told, Write

if TYPE_CHECKING:
    from hw.phone.machine import Phone

Effects = tuple[object, ...]
Step = tuple["Phone", Effects]
Order = Dial | Answer | HangUp | SendTones | SendText | TextKept


def obey(phone: "Phone", order: Order, now: float) -> Step:
    """The phone after an order."""
    match order:
        case Dial(number):
            return _dial(phone, number, now)
        case Answer():
            return _answer(phone)
        case HangUp():
            calls = phone.calls.hang_up(_why)
            return hang_up(replace(phone, calls=calls), now) if phone.calls.any else (phone, ())
        case SendTones(digits):
            return _tones(phone, digits)
        case SendText():
            wanted = replace(order, report=order.report and phone.profile.text.reports)
            outbox, facts = phone.outbox.order(wanted)
            return replace(phone, outbox=outbox), tuple(Told(fact) for fact in facts)
        case TextKept(key):
            return replace(phone, inbox=phone.inbox.remember(key)), ()


def _refuse(phone: "Phone", order: str, why: str) -> Step:
    return phone, (Told(OrderRefused(order, why)),)


def _dial(phone: "Phone", number: str, now: float) -> Step:
    if not re.fullmatch(r"\+?[0-9*#]{1,40}", number):
        return _refuse(phone, "dial", "not a telephone number")
    if not phone.ready:
        return _refuse(phone, "dial", f"the phone is {phone.state}")
    if phone.calls.any:
        return _refuse(phone, "dial", "the line is in use")
    if phone.service_told is False:
        return _refuse(phone, "dial", f"no service ({phone.service_what})")
    calls, facts = phone.calls.dial(number, now)
    written = phone.profile.voice.plus + number[1:] if number.startswith("+") else number
    limit = phone.profile.voice.dial_limit + 5.0
    dialogue = phone.dialogue.ask(Command(f"ATD{written};", "dial", limit), first=True)
    phone = replace(phone, calls=calls, dialogue=dialogue, list_at=now)
    return phone, tuple(Told(fact) for fact in facts)


def _answer(phone: "Phone") -> Step:
    if phone.calls.ringing is None:
        return _refuse(phone, "answer", "nobody rings")
    if phone.calls.ringing.ordered:
        return phone, ()
    limit = phone.profile.voice.answer_limit
    dialogue = phone.dialogue.ask(Command("ATA", "answer", limit), first=True)
    return replace(phone, calls=phone.calls.answer(), dialogue=dialogue), ()


def _tones(phone: "Phone", digits: str) -> Step:
    if not re.fullmatch(r"[0-9*#A-D]{1,32}", digits):
        return _refuse(phone, "tones", "not DTMF digits")
    if not any(call.active_at is not None for call in phone.calls.calls):
        return _refuse(phone, "tones", "no call is active")
    asks = (Command(f"AT+VTS={digit}", "tones", 5.0) for digit in digits)
    return replace(phone, dialogue=phone.dialogue.ask(*asks)), ()


def _why(call: Call) -> str:
    return "refused" if call.incoming and call.active_at is None else "hung up"


def hang_up(phone: "Phone", now: float) -> Step:
    """Tell the phone to end its calls. A dialling that still waits is dropped, one in flight is broken off."""
    dialogue = phone.dialogue
    if any(command.purpose == "dial" for command in dialogue.queue):
        calls, facts = phone.calls.end_all("hung up", now)
        return replace(phone, calls=calls, dialogue=dialogue.without("dial")), tuple(map(Told, facts))
    dialogue, data = dialogue.without("answer", "tones").abort(now)
    if not dialogue.waits_for("hang-up"):
        dialogue = dialogue.ask(Command(phone.profile.voice.hang_up, "hang-up", 10.0), first=True)
    phone = replace(phone, dialogue=dialogue, hung_at=now)
    return phone, (Write(data),) if data else ()
