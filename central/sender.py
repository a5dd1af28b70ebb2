"""Makes orders into commands (row 8): numbered, limited in time, for the session that stands, signed.

`n` rises for ever, also over a restart and a clock that was set back: gateways refuse a number they have seen.
"""

from collections.abc import Callable

from central.authority.signer import PlainSigner, Signer
from central.outgoing import Outgoing
from central.ports import Ledger
from link.contract.authority import CLASS_OF
from link.contract.batch import command_for
from link.contract.topics import Row, Topics
from link.contract.wire import Wire
from link.hosting.clock import Clock

STRIDE = 1_000_000
"""Numbers that are reserved on disk at once."""
SECRET = frozenset({"key", "token"})
"""Arguments that the journal does not show."""


class Numbers:
    """`keep(n)`: let the disk hold that every number below `n` may be used up."""

    def __init__(self, keep: Callable[[int], None] = lambda n: None) -> None:
        self.keep = keep
        self.n = self._reserved = 0

    def start(self, kept: int, wall_ms: int) -> None:
        """Go on above everything that was used before. `kept`: what the disk has."""
        self.n = self._reserved = max(kept, wall_ms)

    def next(self) -> int:
        """A number that was never given before."""
        self.n += 1
        if self._reserved - self.n < STRIDE // 2:
            self._reserved = self.n + STRIDE
            self.keep(self._reserved)
        return self.n


class Sender:
    """`session(gateway)`: name of the session that stands there; empty for none."""

    def __init__(
        self,
        clock: Clock,
        topics: Topics,
        outgoing: Outgoing,
        ledger: Ledger,
        session: Callable[[str], str],
    ) -> None:
        self.signer: Signer = PlainSigner()
        self.numbers = Numbers()
        self.sent = 0
        self._clock, self._topics, self._outgoing = clock, topics, outgoing
        self._ledger, self._session = ledger, session

    def command(self, gateway: str, order: Wire, ttl: int, more: dict[str, object]) -> str:
        """Send one command; its id."""
        self.sent += 1
        now = int(self._clock.wall())
        command = command_for(order, gateway, self.numbers.next(), now, ttl, **more)
        if CLASS_OF.get(command.op) == "session":
            command = command.model_copy(update={"sid": self._session(gateway)})
        shown = {name: value for name, value in command.args.items() if name not in SECRET}
        self._ledger.append("command", gateway, {"id": command.id, "op": command.op, "args": shown})
        row = Row.COMMAND
        self._outgoing.post(self._topics.of(row, gateway), self.signer.command(command), row, ttl)
        return command.id
