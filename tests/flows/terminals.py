"""A town in which gw-a has a radio and gw-b a terminal of the bench, both in one group."""

from typing import Protocol

from link.bus.port import Frame
from link.contract import neighbour as say
from tests.flows.gateway import STEP
from tests.flows.world import World, word


class Device(Protocol):
    """A bench device behind a cable."""

    def hear(self, data: bytes, now: float) -> None: ...

    def take(self, now: float) -> bytes: ...


class Valley(World):
    """gw-b has one line at `port`; bytes cross between it and `device` as time goes by."""

    def __init__(self, board: str, line: str, port: str, device: Device) -> None:
        super().__init__({"gw-b": board}, ("gw-a/r1", f"gw-b/{line}"))
        self.device, self.name = device, line
        self.gateway = self.gateways["gw-b"]
        self.port = self.gateway.ports.by_name[port]

    @property
    def line(self):
        return self.gateway.switchboard.lines[self.name].machine

    async def settle(self) -> None:
        await super().settle()
        now = self.clock.now()
        while self.port.written or (said := self.device.take(now)):
            while self.port.written:
                self.device.hear(self.port.written.popleft(), now)
                said = b""
            self.port.say(said)
            await super().settle()

    async def talk(self, frames: int, first: int = 0) -> None:
        """The radio at gw-a speaks."""
        gateway = self.gateways["gw-a"]
        gateway.carrier(True)
        for number in range(first, first + frames):
            gateway.cards["r1"].captured.append(word(number))
            await self.pass_time(STEP)
        gateway.carrier(False)

    def squelch(self, on: bool) -> None:
        """The voice process of gw-b hears that somebody speaks, or not any more."""
        told_now = say.SquelchChanged(line=self.name, on=on, since_ns=int(self.clock.now() * 1e9))
        self.gateway.switchboard.from_neighbour(Frame("voice", say.GATEWAY_VOICE.encode(told_now)))

    async def far_end_speaks(self, frames: int) -> None:
        """Somebody at the terminal's far end speaks, heard by the ear of the line."""
        self.squelch(True)
        for number in range(frames):
            self.gateway.cards[self.name].captured.append(word(number))
            await self.pass_time(STEP)
        self.squelch(False)
        await self.pass_time(1.0)

    def payloads(self, key: str) -> list[dict]:
        """What the journal holds of facts that have this field."""
        return [payload for _, _, payload in self.ledger.entries if key in payload]


def words(count: int, first: int = 0) -> list[bytes]:
    return [word(number) for number in range(first, first + count)]
