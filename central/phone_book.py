"""Telephones and the hashes of their secrets: held in memory, kept in the store, told to the edge.

Who is removed is gone at the edge first, whatever the store's disk says. A secret is made here, handed out once and
kept nowhere. Use it from core's loop only.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import md5, sha256
from pathlib import Path

from central.edge.errors import EdgeError
from central.edge.program import forget
from central.ports import Ledger
from central.store.edge_book import EdgeRow, write_book
from central.store.phones import PhoneRow, PhoneStore
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""What can be told apart on a telephone's screen."""
LENGTH = 28
"""Letters of a secret: 138 bits."""


def new_secret() -> str:
    """A random password for a telephone."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def hashed(number: str, realm: str, secret: str) -> tuple[str, str]:
    """HA1 of digest authentication (RFC 8760) by MD5 and SHA-256, hex. MD5 is what most telephones speak."""
    text = f"{number}:{realm}:{secret}".encode()
    return md5(text, usedforsecurity=False).hexdigest(), sha256(text).hexdigest()


class PhoneBook:
    """`realm` is that of `[edge]`, and `folder` the edge's; None: there is no edge, and no telephone works.

    `changed` hears of all telephones after each change: what they may dial follows from it.
    """

    def __init__(
        self,
        store: PhoneStore,
        ledger: Ledger,
        clock: Clock,
        realm: str | None,
        folder: Path | None,
        changed: Callable[[Iterable[PhoneRow]], None] = lambda rows: None,
    ) -> None:
        self.phones: dict[str, PhoneRow] = {}
        self._store, self._ledger, self._clock = store, ledger, clock
        self._realm, self._folder, self._changed = realm, folder, changed
        self._turn = asyncio.Lock()

    async def resume(self) -> None:
        """Read everything and tell the edge. StoreError; trouble with the edge is logged."""
        self.phones = {row.number: row for row in await self._store.phones()}
        lost = [row.number for row in self.phones.values() if not self.works(row)]
        if lost:
            log.warning(
                "telephony=%d telephones have secrets of another realm: %s", len(lost), ", ".join(lost[:20])
            )
        try:
            await self._tell()
        except OSError as error:
            log.error("telephony=the edge has not the telephones: %s", error)

    def works(self, row: PhoneRow) -> bool:
        """Whether the edge lets it in."""
        return self._folder is not None and row.realm == self._realm

    async def add(self, row: PhoneRow, by: str) -> str:
        """Keep a telephone, or give one a new secret, which is returned; its registrations end. StoreError, OSError.

        `row` needs no hashes, realm and time.
        """
        secret, realm = new_secret(), self._realm or ""
        digests = hashed(row.number, realm, secret)
        now = self._clock.wall()
        made = replace(row, realm=realm, ha1_md5=digests[0], ha1_sha256=digests[1], since=now, made_by=by)
        what = "phone.secret" if row.number in self.phones else "phone.added"
        told = {"by": by, "owner": row.owner, "permission": row.permission, "security": row.security}
        self._ledger.append(what, row.number, told)
        self.phones[row.number] = made
        await self._store.save([made])
        await self._tell()
        await self._forget(row.number)
        return secret

    async def remove(self, number: str, by: str) -> None:
        """It is out at once, at the edge before anywhere else. StoreError, OSError."""
        self.phones.pop(number, None)
        self._ledger.append("phone.removed", number, {"by": by})
        try:
            await self._tell()
            await self._forget(number)
        finally:
            await self._store.save(gone=[number])

    async def _tell(self) -> None:
        self._changed(self.phones.values())
        folder = self._folder
        if folder is None:
            return
        async with self._turn:
            rows = tuple(_edge_rows(row for row in self.phones.values() if self.works(row)))
            await asyncio.to_thread(write_book, folder, rows)

    async def _forget(self, number: str) -> None:
        """Its registrations end. They lead nowhere by now, so trouble is only logged."""
        if self._folder is None:
            return
        try:
            async with self._turn:
                await asyncio.to_thread(forget, self._folder, number)
        except (OSError, EdgeError) as error:
            log.warning("telephony=registrations of %s are not dropped: %s", number, error)


def _edge_rows(rows: Iterable[PhoneRow]) -> Iterable[EdgeRow]:
    return (EdgeRow(row.number, row.ha1_md5, row.ha1_sha256, row.security) for row in rows)
