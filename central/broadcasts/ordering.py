"""What one loudspeaker of a broadcast is told: to sound, or to stop. Command ids are `<play>.<renewal>` and
`<play>.stop.<renewal>-<sending>`."""

from central.broadcasts import consent
from central.broadcasts.asked import Approval, Asked
from central.broadcasts.messages import Cancel, Deliver
from central.broadcasts.target import Target
from link.contract import orders

ORDER_TTL = 30
"""Seconds after which a gateway refuses an order."""


def deliver(asked: Asked, approvals: tuple[Approval, ...], target: Target, ttl: int) -> Deliver:
    """The order to sound; `ttl` in seconds."""
    order = asked.order(target.line)
    command = f"{target.play}.{target.renewals}"
    doc = consent.document(asked, approvals)
    return Deliver(asked.id, target.gateway, order, command, ttl, asked.channel, doc, target.nonce)


def cancel(asked: Asked, stop_doc: bytes, target: Target) -> Cancel:
    """The order to stop, with a person's word where there is one."""
    order = orders.StopClip(play=target.play)
    command = f"{target.play}.stop.{target.renewals}-{target.stop_sends}"
    return Cancel(asked.id, target.gateway, order, command, ORDER_TTL, asked.channel, stop_doc, target.nonce)
