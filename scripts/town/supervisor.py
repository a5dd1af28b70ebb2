"""The town's stand-in for systemd: starts units by stages, stops them in reverse, keeps logs short.

Units of one stage start and stop together; the next stage begins when all of the one before are ready.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from scripts.town.unit import Unit, UnitFailed

log = logging.getLogger(__name__)

LOG_LIMIT = 10_000_000
LOOK_EVERY = 5.0


class Supervisor:
    """`stages` are started first to last. Use it from one event loop."""

    def __init__(self, stages: Sequence[Sequence[Unit]]) -> None:
        self.stages = tuple(tuple(stage) for stage in stages)
        self._started: list[tuple[Unit, ...]] = []
        self._rotation: asyncio.Task[None] | None = None

    @property
    def units(self) -> dict[str, Unit]:
        """Every unit by its name, in start order."""
        return {unit.name: unit for stage in self.stages for unit in stage}

    async def start(self) -> None:
        """Start everything. UnitFailed: what was started still runs, call stop()."""
        for unit in self.units.values():
            keep_last(unit.spec.log)
        self._rotation = asyncio.create_task(self._rotate())
        for stage in self.stages:
            self._started.append(stage)
            for unit in stage:
                unit.start()
            outcomes = await asyncio.gather(*(unit.ready() for unit in stage), return_exceptions=True)
            failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            if failed:
                texts = "\n".join(str(each) for each in failed if isinstance(each, UnitFailed))
                raise UnitFailed(texts) if texts else failed[0]

    async def stop(self) -> None:
        """Stop everything that was started, the last stage first. Nothing runs afterwards."""
        while self._started:
            await asyncio.gather(*(unit.stop() for unit in self._started[-1]))
            self._started.pop()
        if self._rotation is not None:
            self._rotation.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rotation
            self._rotation = None

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for unit in self.units.values():
                try:
                    if unit.spec.log.stat().st_size > LOG_LIMIT:
                        await asyncio.to_thread(cut, unit.spec.log)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    log.warning("log=%s cannot be shortened: %s", unit.spec.log, error)


def keep_last(path: Path) -> None:
    """Make room for a new log; the one of the last run is kept beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.replace(older(path))


def cut(path: Path) -> None:
    """Empty a log that its process still appends to; its text so far is kept beside it."""
    shutil.copyfile(path, older(path))
    with path.open("r+b") as text:
        text.truncate(0)


def older(path: Path) -> Path:
    """Where the earlier part of a log lies."""
    return path.with_name(f"{path.name}.1")
