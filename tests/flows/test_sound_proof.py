"""A loudspeaker in its room: what became of a warning is what was heard there, not what the relay says."""

import math
import random
import wave
from array import array
from pathlib import Path

import pytest

from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from firmware.voice.rack import Rack
from hw.proof.judge import judge
from link.contract import facts
from tests.flows.gateway import BOARD, FRAME, RATE, FakeGateway
from tests.flows.world import World

SHA = "d" * 64
SECONDS = 6.0
ZONED = BOARD.replace(
    '{ name = "pa1.amp", pin = 18, longest = 900.0 }]',
    '{ name = "pa1.amp", pin = 18, longest = 900.0 }, { name = "pa1.east", pin = 19, longest = 900.0 }]',
).replace('relay = "pa1.amp"', 'relay = "pa1.amp"\nzones = ["pa1.east"]\nchime = true')


def tone(dbfs: float) -> bytes:
    peak = 32768 * 10 ** (dbfs / 20) * math.sqrt(2)
    return array("h", [round(peak * math.sin(n / 3)) for n in range(FRAME // 2)]).tobytes()


def speech(path: Path, seconds: float) -> Path:
    chance, frames = random.Random(3), []
    while len(frames) < seconds * 50:
        frames += [tone(chance.uniform(-24, -10))] * chance.randint(6, 15)
        frames += [bytes(FRAME)] * chance.randint(2, 9)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(b"".join(frames[: int(seconds * 50)]))
    return path


class Room:
    """Where the loudspeaker of one gateway stands: what its card plays is heard there while the amplifier lives."""

    def __init__(self, gateway: FakeGateway, monitored: bool) -> None:
        self.gateway, self.mute, self.heard = gateway, False, 0
        self.monitored = monitored
        gateway.furnish = self.furnish

    def furnish(self, rack: Rack) -> None:
        async def at_once(evidence, settings):
            return judge(evidence, settings)

        rack.prover.judging = at_once
        witness, card = rack.prover.watch("pa1"), self.gateway.cards["pa1"]
        push = card.push

        def sounds(frame: bytes) -> None:
            push(frame)
            alive = card.mode == "open" and self.gateway.ptt("pa1.amp") and not self.mute
            softer = array("h", [sample // 10 for sample in array("h", frame)]).tobytes()
            self.heard += alive and any(frame)
            if self.monitored:
                witness.heard(softer if alive and any(frame) else tone(-62), 0)

        card.push = sounds


@pytest.fixture
def sound(tmp_path) -> Path:
    return speech(tmp_path / "clip.wav", SECONDS)


async def town(sound: Path, board: str = BOARD, monitored: bool = True) -> tuple[World, Room]:
    world = World(boards={"gw-a": board})
    room = Room(world.gateways["gw-a"], monitored)
    world.gateways["gw-a"].clips[SHA] = sound
    return await world.start(), room


async def warned(world: World, name: str = "b-1") -> Broadcast:
    clip = Clip(SHA, 64044, SECONDS, "warning")
    what = Asked(name, "test", clip, ("gw-a/pa1",), "wang", ("gw-a",), 5)
    machine = Broadcast.ask(what, world.clock.now(), world.clock.wall(), frozenset(world.names))
    runner = await world.broadcast(machine)
    await world.pass_time(SECONDS + 3.0)
    return runner.machine


async def test_a_warning_that_was_heard(sound):
    world, room = await town(sound)
    machine = await warned(world)
    proof = machine.targets["gw-a/pa1"].proof
    assert room.heard > 100
    assert proof is not None
    assert (proof.verdict, proof.why, machine.state) == ("played", "microphone", "done")
    assert proof.share is not None
    assert proof.share > 0.95
    await world.stop()


async def test_the_relay_closed_and_nothing_was_heard(sound):
    world, room = await town(sound)
    room.mute = True
    machine = await warned(world)
    target = machine.targets["gw-a/pa1"]
    assert (target.result, machine.state) == ("played", "failed")
    assert target.proof is not None
    assert target.proof.verdict == "silent"
    await warned(world, "b-2")
    ill = [
        entry for kind, _, entry in world.ledger.entries if kind == "fact.HealthChanged" and not entry["ok"]
    ]
    assert [entry["subject"] for entry in ill] == ["loudspeaker pa1"]
    assert facts.HealthChanged.model_validate({k: ill[0][k] for k in facts.HealthChanged.model_fields}).advice
    await world.stop()


async def test_half_of_it_was_heard(sound):
    world, room = await town(sound)
    world.clock.call_at(world.clock.now() + 0.3 + SECONDS / 2, lambda: setattr(room, "mute", True))
    machine = await warned(world)
    proof = machine.targets["gw-a/pa1"].proof
    assert proof is not None
    assert (proof.verdict, machine.state) == ("partly", "partly")
    await world.stop()


async def test_without_a_microphone_nothing_is_proved(sound):
    world, _ = await town(sound, monitored=False)
    machine = await warned(world)
    proof = machine.targets["gw-a/pa1"].proof
    assert proof is not None
    assert (proof.verdict, proof.why, machine.state) == ("unknown", "relay only", "done")
    await world.stop()


async def test_zones_and_chime_on_the_way_to_the_loudspeaker(sound, tmp_path):
    world, room = await town(sound, ZONED)
    gateway = world.gateways["gw-a"]
    gateway.rack._tones = {"chime": speech(tmp_path / "chime.wav", 1.2)}
    clip = Clip(SHA, 64044, SECONDS, "warning")
    what = Asked("b-1", "test", clip, ("gw-a/pa1",), "wang", ("gw-a",), 5)
    machine = Broadcast.ask(what, world.clock.now(), world.clock.wall(), frozenset(world.names))
    runner = await world.broadcast(machine)
    await world.pass_time(SECONDS + 5.0)
    outputs = [(out, on) for _, out, on in gateway.guard.history]
    assert outputs == [("pa1.east", True), ("pa1.amp", True), ("pa1.amp", False), ("pa1.east", False)]
    assert runner.machine.state == "done"
    target = runner.machine.targets["gw-a/pa1"]
    assert target.played == pytest.approx(SECONDS, abs=0.1), "the chime is not counted"
    first = gateway.cards["pa1"].played[0][0]
    on = gateway.guard.history[1][0]
    assert first - on >= 0.3, "the chime waits for the warm amplifier"
    assert room.heard > 100
    await world.stop()
