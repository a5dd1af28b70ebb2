"""Batches as a gateway's outbox sends them, for tests of the ingest."""

from central.store.arrivals import Parcel
from link.contract import facts, link_facts
from link.contract.batch import BatchHead, encode_batch
from link.contract.wire import Wire

NOW = 1_700_000_000_000


def batch(
    first: int,
    *told: Wire,
    epoch: int = 7,
    boot: str = "k1.p1",
    tq: str = "none",
    wall_ms: int = 5_000,
    mono_ms: int = 3_000,
) -> bytes:
    """Events numbered from `first`, a second apart by their numbers."""
    rows = tuple(
        facts.Event(seq=seq, wall_ms=wall_ms + 1000 * seq, mono_ms=mono_ms + 1000 * seq, fact=fact)
        for seq, fact in enumerate(told, first)
    )
    times = {"t0_ms": rows[0].wall_ms, "mono0_ms": rows[0].mono_ms} if rows else {"t0_ms": 0, "mono0_ms": 0}
    return encode_batch(BatchHead(epoch=epoch, first_seq=first, boot=boot, tq=tq, **times), rows)


def talk(seq: int) -> Wire:
    return facts.LineOpened(line="r1", talker=f"t{seq}")


def parcel(
    first: int, last: int, *, gateway: str = "gw-a", lane: link_facts.LaneName = "evt", **more: object
) -> Parcel:
    """The events `first` to `last`; the same numbers are always the same events."""
    return Parcel(gateway, lane, batch(first, *map(talk, range(first, last + 1)), **more), NOW)


def told(
    first: int, *facts_: Wire, gateway: str = "gw-a", lane: link_facts.LaneName = "evt", **more
) -> Parcel:
    return Parcel(gateway, lane, batch(first, *facts_, **more), NOW)
