"""Shows a running town until told to stop: a live table on a terminal, plain lines elsewhere."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import datetime

from rich.console import Console
from rich.live import Live

from central.readmodels import TownView
from scripts.town.mirror import Mirror
from scripts.town.news import news
from scripts.town.processes import Cost, Meter
from scripts.town.table import picture
from scripts.town.town import Town

DRAW_EVERY = 0.5
COST_EVERY = 2.0


async def watch(town: Town, stop: asyncio.Event) -> None:
    """Show the town until `stop` is set."""
    heading = f"Spillway town in {town.folder} · API {town.api}/docs · Ctrl-C stops"
    if sys.stdout.isatty():
        await _draw(town, heading, stop)
    else:
        await _tell(town, heading, stop)


async def _draw(town: Town, heading: str, stop: asyncio.Event) -> None:
    meter = Meter()
    costs: tuple[Cost, ...] = ()
    looked = -COST_EVERY
    loop = asyncio.get_running_loop()
    with Live(console=Console(), auto_refresh=False, screen=False, vertical_overflow="crop") as live:
        async with _mirrored(Mirror(town.api, _token(town), lambda view: None, town.ca)) as mirror:
            while not stop.is_set():
                if loop.time() - looked >= COST_EVERY:
                    looked = loop.time()
                    costs = meter.look(town.units)
                live.update(picture(mirror.view, costs, heading), refresh=True)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), DRAW_EVERY)


async def _tell(town: Town, heading: str, stop: asyncio.Event) -> None:
    say(heading)
    before: TownView | None = None

    def changed(view: TownView | None) -> None:
        nonlocal before
        for line in news(before, view):
            say(line)
        before = view

    restarts = {name: 0 for name in town.units}
    async with _mirrored(Mirror(town.api, _token(town), changed, town.ca)):
        while not stop.is_set():
            for unit in town.units.values():
                if unit.restarts != restarts[unit.name]:
                    restarts[unit.name] = unit.restarts
                    say(f"process {unit.name} {unit.last_end}: started again ({unit.restarts})")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), DRAW_EVERY)


@contextlib.asynccontextmanager
async def _mirrored(mirror: Mirror) -> AsyncIterator[Mirror]:
    task = asyncio.create_task(mirror.run())
    try:
        yield mirror
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def say(text: str) -> None:
    """One plain line with the time of day."""
    print(f"{datetime.now().astimezone():%H:%M:%S.%f}"[:-3], text, flush=True)


def warn(text: str) -> None:
    """The same, in red on a terminal."""
    say(f"\x1b[1;31m{text}\x1b[0m" if sys.stdout.isatty() else text)


def _token(town: Town) -> str:
    return next(iter(town.tokens.values()))
