"""The chain of recordings: whatever is changed in it is found, and only the centre's key can end it."""

import json
import sqlite3
from pathlib import Path

import pytest

from central.store.database import Database, StoreError
from central.store.recording_keys import FILE, PUBLIC_FILE, RecordingKey, RecordingKeyError
from central.store.seal_book import SealBook, verify_file, verify_seals
from central.store.seal_chain import GENESIS, digest_of, link
from link.sealing.signing import verify
from tests.central.store.recording_rig import KEY, Shelf, tone


async def chain(database: Database, folder: Path, count: int = 3) -> Shelf:
    shelf = Shelf(database, folder / "rec")
    for n in range(count):
        await shelf.kept(f"r{n}", tone(0.1), after=n)
    return shelf


async def test_every_closed_file_is_an_entry_and_the_head_is_signed(database: Database, tmp_path: Path):
    shelf = await chain(database, tmp_path)
    seals = await shelf.book.between(1, 99)
    kinds = [json.loads(seal.body)["kind"] for seal in seals]
    assert kinds == ["key", "closed", "closed", "closed"]
    row = await shelf.recordings.find("r1")
    said = json.loads(seals[2].body)
    assert (said["sha256"], said["file"], said["samples"]) == (row.sha256, "2023/11/r1.wav", 1600)
    before = GENESIS
    for seal in seals:
        assert seal.hash == link(seal.seq, before, digest_of(seal.body))
        assert verify(bytes.fromhex(KEY.public), seal.head.encode(), bytes.fromhex(seal.signature))
        before = seal.hash
    assert await shelf.book.head() == seals[-1]
    assert [seal.seq for seal in await shelf.book.of(["r0", "r2"])] == [2, 4]
    verdict = await verify_seals(tmp_path / "core.db", KEY.public)
    assert (verdict.ok, verdict.entries, verdict.reason) == (True, 4, "")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "update recording_seals set body = replace(body, '1600', '1601') where seq = 3",
            "entry 3 was changed",
        ),
        ("update recording_seals set recording = 'r9' where seq = 3", "head of entry 3"),
        ("delete from recording_seals where seq = 2", "entry 2 is missing"),
        ("delete from recording_seals where seq = 4", "end is missing: entry 4"),
        (
            "update recording_seals set head = replace(head, 'at_ms 17', 'at_ms 16') where seq = 4",
            "head of entry 4",
        ),
        (
            "update recording_seals set signature = (select signature from recording_seals where seq = 3)"
            " where seq = 4",
            "signature of entry 4",
        ),
    ],
)
async def test_whatever_is_changed_is_found(database: Database, tmp_path: Path, statement: str, found: str):
    await chain(database, tmp_path)
    database.close()
    raw = sqlite3.connect(tmp_path / "core.db")
    for name in ("stay", "remain"):
        raw.execute(f"drop trigger recording_seals_{name}")
    assert raw.execute(statement).rowcount == 1
    raw.commit()
    raw.close()
    verdict = verify_file(tmp_path / "core.db", KEY.public)
    assert not verdict.ok and found in verdict.reason


async def test_the_database_refuses_to_change_the_chain(database: Database, tmp_path: Path):
    await chain(database, tmp_path)
    for statement in ("update recording_seals set body = ''", "delete from recording_seals"):
        with pytest.raises(StoreError, match="append-only"):
            await database.write(lambda sql, text=statement: sql.conn.execute(text))


async def test_another_key_is_an_entry_that_names_the_one_before(database: Database, tmp_path: Path):
    await chain(database, tmp_path)
    other = RecordingKey(bytes(range(1, 33)))
    book = SealBook(database, other, lambda: 1.0)
    assert await book.resume() == KEY.public
    assert await book.resume() == "", "said once"
    assert verify_file(tmp_path / "core.db", other.public).ok
    assert "another key" in verify_file(tmp_path / "core.db", KEY.public).reason


async def test_a_list_that_cannot_be_written_has_no_entry_either(
    database: Database, tmp_path: Path, monkeypatch
):
    shelf = await chain(database, tmp_path, 1)

    def fails(*told: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(shelf.book, "add", fails)
    with pytest.raises(StoreError):
        await shelf.recordings.finish("r0", 9.0, "ab" * 32)
    assert (await shelf.recordings.find("r0")).seconds == 0.1


def test_the_private_key_is_the_owners_alone_and_kept(tmp_path: Path):
    first = RecordingKey.open(tmp_path / "keys")
    assert (tmp_path / "keys" / FILE).stat().st_mode & 0o777 == 0o600
    assert RecordingKey.open(tmp_path / "keys").public == first.public
    assert (tmp_path / "keys" / PUBLIC_FILE).read_text() == first.pem
    private = (tmp_path / "keys" / FILE).read_text().strip()
    assert private not in first.pem and private not in repr(first)
    (tmp_path / "keys" / FILE).chmod(0o640)
    with pytest.raises(RecordingKeyError, match="chmod 600"):
        RecordingKey.open(tmp_path / "keys")
    (tmp_path / "keys" / FILE).chmod(0o600)
    (tmp_path / "keys" / FILE).write_text("nonsense")
    with pytest.raises(RecordingKeyError, match="restore it from the backup"):
        RecordingKey.open(tmp_path / "keys")


async def test_the_private_key_is_not_in_the_database(database: Database, tmp_path: Path):
    await chain(database, tmp_path)
    database.close()
    octets = b"".join(path.read_bytes() for path in tmp_path.glob("core.db*"))
    assert bytes(range(32)) not in octets and bytes(range(32)).hex().encode() not in octets
    assert KEY.public.encode() in octets
