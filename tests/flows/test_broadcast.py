"""Flow 2: a warning goes out to one zone, on a warm amplifier, once, and what became of it is known."""

import wave
from pathlib import Path

import pytest

from central.broadcasts import messages as warn
from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from tests.flows.gateway import RATE
from tests.flows.world import World, word

SHA = "c" * 64
SECONDS = 2.0


@pytest.fixture
def clip(world, tmp_path) -> Path:
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        for number in range(int(SECONDS * 50)):
            out.writeframes(word(number))
    for gateway in world.gateways.values():
        gateway.clips[SHA] = path
    return path


def asked(world: World, name: str = "b-1", channel="live", zone="gw-a", priority: int = 5) -> Broadcast:
    clip = Clip(SHA, 64044, SECONDS, "warning")
    what = Asked(name, channel, clip, (f"{zone}/pa1",), "wang", (zone,), priority)
    return Broadcast.ask(what, world.clock.now(), world.clock.wall(), frozenset(world.names))


async def test_a_live_warning_waits_for_a_second_person_then_sounds_whole(world, clip):
    runner = await world.broadcast(asked(world))
    await world.pass_time(1.0)
    assert not world.gateways["gw-a"].ptt("pa1.amp")
    runner.inbox.post(warn.Approve("wang"))
    await world.pass_time(1.0)
    assert not world.gateways["gw-a"].ptt("pa1.amp"), "the same person is not a second one"
    runner.inbox.post(warn.Approve("li"))
    await world.pass_time(SECONDS + 2.0)
    assert world.gateways["gw-a"].heard("pa1") == [word(n) for n in range(int(SECONDS * 50))]
    assert runner.machine.state == "done"
    on, off = (moment for moment, _, _ in world.gateways["gw-a"].guard.history)
    times = [moment for moment, _ in world.gateways["gw-a"].cards["pa1"].played]
    assert times[0] - on >= 0.3, "the amplifier was warm"
    assert off >= times[-1]


async def test_only_the_zone_sounds(world, clip):
    await world.broadcast(asked(world, channel="test"))
    await world.pass_time(SECONDS + 2.0)
    assert world.gateways["gw-a"].heard("pa1")
    assert not world.gateways["gw-b"].heard("pa1")
    assert world.gateways["gw-a"].heard("r1") == []


async def test_a_stop_silences_in_the_middle(world, clip):
    runner = await world.broadcast(asked(world, channel="drill"))
    await world.pass_time(1.0)
    runner.inbox.post(warn.Stop("li"))
    await world.pass_time(1.0)
    heard = len(world.gateways["gw-a"].heard("pa1"))
    assert 0 < heard < SECONDS * 50
    assert not world.gateways["gw-a"].ptt("pa1.amp")
    assert runner.machine.state == "stopped"


async def test_a_more_urgent_warning_pre_empts(world, clip):
    first = await world.broadcast(asked(world, "b-1", "test", priority=3))
    await world.pass_time(1.0)
    second = await world.broadcast(asked(world, "b-2", "test", priority=8))
    await world.pass_time(SECONDS + 2.0)
    assert first.machine.targets["gw-a/pa1"].result == "pre-empted"
    assert second.machine.state == "done"


async def test_a_clip_that_cannot_be_had_is_a_failure_not_a_success(world):
    runner = await world.broadcast(asked(world, channel="test"))
    await world.pass_time(3.0)
    assert runner.machine.state == "failed"
    assert not world.gateways["gw-a"].ptt("pa1.amp")


async def test_a_gateway_that_is_away_is_told_when_it_comes_back(world, clip):
    world.broker.cut("gw-a")
    await world.pass_time(1.0)
    runner = await world.broadcast(asked(world, channel="test"))
    await world.pass_time(5.0)
    assert runner.machine.state == "sending"
    world.broker.mend("gw-a")
    await world.pass_time(SECONDS + 3.0)
    assert runner.machine.state == "done"


async def test_a_voice_process_that_freezes_is_never_reported_as_played(world, clip):
    runner = await world.broadcast(asked(world, channel="test"))
    await world.pass_time(1.0)
    world.gateways["gw-a"].engine.freeze()
    await world.pass_time(4.0)
    assert runner.machine.targets["gw-a/pa1"].result == "failed"
    assert not world.gateways["gw-a"].ptt("pa1.amp")


async def test_a_lost_link_does_not_silence_a_warning(world, clip):
    runner = await world.broadcast(asked(world, channel="test"))
    await world.pass_time(0.8)
    world.broker.cut("gw-a")
    await world.pass_time(SECONDS + 1.0)
    assert len(world.gateways["gw-a"].heard("pa1")) == SECONDS * 50
    world.broker.mend("gw-a")
    await world.pass_time(2.0)
    assert runner.machine.state == "done", "the evidence came when the link was back"
