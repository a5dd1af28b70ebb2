"""Status and texts of a MAP27 line, one on its way at a time, and those that come in. Pure; part of the machine."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hw.map27 import causes, network
from hw.map27.messages import (
    MessageDelivered,
    MessageFailed,
    MessageSent,
    SendStatus,
    SendText,
    StatusReceived,
    TextReceived,
)

if TYPE_CHECKING:
    from hw.map27.machine import Map27Line

MESSAGES_LIMIT = 32


@dataclass(frozen=True)
class Post:
    """A message; `until` when its acknowledgement must have come, None while it waits."""

    key: str
    data: bytes
    until: float | None = None


def post(line: "Map27Line", order: SendText | SendStatus) -> "Map27Line":
    """Put it behind the others, or tell why not."""
    where = network.address(order.to, line.profile.prefix)
    why, data = "", b""
    if where is None:
        why = "no such address: write it as PFIX/IDENT"
    elif isinstance(order, SendStatus):
        data = network.send_status(where, order.status)
        why = "" if 0 <= order.status <= network.STATUS_MOST else "a status is 0 to 31"
    else:
        data = network.send_text(where, order.text) or b""
        why = "" if data else f"a text is 1 to {network.EXTENDED_OCTETS} ASCII characters"
    if not why and not line.ready:
        why = "the radio is not ready"
    elif not why and len(data) > line.link.room:
        why = f"longer than the radio takes ({line.link.room} octets)"
    elif not why and len(line.posts) >= MESSAGES_LIMIT:
        why = "too many wait"
    if why:
        return line.tell(MessageFailed(order.key, why))
    return replace(line, posts=(*line.posts, Post(order.key, data)))


def post_next(line: "Map27Line", now: float) -> "Map27Line":
    """Give up the one that took too long, send the next."""
    first = line.posts[0] if line.posts else None
    if first is not None and first.until is not None and now >= first.until:
        line = replace(line, posts=line.posts[1:]).tell(MessageFailed(first.key, "no acknowledgement"))
        first = line.posts[0] if line.posts else None
    if first is None or first.until is not None or not line.ready:
        return line
    sent = replace(first, until=now + line.profile.message_wait)
    return replace(line, posts=(sent, *line.posts[1:])).say(first.data, now)


def give_up(line: "Map27Line", why: str) -> "Map27Line":
    """None of them will arrive."""
    posts = line.posts
    line = replace(line, posts=())
    for each in posts:
        line = line.tell(MessageFailed(each.key, why))
    return line


def acknowledged(line: "Map27Line", ack: network.MessageAck) -> "Map27Line":
    """What the network says of the one on its way."""
    first = line.posts[0] if line.posts else None
    if first is None or first.until is None:
        return line
    if ack.outcome == "queuing":
        return line.tell(MessageSent(first.key))
    line = replace(line, posts=line.posts[1:])
    if ack.outcome == "positive":
        return line.tell(MessageDelivered(first.key))
    return line.tell(MessageFailed(first.key, causes.word(causes.PROGRESS_NEGATIVE, ack.cause)))


def received(line: "Map27Line", message: network.StatusMessage | network.ShortData) -> "Map27Line":
    """A status, or a text in 8-bit characters; other codings are nobody's here."""
    if isinstance(message, network.StatusMessage):
        return line.tell(StatusReceived(message.address.word, message.status))
    if message.coding != network.EIGHT_BIT:
        return line
    return line.tell(TextReceived(message.address.word, message.data.decode("latin-1"), False))
