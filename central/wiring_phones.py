"""Wires telephony: the book of telephones with the store and the edge's folder, and the desk that persons ask."""

from collections.abc import Callable

from central.calls.messages import PhonesKnown
from central.calls.plan import Phone
from central.config import CentralSettings
from central.phone_book import PhoneBook
from central.phones_desk import CorePhonesDesk
from central.ports import Ledger
from central.store.database import Database
from central.store.phones import PhoneRow, PhoneStore
from link.hosting.clock import Clock


class Phones:
    """`book` and `desk`; `book.resume` before anybody asks. `active`: whether a person may be an owner; `tell`: the
    exchange hears what telephones there are."""

    def __init__(
        self,
        settings: CentralSettings,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        active: Callable[[str], bool],
        tell: Callable[[object], None],
    ) -> None:
        table = settings.edge
        realm, folder = (table.realm, settings.edge_folder) if table is not None else (None, None)
        told = lambda rows: tell(PhonesKnown(tuple(map(_phone, rows))))  # noqa: E731
        self.book = PhoneBook(PhoneStore(database), ledger, clock, realm, folder, told)
        self.desk = CorePhonesDesk(self.book, table, active)


def _phone(row: PhoneRow) -> Phone:
    return Phone(row.number, row.label, row.permission, row.security == "secured")
