"""Texts, status and positions of a TETRA line, both ways. Pure; part of `hw.tetra.machine`."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hw.terminal import Told
from hw.tetra import sds
from hw.tetra.lines import SdsData
from hw.tetra.messages import (
    MessageDelivered,
    MessageFailed,
    PositionReceived,
    SendStatus,
    SendText,
    StatusReceived,
    TextReceived,
)

if TYPE_CHECKING:
    from hw.tetra.machine import TetraLine

Effects = tuple[object, ...]
Step = tuple["TetraLine", Effects]
MESSAGES_LIMIT = 32


def send(line: "TetraLine", order: SendText | SendStatus, now: float) -> Step:
    """A text or a status, or why not."""
    number = line.numbers + 1
    reference = number % 255 + 1
    if isinstance(order, SendText):
        data, stack = sds.encode_text(order.text, reference, order.immediate), "AT+CTSDS=12,0,0,0,1"
    else:
        data, stack = (order.status & 0xFFFF).to_bytes(2, "big"), "AT+CTSDS=13,0"
    full = sum(ask.kind == "message" for ask in line.dialogue.waiting) >= MESSAGES_LIMIT
    if data is None or full or not re.fullmatch(r"[0-9]{1,17}", order.to):
        why = "empty or too long" if data is None else "too many wait" if full else "no such number"
        return line, (Told(MessageFailed(order.key, why)),)
    line = replace(line, numbers=number)
    if isinstance(order, SendText):
        line = replace(line, sent=(*line.sent, (reference, order.key))[-MESSAGES_LIMIT:])
    return post(line, stack, order.to, data, order.key, now), ()


def post(line: "TetraLine", stack: str, to: str, data: bytes, key: str, now: float) -> "TetraLine":
    """Send `data` by the SDS stack that `stack` selects."""
    line = line.ask("message", stack, now, key)
    wire = data.hex().upper().encode() + b"\x1a"
    return line.ask("message", f"AT+CMGS={to},{len(data) * 8}", now, key, data=wire)


def received(line: "TetraLine", said: SdsData, now: float) -> Step:
    """Short data from the network."""
    if said.service == 13:
        status = sds.decode_status(said.data)
        return line, (() if status is None else (Told(StatusReceived(said.calling, status)),))
    match sds.decode(said.data):
        case sds.TextMessage() as text:
            if text.wants_report and text.reference is not None and line.profile.report_receipt:
                to, report = said.calling or "", sds.encode_report(said.data[0], text.reference)
                if re.fullmatch(r"[0-9]{1,17}", to):
                    line = post(line, "AT+CTSDS=12,0,0,0,1", to, report, "", now)
            return line, (Told(TextReceived(said.calling, text.text, text.immediate)),)
        case sds.Delivery(reference=reference, state=state) if state != "waiting":
            key = next((key for number, key in line.sent if number == reference), None)
            if key is None:
                return line, ()
            rest = tuple(each for each in line.sent if each != (reference, key))
            done = state == "delivered"
            fact = MessageDelivered(key) if done else MessageFailed(key, "not delivered")
            return replace(line, sent=rest), (Told(fact),)
        case sds.Position() as at:
            where = PositionReceived(said.calling, at.latitude, at.longitude, at.error_m, at.reason)
            return line, (Told(where),)
    return line, ()
