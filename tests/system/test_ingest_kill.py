"""Real mosquitto, real core, kill -9 in mid-ingest: nothing lost, nothing twice, the journal verifies."""

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.store.verify import verify_file
from tests.system.ingest_site import Core, Outbox
from tests.system.mosquitto_fixture import Mosquitto


@pytest.fixture
def core(tmp_path: Path, fleet_broker: Mosquitto) -> Iterator[Core]:
    made = Core(tmp_path, fleet_broker)
    made.start()
    yield made
    made.kill()


def rows(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_core_killed_in_mid_ingest_loses_nothing_and_doubles_nothing(
    core: Core, fleet_broker: Mosquitto
) -> None:
    rng = random.Random(3)
    counts = {"evt": 30_000, "alm": 3_000}
    outbox = Outbox(fleet_broker, "g-one", counts, size=50)
    outbox.window = 4
    await outbox.start()
    kills = 0
    began = time.monotonic()
    while not outbox.done and time.monotonic() - began < 25:
        before = sum(outbox.acked.values())
        while sum(outbox.acked.values()) == before and not outbox.done and time.monotonic() - began < 25:
            await outbox.drain(0.05)
        if kills < 4:
            await outbox.drain(rng.uniform(0.02, 0.3))
            core.kill()
            kills += 1
            core.start()
    await outbox.bus.stop()
    assert outbox.done and kills == 4, (outbox.acked, kills)
    core.end(signal.SIGTERM)
    events = rows(core.database, "select epoch, seq from events order by epoch, seq")
    wanted = [(71, n) for n in range(1, 30_001)] + [(72, n) for n in range(1, 3_001)]
    assert events == wanted, "lost or doubled"
    (entries,) = rows(core.database, "select count(*) from entries where kind = 'fact.LineOpened'")
    assert entries == (33_000,), "one journal entry for each event"
    assert rows(core.database, "select epoch, upto from watermarks") == [(71, 30_000), (72, 3_000)]
    assert rows(core.database, "select count(*) from quarantine") == [(0,)]
    verdict = verify_file(core.database)
    assert verdict.ok, verdict
    (site,) = rows(
        core.database, "select json_extract(snapshot, '$.place') from sites where gateway = 'g-one'"
    )
    assert site == (33_000,), "everything stored was also heard"


@pytest.mark.long
async def test_a_hundred_thousand_events_are_taken_in_ten_seconds(
    core: Core, fleet_broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    outbox = Outbox(fleet_broker, "g-one", {"evt": 100_000, "alm": 200}, size=200)
    await outbox.start()
    while outbox.acked[72] < 200:
        await outbox.drain(0.05)
        outbox.counts[71], full = min(outbox.counts[71], 200), 100_000
    await outbox.drain(5)
    outbox.counts[71] = full
    cpu, began = core.cpu(), time.monotonic()
    await outbox.drain(25)
    seconds = time.monotonic() - began
    with capsys.disabled():
        spent = (core.cpu() - cpu) / 99_800 * 1e6
        print(f"\ningest {99_800 / seconds:.0f} events/s, {spent:.0f} µs of core's processor an event")
    await outbox.bus.stop()
    assert outbox.done and seconds <= 10, (outbox.acked, seconds)
