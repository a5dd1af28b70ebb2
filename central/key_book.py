"""Whose keys count: the signed ring, and what the centre takes away from it at once (revoked, left).

The ring is a file that `central ring install` lays down; it is read again when it changes. A ring that does not hold
is told and not taken: the one before goes on.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from central.authority.counting import Counting
from central.authority.ring import RingError, SignedRing, read_ring
from central.ports import Ledger
from central.store.keys import KeyRow, KeyStore
from link.hosting.clock import Clock
from link.hosting.settings import SettingsError

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks at the file of the ring."""


class KeyBook:
    """`active(holder)` tells whether a person is among the active ones; `path` is None in plain mode."""

    def __init__(
        self,
        path: Path | None,
        store: KeyStore,
        clock: Clock,
        ledger: Ledger,
        active: Callable[[str], bool] = lambda holder: True,
        changed: Callable[[str, str], None] = lambda kind, name: None,
    ) -> None:
        self.rows: dict[str, KeyRow] = {}
        self.standing: dict[str, bytes] = {}
        self.ring: SignedRing | None = None
        self.active, self.store, self.clock = active, store, clock
        self._path, self._ledger, self._changed = path, ledger, changed
        self._seen: tuple[int, int] | None = None

    async def resume(self) -> None:
        """Read what the store has, and the ring. StoreError; SettingsError when there is no ring that holds."""
        self.rows = {row.kid: row for row in await self.store.keys()}
        self.standing = await self.store.standing()
        if self._path is None:
            return
        fault = self.look()
        if fault or self.ring is None:
            advice = "make one: central ring draft, sign, install (docs/operator.md)"
            raise SettingsError(f"[authority] ring {self._path}: {fault or 'is not there'}; {advice}")

    def look(self) -> str:
        """Take the file of the ring if it is new; why it was not taken, or empty."""
        if self._path is None:
            return ""
        try:
            stat = self._path.stat()
            if (stat.st_mtime_ns, stat.st_size) == self._seen:
                return ""
            self._seen = (stat.st_mtime_ns, stat.st_size)
            taken = read_ring(self._path.read_bytes(), self.ring.ring if self.ring is not None else None)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        except RingError as error:
            return str(error)
        if self.ring is None or taken.octets != self.ring.octets:
            self.ring = taken
            log.info("keys=ring rev=%d keys=%d", taken.ring.rev, len(taken.ring.keys))
            self._ledger.append("keys.ring", "", {"rev": taken.ring.rev, "keys": len(taken.ring.keys)})
            self._changed("ring", "")
        return ""

    async def run(self) -> None:
        """Look at the ring's file now and then; until cancelled."""
        told = ""
        while self._path is not None:
            await self.clock.sleep_until(self.clock.now() + LOOK_EVERY)
            fault = self.look()
            if fault not in ("", told):
                log.error("keys=ring not taken: %s", fault)
                self._ledger.append("keys.ring-refused", "", {"why": fault})
            told = fault

    def revoked(self, kid: str) -> bool:
        """The centre counts this key no more, whatever the ring says."""
        row = self.rows.get(kid)
        return row is not None and row.state == "revoked"

    def counting(self) -> Counting | None:
        """What decides over signatures now; None in plain mode."""
        if self.ring is None:
            return None
        return Counting(self.ring.ring, self.revoked, self.active)

    async def keep(self, row: KeyRow, what: str, by: str) -> None:
        """Change a key: at once, then on disk. StoreError."""
        self.rows[row.kid] = row
        self._ledger.append(
            f"key.{what}", row.kid, {"by": by, "holder": row.holder, "use": row.use, "why": row.why}
        )
        await self.store.save(row)

    async def keep_standing(self, trigger: str, document: bytes, by: str) -> None:
        """A standing authority with one signature more. StoreError."""
        self.standing[trigger] = document
        self._ledger.append("trigger.signed", trigger, {"by": by})
        await self.store.save_standing(trigger, document, self.clock.wall())
        self._changed("standing", trigger)
