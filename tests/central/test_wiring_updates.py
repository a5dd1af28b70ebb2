"""Updates wired into core: jobs go with documents, reports come back, warnings hold a ring, a restart loses nothing."""

from pathlib import Path

import pytest

from central.api.requests import BroadcastRequest
from central.api.rollout_requests import RolloutRequest
from central.desired.keeping import DesiredKeeping
from central.store.desired import DesiredStore
from central.store.rollouts import BundleRow
from central.wiring_updates import Updates
from link.contract.documents import Reported, decode_desired
from link.contract.firmware_job import FirmwareReport
from link.hosting.clock import settle_loop
from tests.central.api.fake_updates import stand_in
from tests.central.town_rig import Town, tone

SHA = "ab" * 32


class Rig:
    """What build.py puts together of it, over the parts of a town."""

    def __init__(self, town: Town, folder: Path) -> None:
        (folder / "keyring.pem").touch()
        table = {"keyring": folder / "keyring.pem", "program": str(stand_in(folder)), "url": "https://c"}
        given = {**town.views.settings.model_dump(), "state": folder, "updates": table}
        settings = town.views.settings.model_validate(given)
        self.town, self.file = town, folder / "bundles" / f"{SHA}.raucb"
        board, database = town.board, town.database
        self.updates = Updates(settings, board, database, town.clock, town.journal, self.changed)
        store = DesiredStore(database)
        self.documents = DesiredKeeping(settings, board, store, self.no_clips, folder, town.clock)
        self.updates.give(self.documents)
        board.documents = self.documents

    async def no_clips(self) -> tuple:
        return ()

    def changed(self, kind: str, name: str) -> None:
        self.documents.changed(kind, name)

    async def start(self, **asked: object) -> str:
        row = BundleRow(SHA, "2.0", "spillway-gateway", 1000, "x.raucb", "li", 1)
        await self.updates.shelf._store.add_bundle(row)
        self.updates.shelf.rows[SHA] = row
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_bytes(b"x")
        shown = await self.updates.desk.start(RolloutRequest.model_validate({"sha": SHA, **asked}), "li")
        return shown.id

    async def job(self, gateway: str) -> str | None:
        await self.documents.refresh()
        fw = decode_desired(self.documents.standing[gateway].payload).fw
        return None if fw is None else fw.job


@pytest.fixture
async def rig(town: Town, tmp_path: Path) -> Rig:
    made = Rig(town, tmp_path)
    await made.updates.resume()
    await made.documents.resume()
    return made


async def test_a_job_goes_with_the_document_and_its_report_comes_back(rig: Rig, town: Town):
    assert await rig.job("gw-a") is None
    id = await rig.start()
    assert (await rig.job("gw-a"), await rig.job("gw-b")) == (id, None)
    report = FirmwareReport(
        job=id, ver="2.0", phase="testing", pct=100, why="not yet: lines", slot="rootfs.1"
    )
    town.board.from_mail("gw-a", Reported(rev_seen=2, rev_applied=2, fw=report))
    await settle_loop()
    await rig.updates.book.look()
    member = rig.updates.desk.rollout(id).members[0]
    assert (member.phase, member.why) == ("testing", "not yet: lines")
    shown = town.views.gateway("gw-a").reported.update
    assert shown is not None and (shown.job, shown.version, shown.phase) == (id, "2.0", "testing")
    assert (shown.pct, shown.slot) == (100, "rootfs.1")


async def test_a_core_that_starts_anew_says_the_same_document(rig: Rig, town: Town, tmp_path: Path):
    id = await rig.start()
    assert await rig.job("gw-a") == id
    rev = rig.documents.standing["gw-a"].rev
    again = Rig(town, tmp_path)
    await again.updates.resume()
    await again.documents.resume()
    assert (await again.job("gw-a"), again.documents.standing["gw-a"].rev) == (id, rev)


async def test_what_a_gateway_runs_is_its_birth_s_word(rig: Rig, town: Town):
    await town.born("gw-b")
    assert (rig.updates._firmware("gw-b"), rig.updates._firmware("gw-none")) == ("0.1", "")


async def test_no_ring_begins_while_a_live_warning_is_under_way(rig: Rig, town: Town, tmp_path: Path):
    await town.born()
    await town.desk.add_clip("flood", tone(tmp_path / "x.wav"), "li")
    asked = {"zones": ["north"], "clip": "flood", "channel": "live"}
    begun = await town.desk.start_broadcast(BroadcastRequest.model_validate(asked), "wang")
    id = await rig.start()
    assert await rig.job("gw-a") is None and rig.updates.desk.rollout(id).ring == 0
    await town.desk.stop(begun.id, "wang")
    await settle_loop()
    await rig.updates.book.look()
    assert await rig.job("gw-a") == id


async def test_a_restored_centre_pauses_what_it_has_no_bundle_for(rig: Rig, town: Town, tmp_path: Path):
    id = await rig.start()
    rig.file.unlink()
    again = Rig(town, tmp_path)
    await again.updates.resume()
    await again.documents.resume()
    assert again.updates.desk.rollout(id).says == "paused by the centre, which has not its bundle"
    assert await again.job("gw-a") is None


async def test_what_is_over_needs_no_bundle_any_more(rig: Rig, town: Town, tmp_path: Path):
    id = await rig.start()
    await rig.updates.desk.stop(id, "li")
    rig.file.unlink()
    again = Rig(town, tmp_path)
    await again.updates.resume()
    assert again.updates.desk.rollout(id).says == "stopped: by li"
    await town.journal.barrier()
    assert await town.journal.tail(9, "rollout.paused") == []


async def test_a_bundle_is_found_by_its_hash(rig: Rig):
    await rig.start()
    assert rig.updates.path_of(SHA) == rig.file
    assert rig.updates.path_of("cd" * 32) is None
