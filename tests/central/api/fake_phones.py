"""The real desk of telephones over a store in memory, with the edge's real book in a folder; 201 is there."""

from collections.abc import Iterable
from pathlib import Path

from central.edge_settings import EdgeSettings
from central.phone_book import PhoneBook, hashed
from central.phones_desk import CorePhonesDesk
from central.store.database import StoreError
from central.store.phones import PhoneRow
from link.hosting.clock import HandClock
from tests.flows.doors import FakeLedger

SETTINGS = EdgeSettings(host="127.0.0.1", tls_port=5061, certificate=Path("/edge.pem"), key=Path("/edge.key"))
HALL = PhoneRow(
    "201", "Hall", "wang", "internal", "plain", "spillway", *hashed("201", "spillway", "x"), 1.0, "li"
)


class MemoryPhones:
    """See PhoneStore. `down`: the disk is in trouble."""

    def __init__(self, *rows: PhoneRow) -> None:
        self.rows = {row.number: row for row in rows}
        self.down = False

    async def phones(self) -> list[PhoneRow]:
        return sorted(self.rows.values(), key=lambda row: row.number)

    async def save(self, rows: Iterable[PhoneRow] = (), gone: Iterable[str] = ()) -> None:
        if self.down:
            raise StoreError("the disk is full", "free space")
        for number in gone:
            self.rows.pop(number, None)
        self.rows.update({row.number: row for row in rows})


def fake_phones(folder: Path, settings: EdgeSettings | None = SETTINGS) -> CorePhonesDesk:
    """Owners may be wang and li."""
    place = (settings.realm, folder / "edge") if settings is not None else (None, None)
    store, clock = MemoryPhones(HALL), HandClock()
    book = PhoneBook(store, FakeLedger(), clock, *place)  # type: ignore[arg-type]
    book.phones = dict(store.rows)
    return CorePhonesDesk(book, settings, lambda name: name in ("wang", "li"))
