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
from tests.system.mosquitto_fixture import Mosquitto, fleet_broker  # noqa: F401

EVENTS, ALARMS = 8_000, 500


@pytest.fixture
def core(tmp_path: Path, fleet_broker: Mosquitto) -> Iterator[Core]:  # noqa: F811
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


async def test_core_killed_in_mid_ingest_loses_nothing_and_doubles_nothing(core: Core) -> None:
    rng = random.Random(3)
    counts = {"evt": EVENTS, "alm": ALARMS}
    outbox = Outbox(core.broker, "g-one", counts, size=50)
    outbox.window = 2
    await outbox.start()
    kills = 0
    began = time.monotonic()
    while not outbox.done and time.monotonic() - began < 25:
        before = sum(outbox.acked.values())
        while sum(outbox.acked.values()) == before and not outbox.done and time.monotonic() - began < 25:
            await outbox.drain(0.05)
        if kills < 2:
            await outbox.drain(rng.uniform(0.02, 0.15))
            core.kill()
            kills += 1
            core.start()
    await outbox.bus.stop()
    assert outbox.done and kills == 2, (outbox.acked, kills)
    core.end(signal.SIGTERM)
    events = rows(core.database, "select epoch, seq from events order by epoch, seq")
    wanted = [(71, n) for n in range(1, EVENTS + 1)] + [(72, n) for n in range(1, ALARMS + 1)]
    assert events == wanted, "lost or doubled"
    (entries,) = rows(core.database, "select count(*) from entries where kind = 'fact.LineOpened'")
    assert entries == (EVENTS + ALARMS,), "one journal entry for each event"
    assert rows(core.database, "select epoch, upto from watermarks") == [(71, EVENTS), (72, ALARMS)]
    assert rows(core.database, "select count(*) from quarantine") == [(0,)]
    verdict = verify_file(core.database)
    assert verdict.ok, verdict
    (site,) = rows(
        core.database, "select json_extract(snapshot, '$.place') from sites where gateway = 'g-one'"
    )
    assert site == (EVENTS + ALARMS,), "everything stored was also heard"


@pytest.mark.long
@pytest.mark.timeout(60)
async def test_a_hundred_thousand_events_cost_core_little(
    core: Core, capsys: pytest.CaptureFixture[str]
) -> None:
    """15 000 a second and more on one processor; how fast it was here depends on what else runs."""
    outbox = Outbox(core.broker, "g-one", {"evt": 100_000, "alm": 200}, size=200)
    outbox.counts[71] = 200
    await outbox.start()
    await outbox.drain(10)  # core is up and warm
    outbox.counts[71] = 100_000
    cpu, began = core.cpu(), time.monotonic()
    await outbox.drain(40)
    seconds, spent = time.monotonic() - began, (core.cpu() - cpu) / 99_800 * 1e6
    with capsys.disabled():
        print(f"\ningest {99_800 / seconds:.0f} events/s, {spent:.0f} µs of core's processor an event")
    await outbox.bus.stop()
    assert outbox.done, outbox.acked
    assert spent <= 66, f"{spent:.0f} µs"
