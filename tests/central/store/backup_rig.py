"""A database that is shipped step by step, with a hand-turned clock: no thread but the database's own."""

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from central.store import entries
from central.store.database import Database, Sql
from central.store.log_taker import LogTaker, Pace
from central.store.restoring import DATABASE, Restored, restore
from central.store.shipping import Shipper
from central.store.verify import verify_file

T = TypeVar("T")
KIB = 1024
QUICK = Pace(segment=40 * KIB, limit=8 * KIB * KIB, base_every=1000.0, base_after=400 * KIB)


class Rig:
    """`root/data` is the centre, `root/backup` its backup."""

    def __init__(self, root: Path, pace: Pace = QUICK) -> None:
        self.root, self.pace = root, pace
        self.data, self.backup, self.clips = root / "data", root / "backup", root / "data" / "clips"
        for folder in (self.data, self.backup, self.clips):
            folder.mkdir(parents=True, exist_ok=True)
        self.time = 1000.0
        self.open()

    def open(self) -> None:
        self.database = Database.open(self.data / DATABASE, hold_log=True)
        self.shipper = Shipper(self.backup, self.clips, now=self.now, wall=self.wall, retry=5.0)
        self.taker = LogTaker(self.database, self.shipper, self.pace, "0.1", now=self.now, wall=self.wall)

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000.0 + self.time

    def on_writer(self, job: Callable[[], T]) -> T:
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(job())
            except Exception as error:  # noqa: BLE001 - it goes to the test
                done.set_exception(error)

        self.database.post(run)
        return done.result(10)

    def commit(self, count: int = 1, filler: int = 50) -> int:
        """So many journal entries in one transaction; how many there are now."""

        def work(sql: Sql) -> int:
            waiting = [entries.waiting(1, "k", "s", f'{{"x":"{"x" * filler}"}}') for _ in range(count)]
            return entries.insert(sql, waiting)[-1].seq

        return self.database.submit(work).result(10)

    def look(self) -> None:
        """One look of the writer thread."""
        self.on_writer(self.taker.look)

    def ship(self, most: int = 10_000) -> int:
        """Let the shipper do all it has to do (or so many steps); how many steps it took."""
        for count in range(most):
            if self.shipper.step():
                return count
        return most

    def shipped(self) -> None:
        """From nothing to a whole backup of all that is committed."""
        for _ in range(3):
            self.ship()
            self.look()
        self.ship()
        assert self.shipper.state().what == "", self.shipper.state()

    def stop(self) -> None:
        self.database.before_close = self.taker.last_look
        self.database.close()
        self.ship()
        self.shipper.close()

    def copies(self) -> tuple[Path, Path]:
        """The folders as a kill at this very moment would leave them."""
        to = Path(tempfile.mkdtemp(dir=self.root))
        shutil.copytree(self.data, to / "data")
        shutil.copytree(self.backup, to / "backup")
        return to / "data", to / "backup"

    def restored(self, until_ms: int | None = None) -> tuple[Restored, Path]:
        """What a restore gives now."""
        target = Path(tempfile.mkdtemp(dir=self.root)) / "restored"
        return restore(self.backup, target, until_ms), target


def count_in(path: Path) -> int:
    """The journal entries in a database, which must verify."""
    verdict = verify_file(path)
    assert verdict.ok, verdict
    return verdict.entries


def rounds(rig: Rig, count: int, rows: int = 3, filler: int = 50) -> int:
    total = 0
    for _ in range(count):
        total = rig.commit(rows, filler)
        rig.time += 1.0
        rig.look()
        rig.ship()
    return total
