"""Telephones and trunks of the flows: one fake engine plays the edge with everything that is registered there."""

from link.voice.call_port import CallCame, CallRinging, CallTo
from link.voice.fake import FakeEngine
from link.voice.port import LegDown, LegUp, PortId, VoiceSettings
from tests.flows.gateway import RATE
from tests.flows.world import World


class Mouth:
    """What a telephone says and hears."""

    def __init__(self) -> None:
        self.words: list[bytes] = []
        self.heard: list[bytes] = []

    def pop(self) -> bytes | None:
        return self.words.pop(0) if self.words else None

    def push(self, frame: bytes) -> None:
        if any(frame):
            self.heard.append(frame)


class Edge:
    """`facts` is what its telephones were told."""

    def __init__(self, world: World) -> None:
        self.world, self.facts = world, list[object]()
        settings = VoiceSettings(rate_hz=RATE, edges=("node",))
        self.engine = FakeEngine(world.air, "sip:phones", settings)
        self.mouths: dict[PortId, Mouth] = {}
        self.answered: set[PortId] = set()

    async def start(self) -> "Edge":
        await self.engine.start(self.facts.append)
        return self

    async def dial(self, caller: str, number: str, trunk: str = "") -> PortId:
        """A telephone (or somebody outside, by `trunk`) dials."""
        kind = "trunk" if trunk else "phone"
        leg = await self.engine.call(CallTo(f"sip:{number}@node", caller, kind, trunk))
        await self.listen(leg)
        await self.world.pass_time(0.1)
        return leg

    async def listen(self, leg: PortId) -> None:
        mouth = self.mouths[leg] = Mouth()
        port = await self.engine.add_frames("phone", mouth, mouth, RATE)
        await self.engine.connect(port, leg)
        await self.engine.connect(leg, port)

    def ringing(self, number: str) -> list[CallCame]:
        """Calls that ring at a number now, oldest first."""
        came = (fact for fact in self.facts if isinstance(fact, CallCame) and fact.number == number)
        return [fact for fact in came if fact.leg in self.engine.legs and fact.leg not in self.answered]

    async def answer(self, number: str) -> PortId:
        leg = self.ringing(number)[0].leg
        await self.engine.ring(leg)
        await self.engine.answer(leg)
        self.answered.add(leg)
        await self.listen(leg)
        await self.world.pass_time(0.1)
        return leg

    async def refuse(self, number: str, code: int = 486) -> None:
        await self.engine.refuse(self.ringing(number)[0].leg, code)
        await self.world.pass_time(0.1)

    async def hang_up(self, leg: PortId) -> None:
        await self.engine.hang_up(leg)
        await self.world.pass_time(0.1)

    async def press(self, leg: PortId, digits: str) -> None:
        await self.engine.send_digits(leg, digits)
        await self.world.pass_time(0.1)

    async def talking(self, caller: str, number: str) -> tuple[PortId, PortId]:
        """A call that stands: both legs at the edge."""
        mine = await self.dial(caller, number)
        return mine, await self.answer(number)

    async def says(self, leg: PortId, *words: bytes) -> None:
        for mouth in self.mouths.values():
            mouth.heard.clear()
        self.mouths[leg].words += words
        await self.world.pass_time(0.02 * (len(words) + 6))

    def heard(self, leg: PortId) -> list[bytes]:
        return self.mouths[leg].heard

    def is_up(self, leg: PortId) -> bool:
        up = any(isinstance(fact, LegUp) and fact.leg == leg for fact in self.facts)
        return up and leg in self.engine.legs

    def rings_back(self, leg: PortId) -> bool:
        return any(isinstance(fact, CallRinging) and fact.leg == leg for fact in self.facts)

    def code(self, leg: PortId) -> int:
        """With what a leg ended; 0 while it stands."""
        ends = (fact.code for fact in self.facts if isinstance(fact, LegDown) and fact.leg == leg)
        return next(ends, 0)
