"""What the API may ask of core about telephone calls. See central.api.desk."""

from typing import Protocol

from central.api.call_requests import CallRequest, JoinRequest, TransferRequest
from central.call_models import TelephoneCallView


class CallsDesk(Protocol):
    """Every method may raise DeskError, and no other exception."""

    def calls(self) -> tuple[TelephoneCallView, ...]:
        """Calls that go on and those that ended lately, the newest first."""

    def call(self, id: str) -> TelephoneCallView:
        """One call. 404."""

    async def connect(self, asked: CallRequest, by: str) -> TelephoneCallView:
        """Ring a telephone and connect it. 409 with the reason when it may not, 503 no voice node."""

    async def transfer(self, id: str, asked: TransferRequest, by: str) -> TelephoneCallView:
        """Put one party's place on another number. 404 unknown, 409 with the reason."""

    async def join(self, id: str, asked: JoinRequest, by: str) -> TelephoneCallView:
        """Make one of two calls. 404 unknown, 409 with the reason."""

    async def end(self, id: str, by: str) -> TelephoneCallView:
        """End a call; one that has ended is returned as it is. 404 unknown."""
