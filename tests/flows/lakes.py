"""A town in which gw-b has three radios, a loudspeaker, two contacts and a level: enough to carry on alone."""

import asyncio
import wave
from pathlib import Path

from firmware.events import CentreChanged, ConfigurationChanged, IslandChanged
from firmware.island.fires import FiresFile
from link.contract.documents import (
    Condition,
    Configuration,
    DesiredGroup,
    DesiredMember,
    DesiredTrigger,
)
from tests.flows.gateway import RATE
from tests.flows.instruments import Field
from tests.flows.world import told, word

LAKE = (
    told("""
    board = { name = "lake", kind = "bench", socket = "/nowhere" }
    card = [
        { name = "r1", driver = "bench" }, { name = "r2", driver = "bench" }, { name = "r3", driver = "bench" },
        { name = "pa1", driver = "bench" },
    ]
    serial = [{ name = "rs485", device = "/bench/rs485" }]
    bus = [{ name = "field", serial = "rs485" }]
    output = [
        { name = "r1.ptt", pin = 17, longest = 60.0 },
        { name = "r2.ptt", pin = 18, longest = 60.0 },
        { name = "r3.ptt", pin = 19, longest = 60.0 },
        { name = "pa1.amp", pin = 20, longest = 900.0 },
    ]
    input = [
        { name = "r1.cos", pin = 4 }, { name = "r2.cos", pin = 12 }, { name = "r3.cos", pin = 13 },
        { name = "gate", pin = 5 }, { name = "stop", pin = 6 },
    ]
    contact = [{ name = "gate", input = "gate" }, { name = "stop", input = "stop" }]
    sensor = [{ name = "dam", bus = "field", address = 2, profile = "level-int16" }]
""")
    + "".join(
        f"""
[[line]]
id = "{line}"
kind = "radio"
card = "{line}"
ptt = "{line}.ptt"
cos = "{line}.cos"
lead_ms = 60
tail_ms = 40
timeout = 30.0
"""
        for line in ("r1", "r2", "r3")
    )
    + """
[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "pa1.amp"
warm_up_ms = 300
tail_ms = 200
"""
)
SHA = "d" * 64
SECONDS = 2.0
MEMBERS = ("gw-a/r1", "gw-b/r1", "gw-b/r2", "gw-b/r3")
LEVEL = 12.55
OVER_THE_TOP = DesiredTrigger(
    trigger="dam",
    channel="live",
    conditions=(
        Condition(kind="above", source="dam", value=LEVEL, fresh=60),
        Condition(kind="contact", source="gate"),
    ),
    lines=("pa1",),
    sha=SHA,
    size=64044,
    seconds=SECONDS,
    stop="stop",
    most=2,
    per=600,
)


def group(*lines: str, name: str = "valley", timeout: float = 20.0, **priorities: int) -> DesiredGroup:
    members = tuple(DesiredMember(line=line, priority=priorities.get(line, 5)) for line in lines)
    return DesiredGroup(group=name, members=members, timeout=timeout)


def desired(*groups: DesiredGroup, triggers: tuple[DesiredTrigger, ...] = ()) -> ConfigurationChanged:
    return ConfigurationChanged(Configuration(groups=groups, triggers=triggers))


class Lake(Field):
    """gw-b has taken in a desired document in which its three radios are one group with one of gw-a."""

    def __init__(self, folder: Path, first: ConfigurationChanged | None = None) -> None:
        super().__init__(LAKE, MEMBERS)
        self.first = first or desired(group("r1", "r2", "r3"), triggers=(OVER_THE_TOP,))
        self.desk = self.gateway.switchboard.island
        self.desk.clips = self
        self.desk.fires = FiresFile(folder / "triggers.json")
        self.heard_island: list[IslandChanged] = []
        self.desk.hearers.append(self.heard_island.append)
        self.folder = folder
        self.gate = False

    def held(self, sha: str, size: int) -> bool:
        return sha in self.gateway.clips

    def hold_clip(self) -> list[bytes]:
        """The clip of the trigger lies at gw-b; its words."""
        path, words = self.folder / "clip.wav", [word(number) for number in range(int(SECONDS * 50))]
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, RATE, 0, "NONE", ""))
            out.writeframes(b"".join(words))
        self.gateway.clips[SHA] = path
        return words

    async def start(self) -> "Lake":
        self.desk.restore()
        self.desk.post(self.first)
        self.wire("stop", False)
        for line in ("r2", "r3"):
            self.carrier(line, False)
        await super().start()
        return self

    def wire(self, name: str, on: bool) -> None:
        """At the start the gate is as it is."""
        super().wire(name, on or (name == "gate" and self.gate))

    async def settle(self) -> None:
        await super().settle()
        while self.desk.tasks:  # what is asked of the disk in a thread
            await asyncio.wait(set(self.desk.tasks))
            await super().settle()

    def carrier(self, line: str, on: bool) -> None:
        self.gateway.switchboard.from_pin(line)(on, int(self.clock.now() * 1e9))

    async def say(self, line: str, count: int, first: int = 0) -> None:
        """`count` frames of speech on a radio of gw-b."""
        for number in range(first, first + count):
            self.gateway.cards[line].captured.append(word(number))
            await self.pass_time(0.02)

    async def over(self, line: str, count: int, first: int = 0) -> None:
        self.carrier(line, True)
        await self.say(line, count, first)
        self.carrier(line, False)
        await self.pass_time(1.0)

    async def cut(self, seconds: float = 1.5) -> None:
        self.broker.cut("gw-b")
        await self.pass_time(seconds)

    async def mend(self, seconds: float = 3.0) -> None:
        self.broker.mend("gw-b")
        await self.pass_time(seconds)

    async def centre_says(self, on: bool, seconds: float = 1.5) -> None:
        """As the uplink tells it."""
        self.gateway.switchboard.perform_uplink(CentreChanged(on))
        await self.pass_time(seconds)

    def island_facts(self, kind: str) -> list[dict]:
        return [payload for each, _, payload in self.ledger.entries if each == f"fact.{kind}"]
