"""Telephone calls as the API asks for them: requests become events of the exchange, calls become views."""

import asyncio
import secrets
from dataclasses import dataclass

from central.api.call_requests import CallRequest, JoinRequest, TransferRequest
from central.api.refusal import DeskError
from central.call_models import TelephoneCallView, TelephonePartyView
from central.calls import messages as say
from central.calls.call import Party
from central.telephones import Telephones
from link.hosting.clock import Clock

SETTLE = 0.01
"""Seconds in which the exchange takes in what it is asked."""


@dataclass
class CoreCallDesk:
    """Implements central.api.calls_desk.CallsDesk."""

    telephones: Telephones
    clock: Clock

    def calls(self) -> tuple[TelephoneCallView, ...]:
        """See CallsDesk."""
        return tuple(self._view(id) for id in reversed(self.telephones.seen))

    def call(self, id: str) -> TelephoneCallView:
        """See CallsDesk."""
        if id not in self.telephones.seen:
            raise DeskError(404, f"there is no call {id!r}", "see: spillway call list")
        return self._view(id)

    async def connect(self, asked: CallRequest, by: str) -> TelephoneCallView:
        """See CallsDesk."""
        if not self.telephones.node:
            raise DeskError(503, "no voice node is there to call", "start central voice, then try again")
        id = f"c{secrets.token_hex(4)}"
        return await self._asked(id, say.Connect(id, asked.number, asked.to, by))

    async def transfer(self, id: str, asked: TransferRequest, by: str) -> TelephoneCallView:
        """See CallsDesk."""
        self._going_on(id)
        return await self._asked(id, say.Transfer(id, asked.leaving, asked.to, by))

    async def join(self, id: str, asked: JoinRequest, by: str) -> TelephoneCallView:
        """See CallsDesk."""
        for each in (id, asked.other):
            self._going_on(each)
        return await self._asked(id, say.Merge(id, asked.other, asked.common, asked.stays, by))

    async def end(self, id: str, by: str) -> TelephoneCallView:
        """See CallsDesk."""
        self.call(id)
        return await self._asked(id, say.HangUp(id, by))

    async def _asked(self, id: str, event: object) -> TelephoneCallView:
        self.telephones.refusals.pop(id, None)
        self.telephones.post(event)
        await asyncio.sleep(SETTLE)
        why = self.telephones.refusals.pop(id, "")
        if why:
            raise DeskError(409, why, "look at the numbers and at [telephony] in the centre's settings")
        return self.call(id)

    def _going_on(self, id: str) -> None:
        self.call(id)
        if id not in self.telephones.calls:
            raise DeskError(409, f"the call {id} has ended", "see: spillway call list")

    def _view(self, id: str) -> TelephoneCallView:
        seen = self.telephones.seen[id]
        call = seen.call
        ended = seen.ended_wall is not None
        return TelephoneCallView(
            id=id,
            state="ended" if ended else call.state,
            caller=call.caller,
            caller_name=self._name(call.caller),
            number=call.dialled,
            group=call.group,
            emergency=call.emergency,
            parties=tuple(self._party(each) for each in call.parties),
            began_wall=self._wall(call.began),
            answered_wall=None if call.answered is None else self._wall(call.answered),
            ended_wall=seen.ended_wall,
            why=seen.why,
        )

    def _party(self, party: Party) -> TelephonePartyView:
        state = "held" if party.held else "up"
        if not party.up:
            state = "calling" if party.came else "ringing"
        told = {"number": party.number, "name": self._name(party.number), "state": state}
        return TelephonePartyView.model_validate(told)

    def _name(self, number: str) -> str:
        name = self.telephones.runner.machine.plan.name_of(number)
        return "" if name == number else name

    def _wall(self, moment: float) -> float:
        return round(self.clock.wall() - self.clock.now() + moment, 3)
