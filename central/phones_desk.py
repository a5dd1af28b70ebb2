"""Telephones as the API asks for them. See central.api.phones_desk."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar, cast

from central.api.phone_requests import PhoneAdded
from central.api.refusal import DeskError
from central.edge_settings import EdgeSettings
from central.phone_book import PhoneBook
from central.phone_models import NewPhoneView, PhoneSecurity, PhoneView
from central.store.database import StoreError
from central.store.phones import PhoneRow

log = logging.getLogger(__name__)

T = TypeVar("T")


class CorePhonesDesk:
    """Implements central.api.phones_desk.PhonesDesk. `known`: whether somebody of this name is active."""

    def __init__(self, book: PhoneBook, settings: EdgeSettings | None, known: Callable[[str], bool]) -> None:
        self._book, self._settings, self._known = book, settings, known

    def phones(self) -> tuple[PhoneView, ...]:
        """See PhonesDesk."""
        rows = sorted(self._book.phones.values(), key=lambda row: (len(row.number), row.number))
        return tuple(self._view(row) for row in rows)

    def phone(self, number: str) -> PhoneView:
        """See PhonesDesk."""
        return self._view(self._row(number))

    async def add(self, asked: PhoneAdded, by: str) -> NewPhoneView:
        """See PhonesDesk."""
        settings = self._there()
        if asked.number in self._book.phones:
            advice = f"choose another number, or: spillway phone new-secret {asked.number}"
            raise DeskError(409, f"there is a telephone {asked.number}", advice)
        if asked.number in settings.emergency:
            raise DeskError(409, f"{asked.number} is an emergency number", "choose another number")
        if asked.owner and not self._known(asked.owner):
            raise DeskError(
                404, f"there is no person {asked.owner!r}", "leave the owner out, or add the person first"
            )
        security = asked.security or ("secured" if settings.tls_port else "plain")
        if security == "secured" and not settings.tls_port:
            raise DeskError(
                409, "the edge speaks no TLS with telephones", "set [edge] tls_port, or ask for plain"
            )
        if security == "plain" and not settings.udp_port:
            security = "secured"
        row = PhoneRow(
            asked.number, asked.label, asked.owner, asked.permission, security, "", "", "", 0.0, by
        )
        return await self._made(row, by, settings)

    async def new_secret(self, number: str, by: str) -> NewPhoneView:
        """See PhonesDesk."""
        row = self._row(number)
        return await self._made(replace(row), by, self._there())

    async def remove(self, number: str, by: str) -> PhoneView:
        """See PhonesDesk."""
        view = self._view(self._row(number))
        await self._kept(self._book.remove(number, by))
        return view

    async def _made(self, row: PhoneRow, by: str, settings: EdgeSettings) -> NewPhoneView:
        secret = await self._kept(self._book.add(row, by))
        ports = {"udp_port": settings.udp_port, "tls_port": settings.tls_port}
        where = {"server": settings.dialled, "realm": settings.realm, **ports}
        view = self._view(self._row(row.number))
        return NewPhoneView.model_validate({**view.model_dump(), **where, "secret": secret})

    async def _kept(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        except OSError as error:
            log.error("telephony=%s", error)
            what = "the edge's book of telephones cannot be written"
            raise DeskError(
                503, what, "look at the log of central core and at the disk; then do it again"
            ) from None

    def _there(self) -> EdgeSettings:
        if self._settings is None:
            raise DeskError(
                409, "there is no [edge] table", "add it to the centre's settings and restart core"
            )
        return self._settings

    def _row(self, number: str) -> PhoneRow:
        row = self._book.phones.get(number)
        if row is None:
            raise DeskError(
                404, f"there is no telephone {number}", "spillway phone list shows those there are"
            )
        return row

    def _view(self, row: PhoneRow) -> PhoneView:
        return PhoneView(
            number=row.number,
            label=row.label,
            owner=row.owner,
            permission=row.permission,
            security=cast(PhoneSecurity, row.security),
            since_wall=row.since,
            by=row.made_by,
            works=self._book.works(row),
        )
