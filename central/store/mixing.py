"""Several recordings played together, each at its place in time: where they lie to each other, and who mixes them.

Recordings of one run of the voice node are placed by its ticks, to the sample; others by wall time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from central.store.recording_rows import Recording
from central.store.side_process import SideFailed, SideRefused, run_aside

MODULE = "central.store.mix_worker"
PATIENCE = 600.0
LONGEST = 1800.0
"""Seconds of one mix."""
MOST = 32
TICKS = 50
"""A second."""

Shape = Literal["mixed", "stereo"]


class MixRefused(Exception):
    """It cannot be mixed: a reason, and advice for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


@dataclass(frozen=True)
class Placed:
    """A file and the sample of the mix at which it begins; `exact`: to the sample."""

    path: str
    at: int
    exact: bool


def placed(rows: Sequence[Recording], rate_hz: int, since: float | None) -> tuple[list[Placed], float]:
    """Each recording's place, and the Unix time of sample 0: `since`, or the first that sounds."""
    first = min(rows, key=_wall)
    start = since if since is not None else _wall(first)
    offset = round((_wall(first) - start) * rate_hz)
    found = []
    for row in rows:
        exact = (
            bool(row.epoch) and row.epoch == first.epoch and row.tick is not None and first.tick is not None
        )
        if exact:
            at = (int(row.tick or 0) - int(first.tick or 0)) * rate_hz // TICKS
        else:
            at = round((_wall(row) - _wall(first)) * rate_hz)
        sure = exact and row.sure and first.sure
        found.append(Placed(row.path, offset + at, sure))
    return found, start


def _wall(row: Recording) -> float:
    return row.wall_ns / 1e9 if row.wall_ns else row.started_wall_ms / 1000


async def mix(
    folder: Path,
    rows: Sequence[Recording],
    target: Path,
    shape: Shape = "mixed",
    since: float | None = None,
    until: float | None = None,
) -> float:
    """Write a WAV of these recordings (PCM16; stereo: the first left, the second right, and so on): the Unix time at
    which it begins. MixRefused."""
    if not 1 <= len(rows) <= MOST:
        raise MixRefused(f"{len(rows)} recordings cannot be mixed", f"name 1 to {MOST}")
    rate_hz = max(row.rate_hz or 16000 for row in rows)
    places, start = placed(rows, rate_hz, since)
    end = until if until is not None else max(_wall(row) + (row.seconds or 0) for row in rows)
    if not 0 < end - start <= LONGEST:
        raise MixRefused(
            f"{end - start:.0f} s cannot be mixed", f"ask for an interval of 1 to {LONGEST:.0f} s"
        )
    parts = [{"path": str(folder / each.path), "at": each.at} for each in places]
    request = {"parts": parts, "rate_hz": rate_hz, "samples": round((end - start) * rate_hz), "shape": shape}
    try:
        await run_aside(MODULE, {**request, "target": str(target)}, patience=PATIENCE)
    except SideRefused as error:
        raise MixRefused(error.reason, error.advice) from None
    except SideFailed as error:
        raise MixRefused(str(error), "look at disk and log of the centre, then try again") from None
    return start
