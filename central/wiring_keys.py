"""Wires keys: whose signatures count, what the centre signs itself, and the check that no person's key lies here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from central.authority.settings import AuthoritySettings
from central.authority.signer import KeySigner, PlainSigner, Signer
from central.authority.strangers import refuse_strangers
from central.config import CentralSettings
from central.desired.content import ClipKnown
from central.desired.keeping import DesiredKeeping
from central.key_book import KeyBook
from central.key_desk import CoreKeyDesk
from central.ports import Ledger
from central.sender import Sender
from central.store.database import Database, StoreError
from central.store.keys import KeyStore
from link.contract.keyring import KeyUse
from link.hosting.clock import Clock
from link.hosting.settings import SettingsError

log = logging.getLogger(__name__)


class Keys:
    """`book` and `desk`; `sign(…)` gives what is sent its signatures, `resume` and `run` serve it."""

    def __init__(
        self,
        settings: CentralSettings,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        active: Callable[[str], bool],
        clips: Callable[[], Awaitable[tuple[ClipKnown, ...]]],
        changed: Callable[[str, str], None],
    ) -> None:
        authority = authority_of(settings)
        self._settings, self._clock = settings, clock
        self.signer: Signer = PlainSigner()
        if authority is not None:
            runner, config = authority.open_keys()
            self.signer = KeySigner(runner, config)
            self._own: tuple[tuple[str, KeyUse], ...] = (
                (runner.head.kid, "runner"),
                (config.head.kid, "config"),
            )
        path = authority.ring if authority is not None else None
        self.book = KeyBook(path, KeyStore(database), clock, ledger, active, changed)
        self.desk = CoreKeyDesk(self.book, settings.trigger, clips)
        self._writes: set[asyncio.Task[None]] = set()

    def sign(self, sender: Sender, desired: DesiredKeeping) -> None:
        """From now on commands and documents are signed."""
        sender.signer = self.signer
        sender.numbers.keep = self._keep_numbers
        desired.sign = desired.centre.sign = self.signer.document
        desired.ring = lambda: self.book.ring.octets if self.book.ring is not None else b""
        desired.standings = self.desk.standing.document

    async def resume(self, sender: Sender) -> None:
        """Read what there is. SettingsError, StoreError."""
        folders = [self._settings.state]
        authority = self._settings.authority
        if authority is not None:
            folders += [authority.ring.parent, authority.runner_key.parent, authority.config_key.parent]
        out = (self._settings.recordings, self._settings.clips)
        await asyncio.to_thread(refuse_strangers, folders, out)
        await self.book.resume()
        sender.numbers.start(await self.book.store.numbers(), int(self._clock.wall() * 1000))
        if self.book.ring is None:
            log.warning("PLAIN: nothing is signed or encrypted")
            return
        for kid, use in self._own:
            key = self.book.ring.ring.find(kid, self._clock.wall())
            if key is None or key.use != use:
                advice = "gateways refuse everything it signs: draft, sign and install a new ring"
                log.error("keys=%s key %s does not count by the key ring; %s", use, kid, advice)

    def _keep_numbers(self, n: int) -> None:
        task = asyncio.get_running_loop().create_task(self._write_numbers(n))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _write_numbers(self, n: int) -> None:
        try:
            await self.book.store.keep_numbers(n)
        except StoreError as error:
            log.error("keys=numbers of commands not kept reason=%s", error.reason)


def authority_of(settings: CentralSettings) -> AuthoritySettings | None:
    """The table; None in plain mode. SettingsError when it is neither."""
    if settings.plain:
        return None
    if settings.authority is None:
        advice = "add the table (docs/configuration.md), or `plain = true` on a bench"
        raise SettingsError(f"[authority] is missing: commands must be signed; {advice}")
    return settings.authority
