"""What the API may ask of core about telephones. See central.api.desk."""

from typing import Protocol

from central.api.phone_requests import PhoneAdded
from central.phone_models import NewPhoneView, PhoneView


class PhonesDesk(Protocol):
    """Every method may raise DeskError, and no other exception."""

    def phones(self) -> tuple[PhoneView, ...]:
        """All, by number."""

    def phone(self, number: str) -> PhoneView:
        """One. 404 unknown."""

    async def add(self, asked: PhoneAdded, by: str) -> NewPhoneView:
        """A new one with its secret. 404 unknown owner, 409 the number is taken or there is no edge."""

    async def new_secret(self, number: str, by: str) -> NewPhoneView:
        """The old secret is void at once. 404 unknown, 409 there is no edge."""

    async def remove(self, number: str, by: str) -> PhoneView:
        """It is out at once. 404 unknown."""
