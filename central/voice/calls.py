"""Telephone calls at the voice node: names of their legs, orders of core to the engine, facts of it to core.

It decides nothing: a call that came waits for core's word, and is refused when there is no core to give one. It must
never answer by itself.
"""

import itertools
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from link.contract import call_talk as say
from link.contract.wire import Wire
from link.voice.call_port import CallCame, CallDigit, CallHeld, CallRinging, CallTo, TelephoneEngine
from link.voice.port import LegDown, LegUp, PlayEnded, PortId, VoiceError

log = logging.getLogger(__name__)

NO_CORE = 503
UNREACHABLE = 480


class NodeCalls:
    """`legs` is the node's table of names and ports; `edge` is where numbers are dialled (host:port, and what follows).

    `sounds` holds the WAVs of what a leg can be played, by name; those in `once` are played one time.
    """

    def __init__(
        self,
        engine: TelephoneEngine,
        legs: dict[str, PortId],
        tell: Callable[[Wire], object],
        edge: str = "",
        sounds: dict[str, Path] | None = None,
    ) -> None:
        self._engine, self._legs, self._tell = engine, legs, tell
        self._edge, self._sounds = edge, sounds or {}
        self._own = secrets.token_hex(3)
        self._count = itertools.count(1)
        self._hears: dict[str, PortId] = {}
        self._shared: dict[str, PortId] = {}
        self._once: dict[PortId, str] = {}

    async def obey(self, order: Wire) -> None:
        """One order of core. VoiceError when it cannot be carried out."""
        match order:
            case say.PlaceCall():
                await self._place(order)
            case say.RingCall(leg=leg, early=early) if leg in self._legs:
                await self._engine.ring(self._legs[leg], early)
            case say.AnswerCall(leg=leg) if leg in self._legs:
                await self._engine.answer(self._legs[leg])
            case say.EndCall(leg=leg, code=code) if leg in self._legs:
                await self._engine.refuse(self._legs[leg], code)
            case say.PlayToCall(leg=leg, sound=sound) if leg in self._legs:
                await self._play(leg, sound)
            case say.PressKeys(leg=leg, digits=digits) if leg in self._legs:
                await self._engine.send_digits(self._legs[leg], digits)

    async def _place(self, order: say.PlaceCall) -> None:
        try:
            if not self._edge:
                raise VoiceError("no edge is set; name one in [telephony]")
            uri = f"sip:{quote(order.number, safe='*+._-')}@{self._edge}"
            to = CallTo(uri, order.caller, "phone", order.trunk, order.srtp)
            port = await self._engine.call(to)
        except VoiceError as error:
            self._tell(say.CallGone(leg=order.leg, code=UNREACHABLE, why=str(error)[:200]))
            return
        self._legs[order.leg] = port

    async def _play(self, leg: str, sound: say.Sound) -> None:
        old = self._hears.pop(leg, None)
        if old is not None:
            await self._engine.part(old, self._legs[leg])
        path = self._sounds.get(sound)
        if path is None:
            return
        if sound in ONCE:
            port = await self._engine.play(path)
            self._once[port] = leg
        else:
            if sound not in self._shared:
                self._shared[sound] = await self._engine.play(path, loop=True)
            port = self._hears[leg] = self._shared[sound]
        await self._engine.connect(port, self._legs[leg])

    async def heard(self, fact: object) -> bool:
        """One fact of the engine; whether it was of a telephone call."""
        match fact:
            case CallCame(leg=port, caller=caller, kind=kind, number=number, trunk=trunk):
                name = f"{say.CALL}{self._own}-{next(self._count)}"
                self._legs[name] = port
                told = say.CallArrived(leg=name, caller=caller, number=number, kind=kind, trunk=trunk)
                log.info("call=%s arrived kind=%s", name, kind)
                if self._tell(told) is False:
                    await self._refuse(port)
                return True
            case PlayEnded(port=port) if port in self._once:
                del self._once[port]
                await self._engine.close(port)
                return True
        name = self._name(fact)
        if not name.startswith(say.CALL):
            return False
        match fact:
            case CallRinging(early=early):
                self._tell(say.CallRang(leg=name, early=early))
            case LegUp(codec=codec):
                self._tell(say.CallAnswered(leg=name, codec=codec))
            case CallHeld(held=held):
                self._tell(say.CallHeldAway(leg=name, held=held))
            case CallDigit(digit=digit):
                self._tell(say.KeyPressed(leg=name, digit=digit))
            case LegDown(code=code, reason=reason):
                self._hears.pop(name, None)
                self._tell(say.CallGone(leg=name, code=code, why=reason[:200]))
        return True

    def _name(self, fact: object) -> str:
        port = getattr(fact, "leg", None)
        return next((name for name, leg in self._legs.items() if leg == port), "")

    async def end_all(self) -> None:
        """Core is gone: nobody may ring for ever, or pay for a call that nobody looks after."""
        for name, port in tuple(self._legs.items()):
            if name.startswith(say.CALL):
                await self._refuse(port)

    async def _refuse(self, port: PortId) -> None:
        try:
            await self._engine.refuse(port, NO_CORE)
        except VoiceError as error:
            log.info("call=gone error=%s", error)


ONCE = frozenset({"refused", "queued", "timeout"})
"""Sounds that are played one time."""
