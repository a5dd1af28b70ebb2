"""Renews the certificate after two thirds of its life: a new key, a request over the present one, a trial, the change.

The present key stays in use until the centre has answered by the new one. Whoever calls the centre reads the files at
each connection, so nothing is started anew.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from firmware.enrolment.centre_door import AskError, Told
from firmware.enrolment.keyring import Keyring, tls_of
from link.certs.errors import CertError
from link.hosting.clock import Clock
from link.hosting.tls_contexts import TlsError
from link.hosting.tls_settings import TlsSettings

log = logging.getLogger(__name__)

LOOK_EVERY = 3600.0
AFTER_RENEWAL = 86400.0
"""Seconds without another one, whatever the clock says: a wrong clock must not fill the centre's book."""


class Centre(Protocol):
    """See centre_door.CentreDoor."""

    async def renew(self, csr: str) -> Told:
        """Ask."""


class Renewal:
    """`centre` makes a door with the certificate of these files."""

    def __init__(self, keyring: Keyring, centre: Callable[[TlsSettings], Centre], clock: Clock) -> None:
        self._keyring, self._centre, self._clock = keyring, centre, clock
        self._trouble = ""
        self._view: dict[str, object] = {}

    def view(self) -> dict[str, object]:
        """Until when the certificate is good (Unix s), its fingerprint, and what hinders the next one."""
        return {**self._view, "trouble": self._trouble}

    async def run(self) -> None:
        """Look every hour until cancelled."""
        while True:
            renewed = await self.look()
            await self._clock.sleep_until(self._clock.now() + (AFTER_RENEWAL if renewed else LOOK_EVERY))

    async def look(self) -> bool:
        """Renew if it is time; whether a new certificate is in use now. Trouble is logged and told."""
        try:
            facts = await asyncio.to_thread(self._keyring.facts)
            if facts is None:
                raise CertError("the certificate is gone", "put a new token into gateway.toml, start anew")
            now = datetime.fromtimestamp(self._clock.wall(), UTC)
            self._view = {"until": facts.not_after.timestamp(), "fingerprint": facts.fingerprint}
            if now < facts.renew_at:
                self._trouble = ""
                return False
            await self._renew()
        except (CertError, AskError, TlsError) as error:
            if str(error) != self._trouble:
                log.error("renewal=failed %s", error)
            self._trouble = str(error)
            return False
        self._trouble = ""
        return True

    async def _renew(self) -> None:
        request = await asyncio.to_thread(self._keyring.asking, None)
        told = await (await self._door(self._keyring.tls)).renew(request.csr)
        place = await asyncio.to_thread(self._keyring.accept, told.certificate.encode(), told.ca.encode())
        try:
            await self._tried(place, request.csr)
        except (AskError, TlsError):
            await asyncio.to_thread(self._keyring.drop, place)
            raise
        await asyncio.to_thread(self._keyring.use, place)
        log.warning("renewal=done key=%s", request.fingerprint)

    async def _tried(self, place: Path, csr: str) -> None:
        """The centre answers the same request by the new certificate, or AskError."""
        await (await self._door(tls_of(place))).renew(csr)

    async def _door(self, tls: TlsSettings) -> Centre:
        return await asyncio.to_thread(self._centre, tls)
