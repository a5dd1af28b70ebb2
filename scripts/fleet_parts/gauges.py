"""What a phase cost and how the centre stood: processor time and memory by part, the mailbox's lag, answers of the API.

The centre is asked for its plain counters and nothing else: looking must not be what is measured.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import psutil

from scripts.town.town import Town
from scripts.town.trust import verify
from scripts.town.unit import Unit

ASK_EVERY = 0.25
PARTS = ("broker", "core", "voice", "full", "bench", "crowds")


def part_of(unit: str) -> str:
    """Which part of the table a process belongs to."""
    if unit in ("core", "voice", "bench"):
        return unit
    return {"mosquitto": "broker"}.get(unit, "crowds" if unit.startswith("crowd-") else "full")


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99, the worst and how many; empty without any."""
    ordered = sorted(values)
    if not ordered:
        return {}

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": round(ordered[-1], 1)}


@dataclass
class Phase:
    """One phase of a run. Times in seconds, lags in ms, memory in MB."""

    name: str
    seconds: float = 0.0
    cores: dict[str, float] = field(default_factory=dict)
    rss: dict[str, float] = field(default_factory=dict)
    mail: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    load: float = 0.0
    from_ms: int = 0
    to_ms: int = 0


class Gauges:
    """`watch` samples until cancelled; `begin` and `end` bound a phase."""

    def __init__(self, town: Town, units: Mapping[str, Unit]) -> None:
        self.online = 0
        self.mail_dropped = 0
        self._units = units
        self._client = httpx.AsyncClient(
            base_url=f"{town.api}/api/v1",
            headers={"Authorization": f"Bearer {next(iter(town.tokens.values()))}"},
            timeout=30,
            trust_env=False,
            verify=verify(town.ca),
        )
        self._phase = Phase("")
        self._spent: dict[tuple[str, int], float] = {}
        self._began = 0.0

    async def watch(self) -> None:
        """Ask the centre now and then, until cancelled."""
        while True:
            began = time.monotonic()
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._client.get("/metrics")
                self._phase.answers.append((time.monotonic() - began) * 1000)
                self._read(answer.text)
            await asyncio.sleep(ASK_EVERY)

    def _read(self, text: str) -> None:
        rows = dict(row.rsplit(" ", 1) for row in text.splitlines() if " " in row)
        self.online = int(float(rows.get("spillway_gateways_online", 0)))
        self.mail_dropped = int(float(rows.get("spillway_mail_dropped_total", 0)))
        self._phase.mail.append(float(rows.get("spillway_mail_lag_ms", 0)))

    async def online_within(self, wanted: int, limit: float) -> float | None:
        """Seconds until so many gateways are online; None when it takes longer than `limit`."""
        began = time.monotonic()
        while time.monotonic() < began + limit:
            if self.online >= wanted:
                return time.monotonic() - began
            await asyncio.sleep(ASK_EVERY / 5)
        return None

    def begin(self, name: str) -> Phase:
        """A phase begins."""
        self._phase = Phase(name, from_ms=int(time.time() * 1000))
        self._spent, self._began = self._look()[0], time.monotonic()
        return self._phase

    def end(self) -> Phase:
        """It is over."""
        phase = self._phase
        spent, phase.rss = self._look()
        phase.seconds = time.monotonic() - self._began
        phase.to_ms = int(time.time() * 1000)
        cores = dict.fromkeys(PARTS, 0.0)
        for (part, pid), seconds in spent.items():  # a process that was killed takes its count along
            cores[part] += (seconds - self._spent.get((part, pid), 0.0)) / phase.seconds
        phase.cores = {part: round(each, 2) for part, each in cores.items()}
        phase.load = round(psutil.getloadavg()[0], 1)
        self._phase = Phase("")
        return phase

    def _look(self) -> tuple[dict[tuple[str, int], float], dict[str, float]]:
        """Processor seconds of each process so far, and resident MB of each part."""
        spent: dict[tuple[str, int], float] = {}
        rss = dict.fromkeys(PARTS, 0.0)
        for name, unit in self._units.items():
            if unit.pid is None:
                continue
            with contextlib.suppress(psutil.Error):
                head = psutil.Process(unit.pid)
                for process in (head, *head.children(recursive=True)):
                    with contextlib.suppress(psutil.Error):
                        times = process.cpu_times()
                        spent[part_of(name), process.pid] = times.user + times.system
                        rss[part_of(name)] += process.memory_info().rss / 1e6
        return spent, {part: round(size) for part, size in rss.items()}

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()
