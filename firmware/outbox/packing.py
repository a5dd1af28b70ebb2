"""Stored events as the bytes of one batch: what may stand in it together, and what to do with what cannot be read."""

from collections.abc import Sequence

from firmware.outbox.store import Kept
from link.contract.batch import BatchHead, encode_stored, fact_of
from link.contract.envelope import EnvelopeError


def one_batch(kept: Sequence[Kept], octets: int) -> list[Kept]:
    """The first of these that may go together: one epoch, start and clock quality, numbers without a gap."""
    first = kept[0].entry
    taken = [kept[0]]
    left = octets - len(first.body)
    for each in kept[1:]:
        entry = each.entry
        left -= len(entry.body)
        follows = entry.seq == taken[-1].entry.seq + 1 and entry.epoch == first.epoch
        if left < 0 or not follows or entry.boot != first.boot or entry.tq != first.tq:
            break
        taken.append(each)
    return taken


def encoded(kept: Sequence[Kept]) -> bytes | None:
    """The bytes of a batch; None when there is nothing, or something in it cannot be read."""
    if not kept:
        return None
    first = kept[0].entry
    places = {"epoch": first.epoch, "first_seq": first.seq, "boot": first.boot, "tq": first.tq}
    head = BatchHead.model_validate({**places, "t0_ms": first.wall_ms, "mono0_ms": first.mono_ms})
    try:
        return encode_stored(
            head, [(each.entry.wall_ms, each.entry.mono_ms, each.entry.body) for each in kept]
        )
    except EnvelopeError:
        return None


def readable(body: bytes) -> bool:
    """Whether this program and the centre can read the stored fact."""
    try:
        fact_of(body)
    except EnvelopeError:
        return False
    return True
