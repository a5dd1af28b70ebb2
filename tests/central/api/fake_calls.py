"""The real desk of calls over a real exchange without a node, for tests of the API and the command line."""

from central.api.call_requests import CallRequest, JoinRequest, TransferRequest
from central.call_desk import CoreCallDesk
from central.call_models import TelephoneCallView
from central.calls import messages as say
from central.calls.plan import Extension, Plan
from central.telephones import Telephones
from link.hosting.clock import HandClock
from tests.flows.doors import FakeLedger, FakeTapes

PLAN = Plan(extensions={"2001": Extension("2001", "Duty room"), "2002": Extension("2002")})


class FakeCalls(CoreCallDesk):
    """Two calls stand: c-1 of 2001 with 2002, c-2 of 2002 with 2003. What is posted is done at once."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()
        clock = HandClock()
        out = (
            lambda order: None,
            self.ledger.append,
            lambda kind, name: None,
            FakeTapes,
            lambda *order: None,
        )
        telephones = Telephones(PLAN, clock, {}, *out)
        super().__init__(telephones, clock)
        telephones.post = telephones.runner.step  # type: ignore[method-assign]
        telephones.node_up(())
        runner = telephones.runner
        runner.machine = type(runner.machine)(PLAN, "c")
        for number, (caller, to) in enumerate((("2001", "2002"), ("2002", "2003"))):
            telephones.post(say.Arrived(f"call:in-{number}", caller, to))
            (placed,) = [p.leg for p in list(telephones.calls.values())[-1].parties if not p.came]
            telephones.post(say.Answered(placed))
            telephones.post(say.Answered(f"call:in-{number}"))

    @property
    def ids(self) -> list[str]:
        return list(self.telephones.seen)

    def _real(self, id: str) -> str:
        """The first two calls are c-1 and c-2 whatever the exchange calls them."""
        return {"c-1": self.ids[0], "c-2": self.ids[1]}.get(id, id)

    def call(self, id: str) -> TelephoneCallView:
        return super().call(self._real(id))

    async def connect(self, asked: CallRequest, by: str) -> TelephoneCallView:
        return await super().connect(asked, by)

    async def transfer(self, id: str, asked: TransferRequest, by: str) -> TelephoneCallView:
        return await super().transfer(self._real(id), asked, by)

    async def join(self, id: str, asked: JoinRequest, by: str) -> TelephoneCallView:
        return await super().join(
            self._real(id), asked.model_copy(update={"other": self._real(asked.other)}), by
        )

    async def end(self, id: str, by: str) -> TelephoneCallView:
        return await super().end(self._real(id), by)
