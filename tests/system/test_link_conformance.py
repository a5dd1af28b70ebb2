"""Conformance of the link on a real mosquitto: centre and broker lost together (T2), an older outbox put back (T3),
a thin link that is cut (T8), and what an event costs on the wire."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from central.store.verify import verify_file
from firmware.stamp import Stamp
from scripts.chaos_parts.link_proxy import LinkProxy
from tests.link.contract.typical import varied
from tests.system.ingest_site import Core
from tests.system.link_rig import Sent, acking, gateway, typical, until
from tests.system.mosquitto_fixture import Mosquitto, fleet_broker, open_broker  # noqa: F401

AWAY = 5.0
"""Seconds without the centre."""
RATE, ROUND_TRIP = 9_600, 0.6
"""The thin link: bit/s each way, and seconds."""
BACKLOG, THIN_FOR = 3_000, 20.0
BATCHES = 40


@pytest.fixture
def core(tmp_path: Path, fleet_broker: Mosquitto) -> Iterator[Core]:  # noqa: F811
    made = Core(tmp_path, fleet_broker)
    made.start()
    yield made
    made.kill()


def held(core: Core) -> list[int]:
    """The numbers of the events that the real centre has in its journal, as often as they stand there."""
    asked = (
        "select json_extract(p.body, '$.seconds') from entries e join payloads p using (seq)"
        " where e.kind = 'fact.LineClosed' order by 1"
    )
    with contextlib.closing(sqlite3.connect(f"file:{core.database}?mode=ro", uri=True, timeout=5)) as journal:
        return [int(row[0]) for row in journal.execute(asked)]


async def test_t2_centre_down_and_broker_killed_twice_loses_nothing_and_doubles_nothing(
    core: Core, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = core.broker
    at, password = ("127.0.0.1", broker.port), broker.users["g-one"]
    async with gateway(at, tmp_path / "outbox.db", password=password) as mine:
        mine.make(*range(1, 301))
        await until(lambda: core.database.exists() and mine.outbox.link and not mine.waiting, 20)
        core.kill()
        steps = 100
        for step in range(steps):
            mine.make(*range(301 + 20 * step, 321 + 20 * step))
            if step in (20, 60):
                await asyncio.to_thread(broker.kill)
            if step in (35, 75):
                await asyncio.to_thread(broker.start)
            await asyncio.sleep(AWAY / steps)
        made = 300 + 20 * steps
        assert mine.waiting >= made - 400, "nobody took them"
        core.start()
        took = await until(lambda: not mine.waiting, 20, "all acknowledged")
    found = held(core)
    lost, doubled = len({*range(1, made + 1)} - {*found}), len(found) - len({*found})
    with capsys.disabled():
        print(f"\n  T2: {made} events, lost {lost}, doubled {doubled}, caught up in {took:.1f} s ", end="")
    assert (lost, doubled) == (0, 0)
    core.end(15)
    assert verify_file(core.database).ok


def photograph(outbox: Path, image: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(outbox, timeout=20)) as live,
        contextlib.closing(sqlite3.connect(image)) as copy,
    ):
        live.backup(copy)


async def test_t3_an_older_image_of_the_outbox_swallows_nothing(core: Core, tmp_path: Path) -> None:
    broker, outbox, image = core.broker, tmp_path / "outbox.db", tmp_path / "image.db"
    at, password = ("127.0.0.1", broker.port), broker.users["g-one"]
    async with gateway(("127.0.0.1", 1), outbox, password=password) as alone:
        alone.make(*range(1, 201))
        await until(lambda: alone.waiting >= 200)
        photograph(outbox, image)
    async with gateway(at, outbox, password=password) as second:
        second.make(*range(201, 501))
        await until(lambda: second.outbox.link and second.waiting == 0, 15, "the first delivery")
        await until(lambda: len(held(core)) == 500)
        then = {lane.epoch for lane in second.outbox.lanes.values()}
    for tail in ("-wal", "-shm"):
        outbox.with_name(outbox.name + tail).unlink(missing_ok=True)
    shutil.copy(image, outbox)
    async with gateway(at, outbox, password=password) as third:
        third.make(*range(501, 801))
        again = third.waiting
        await until(lambda: third.outbox.link and third.waiting == 0 and len(held(core)) >= 800, 15)
        now = {lane.epoch for lane in third.outbox.lanes.values()}
    assert again >= 200, "the image had events that were delivered long ago"
    assert not then & now, "each opening has epochs of its own"
    assert held(core) == [*range(1, 801)], "a swallowed event, or one that was taken twice"


@contextlib.asynccontextmanager
async def thin_link(broker: Mosquitto) -> AsyncIterator[LinkProxy]:
    """Before the broker; a gateway comes in at its address."""
    proxy = LinkProxy(("127.0.0.1", broker.port))
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


async def test_t8_a_thin_link_that_is_cut_sends_again_two_windows_at_most(
    open_broker: Mosquitto,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with (
        thin_link(open_broker) as link,
        acking(open_broker.port) as centre,
        gateway(link.address, tmp_path / "outbox.db", profile="thin") as mine,
    ):
        await until(lambda: mine.outbox.link)
        link.rate(RATE, RATE)
        link.delay(ROUND_TRIP)
        link.cut_every(6.0, 0.5)
        made = varied(BACKLOG)
        mine.record(*made)
        await asyncio.sleep(THIN_FOR)
        link.heal()
        thin = len(centre.events)
        link.rate()
        link.delay(0)
        await until(
            lambda: len(typical(centre)) >= BACKLOG and not mine.waiting, 30, "the rest of the backlog"
        )
    windows, again = mine.bus.windows, repeated(mine.bus.sent)
    twice = sum(centre.again.values())
    with capsys.disabled():
        print(
            f"\n  T8: {len(windows) - 1} cuts in {THIN_FOR:g} s, {thin} of {BACKLOG} events through;", end=" "
        )
        print(f"after each cut {again[1:]} octets sent again, windows {windows[1:]}, ", end="")
        print(f"the centre had {twice} events twice ", end="")
    assert typical(centre) == made, "lost, doubled, or out of its order"
    assert len(windows) > 3, "it was cut"
    assert all(octets <= 2 * window for octets, window in zip(again[1:], windows[1:], strict=True)), (
        again,
        windows,
    )


def repeated(sent: list[Sent]) -> list[int]:
    """Octets of batches that were sent once more, by connection."""
    furthest, again = 0, [0] * max(each.session for each in sent)
    for each in sent:
        if each.first <= furthest:
            again[each.session - 1] += each.octets
        furthest = max(furthest, each.first + each.count - 1)
    return again


async def test_an_event_in_a_batch_of_25_takes_20_octets_on_the_socket_at_most(
    open_broker: Mosquitto,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, at = varied(BATCHES * 25), 1_700_000_000_000
    async with (
        thin_link(open_broker) as link,
        acking(open_broker.port) as centre,
        gateway(link.address, tmp_path / "outbox.db", profile="thin") as mine,
    ):
        await until(lambda: mine.outbox.link and not mine.waiting and centre.events, 15)
        before, batches = link.counts.up, len(mine.bus.sent)
        for n, fact in enumerate(made):
            mine.store.append(fact, Stamp(at + n * 1777 + n % 13, 5_000_000 + n * 1777, "ntp"))
        await until(lambda: typical(centre) == made and not mine.waiting, 20, "all events")
        up, sent = link.counts.up, mine.bus.sent[batches:]
    octets, segments = up.payload - before.payload, up.segments - before.segments
    with capsys.disabled():
        print(f"\n  bytes on the wire: {len(made)} events in {len(sent)} batches; an event is", end=" ")
        print(f"{sum(each.octets for each in sent) / len(made):.1f} octets in its batch, ", end="")
        print(
            f"{octets / len(made):.1f} on the socket, {(up.on_wire - before.on_wire) / len(made):.1f}",
            end=" ",
        )
        print(f"with {segments} TCP/IP headers ", end="")
    assert [each.count for each in sent] == [25] * BATCHES
    assert octets <= 20 * len(made)
