"""The book of telephones: what it keeps, in which order it tells edge and disk, and how core finds it again."""

from pathlib import Path

import pytest

from central import phone_book
from central.calls.messages import PhonesKnown
from central.calls.plan import Phone
from central.config import CentralSettings
from central.phone_book import LENGTH, LETTERS, PhoneBook, hashed, new_secret
from central.phones_desk import CorePhonesDesk
from central.store.database import Database
from central.store.edge_book import EdgeRow
from central.wiring_phones import Phones
from link.hosting.clock import HandClock
from tests.central.api.fake_phones import HALL, MemoryPhones
from tests.flows.doors import FakeLedger

EDGE = {"host": "127.0.0.1", "nodes": ["127.0.0.1:5070"]}


def settings(folder: Path, **more: object) -> CentralSettings:
    base = {"plain": True, "run": "/nowhere", "api": {"tokens": "/nowhere"}, "state": folder}
    return CentralSettings.model_validate({**base, **more})


class Edge:
    """Notes what it is told instead of a kamailio."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.books: list[dict[str, EdgeRow]] = []
        self.forgotten: list[str] = []
        self.trouble: OSError | None = None
        monkeypatch.setattr(phone_book, "write_book", self.write)
        monkeypatch.setattr(phone_book, "forget", self.forget)

    def write(self, folder: Path, rows: tuple[EdgeRow, ...]) -> None:
        if self.trouble:
            raise self.trouble
        self.books.append({row.number: row for row in rows})

    def forget(self, folder: Path, number: str) -> bool:
        assert number not in self.books[-1] or self.books[-1][number].ha1_md5 != HALL.ha1_md5, "book first"
        self.forgotten.append(number)
        raise OSError("it does not answer")


def test_a_secret_is_random_and_long_enough() -> None:
    found = {new_secret() for _ in range(50)}
    assert len(found) == 50 and all(set(each) <= set(LETTERS) for each in found)
    assert len(set(LETTERS)) == len(LETTERS) and len(LETTERS) ** LENGTH > 2**128


def test_hashes_are_those_of_digest_authentication() -> None:
    md5, sha256 = hashed("Mufasa", "http-auth@example.org", "Circle of Life")
    assert md5 == "3d78807defe7de2157e2b0b6573a855f"  # RFC 7616, 3.9.1
    assert sha256 == "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"


async def test_a_change_reaches_the_edge_before_its_registrations_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edge, ledger = Edge(monkeypatch), FakeLedger()
    book = PhoneBook(MemoryPhones(HALL), ledger, HandClock(), "spillway", Path("/e"))  # type: ignore[arg-type]
    await book.resume()
    assert list(edge.books[-1]) == ["201"]
    secret = await book.add(HALL, "li")
    assert edge.books[-1]["201"].ha1_sha256 == hashed("201", "spillway", secret)[1]
    await book.remove("201", "li")
    assert edge.books[-1] == {} and edge.forgotten == ["201", "201"]
    assert ledger.kinds() == ["phone.secret", "phone.removed"]
    assert ledger.entries[0][1:] == (
        "201",
        {"by": "li", "owner": "wang", "permission": "internal", "security": "plain"},
    )


async def test_secrets_of_another_realm_do_not_go_to_the_edge(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    edge = Edge(monkeypatch)
    book = PhoneBook(MemoryPhones(HALL), FakeLedger(), HandClock(), "renamed", Path("/e"))  # type: ignore[arg-type]
    await book.resume()
    assert edge.books == [{}] and not book.works(book.phones["201"])
    assert "secrets of another realm: 201" in caplog.text


async def test_core_starts_although_the_edge_s_folder_is_in_trouble(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Edge(monkeypatch).trouble = OSError("read-only")
    book = PhoneBook(MemoryPhones(HALL), FakeLedger(), HandClock(), "spillway", Path("/e"))  # type: ignore[arg-type]
    await book.resume()
    assert list(book.phones) == ["201"] and "the edge has not the telephones" in caplog.text


async def test_a_restarted_core_has_them_and_gives_them_to_the_edge(tmp_path: Path) -> None:
    given = settings(tmp_path, edge=EDGE)
    rows = []
    for _ in range(2):
        database = Database.open(given.database)
        told: list[object] = []
        wired = Phones(given, database, HandClock(), FakeLedger(), lambda name: True, told.append)
        await wired.book.resume()
        rows.append(dict(wired.book.phones))
        if not rows[0]:
            await wired.book.add(HALL, "li")
        database.close()
    assert list(rows[1]) == ["201"] and rows[1]["201"].label == "Hall"
    modes = {
        name: (given.edge_folder / f"{name}.db").stat().st_mode & 0o777 for name in ("telephones", "location")
    }
    assert modes == {"telephones": 0o640, "location": 0o660}
    assert isinstance(wired.desk, CorePhonesDesk)
    assert told[:1] == [PhonesKnown((Phone("201", "Hall", "internal"),))], "the exchange knows them too"


async def test_without_the_table_nothing_is_written(tmp_path: Path) -> None:
    given = settings(tmp_path)
    database = Database.open(given.database)
    wired = Phones(given, database, HandClock(), FakeLedger(), lambda name: True, [].append)
    await wired.book.resume()
    database.close()
    assert not given.edge_folder.exists()
