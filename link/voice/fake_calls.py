"""Telephone calls of the fake voice engine: the same facts in the same order as the real one's.

A fake is an edge of another when its host stands in the other's `edges`. Sound passes once a call is answered, or
before that from the called end after `ring(early=True)`. It carries nothing while either end holds.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from link.voice.call_port import (
    CallCame,
    CallDigit,
    CallHeld,
    CallRinging,
    CallTo,
    checked_digits,
    checked_number,
)
from link.voice.fake_parts import FakeLeg
from link.voice.port import LegRefused, LegUp, PortId, VoiceError, VoiceSettings
from link.voice.tokens import checked_uri

if TYPE_CHECKING:
    from link.voice.fake import FakeEngine


class FakeCalls:
    """The telephone half of `FakeEngine`, which gives the names below."""

    uri: str
    settings: VoiceSettings
    legs: dict[PortId, FakeLeg]
    calling: dict[PortId, CallTo]

    _ready: Callable[[], Coroutine[None, None, None]]
    _ring: Callable[[PortId, str], None]
    post: Callable[[object], None]
    end_leg: Callable[[PortId, int, str], None]
    new_port: Callable[[], PortId]

    async def call(self, to: CallTo) -> PortId:
        """See `TelephoneEngine.call`."""
        checked_uri(to.uri)
        for text in (to.caller, *([to.trunk] if to.trunk else [])):
            checked_number(text)
        await self._ready()
        if len(self.legs) >= self.settings.max_calls:
            raise VoiceError(f"{to.uri}: cannot be dialled: too many calls")
        port = self.new_port()
        self.legs[port] = FakeLeg("", telephone=True)
        self.calling[port] = to
        asyncio.get_running_loop().call_soon(self._ring, port, to.uri)
        return port

    def ring_there(self, port: PortId, leg: FakeLeg, uri: str, there: "FakeEngine") -> None:
        """The INVITE has come to the other engine."""
        to = self.calling.pop(port)
        if self.uri.removeprefix("sip:").rpartition("@")[2].partition(":")[0] not in there.settings.edges:
            there.post(LegRefused(self.uri, "no token"))
            self.end_leg(port, 403, "Forbidden")
            return
        number = uri.removeprefix("sip:").rpartition("@")[0]
        leg.other, leg.other_port = there, self.new_port()
        there.legs[leg.other_port] = FakeLeg("", self, port, telephone=True, came=True)  # type: ignore[arg-type]
        there.post(CallCame(leg.other_port, to.caller, to.kind, number, to.trunk, self.uri))

    async def ring(self, leg: PortId, early: bool = False) -> None:
        """See `TelephoneEngine.ring`."""
        found, other = await self._waiting(leg)
        found.early = other.early = early
        if found.other is not None:
            found.other.post(CallRinging(found.other_port, early))

    async def answer(self, leg: PortId) -> None:
        """See `TelephoneEngine.answer`."""
        found, other = await self._waiting(leg)
        found.answered = other.answered = True
        self.post(LegUp(leg, "", self.settings.codecs[0]))
        if found.other is not None:
            found.other.post(LegUp(found.other_port, "", self.settings.codecs[0]))

    async def refuse(self, leg: PortId, code: int) -> None:
        """See `TelephoneEngine.refuse`."""
        found = await self._telephone(leg)
        self.end_leg(leg, code, "refused here")
        if found.other is not None:
            found.other.end_leg(found.other_port, 200 if found.answered else code, "refused")

    async def send_digits(self, leg: PortId, digits: str) -> None:
        """See `TelephoneEngine.send_digits`."""
        checked_digits(digits)
        found = await self._telephone(leg)
        if not found.answered or found.other is None:
            raise VoiceError(f"leg {leg} is not answered; send digits after LegUp")
        for digit in digits:
            found.other.post(CallDigit(found.other_port, digit))

    async def hold(self, leg: PortId, held: bool) -> None:
        """See `TelephoneEngine.hold`."""
        found = await self._telephone(leg)
        if found.held != held and found.other is not None:
            found.held = held
            found.other.post(CallHeld(found.other_port, held))

    def is_mute(self, leg: FakeLeg) -> bool:
        """Whether nothing passes on this leg now."""
        other = leg.other.legs.get(leg.other_port) if leg.other is not None else None
        if not leg.telephone or other is None:
            return False
        if leg.held or other.held:
            return True
        return not (leg.answered or leg.early)

    async def _telephone(self, leg: PortId) -> FakeLeg:
        await self._ready()
        found = self.legs.get(leg)
        if found is None or not found.telephone:
            raise VoiceError(f"leg {leg} is no telephone call (any more)")
        return found

    async def _waiting(self, leg: PortId) -> tuple[FakeLeg, FakeLeg]:
        found = await self._telephone(leg)
        other = found.other.legs.get(found.other_port) if found.other is not None else None
        if not found.came or found.answered or other is None:
            raise VoiceError(f"leg {leg} does not wait for an answer")
        return found, other
