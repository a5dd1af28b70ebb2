"""Who a secret shows somebody to be. Core implements it; the API asks at every request."""

from typing import Protocol

from central.api.caller import Caller


class Gate(Protocol):
    """Called on core's loop; `who` never waits."""

    def who(self, secret: str) -> Caller | None:
        """The person whose session or token this is, with his rights as they are now; None: nobody's, or ended."""

    async def until_ended(self, caller: Caller) -> None:
        """Return when his session or token has ended, or he may not look any more."""
