"""The desk of enrolment: tokens, requests of gateways, a person's decision, renewals. See central.api.enrolment_desk.

The authority's key is used here and nowhere else in core: after a person has compared fingerprints, or for a gateway
whose certificate the front has verified. Each step is journalled; no token and no key ever is.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from central.api.desk import DeskError
from central.enrolment.rules import Enrolment
from central.enrolment_models import CertificateView, EnrolmentView, SiteFactsView, TokenView
from central.enrolment_settings import EnrolmentSettings
from central.ports import Ledger
from central.store.database import StoreError
from central.store.enrolment import EnrolmentStore
from link.certs.authority import Issue
from link.certs.ca import Ca
from link.certs.certificate import load_certificates
from link.certs.errors import CertError
from link.certs.keys import load_pass_phrase, same_fingerprint
from link.certs.requests import Request, of_the_centre, read_csr
from link.hosting.clock import Clock
from link.hosting.toml_places import did_you_mean

log = logging.getLogger(__name__)
T = TypeVar("T")

RENEW_AGAIN = 600.0
"""Seconds between two renewals of one gateway with different keys: a gateway gone wild must not fill the book."""
_NEW_TOKEN = "have a new one made for this gateway: spillway gateway new"


class CoreEnrolmentDesk:
    """Implements central.api.enrolment_desk.EnrolmentDesk. `revoked` is called when the list has changed;
    `facts(ca)` says what a card must say of this centre."""

    def __init__(
        self,
        store: EnrolmentStore,
        journal: Ledger,
        clock: Clock,
        gateways: Collection[str],
        settings: EnrolmentSettings | None,
        trusted: Path | None = None,
        revoked: Callable[[], Awaitable[None]] | None = None,
        facts: Callable[[str], SiteFactsView | None] = lambda ca: None,
    ) -> None:
        self._store, self._journal, self._clock = store, journal, clock
        self._gateways = frozenset(gateways)
        self._settings, self._trusted, self._revoked = settings, trusted, revoked
        self._facts, self._issuing = facts, asyncio.Lock()

    # -- persons --

    async def new_token(self, gateway: str, by: str) -> TokenView:
        """See EnrolmentDesk."""
        if gateway not in self._gateways:
            hint = did_you_mean(gateway, self._gateways) or "; add a [[gateway]] table to central.toml"
            raise DeskError(404, f"there is no gateway {gateway!r}", hint.removeprefix("; "))
        if of_the_centre(gateway):
            raise DeskError(
                409, f"{gateway} is a name of the centre's own parts", "give the gateway another id"
            )
        site = self._facts(await self._authorities())  # what fails here leaves the older token as it was
        token, now = secrets.token_urlsafe(24), self._clock.wall()
        days = self._settings.token_days if self._settings else 14.0
        until = now + days * 86400
        await _asked(self._store.add_token(gateway, _hash(token), by, round(now * 1000), round(until * 1000)))
        self._journal.append("enrolment.token", gateway, {"by": by, "days": days})
        return TokenView(gateway=gateway, token=token, until_wall=until, site=site)

    async def requests(self) -> tuple[EnrolmentView, ...]:
        """See EnrolmentDesk."""
        return tuple(_view(row) for row in await _asked(self._store.all()))

    async def approve(self, gateway: str, fingerprint: str, by: str) -> EnrolmentView:
        """See EnrolmentDesk."""
        async with self._issuing:
            row = await self._pending(gateway)
            if not same_fingerprint(fingerprint, row.fingerprint):
                self._journal.append("enrolment.mismatch", gateway, {"by": by, "key": row.fingerprint})
                what = "the fingerprint is not the one of the request: nothing was issued"
                advice = (
                    "have the technician read all of it again, from `gateway status`; if it stays so, "
                    f"somebody else asked with this token: spillway gateway refuse {gateway}"
                )
                raise DeskError(409, what, advice)
            pem, gone = await self._issue(read_csr(row.csr), replacing=True)
            done = await _asked(self._store.decide(row, "approved", by, self._now_ms(), pem))
        if done is None:
            raise DeskError(409, f"{gateway} has asked anew meanwhile", "look: spillway gateway pending")
        self._journal.append(
            "enrolment.approved", gateway, {"by": by, "key": row.fingerprint, "revoked": gone}
        )
        if gone and self._revoked is not None:
            await self._revoked()
        return _view(done)

    async def refuse(self, gateway: str, by: str) -> EnrolmentView:
        """See EnrolmentDesk."""
        row = await self._pending(gateway)
        done = await _asked(self._store.decide(row, "refused", by, self._now_ms()))
        if done is None:
            raise DeskError(
                409, f"{gateway} was decided or has asked anew meanwhile", "look: spillway gateway pending"
            )
        self._journal.append("enrolment.refused", gateway, {"by": by, "key": row.fingerprint})
        return _view(done)

    async def _pending(self, gateway: str) -> Enrolment:
        row = await _asked(self._store.get(gateway))
        if row is None:
            raise DeskError(
                404, f"{gateway} has not asked for a certificate", "see: spillway gateway pending"
            )
        if row.state != "pending":
            raise DeskError(409, f"the request of {gateway} was {row.state} by {row.decided_by}", _NEW_TOKEN)
        return row

    # -- gateways --

    async def enrol(self, gateway: str, token: str, csr: str) -> CertificateView:
        """See EnrolmentDesk."""
        request = _read(csr, gateway)
        asked = self._store.ask(gateway, _hash(token), request.fingerprint, csr.encode(), self._now_ms())
        verdict, row = await _asked(asked)
        if verdict == "spent":
            self._journal.append("enrolment.token_again", gateway, {"key": request.fingerprint})
            what = "this token was used already, with another key"
            raise DeskError(409, what, f"if it was not this gateway, refuse that request; {_NEW_TOKEN}")
        if verdict == "over" or row is None:
            what = "this token is over" if verdict == "over" else f"this token is not one for {gateway}"
            raise DeskError(403, what, _NEW_TOKEN)
        if verdict == "new":
            self._journal.append("enrolment.asked", gateway, {"key": row.fingerprint})
        return await self._told(row)

    async def standing(self, gateway: str, token: str) -> CertificateView:
        """See EnrolmentDesk."""
        row = await _asked(self._store.by_token(gateway, _hash(token)))
        if row is None:
            raise DeskError(403, f"nothing was asked for {gateway} with this token", _NEW_TOKEN)
        return await self._told(row)

    async def renew(self, gateway: str, csr: str) -> CertificateView:
        """See EnrolmentDesk."""
        request = _read(csr, gateway)
        async with self._issuing:
            latest = await _asked(self._store.renewed(gateway))
            if latest is not None and latest[0] == request.fingerprint:
                pem = latest[1]  # the answer was lost
            else:
                if latest is not None and 0 <= self._now_ms() - latest[2] < RENEW_AGAIN * 1000:
                    advice = f"wait {RENEW_AGAIN / 60:.0f} min, or send the same request again"
                    raise DeskError(409, f"{gateway} was given a certificate just now", advice)
                pem, _ = await self._issue(request, replacing=False)
                await _asked(self._store.keep_renewal(gateway, request.fingerprint, pem, self._now_ms()))
                self._journal.append("enrolment.renewed", gateway, {"key": request.fingerprint})
        return CertificateView(
            gateway=gateway,
            state="approved",
            fingerprint=request.fingerprint,
            certificate=pem.decode(),
            ca=await self._authorities(),
        )

    async def _told(self, row: Enrolment) -> CertificateView:
        view = CertificateView(gateway=row.gateway, state=row.state, fingerprint=row.fingerprint)
        if row.certificate is None:
            return view
        ca = await self._authorities()
        return view.model_copy(update={"certificate": row.certificate.decode(), "ca": ca})

    # -- the authority --

    async def _issue(self, request: Request, replacing: bool) -> tuple[bytes, tuple[str, ...]]:
        """A certificate; `replacing`: what was good under this name is revoked, its serials come along."""
        settings = self._settings
        if settings is None:
            advice = "add an [enrolment] table to central.toml, or issue it by hand: central ca issue --csr"
            raise DeskError(503, "core has no authority to issue with", advice)

        def work() -> tuple[bytes, tuple[str, ...]]:
            now = datetime.fromtimestamp(self._clock.wall(), UTC)
            ca = Ca(settings.ca_folder, load_pass_phrase(settings.pass_phrase_file))
            old = [line.serial for line in ca.book().believed(request.name, now)] if replacing else []
            pem = ca.issue(Issue(request.name, request.public_key), now)
            for serial in old:
                ca.revoke(request.name, now, "enrolled anew", serial)
            return pem, tuple(old)

        return await self._by_authority(work)

    async def _authorities(self) -> str:
        """PEM of all whom a gateway is to believe."""
        path = self._trusted or (Ca(self._settings.ca_folder).certificate_file if self._settings else None)
        if path is None:
            return ""
        return (await self._by_authority(lambda: load_certificates(path))).decode()

    @staticmethod
    async def _by_authority(work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except CertError as error:
            log.error("enrolment=no-authority %s", error)
            raise DeskError(503, error.what, error.advice) from None

    def _now_ms(self) -> int:
        return round(self._clock.wall() * 1000)


async def _asked(work: Awaitable[T]) -> T:
    try:
        return await work
    except StoreError as error:
        raise DeskError(503, error.reason, error.advice) from None


def _read(csr: str, gateway: str) -> Request:
    try:
        request = read_csr(csr.encode("utf-8", "replace"))
    except CertError as error:
        raise DeskError(422, error.what, error.advice) from None
    if request.name != gateway:
        raise DeskError(
            422, f"the request is for {request.name}, not for {gateway}", "send this gateway's own"
        )
    return request


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _view(row: Enrolment) -> EnrolmentView:
    return EnrolmentView(
        gateway=row.gateway,
        state=row.state,
        fingerprint=row.fingerprint,
        asked_wall=row.asked_ms / 1000,
        decided_wall=row.decided_ms / 1000 if row.decided_ms is not None else None,
        decided_by=row.decided_by,
    )
