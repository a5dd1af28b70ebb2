"""What the API may ask about keys and standing authorities. See central.api.desk."""

from typing import Protocol

from central.api.caller import Caller
from central.api.key_requests import KeyAsked, SignatureShown
from central.key_models import KeyView, TriggerView


class KeysDesk(Protocol):
    """Every method may raise DeskError, and no other exception."""

    def known(self) -> tuple[KeyView, ...]:
        """Every public key, also who is waiting and what is revoked."""

    async def register(self, asked: KeyAsked, by: str) -> KeyView:
        """Take the public half of `by`'s key; another person approves it. 409 known, or too many wait; 422 no use."""

    async def approve(self, kid: str, by: str) -> KeyView:
        """Let it into the next key ring. 404 unknown, 409 his own, or not waiting."""

    async def revoke(self, kid: str, why: str, by: Caller) -> KeyView:
        """It counts no more, at once. 403 another's, without the right; 404 unknown."""

    async def triggers(self, by: str) -> tuple[TriggerView, ...]:
        """The local triggers with what is to be signed."""

    def gateway_of(self, trigger: str) -> str:
        """Gateway of a trigger. 404 unknown."""

    async def sign_trigger(self, trigger: str, shown: SignatureShown, by: str) -> TriggerView:
        """Sign its standing authority. 404 unknown, 409 with the reason when it does not count."""
