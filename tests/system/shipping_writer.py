"""A process that writes the journal hard and ships it, for tests that kill it.

`… ROOT`: writes for ever; prints each number of entries once the backup has said that it holds them.
`… ROOT COUNT [plain]`: writes so many, prints the seconds it took, the lags it saw, and ends in order.
"""

import asyncio
import sys
import time
from collections import deque
from pathlib import Path

from central.store.database import Database
from central.store.journal import Journal
from central.store.log_taker import LogTaker, Pace
from central.store.shipping import Shipper

KIB = 1024


def say(*words: object) -> None:
    print(*words, flush=True)


class Writer:
    """A journal that is written, with or without a backup."""

    def __init__(self, root: Path, pace: Pace, shipped: bool = True) -> None:
        (root / "clips").mkdir(exist_ok=True)
        self.database = Database.open(root / "spillway.db", hold_log=shipped)
        self.journal = Journal(self.database, say, behind=0.01)
        self.shipper = Shipper(root / "backup", root / "clips", retry=0.2)
        self.n = 0
        if shipped:
            self.shipper.start()
            LogTaker(self.database, self.shipper, pace, "0.1").start()

    async def batch(self, size: int) -> None:
        for _ in range(size):
            self.n += 1
            body = {"n": self.n, "text": "x" * (self.n % 400)}
            self.journal.append("line.opened", f"gw-01/r{self.n % 3}", body)
        await self.journal.barrier(30)

    async def for_ever(self) -> None:
        self.n = (await self.journal.head())[0]
        waiting: deque[tuple[float, int]] = deque()
        while True:
            await self.batch(7)
            waiting.append((time.monotonic(), self.n))
            lag = self.shipper.state().lag
            held = 0
            while self.shipper.base_wall and lag is not None and waiting:
                if waiting[0][0] > time.monotonic() - lag - 0.001:
                    break
                held = waiting.popleft()[1]
            if held:
                say(held)

    async def so_many(self, count: int) -> None:
        begun, lags = time.monotonic(), []
        while self.n < count:
            await self.batch(500)
            state = self.shipper.state()
            if state.lag is not None:
                lags.append(state.lag)
        took = time.monotonic() - begun
        lags.sort()
        told = (lags[len(lags) // 2], lags[-1]) if lags else (0.0, 0.0)
        say(f"{took:.2f} {told[0]:.2f} {told[1]:.2f}")
        await self.journal.close()


async def main(root: Path, count: int, shipped: bool) -> None:
    if not count:
        await Writer(root, Pace(every=0.05, segment=400 * KIB, base_every=1.0, base_after=0)).for_ever()
    writer = Writer(root, Pace(), shipped)
    await writer.so_many(count)
    writer.database.close()
    writer.shipper.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int([*sys.argv, "0"][2]), "plain" not in sys.argv))
