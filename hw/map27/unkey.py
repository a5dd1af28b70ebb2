"""Bytes that make a MAP27 radio let go of its transmitter, whatever its link was doing. Pure.

For somebody who opens the port when the gateway is gone (the guard): no answer is read and no number known.
A link request takes the radio's link down and up again with its numbers at 1; the acknowledgement completes it
should the radio's own request have come; then follow, as first and second message of the new link, RADIO CONTROL
"on hook, not transmitting" and DISCONNECT. All of it is said twice: the first round may be swallowed by a frame
that was cut when the gateway died, and any one frame may be lost.
"""

from hw.map27 import network
from hw.map27.link import Terms
from hw.map27.protocol import LinkAck, LinkRequest, LinkTransfer, encode

ROUNDS = 2
GAP = 0.05
"""Seconds to wait behind each piece, so that the radio can answer; a radio that reads on needs none."""


def unkey_frames(terms: Terms | None = None, address_on_disconnect: bool = True) -> tuple[bytes, ...]:
    """The pieces in the order in which they are written, GAP apart. 51 octets a round, 0.06 s at 9600 baud."""
    offer = terms or Terms()
    nobody = network.Address(0, 0) if address_on_disconnect else None
    frames = (
        LinkRequest(offer.n1, offer.k),
        LinkAck(1, offer.k),
        LinkTransfer(1, network.radio_control(off_hook=False, transmit=False)),
        LinkTransfer(2, network.disconnect(True, network.DISCONNECTED, nobody)),
    )
    return tuple(encode(frame) for frame in frames) * ROUNDS
