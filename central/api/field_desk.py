"""What the API may ask of core about the field: lines, inputs, texts, orders. Core implements it."""

from typing import Protocol

from central.api.field_requests import FieldOrder
from central.field_models import LineFieldView, OrderView, SiteView, TextView


class FieldDesk(Protocol):
    """Part of central.api.desk.Desk. Every method may raise DeskError, and no other exception."""

    def sites(self) -> tuple[SiteView, ...]:
        """The field of every gateway."""

    def line(self, name: str) -> LineFieldView:
        """One line. 404 with a suggestion when there is none of this name."""

    def texts(self, limit: int, line: str | None) -> tuple[TextView, ...]:
        """The newest texts in and out, newest first."""

    def orders(self, limit: int) -> tuple[OrderView, ...]:
        """The newest orders, newest first."""

    def order(self, id: str) -> OrderView:
        """One order. 404."""

    async def give(self, asked: FieldOrder, by: str) -> OrderView:
        """Send an order. 404 unknown line, 409 wrong kind of line, gateway offline or id used for another one."""
