"""The gateway's clock: the system's, kept above its floor, with its quality; samples it and keeps the floor.

Any thread may read `wall` and `quality`. Nothing here sets the system clock: that is chrony's work.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from firmware.timekeeping.kernel import battery_set_time, ntp_keeps_time
from firmware.timekeeping.machine import (
    SAMPLE_EVERY,
    ClockNews,
    KeepFloor,
    Sampled,
    Timekeeping,
    TimeTold,
)
from link.contract.link_facts import ClockChanged, TimeQuality
from link.hosting.clock import SystemClock
from link.hosting.durable import write_whole

log = logging.getLogger(__name__)

BUILT = Path(__file__).stat().st_mtime
"""Unix s: when this program was built or installed. No gateway runs it earlier."""


class KeptClock(SystemClock):
    """A Clock whose wall time never goes below the floor kept in `file`.

    `provisioned`: Unix s at which the gateway was set up, 0 if not known. `assume_right`: the computer's clock is
    right whatever the kernel says (a bench, a container that shares its host's clock); then it has no floor.
    """

    def __init__(
        self,
        file: Path,
        provisioned: float = 0.0,
        assume_right: bool = False,
        system: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._assume_right = assume_right
        floor = 0.0 if assume_right else max(BUILT, provisioned, _read(file))
        self._system = system
        self._keeper = Timekeeping(floor, self.now(), known=floor > BUILT)
        self.sample(lambda news: None)
        self._keeper = replace(self._keeper, kept_at=None)  # `run` writes it: nothing blocks here

    @property
    def quality(self) -> TimeQuality:
        """How good `wall` is."""
        return self._keeper.quality

    @property
    def trusted(self) -> bool:
        """Whether `wall` is good enough to judge how old a command is."""
        return self._keeper.quality in ("ntp", "rtc")

    @property
    def floor(self) -> float:
        """Unix s below which `wall` does not go now."""
        return self._keeper.lowest(self.now())

    def wall(self) -> float:
        """See Clock."""
        return self._keeper.wall(self._system(), self.now())

    def told(self, wall: float) -> None:
        """An authenticated time has certainly passed."""
        self._keeper, _ = self._keeper.handle(TimeTold(wall), self.now())

    def sample(self, tell: Callable[[ClockChanged], None]) -> float | None:
        """Look at the system clock; news goes to `tell`. The floor to be kept on disk, when it is time."""
        synced = self._assume_right or ntp_keeps_time()
        sample = Sampled(self._system(), synced, battery_set_time())
        self._keeper, effects = self._keeper.handle(sample, self.now())
        floor = None
        for effect in effects:
            match effect:
                case ClockNews(by=by, quality=quality):
                    log.warning("clock by=%.3f s quality=%s", by, quality)
                    tell(ClockChanged(by_ms=round(by * 1000), quality=quality))
                case KeepFloor(wall=wall):
                    floor = wall
        return floor

    async def run(self, tell: Callable[[ClockChanged], None]) -> None:
        """Sample and keep the floor until cancelled. A disk that refuses is logged and tried again."""
        while True:
            floor = self.sample(tell)
            if floor is not None:
                try:
                    await asyncio.to_thread(_write, self._file, floor)
                except OSError as error:
                    log.error("clock floor not kept: %s", error)
            await self.sleep_until(self.now() + SAMPLE_EVERY)


def _read(file: Path) -> float:
    try:
        kept = json.loads(file.read_text())["last_known"]
        return float(kept) if 0 < float(kept) < 2**40 else 0.0
    except FileNotFoundError:
        return 0.0
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.error("clock floor %s cannot be read, it is made anew: %r", file, error)
        return 0.0


def _write(file: Path, floor: float) -> None:
    write_whole(file, json.dumps({"last_known": floor}).encode())
