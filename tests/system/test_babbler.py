"""A device that talks without end: the other line on the same event loop hears its own device in time all the same."""

import asyncio
import gc
import os
import pty
import resource
import sys
import time
import tty
from pathlib import Path
from typing import Any

from firmware.talk import CarrierChanged
from firmware.uplink.messages import Identity
from firmware.wiring import describe, wire_gateway
from hw.board import parse_board
from hw.uart import Uart
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.hosting.clock import SystemClock
from link.hosting.stall import StallWatch
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.babble import weigh
from tests.firmware.terminals.closed_loop import MemoryShelf
from tests.flows.doors import FakeGuard
from tests.flows.test_trunked import TETRA

SECONDS = 3.0
WORST_S = 0.25
RSS_MB = 40.0
FASTEST = 250_000
"""Octets a second."""


def board(folder: Path) -> str:
    """Two TETRA lines: `t1` is the babbler's, `t2` the other."""

    def second(text: str) -> str:
        return (
            text.replace("t1", "t2")
            .replace("tetra0", "tetra1")
            .replace('serial = "tetra"', 'serial = "other"')
        )

    text = TETRA.replace("/bench/tetra", f"{folder}/tetra0")
    head, line = text.split("[[line]]")
    two = {
        "card": '{ name = "t2", driver = "bench" }',
        "serial": f'{{ name = "other", device = "{folder}/tetra1" }}',
    }
    rows = []
    for row in head.splitlines():
        name = row.partition(" =")[0]
        more = two.get(name) or (second(row).partition("[")[2].strip(" ]") if name == "output" else "")
        rows.append(row.replace("]", f", {more}]") if more else row)
    return "\n".join(rows) + f"\n[[line]]{line}\n[[line]]{second(line)}"


class Site:
    """A gateway's terminals on real ports and one loop; `late` is how old each news of t2's talker was at its line."""

    def __init__(self, folder: Path) -> None:
        made = parse_board(board(folder))
        clock, self.masters = SystemClock(), []  # type: SystemClock, list[int]
        for number in (0, 1):
            master, slave = pty.openpty()
            tty.setraw(slave)
            (folder / f"tetra{number}").symlink_to(os.ttyname(slave))
            self.masters += [master, slave]
        identity = Identity("gw-b", "main", "1", "1.1", describe(made, {}))
        bus, server = FakeBus(FakeBroker(clock.now), "gw-b"), FakeStreamServer(FakePlace(), "gateway")
        self.switchboard = wire_gateway(
            made,
            identity,
            clock,
            bus,
            FakeGuard(clock),
            server,
            lambda _: None,
            MemoryShelf(),
            self.port,
            MemoryStore(),
            plain_desk("gw-b"),
        )
        self.late: list[float] = []
        self.lag: list[float] = []
        line = self.switchboard.lines["t2"]
        step = line.step

        def stepped(event: object) -> None:
            if isinstance(event, CarrierChanged) and event.on:
                self.late.append(time.monotonic_ns() / 1e9 - int(event.talker) / 1e6)
            step(event)

        line.step = stepped  # type: ignore[method-assign]

    def port(self, entry: Any, baud: int, rts_cts: bool, sink: Any) -> Uart:
        return Uart(entry.name, entry.device, baud, sink, rts_cts=rts_cts)

    async def look(self) -> None:
        """How late the loop comes back to somebody who asked to be called."""
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            self.lag.append(time.monotonic() - due)

    async def child(self, what: str, fd: int) -> int:
        script = str(Path(__file__).with_name("babbler.py"))
        words = (sys.executable, script, what, str(fd), str(SECONDS))
        process = await asyncio.create_subprocess_exec(*words, pass_fds=(fd,), stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        return int(out)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def in_ms(values: list[float]) -> str:
    p50, p99 = percentile(values, 0.5) * 1e3, percentile(values, 0.99) * 1e3
    return f"p50 {p50:.1f} p99 {p99:.1f} worst {max(values) * 1e3:.1f} ms"


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def test_a_talking_babbler_does_not_starve_the_other_line(tmp_path: Path) -> None:
    site, stalls = Site(tmp_path), StallWatch("babbler")
    board = site.switchboard
    tasks = [
        asyncio.create_task(serve()) for serve in (board.uplink.run, *board.runners(), stalls.run, site.look)
    ]
    board.terminals.start_ports()
    await asyncio.sleep(0.3)
    gc.collect()
    before = rss_mb()
    try:
        sent, said = await asyncio.gather(
            site.child("flood", site.masters[0]), site.child("probe", site.masters[2])
        )
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(board.terminals.stop_ports)
        for fd in site.masters:
            os.close(fd)
    babbler = board.terminals.hosts["t1"]
    late, lag = site.late, site.lag
    print(
        f"babbler: {sent / 1e6 / SECONDS:.1f} MB/s, {babbler.lost} lines dropped, memory {rss_mb() - before:+.1f} MB"
    )
    print(
        f"other line: {len(late)} of {said} heard, late {in_ms(late)}; loop late {in_ms(lag)}, stalls {stalls.count}"
    )
    assert sent > 100_000, "it must have been a flood"
    assert sent < FASTEST * SECONDS, "no more is read than a serial line can bring"
    assert len(late) >= said - 2
    assert percentile(late, 0.99) < WORST_S
    assert percentile(lag, 0.99) < WORST_S
    assert [task.exception() for task in tasks if not task.cancelled()] == []
    assert len(babbler.runner.inbox) <= 4096
    assert weigh(babbler.runner.machine) + weigh(babbler._splitter) < 60_000
    assert rss_mb() - before < RSS_MB
