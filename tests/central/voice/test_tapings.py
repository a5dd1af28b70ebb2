"""Nothing of one conversation comes into another's file, whatever the order of bridges, records, legs and ends."""

import asyncio
import wave
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.voice.node import VoiceNode
from central.voice.tapings import sources
from link.contract import neighbour as say
from link.voice.fake import FakeAir, FakeEngine
from link.voice.port import VoiceSettings
from tests.central.voice.test_node import A, B, C, Radio, Rig, bridge, rig
from tests.flows.gateway import RATE

__all__ = ["rig"]
LEGS = (A, B, C, "gw-d/r1")
GROUPS = ("hill", "valley")
SAMPLES = RATE // 50
LEVEL = 256


def value_of(leg: str) -> int:
    return LEVEL << LEGS.index(leg)


def in_frame(frame: bytes) -> set[str]:
    """Whose voices are in this frame: each leg's has a bit of its own."""
    level = int.from_bytes(frame[:2], "little", signed=True)
    return {leg for leg in LEGS if level & value_of(leg)}


class Steady(Radio):
    """A radio that says its own level, always."""

    def pop(self) -> bytes:
        return value_of(self.name).to_bytes(2, "little") * SAMPLES


# ---- the rule


def order(recording: str = "r", bridge: str = "", mixed: bool = False) -> say.StartRecording:
    return say.StartRecording(recording=recording, path=f"{recording}.wav", bridge=bridge, mixed=mixed)


def test_a_conversation_takes_the_talkers_of_its_own_bridge():
    bridges = {"valley": ((A,), (B,)), "hill": ((C,), (A, B))}
    assert sources(order(bridge="valley", mixed=True), (A, B, C), bridges) == (A,)
    assert sources(order(bridge="lake", mixed=True), (A, B, C), bridges) == ()


def test_a_leg_is_left_out_while_it_talks_elsewhere():
    bridges = {"valley": ((A,), (B,)), "hill": ((C,), (A, B))}
    assert sources(order(bridge="valley"), (A, B, C), bridges) == (A, B)
    assert sources(order(bridge="valley"), (C,), {**bridges, "valley": ((C,), ())}) == (C,)
    assert sources(order(), (A, C), bridges) == (A, C), "one that belongs to no bridge holds its legs"


# ---- by construction: any order of orders

STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("bridge"),
            st.sampled_from(GROUPS),
            st.sets(st.sampled_from(LEGS)),
            st.sets(st.sampled_from(LEGS)),
        ),
        st.tuples(st.just("record"), st.sampled_from(GROUPS), st.sampled_from(("", *LEGS))),
        st.tuples(st.just("stop"), st.integers(0, 9)),
        st.tuples(st.just("drop"), st.sampled_from(LEGS)),
        st.tuples(st.just("come"), st.sampled_from(LEGS)),
    ),
    max_size=14,
)


class Town(Rig):
    """Four legs that always talk; after each step the files must hold exactly who was to be heard."""

    def __init__(self, folder: Path) -> None:
        self.air, self.told, self.facts, self.radios = FakeAir(), [], [], []
        self.engine = FakeEngine(self.air, "sip:node", VoiceSettings(rate_hz=RATE))
        self.folder, self.count = folder, 0
        self.bridges: dict[str, tuple[set[str], set[str]]] = {}
        self.expected: dict[str, list[tuple[set[str], bool]]] = {}
        """For each tick who may be in the file, and whether all of them have to be."""
        self.orders: dict[str, say.StartRecording] = {}

    async def come(self, name: str) -> None:
        self.count += 1
        await self.node.obey(say.ExpectLeg(leg=name, token=f"token-{self.count}-xyz"))
        radio = Steady(self, f"radio-{self.count}")
        radio.name = name
        self.radios.append(radio)
        await radio.dial(f"token-{self.count}-xyz")
        await self.settle()
        self.tick(False, 6)

    def tick(self, sure: bool, count: int) -> None:
        """Frames pass. A leg that has just come is heard a few ticks later; one more after any change."""
        for at in range(count):
            self.air.tick()
            for name in self.node.tapings.running:
                self.expected[name].append((self.wanted(name), sure and at > 0))

    def wanted(self, recording: str) -> set[str]:
        order = self.orders[recording]
        here = self.bridges.get(order.bridge, (set(), set()))[0]
        elsewhere = {leg for g, (t, _) in self.bridges.items() if g != order.bridge for leg in t}
        names = here if order.mixed else {leg for leg in order.legs if leg in here or leg not in elsewhere}
        return names & set(self.node.legs)

    async def step(self, step: tuple) -> None:
        match step:
            case ("bridge", group, talkers, listeners):
                self.bridges[group] = (talkers, listeners)
                await self.obey(bridge(tuple(talkers), tuple(listeners), group))
            case ("record", group, leg):
                self.count += 1
                name = f"rec-{self.count}"
                self.orders[name] = say.StartRecording(
                    recording=name,
                    path=f"{name}.wav",
                    bridge=group,
                    mixed=not leg,
                    legs=(leg,) if leg else (),
                )
                self.expected[name] = []
                await self.obey(self.orders[name])
            case ("stop", number):
                await self.obey(
                    *(say.StopRecording(recording=n) for n in list(self.orders)[number : number + 1])
                )
                await asyncio.gather(*self.node.tapings.closing)
            case ("drop", leg) if leg in self.node.legs:
                self.engine.drop_leg(self.node.legs[leg])
                await self.settle()
            case ("come", leg):
                await self.come(leg)
        self.tick(True, 2)

    def check(self) -> None:
        for name, expected in self.expected.items():
            with wave.open(str(self.folder / f"{name}.wav")) as file:
                sound = file.readframes(file.getnframes())
            heard = [in_frame(sound[at : at + 2 * SAMPLES]) for at in range(0, len(sound), 2 * SAMPLES)]
            assert len(heard) == len(expected), "a frame for each tick"
            for tick, (are, (shall, complete)) in enumerate(zip(heard, expected, strict=True)):
                assert are <= shall, f"{name} tick {tick}: {are - shall} of another conversation"
                assert are == shall or not complete, f"{name} tick {tick}: without {shall - are}"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_no_sound_of_one_conversation_is_in_the_file_of_another(tmp_path_factory, steps):
    async def run() -> None:
        town = Town(tmp_path_factory.mktemp("town"))
        limits = await town.engine.start(town.facts.append)
        town.node = VoiceNode(town.engine, limits, town.folder, town.told.append, rate_hz=RATE)
        for leg in LEGS:
            await town.come(leg)
        for step in steps:
            await town.step(step)
        await town.node.stop()
        town.check()

    asyncio.run(run())


async def test_the_bits_are_what_they_are_taken_for(rig: Rig):
    frame = (value_of(A) + value_of(C)).to_bytes(2, "little") * SAMPLES
    assert in_frame(frame) == {A, C}
    assert in_frame(bytes(640)) == set()
