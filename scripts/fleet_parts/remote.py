"""The crowds seen from the run: their files, their processes, and what is asked of all of them at once."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from scripts.fleet_parts.crowd import LONGEST_LINE
from scripts.fleet_parts.plan import FleetPlan
from scripts.town.ports import HOST
from scripts.town.stages import ROOT
from scripts.town.supervisor import Supervisor
from scripts.town.town import Town
from scripts.town.unit import Unit, UnitSpec

OPENING = 0.1
"""Seconds that the outbox of one gateway may take to be opened, on a busy machine."""


class Crowds:
    """Start and stop them like the town's units; `ask` asks every crowd."""

    def __init__(self, plan: FleetPlan, town: Town, outboxes: Path) -> None:
        self.outboxes = outboxes
        self.sockets: list[Path] = []
        units = []
        for number, names in enumerate(plan.crowds):
            name = f"crowd-{number}"
            file, socket = town.folder / f"{name}.json", town.places.run / f"{name}.sock"
            given = {
                "host": HOST,
                "port": town.ports.broker,
                "spread": plan.spread,
                "first_retry": max(1.0, min(plan.spread, 30.0)),
                "longest_retry": max(5.0, min(2 * plan.spread, 60.0)),
                "folder": str(outboxes),
                "socket": str(socket),
                "passwords": {each: town.passwords[each] for each in names},
            }
            file.unlink(missing_ok=True)
            file.touch(mode=0o600)
            file.write_text(json.dumps(given), encoding="utf-8")
            argv = (sys.executable, "-m", "scripts.fleet_parts.crowd", str(file))
            limit = 30.0 + OPENING * plan.size
            notify = town.places.run / "notify"
            spec = UnitSpec(
                name, argv, town.places.log(name), notify, ROOT, start_limit=limit, stop_limit=limit
            )
            units.append(Unit(spec))
            self.sockets.append(socket)
        self._supervisor = Supervisor([units])

    @property
    def units(self) -> dict[str, Unit]:
        """By name."""
        return self._supervisor.units

    @property
    def restarts(self) -> int:
        """How often one had to be started again: then the books are worth nothing."""
        return sum(unit.restarts for unit in self.units.values())

    async def start(self) -> None:
        """Until every outbox is open. UnitFailed."""
        await self._supervisor.start()

    async def stop(self) -> None:
        """Until nothing of them runs."""
        await self._supervisor.stop()

    async def ask(self, op: str, **fields: object) -> list[dict[str, Any]]:
        """The answers of all of them. OSError when one has gone."""
        return list(await asyncio.gather(*(_ask(socket, {"op": op, **fields}) for socket in self.sockets)))

    async def total(self, what: str) -> int:
        """Sum of one figure of `look`."""
        return sum(int(answer[what]) for answer in await self.ask("look"))


async def _ask(socket: Path, request: dict[str, object]) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(str(socket), limit=LONGEST_LINE)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()
