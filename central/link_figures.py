"""What the centre knows of each gateway's link: events taken, watermarks, gaps, drops, and what it says is waiting.

Kept in memory for screens, learnt from the store at start; nothing is decided by it.
"""

from dataclasses import dataclass, field

from central.link_models import LaneView, LinkView
from central.store.arrivals import Hello, kernel_boot
from central.store.events import Known
from central.store.intake import SAME_MS, Outcome
from central.store.lane_marks import Standing
from link.contract.facts import Heartbeat

LANES_MOST = 8
"""Epochs shown of one gateway, the newest; the sums hold all."""


@dataclass
class _Link:
    events: int = 0
    dropped: int = 0
    quarantined: int = 0
    waiting: int = 0
    oldest: float = 0.0
    lanes: dict[tuple[int, str], Standing] = field(default_factory=dict)


class LinkFigures:
    """Figures by gateway."""

    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}
        self._offsets: dict[tuple[str, str], int] = {}

    def learn(self, known: Known) -> None:
        """What the store holds when core starts."""
        for standing in known.standings:
            self._stands(standing)
            self._of(standing.gateway).events += standing.events
            self._of(standing.gateway).dropped += standing.dropped
        for gateway, count in known.quarantined.items():
            self._of(gateway).quarantined = count
        self._offsets.update(known.offsets)

    def note(self, outcome: Outcome) -> set[str]:
        """What a transaction changed; the gateways that it concerns."""
        for standing in outcome.standings.values():
            self._stands(standing)
        for gateway, count in outcome.quarantined.items():
            self._of(gateway).quarantined = count
        for gateway, count in outcome.events.items():
            self._of(gateway).events += count
        for gateway, count in outcome.dropped.items():
            self._of(gateway).dropped += count
        self._offsets.update(outcome.offsets)
        return {gateway for gateway, _, _ in outcome.standings} | outcome.quarantined.keys()

    def beat(self, gateway: str, beat: Heartbeat) -> None:
        """What a gateway says is waiting in its outbox."""
        link = self._of(gateway)
        link.waiting, link.oldest = max(0, beat.n), max(0.0, beat.q)

    def knows_clock(self, hello: Hello) -> bool:
        """Whether a heartbeat's clock is nothing new."""
        known = self._offsets.get((hello.gateway, kernel_boot(hello.boot)))
        return hello.offset_ms is None or (known is not None and abs(known - hello.offset_ms) < SAME_MS)

    def view(self, gateway: str) -> LinkView:
        """For people."""
        link = self._of(gateway)
        newest = sorted(link.lanes.values(), key=lambda each: -each.last_ms)
        lanes = tuple(
            LaneView(
                lane=each.lane,
                epoch=each.epoch,
                upto=each.upto,
                last=each.top,
                missing=each.missing,
                at_wall=each.last_ms / 1000,
            )
            for each in newest
        )
        return LinkView(
            events=link.events,
            dropped=link.dropped,
            missing=sum(each.missing for each in newest),
            quarantined=link.quarantined,
            waiting=link.waiting,
            oldest=link.oldest,
            lanes=lanes,
        )

    def _of(self, gateway: str) -> _Link:
        return self._links.setdefault(gateway, _Link())

    def _stands(self, standing: Standing) -> None:
        link, key = self._of(standing.gateway), (standing.epoch, standing.lane)
        link.lanes.pop(key, None)
        link.lanes[key] = standing
        if len(link.lanes) > LANES_MOST:
            whole = [key for key, each in link.lanes.items() if not each.missing] or list(link.lanes)
            del link.lanes[whole[0]]
