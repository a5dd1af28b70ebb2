"""Batches as a gateway's outbox sends them, for tests of the ingest."""

from central.store import intake
from central.store.arrivals import Hello, Parcel
from central.store.database import Database
from central.store.events import EventStore
from central.store.journal import Journal
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


class Bench:
    """A store with its journal; keeps what each taking said."""

    def __init__(self, database: Database) -> None:
        self.database, self.wall = database, NOW / 1000
        self.journal = Journal(database, lambda fact: None)
        self.events = EventStore(database, self.journal, lambda: self.wall)
        self.acks: dict[tuple[str, int, str], int] = {}
        self.heard: list[tuple[str, int]] = []
        self.alarms: list[tuple[str, str]] = []

    async def take(self, *arrivals: Parcel | Hello) -> intake.Outcome:
        return self.note(await self.events.take(arrivals))

    def note(self, outcome: intake.Outcome) -> intake.Outcome:
        self.acks |= {key: standing.upto for key, standing in outcome.standings.items()}
        self.heard += [(fresh.gateway, event.seq) for fresh in outcome.fresh for _, event in fresh.events]
        self.alarms += [(alarm.gateway, alarm.what) for alarm in outcome.alarms]
        return outcome

    def query(self, text: str) -> list[tuple]:
        return self.database.submit(lambda sql: sql.conn.execute(text).fetchall()).result()

    def seqs(self) -> list[int]:
        return [seq for (seq,) in self.query("select seq from events order by n")]
