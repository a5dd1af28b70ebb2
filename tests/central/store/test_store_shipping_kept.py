"""Whatever happens between any two steps: what is restored is a prefix of what was committed, and holds all that
was shipped."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.store import entries
from central.store.database import Sql, read_only
from central.store.restoring import DATABASE, CannotRestore, restore
from tests.central.store.backup_rig import KIB, Pace, Rig

PACE = Pace(segment=60 * KIB, limit=600 * KIB, base_every=50.0, base_after=200 * KIB)
STEPS = {
    "calm": 8, "commit": 6, "look": 6, "ship": 8, "roll_back": 2, "wait": 2, "reader": 3, "mount": 1, "kill": 1,
    "restart": 1,
}  # fmt: skip
"""What may happen, and how often."""


class History:
    """One centre with its backup; each method is one step, `n` (0 to 11) how much of it."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="shipping-"))
        self.rig = Rig(self.place / "0", PACE)
        self.counts = {0, self.rig.commit()}
        self.count_at: dict[float, int] = {}
        self.kept = 0
        self.reader = None
        self.unmounted = False

    def commit(self, n: int) -> None:
        self.counts.add(self.rig.commit(n + 1, 10 if n % 2 else 3000))

    def calm(self, n: int) -> None:
        for _ in range(n % 4 + 1):
            self.commit(n)
            self.look(0)
            self.rig.ship()
        self.ship(n)

    def roll_back(self, n: int) -> None:
        def work(sql: Sql) -> None:
            sql.conn.execute("pragma cache_size = 5").fetchall()  # with many rows it spills into the log
            entries.insert(sql, [entries.waiting(1, "k", "s", '"' + "y" * 3000 + '"')] * (20 if n % 2 else 1))
            raise KeyError("half way")

        with pytest.raises(KeyError):
            self.rig.database.submit(work).result(10)

    def look(self, n: int) -> None:
        for _ in range(n % 3 + 1):
            self.rig.time += 0.25
            self.count_at[self.rig.time] = max(self.counts)
            self.rig.look()

    def ship(self, n: int) -> None:
        self.rig.ship(n + 1 if n < 4 else 50)
        shipped = self.rig.shipper.state().lag
        if shipped is not None:
            self.kept = max(self.kept, self.count_at[self.rig.time - shipped])
        self.restores()

    def wait(self, n: int) -> None:
        self.rig.time += (1.0, 6.0, 60.0, 700.0)[n % 4]

    def reader_(self) -> None:
        if self.reader is None:
            self.reader = read_only(self.rig.database.path)
            self.reader.conn.execute("begin")
            self.reader.conn.execute("select count(*) from entries").fetchone()
        else:
            self.reader.close()
            self.reader = None

    def mount(self, n: int = 0) -> None:
        away = self.rig.backup.with_name("unmounted")
        if self.unmounted:
            away.rename(self.rig.backup)
        else:
            self.rig.backup.rename(away)
            self.rig.ship(3)
        self.unmounted = not self.unmounted

    def kill(self, n: int) -> None:
        self._mounted_and_unread()
        old = self.rig
        data, backup = old.copies()
        root = data.parent
        old.stop()
        self.rig = Rig(root, PACE)
        self.rig.time = old.time
        assert (self.rig.data, self.rig.backup) == (data, backup)

    def restart(self, n: int) -> None:
        self._mounted_and_unread()
        self.rig.stop()
        self.rig.open()

    def _mounted_and_unread(self) -> None:
        if self.unmounted:
            self.mount()
        if self.reader is not None:
            self.reader_()

    def restores(self) -> None:
        folder = self.rig.backup.with_name("unmounted") if self.unmounted else self.rig.backup
        target = Path(tempfile.mkdtemp(dir=self.place))
        try:
            done = restore(folder, target)
        except CannotRestore:
            assert self.kept == 0
            return
        assert done.complete, done
        assert done.entries in self.counts
        assert done.entries >= self.kept, (done, self.kept)
        live, copy = read_only(self.rig.database.path), read_only(target / DATABASE)
        assert entries.link_at(live, done.entries) == entries.link_at(copy, done.entries)
        live.close()
        copy.close()
        shutil.rmtree(target)

    def end(self) -> None:
        self._mounted_and_unread()
        self.restores()
        self.rig.stop()

    def step(self, name: str, n: int) -> None:
        if name == "reader":
            self.reader_()
        else:
            getattr(self, name)(n)


NAMES = [name for name, often in STEPS.items() for _ in range(often)]


STORIES = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 11)), min_size=30, max_size=60)


def told(steps: list[tuple[str, int]]) -> None:
    history = History()
    try:
        for name in ("ship", "look", "ship", "look", "ship"):
            history.step(name, 11)
        assert history.kept == 1
        for name, n in steps:
            history.step(name, n)
        history.end()
    finally:
        history._mounted_and_unread()
        history.rig.database.close()
        history.rig.shipper.close()
        shutil.rmtree(history.place)


@pytest.mark.timeout(120)
@settings(max_examples=5, deadline=None, database=None)
@given(steps=STORIES)
def test_what_is_restored_is_a_prefix_that_holds_all_that_was_shipped(steps: list[tuple[str, int]]):
    told(steps)
    assert steps


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(max_examples=100, deadline=None, database=None)
@given(steps=STORIES)
def test_the_same_over_many_histories(steps: list[tuple[str, int]]):
    told(steps)
    assert steps
