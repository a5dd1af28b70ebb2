"""Wires updates: the shelf of bundles, the book of roll-outs, and their way into the desired documents."""

import logging
from collections.abc import Callable
from pathlib import Path

from central.bundle_shelf import BundleShelf
from central.config import CentralSettings
from central.desired.keeping import DesiredKeeping
from central.fleet.rollout import PauseAll
from central.ports import Ledger
from central.rollout_book import RolloutBook
from central.store.database import Database
from central.store.rollouts import RolloutStore
from central.switchboard import Switchboard
from central.updates_desk import CoreUpdatesDesk
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

WITHOUT = "the centre, which has not its bundle"


class Updates:
    """`desk`, `book` and `shelf`; `resume` before the documents are made, then `book.run` serves."""

    def __init__(
        self,
        settings: CentralSettings,
        board: Switchboard,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        changed: Callable[[str, str], None],
    ) -> None:
        store = RolloutStore(database)
        self._board = board
        self.shelf = BundleShelf(settings.updates, settings.state / "bundles", store, clock, ledger)
        self.book = RolloutBook(
            store,
            clock,
            ledger,
            changed=lambda gateway: changed("firmware", gateway),
            firmware=self._firmware,
            held=self._held,
        )
        self.desk = CoreUpdatesDesk(settings, self.shelf, self.book, board.gateways, clock)

    def give(self, documents: DesiredKeeping) -> None:
        """From now on documents carry the jobs, and what gateways report of them is heard."""
        documents.job, documents.heard = self.book.job_for, self.book.heard

    def path_of(self, sha: str) -> Path | None:
        """A bundle's file, for who fetches it."""
        return self.shelf.path_of(sha)

    async def resume(self) -> None:
        """Take up what the store has; a restored centre has no bundles, and gateways would fail for it.

        StoreError, OSError.
        """
        await self.shelf.resume()
        await self.book.resume()
        for kept in self.book.rollouts.values():
            if not (kept.machine.over or kept.machine.paused) and self.path_of(kept.row.sha) is None:
                log.error("rollout=%s is paused: its bundle is not here; send it again", kept.row.id)
                await self.book.tell(kept, PauseAll(WITHOUT), "paused", {"by": WITHOUT})

    def _firmware(self, gateway: str) -> str:
        runner = self._board.gateways.get(gateway)
        return runner.machine.fw if runner is not None else ""

    def _held(self) -> str:
        """No ring begins while a live warning is under way at the centre: no gateway can know of it yet."""
        live = (each.machine for each in self._board.broadcasts.values())
        return next((f"broadcast {each.id} is live" for each in live if each.asked.channel == "live"), "")
