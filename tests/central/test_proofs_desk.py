"""The desk of recordings as evidence: everything asked is in the journal, with who asked."""

import sqlite3
import zipfile
from pathlib import Path

import pytest

from central.api.recording_requests import ExportAsked, MixAsked
from central.api.refusal import DeskError
from central.proofs_desk import SAME_HEARING, CoreProofsDesk, Sealed
from central.store.database import Database
from central.store.exporting import Exporting
from central.store.recording_keeping import Keeping
from central.store.verify_export import Export, verify
from link.hosting.clock import HandClock
from tests.central.store.recording_rig import KEY, START_MS, Shelf, tone
from tests.central.test_recording_care import Ledger


class Rig(Shelf):
    def __init__(self, folder: Path) -> None:
        self.core = folder / "core.db"
        super().__init__(Database.open(self.core), folder / "rec")
        self.clock, self.ledger = HandClock(wall=START_MS / 1000), Ledger()
        keeping = Keeping(self.database, self.folder, self.book, self.clock.wall, lambda kind: 1)
        exporting = Exporting(self.folder, self.book, "main")
        parts = (self.recordings, self.book, keeping, exporting, self.core, self.folder, folder / "work")
        self.desk = CoreProofsDesk(Sealed(*parts), self.ledger, self.clock)

    def told(self, kind: str) -> list[tuple[str, dict]]:
        return [(subject, payload) for what, subject, payload in self.ledger.entries if what == kind]


@pytest.fixture
def rig(tmp_path: Path):
    made = Rig(tmp_path)
    yield made
    made.database.close()


async def test_a_hearing_is_noted_once_for_each_person(rig: Rig):
    for who in ("li", "li", "wang"):
        rig.desk.played("a", who)
    assert rig.told("recording.played") == [("a", {"by": "li"}), ("a", {"by": "wang"})]
    await rig.clock.advance(SAME_HEARING + 1)
    rig.desk.played("a", "li")
    assert len(rig.told("recording.played")) == 3


async def test_a_mix_is_noted_for_every_recording_in_it(rig: Rig):
    for n, name in enumerate(("a", "b")):
        await rig.kept(name, tone(0.2), after=n)
    path, began = await rig.desk.mix(MixAsked(recordings=("a", "b"), shape="stereo"), "li")
    assert (path.read_bytes()[:4], began) == (b"RIFF", START_MS / 1000)
    assert [subject for subject, _ in rig.told("recording.played")] == ["a", "b"]
    with pytest.raises(DeskError, match="cannot be mixed"):
        await rig.desk.mix(MixAsked(recordings=("a",), until=START_MS / 1000 + 9000), "li")
    with pytest.raises(DeskError, match="no recording 'x'"):
        await rig.desk.mix(MixAsked(recordings=("x",)), "li")


async def test_an_export_is_noted_with_why_and_its_hash(rig: Rig):
    await rig.kept("a", tone(0.2))
    path = await rig.desk.export(ExportAsked(recordings=("a",), why="case 7"), "li")
    good, bad = verify(Export(str(path)), KEY.fingerprint)
    assert bad == [] and len(good) > 8
    ((subject, told),) = rig.told("recording.exported")
    assert (subject, told["by"], told["why"], told["recordings"]) == ("a", "li", "case 7", ["a"])
    assert len(told["sha"]) == 64 and zipfile.is_zipfile(path)
    (rig.folder / "2023/11/a.wav").write_bytes(b"RIFF")
    with pytest.raises(DeskError, match="not the one that was sealed"):
        await rig.desk.export(ExportAsked(recordings=("a",), why="x"), "li")


async def test_holds_and_releases_are_noted(rig: Rig):
    await rig.kept("a", tone(0.1))
    made = await rig.desk.hold("a", "inquiry 7", "li")
    assert [each.why for each in await rig.desk.holds(True)] == ["inquiry 7"]
    released = await rig.desk.release(made.number, "closed", "wang")
    assert (released.released_by, released.released_wall) == ("wang", START_MS / 1000)
    assert rig.told("recording.held") == [("a", {"by": "li", "why": "inquiry 7", "number": 1})]
    assert rig.told("recording.released") == [("a", {"by": "wang", "why": "closed", "number": 1})]
    with pytest.raises(DeskError, match="no hold 1"):
        await rig.desk.release(1, "again", "wang")


async def test_the_check_finds_what_was_changed_in_chain_or_file(rig: Rig):
    for n in range(3):
        await rig.kept(f"r{n}", tone(0.1), after=n)
    found = await rig.desk.verify_seals()
    assert (found.ok, found.entries, found.files) == (True, 4, 3)
    assert (await rig.desk.seal()).entries == 4
    path = rig.folder / "2023/11/r1.wav"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    found = await rig.desk.verify_seals()
    assert (found.ok, found.files, found.damaged) == (False, 2, ("r1",))
    raw = sqlite3.connect(rig.core)
    raw.execute("drop trigger recording_seals_stay")
    raw.execute("update recording_seals set body = replace(body, 'r2', 'r9') where seq = 4")
    raw.commit()
    raw.close()
    assert "entry 4 was changed" in (await rig.desk.verify_seals()).reason
