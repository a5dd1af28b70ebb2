"""What looks after closed recordings: encoding, ages, the disk; and what people are told of it."""

from pathlib import Path

import pytest

from central.recording_care import EVERY, RecordingCare
from central.recording_settings import RecordingSettings
from central.store.database import Database
from central.store.encoding import Encoding
from central.store.recording_keeping import Keeping
from central.store.recording_keys import RecordingKey
from central.store.seal_book import SealBook
from link.hosting.clock import HandClock
from tests.central.store.recording_rig import START_MS, Shelf, tone

GIGA = 1 << 30
DAY = 86400.0


class Ledger:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, dict]] = []

    def append(self, kind: str, subject: str, payload: dict) -> None:
        self.entries.append((kind, subject, dict(payload)))


class Rig(Shelf):
    """`free` is what the disk has; every erased recording gives `gives` back."""

    def __init__(self, database: Database, folder: Path, **given: object) -> None:
        super().__init__(database, folder)
        folder.mkdir()
        self.settings = RecordingSettings.model_validate({"codec": "wav", **given})
        self.clock, self.ledger = HandClock(wall=START_MS / 1000), Ledger()
        self.alarms: list[tuple[str, str, str]] = []
        self.changed: list[str] = []
        self.total, self.free, self.gives = 100 * GIGA, 50 * GIGA, 0
        self.keeping = Keeping(database, folder, self.book, self.clock.wall, self.settings.days_of)
        parts = (Encoding(database, folder, self.book, self.settings.codec), self.keeping, self.book)
        told = (lambda *alarm: self.alarms.append(alarm), lambda kind, name: self.changed.append(name))
        self.care = RecordingCare(self.settings, folder, parts, self.clock, self.ledger, *told, self.disk)

    def disk(self, folder: Path) -> tuple[int, int]:
        files = len([path for path in folder.rglob("*") if path.is_file()])
        return self.total, self.free + self.gives * (self.began - files if hasattr(self, "began") else 0)

    async def state(self, id: str) -> str:
        row = await self.recordings.find(id)
        assert row is not None
        return row.state


@pytest.fixture
def database(tmp_path: Path):
    opened = Database.open(tmp_path / "core.db")
    yield opened
    opened.close()


@pytest.fixture
def make(database: Database, tmp_path: Path):
    return lambda **given: Rig(database, tmp_path / "rec", **given)


async def test_closed_files_are_encoded_in_rounds_and_the_status_says_how_it_stands(make):
    rig = make(codec="flac")
    await rig.kept("a", tone(0.2))
    await rig.care.resume()
    before = rig.care.view()
    assert (before.to_encode, before.chain_entries, before.ok) == (1, 2, True)
    await rig.care.round()
    after = rig.care.view()
    assert (after.to_encode, after.chain_entries, after.disk_used_percent) == (0, 3, 50.0)
    assert after.chain_hash == (await rig.book.head()).hash and after.key == rig.book.key.fingerprint
    assert rig.changed == ["a"] and rig.alarms == []


async def test_what_was_kept_long_enough_goes_and_the_journal_says_so(make):
    rig = make(keep_days=10)
    await rig.kept("old", tone(0.1))
    await rig.kept("new", tone(0.1), after=9 * DAY)
    await rig.clock.advance(11 * DAY)
    await rig.care.round()
    assert (await rig.state("old"), await rig.state("new")) == ("erased", "closed")
    (entry,) = rig.ledger.entries
    assert entry[:2] == ("recording.erased", "old") and entry[2]["why"] == "kept 10 days"


async def test_a_disk_that_fills_is_told_once_and_nothing_goes_above_the_floor(make):
    rig = make(warn_percent=85, floor_mb=1024)
    await rig.kept("a", tone(0.1))
    rig.free = 14 * GIGA
    await rig.care.round()
    await rig.care.round()
    assert [alarm[0] for alarm in rig.alarms] == ["recordings-disk"]
    assert "86 % full" in rig.alarms[0][2] and not rig.care.view().ok
    assert await rig.state("a") == "closed"
    rig.free = 50 * GIGA
    await rig.care.round()
    assert rig.care.view().ok and rig.care.view().recent, "it is over, and was"


async def test_below_the_floor_the_oldest_that_nobody_holds_go_until_there_is_room(make):
    rig = make(floor_mb=1024)
    for n, name in enumerate(("held", "oldest", "older", "newest")):
        await rig.kept(name, tone(0.1), after=n)
    await rig.keeping.hold("held", "inquiry", "li")
    rig.began, rig.free, rig.gives = 4, GIGA // 4, GIGA // 2
    await rig.care.round()
    states = {name: await rig.state(name) for name in ("held", "oldest", "older", "newest")}
    assert states == {"held": "closed", "oldest": "erased", "older": "erased", "newest": "closed"}
    assert rig.alarms[0][0] == "recordings-disk"
    assert {entry[2]["why"] for entry in rig.ledger.entries if entry[0] == "recording.erased"} == {
        "no room: less than 1024 MB were left"
    }


async def test_when_all_is_held_nothing_goes_and_people_are_told(make):
    rig = make(floor_mb=1024)
    await rig.kept("a", tone(0.1))
    await rig.keeping.hold("a", "inquiry", "li")
    rig.free = 0
    await rig.care.round()
    assert await rig.state("a") == "closed"
    assert "make room" in rig.alarms[0][2]


async def test_an_encoder_that_is_missing_is_a_trouble_that_lasts(make, monkeypatch):
    rig = make(codec="flac")
    await rig.kept("a", tone(0.1))
    monkeypatch.setenv("PATH", "/nowhere")
    await rig.care.round()
    assert "apt-get install flac" in rig.care.view().troubles[0]
    monkeypatch.undo()
    await rig.care.round()
    assert rig.care.view().ok and (await rig.recordings.find("a")).codec == "flac"


async def test_another_key_is_told_at_the_start(make, database: Database):
    rig = make()
    await rig.book.resume()
    other = SealBook(database, RecordingKey(bytes(range(2, 34))), rig.clock.wall)
    rig.care._seals = other
    await rig.care.resume()
    assert "another key" in rig.alarms[0][2]


async def test_rounds_go_on_when_one_fails(make, monkeypatch, caplog):
    rig = make()

    def gone(folder: Path) -> tuple[int, int]:
        raise OSError("the disk is away")

    rig.care._disk = gone
    await rig.kept("old", tone(0.1))
    await rig.clock.advance(EVERY + 200 * DAY)
    await rig.care.round()
    assert "the disk is away" in caplog.text
    assert await rig.state("old") == "erased", "the rest of the round was done"
