"""Broadcasting to thousands: a view that takes long to write is written less often, and what a person said soon."""

from itertools import pairwise

from central import broadcasting as broadcasting_module
from central.broadcasts import messages as warn
from central.store.broadcasts import BroadcastRow
from tests.central.test_broadcasting import Rig, database, rig

__all__ = ["database", "rig"]


async def test_one_whose_view_takes_long_to_write_is_written_less_often(rig: Rig, monkeypatch):
    """Ten thousand loudspeakers change all the time: writing them all must not be all that core does."""
    written: list[float] = []

    async def takes_long(row: BroadcastRow) -> None:
        written.append(rig.clock.now())
        rig.clock._now += 0.5

    monkeypatch.setattr(rig.store, "save", takes_long)
    rig.spawn(rig.hosted.save())
    await rig.begin(rig.ask())
    for _ in range(60):
        rig.hosted.changed("b-1")
        await rig.clock.advance(0.25)
    pauses = [after - before for before, after in pairwise(written)]
    assert len(written) >= 3 and min(pauses) >= 0.5 + broadcasting_module.SAVE_PART * 0.5


async def test_a_stop_of_one_that_takes_long_to_write_is_written_soon(rig: Rig, monkeypatch):
    """A restart must not order again what a person stopped."""
    written: list[tuple[float, str]] = []

    async def takes_long(row: BroadcastRow) -> None:
        written.append((rig.clock.now(), row.state))
        rig.clock._now += 0.8

    monkeypatch.setattr(rig.store, "save", takes_long)
    rig.spawn(rig.hosted.save())
    await rig.begin(rig.ask())
    stopped = rig.clock.now()
    await rig.post(warn.Stop("li"))
    await rig.clock.advance(broadcasting_module.SAVE_EVERY)
    assert [state for _, state in written] == ["sending", "stopped"] and written[-1][0] <= stopped + 0.25
