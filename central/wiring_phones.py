"""Wires telephony: the book of telephones with the store and the edge's folder, and the desk that persons ask."""

from collections.abc import Callable

from central.config import CentralSettings
from central.phone_book import PhoneBook
from central.phones_desk import CorePhonesDesk
from central.ports import Ledger
from central.store.database import Database
from central.store.phones import PhoneStore
from link.hosting.clock import Clock


class Phones:
    """`book` and `desk`; `book.resume` before anybody asks. `active`: whether a person may be an owner."""

    def __init__(
        self,
        settings: CentralSettings,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        active: Callable[[str], bool],
    ) -> None:
        table = settings.edge
        place = (table.realm, settings.edge_folder) if table is not None else (None, None)
        self.book = PhoneBook(PhoneStore(database), ledger, clock, *place)
        self.desk = CorePhonesDesk(self.book, table, active)
