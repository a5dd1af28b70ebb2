"""Events and a quarantine for tests of the API and the command line."""

from central.api.desk import DeskError
from central.link_models import EventView, LaneView, LinkView, QuarantineView

EVENT = EventView(
    gateway="gw-north",
    lane="evt",
    epoch=77,
    seq=12,
    kind="LineOpened",
    fields={"line": "r1", "talker": "2001"},
    at_wall=1_700_000_000.0,
    said_wall=3600.0,
    mono=812.0,
    tq="none",
    corrected=True,
    received_wall=1_700_000_100.0,
)
ENTRY = QuarantineView(
    id=3,
    gateway="gw-north",
    lane="evt",
    why="version",
    detail="version: batch version 2",
    size=4,
    head="01920200",
    first_wall=1_700_000_000.0,
    last_wall=1_700_000_600.0,
    times=4,
)
LANE = LaneView(lane="evt", epoch=77, upto=12, last=15, missing=2, at_wall=1_700_000_100.0)
LINK = LinkView(events=13, dropped=5, missing=2, quarantined=1, waiting=3, oldest=61.0, lanes=(LANE,))


class FakeEventsDesk:
    def counters(self) -> dict[str, float]:
        return {"ingest_ok": 1.0}

    async def events(self, gateway: str | None, limit: int) -> tuple[EventView, ...]:
        return tuple(each for each in (EVENT,) if gateway in (None, each.gateway))[:limit]

    async def quarantine(self, gateway: str | None, limit: int) -> tuple[QuarantineView, ...]:
        return tuple(each for each in (ENTRY,) if gateway in (None, each.gateway))[:limit]

    async def raw(self, id: int) -> bytes:
        if id != ENTRY.id:
            raise DeskError(
                404, f"there is no entry {id} in the quarantine", "see: spillway events quarantine"
            )
        return bytes.fromhex(ENTRY.head)
