"""`python -m scripts.fleet_parts.crowd FILE`: many simulated gateways in one process.

FILE (JSON): host, port, spread, first_retry, longest_retry, folder of the outboxes, control socket, passwords by
gateway. Says READY=1 when every outbox is open; what it shall do then is asked at its socket, one JSON line each way.
"""

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from link.hosting.notify import notify
from scripts.fleet_parts.clock import PatientClock
from scripts.fleet_parts.gateway import Access, SimulatedGateway, simulated_board

BEAT = 0.5
LAST = 19
STACK = 512 * 1024
SWITCH = 0.25
"""Seconds after which a thread has to let another one run. Each works for a millisecond and then waits for something;
but all that wait for their turn look up so often: hundreds that look every millisecond leave nobody a processor."""
TOGETHER = 8
"""Outboxes opened at a time, and gateways ended at a time."""
LONGEST_LINE = 1 << 26


class Crowd:
    """The gateways of one process and what happens to them."""

    def __init__(self, given: dict[str, Any]) -> None:
        access = Access(
            given["host"], given["port"], given["spread"], given["first_retry"], given["longest_retry"]
        )
        board, folder = simulated_board(), Path(given["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = PatientClock()
        self.gateways = [
            SimulatedGateway(name, board, access, password, folder, self._clock)
            for name, password in given["passwords"].items()
        ]
        self._rng = random.Random()
        self._running: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Open every outbox."""
        self._spawn(self._clock.run())
        for at in range(0, len(self.gateways), TOGETHER):
            await asyncio.gather(*(each.prepare() for each in self.gateways[at : at + TOGETHER]))

    async def close(self) -> None:
        """End everything."""
        for task in self._running:
            task.cancel()
        for at in range(0, len(self.gateways), TOGETHER):
            await asyncio.gather(*(each.close() for each in self.gateways[at : at + TOGETHER]))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def asked(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request; its answer."""
        match request:
            case {"op": "connect", "spread": spread}:
                self._spawn(self._connect(float(spread)))
            case {"op": "steady", "rate": rate, "seconds": seconds}:
                self._spawn(self._happen(self.gateways, float(rate), float(seconds), storm=False))
            case {"op": "storm", "rate": rate, "seconds": seconds, "share": share}:
                stormy = [each for each in self.gateways if self._rng.random() < share]
                self._spawn(self._happen(stormy, float(rate), float(seconds), storm=True))
                return {"sites": len(stormy)}
            case {"op": "look"}:
                return {
                    "up": sum(each.up for each in self.gateways),
                    "waiting": sum(each.waiting for each in self.gateways),
                    "events": sum(each.store.events for each in self.gateways),
                    "starved": self._clock.lost,
                }
            case {"op": "plays"}:
                return {
                    "ordered": {each.name: list(each.ordered) for each in self.gateways},
                    "started": {each.name: each.store.started for each in self.gateways},
                    "whole": {each.name: sorted(each.voice.whole) for each in self.gateways},
                }
            case _:
                return {"error": f"unknown request {request.get('op')!r}"}
        return {}

    async def _connect(self, spread: float) -> None:
        """Each at a moment of its own within `spread` seconds."""
        gap = spread / max(1, len(self.gateways))
        for each in self.gateways:
            await asyncio.sleep(gap * 2 * self._rng.random())
            await each.connect()

    async def _happen(self, sites: list[SimulatedGateway], rate: float, seconds: float, storm: bool) -> None:
        """`rate` events a second at each of the sites, at random moments, for `seconds`."""
        loop = asyncio.get_running_loop()
        end, total = loop.time() + seconds, rate * len(sites)
        at = loop.time()
        while total > 0:
            at += self._rng.expovariate(total)
            if at >= end:
                return
            if at > loop.time():
                await asyncio.sleep(at - loop.time())
            site = self._rng.choice(sites)
            (site.measure if storm else site.happen)(self._rng)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection at the control socket."""
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.asked(json.loads(line))).encode() + b"\n")
                await writer.drain()
        finally:
            writer.close()


async def run(given: dict[str, Any]) -> None:
    """Serve until SIGTERM or SIGINT."""
    crowd = Crowd(given)
    await crowd.prepare()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncio.start_unix_server(crowd.serve, given["socket"], limit=LONGEST_LINE)
    notify("READY=1")
    await stop.wait()
    server.close()
    await crowd.close()


def _stand_back() -> None:
    """Take what the others leave. Thousands of threads that are only nice still outweigh the centre."""
    os.nice(LAST)
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def main() -> int:
    """Entry point. Runs when nobody else wants to: in the field these gateways have computers of their own."""
    _stand_back()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard) if soft != hard else (soft, hard))
    threading.stack_size(STACK)
    sys.setswitchinterval(SWITCH)
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
