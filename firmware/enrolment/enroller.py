"""Enrols this gateway: asks with the token, says what it waits for, comes back until a person has decided.

Nothing else of the gateway runs meanwhile: without a certificate the centre hears nothing of it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from firmware.enrolment.centre_door import AskError, Told
from firmware.enrolment.keyring import Keyring
from link.certs.errors import CertError
from link.hosting.backoff import Backoff
from link.hosting.clock import Clock
from link.hosting.tls_contexts import TlsError

log = logging.getLogger(__name__)

LOOK_AGAIN = 10.0
"""Seconds between questions while a person decides: he is on the telephone with the technician."""
FINAL_AGAIN = 300.0
"""Seconds after a refusal: only a new token helps, but somebody may have refused in error and started anew."""


class Centre(Protocol):
    """See centre_door.CentreDoor."""

    async def enrol(self, gateway: str, token: str, csr: str) -> Told:
        """Ask."""

    async def standing(self, gateway: str, token: str) -> Told:
        """Look."""


class Enroller:
    """`run` returns when a certificate is in use. `view` is for `gateway status`."""

    def __init__(
        self,
        keyring: Keyring,
        gateway: str,
        token: str,
        centre: Callable[[], Centre],
        clock: Clock,
        backoff: Backoff | None = None,
    ) -> None:
        self._keyring, self._gateway, self._token = keyring, gateway, token
        self._centre, self._clock = centre, clock
        self._backoff = backoff or Backoff(first=2.0, most=120.0)
        self._fingerprint, self._trouble, self._state = "", "", "asks"

    def view(self) -> dict[str, object]:
        """`state`: asks, waits, refused; the fingerprint to read out; what is wrong, if something is."""
        return {"state": self._state, "fingerprint": self._fingerprint, "trouble": self._trouble}

    async def run(self) -> None:
        """Ask until it is done; CertError only where waiting cannot help (no token)."""
        if not self._token:
            raise CertError(
                "there is no certificate yet, and [enrolment] holds no token",
                "have one made at the centre (spillway gateway new) and write it into gateway.toml",
            )
        asked = False
        while True:
            try:
                told = await self._ask(asked)
                asked = True
                self._backoff.reset()
                if told.state == "approved" and await self._installed(told):
                    return
                again = FINAL_AGAIN if told.state == "refused" else LOOK_AGAIN
                self._say("refused" if told.state == "refused" else "waits", "")
            except AskError as error:
                self._say("refused" if error.final else self._state, str(error))
                again, asked = FINAL_AGAIN if error.final else self._backoff.next(), False
            except (CertError, TlsError) as error:
                self._say(self._state, str(error))
                again = self._backoff.next()
            await self._clock.sleep_until(self._clock.now() + again)

    async def _ask(self, asked: bool) -> Told:
        request = await asyncio.to_thread(self._keyring.asking, self._token)
        self._fingerprint = request.fingerprint
        centre = await asyncio.to_thread(self._centre)
        if asked:
            return await centre.standing(self._gateway, self._token)
        return await centre.enrol(self._gateway, self._token, request.csr)

    async def _installed(self, told: Told) -> bool:
        def work() -> None:
            self._keyring.use(self._keyring.accept(told.certificate.encode(), told.ca.encode()))

        await asyncio.to_thread(work)
        log.warning("enrolment=done gateway=%s key=%s", self._gateway, self._fingerprint)
        return True

    def _say(self, state: str, trouble: str) -> None:
        """Log news only."""
        if (state, trouble) != (self._state, self._trouble):
            words = {
                "waits": f"read out at the centre: {self._fingerprint}",
                "refused": "a person refused, or the token is not good: have a new one made",
            }
            log.warning("enrolment=%s %s", state, trouble or words.get(state, ""))
        self._state, self._trouble = state, trouble
