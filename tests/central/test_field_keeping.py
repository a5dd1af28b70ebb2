"""The field over a restart of core and of a link: what was kept, what the disk did not take, what is too old."""

import pytest

from central.field_book import FieldBook
from central.field_keeping import FieldKeeping
from central.store.database import StoreError
from central.store.field import FieldStore, StoredText
from link.contract import field_facts as told
from tests.central.town_rig import Town


async def test_a_restarted_core_has_the_field_and_the_texts_again(town: Town):
    await town.born()
    store = FieldStore(town.database)
    keeping = FieldKeeping(town.board.field, store, town.clock)
    await town.tell(
        "gw-a",
        told.SensorRead(sensor="level", value=12.0, unit="m"),
        told.TextArrived(line="p1", key="k", sender="1", text="水位"),
    )
    for kind, name in (("site", "gw-a"), ("text", "gw-a/p1:k"), ("order", "o-1"), ("text", "gone")):
        keeping.changed(kind, name)
    await keeping.flush()
    fresh = FieldBook(town.clock, lambda kind, name: None, {})
    await FieldKeeping(fresh, store, town.clock).resume()
    assert fresh.sites == {"gw-a": town.board.field.kept_site("gw-a")}
    assert fresh.texts.rows == town.board.field.texts.rows
    old = told.SensorRead(sensor="level", value=1.0, unit="m")
    assert fresh.heard("gw-a", old, "b", 2, 1.0) is False, "told again after the restart"


async def test_what_cannot_be_read_back_is_left_out(town: Town):
    store = FieldStore(town.database)
    unread = {"gw-a": {"gateway": "gw-a", "place": "many"}}
    await store.save(unread, [StoredText("t", "gw-a/p1", 1, {"id": "t"})], 5)
    await FieldKeeping(town.board.field, store, town.clock).resume()
    assert (town.board.field.sites, town.board.field.texts.rows) == ({}, {})


async def test_what_the_disk_does_not_take_is_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch):
    await town.born()
    await town.tell("gw-a", told.SupplyChanged(supply="low"))
    store = FieldStore(town.database)
    keeping, honest = FieldKeeping(town.board.field, store, town.clock), store.save

    async def full(sites, texts, most):
        raise StoreError("the disk is full", "free space", passing=True)

    monkeypatch.setattr(store, "save", full)
    keeping.changed("site", "gw-a")
    await keeping.flush()
    assert await store.sites() == {}
    monkeypatch.setattr(store, "save", honest)
    await keeping.flush()
    assert list(await store.sites()) == ["gw-a"]


async def test_the_store_keeps_the_newest_texts_only(town: Town):
    store = FieldStore(town.database)
    for number in range(5):
        await store.save({}, [StoredText(f"t{number}", "gw-a/p1", number, {"id": f"t{number}"})], 3)
    assert [each["id"] for each in await store.texts(9)] == ["t2", "t3", "t4"]


async def test_a_grant_told_late_by_an_outbox_sounds_nothing(town: Town):
    for gateway in ("gw-a", "gw-b"):
        await town.born(gateway)
    await town.node("gw-a/r1", "gw-b/r1")
    await town.report("gw-b", 1)
    await town.report("gw-a", 1, carrier=True)
    assert town.board.groups["valley"].machine.keyed == ("gw-b/r1",)
    refused = told.GrantDelayed(line="r1", queued=False)
    await town.tell("gw-b", refused, mono_ms=-9_999)
    await town.tell("gw-b", refused, boot="before")
    assert await town.ordered("line.tone") == []
    await town.tell("gw-b", refused)
    assert await town.ordered("line.tone") == [{"line": "r1", "tone": "refused"}]
    assert town.views.group("valley").members[1].grant == "refused"
