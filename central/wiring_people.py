"""Wires people: the book of who is there, signing in, and what the API may ask about both."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from central.config import CentralSettings
from central.initial_people import take_initial
from central.people.hashing import Hashing, ThreadHashing
from central.people.lasting import Lasting
from central.people_book import PeopleBook
from central.people_desk import CorePeopleDesk
from central.ports import Ledger
from central.sign_in import SignIn
from central.store.database import Database, StoreError
from central.store.people import PeopleStore
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

SWEEP_EVERY = 3600.0
"""Seconds between two looks for sessions and tokens that have ended."""


@dataclass(frozen=True)
class People:
    """The parts; `book.left` takes hooks for what else ends when somebody leaves."""

    settings: CentralSettings
    book: PeopleBook
    sign_in: SignIn
    desk: CorePeopleDesk

    async def resume(self) -> None:
        """Read who is there; who is nobody yet comes from the file of initial people. SettingsError, StoreError."""
        await self.book.resume()
        if self.settings.people.initial is not None:
            await take_initial(self.book, self.sign_in, self.settings.people.initial)
        if not self.book.managers():
            log.warning(
                "people=nobody manages people; on this machine: central people first NAME --config FILE"
            )

    async def run(self) -> None:
        """Forget now and then what has ended; until cancelled."""
        while True:
            try:
                await self.book.sweep()
            except StoreError as error:
                log.warning("people=sweep failed reason=%s", error.reason)
            await self.book.clock.sleep_until(self.book.clock.now() + SWEEP_EVERY)


def wire_people(
    settings: CentralSettings,
    database: Database,
    clock: Clock,
    ledger: Ledger,
    before: Callable[[], None],
    hashing: Hashing | None = None,
) -> People:
    """The parts, not yet resumed. `before`: see PeopleStore."""
    lasting = Lasting(settings.people.session_idle, settings.people.session_most)
    book = PeopleBook(PeopleStore(database, before), settings.areas, lasting, clock, ledger)
    sign_in = SignIn(book, settings.people, settings.state, hashing or ThreadHashing())
    return People(settings, book, sign_in, CorePeopleDesk(book, sign_in, settings.people.invitation))
