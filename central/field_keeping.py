"""Keeps the book of the field over a restart of core: written behind, read when core starts.

What the store does not take is tried again; nothing waits for it. Each site is kept with the place of the last event
that it heard: what came behind it is told again from the events of the store.
"""

import asyncio
import logging

from pydantic import ValidationError

from central.field.site import Site
from central.field.texts import TEXTS_MOST, TextRow
from central.field_book import FieldBook
from central.store.database import StoreError
from central.store.field import FieldStore, StoredText
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

SAVE_EVERY = 1.0
"""Seconds between writes: a chattering site must not wear the disk."""


class FieldKeeping:
    """Tell it with `changed` what has changed; `save` writes it until cancelled."""

    def __init__(self, book: FieldBook, store: FieldStore, clock: Clock) -> None:
        self._book, self._store, self._clock = book, store, clock
        self._unsaved: dict[tuple[str, str], None] = {}
        self._news = asyncio.Event()
        self._told = False

    async def resume(self) -> None:
        """Fill the book with what was kept. What an other program left unreadable is left out, with words."""
        for gateway, snapshot in (await self._store.sites()).items():
            try:
                site = self._book.sites[gateway] = Site.model_validate(snapshot)
                self._book.places[gateway] = site.place
            except ValidationError as error:
                log.error("field of gateway=%s cannot be read back error=%s", gateway, error)
        for snapshot in await self._store.texts(TEXTS_MOST):
            try:
                self._book.texts = self._book.texts.ordered(TextRow.model_validate(snapshot))
            except ValidationError as error:
                log.error("text=%s cannot be read back error=%s", snapshot.get("id"), error)

    def changed(self, kind: str, name: str) -> None:
        """A site (or the place up to which it has heard) or a text has changed; other kinds are not kept."""
        if kind in ("site", "place", "text"):
            self._unsaved["text" if kind == "text" else "site", name] = None
            self._news.set()

    async def save(self) -> None:
        """Write behind, the newest of each, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.flush()
            await self._clock.sleep_until(self._clock.now() + SAVE_EVERY)
            if self._unsaved:
                self._news.set()

    async def flush(self) -> None:
        """Return when the store holds everything, or has said that it cannot.

        All in one transaction: the place of a site never runs ahead of a text that was told before it.
        """
        waiting, self._unsaved = self._unsaved, {}
        sites = {
            name: self._book.kept_site(name).model_dump(mode="json")
            for kind, name in waiting
            if kind == "site"
        }
        rows = [self._book.texts.rows.get(name) for kind, name in waiting if kind == "text"]
        texts = [
            StoredText(row.id, row.line, int(row.at_wall * 1000), row.model_dump(mode="json"))
            for row in rows
            if row is not None
        ]
        if not sites and not texts:
            return
        try:
            await self._store.save(sites, texts, TEXTS_MOST)
            self._told = False
        except StoreError as error:
            if not self._told:
                log.error("what the field told is not saved, it will be tried again: %s", error)
            self._told = True
            self._unsaved = {**waiting, **self._unsaved}
