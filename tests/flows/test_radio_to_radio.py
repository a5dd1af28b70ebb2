"""Flow 1: a carrier at one gateway keys the others and carries the words there."""

from central.switchboard import NODE_PEER
from link.contract.realtime import LEASE_MS
from tests.flows.world import World, word


async def say(world: World, gateway: str, count: int, first: int = 0) -> None:
    """`count` frames of speech at 50 a second, as the radio's sound card delivers them."""
    card = world.gateways[gateway].cards["r1"]
    for number in range(first, first + count):
        card.captured.append(word(number))
        await world.pass_time(0.02)


async def over(world: World, gateway: str, count: int, first: int = 0) -> None:
    world.gateways[gateway].carrier(True)
    await say(world, gateway, count, first)
    world.gateways[gateway].carrier(False)
    await world.pass_time(1.0)


async def test_every_word_reaches_the_others_in_order_and_nobody_else(world):
    await over(world, "gw-a", 100)
    words = [word(number) for number in range(100)]
    assert world.gateways["gw-b"].heard() == words
    assert world.gateways["gw-c"].heard() == words
    assert world.gateways["gw-a"].heard() == []
    assert world.gateways["gw-b"].heard("pa1") == []


async def test_the_others_are_keyed_from_first_to_last_word_and_then_let_go(world):
    await over(world, "gw-a", 100)
    for name in ("gw-b", "gw-c"):
        gateway = world.gateways[name]
        assert [(out, on) for _, out, on in gateway.guard.history] == [("r1.ptt", True), ("r1.ptt", False)]
        on, off = (moment for moment, _, _ in gateway.guard.history)
        times = [moment for moment, _ in gateway.cards["r1"].played]
        assert on + 0.05 <= times[0]
        assert times[-1] <= off
    assert world.gateways["gw-a"].guard.history == []


async def test_two_at_once_give_one_floor_and_the_loser_is_not_heard(world):
    world.gateways["gw-a"].carrier(True)
    world.gateways["gw-b"].carrier(True)
    for number in range(50):
        world.gateways["gw-a"].cards["r1"].captured.append(word(number))
        world.gateways["gw-b"].cards["r1"].captured.append(word(1000 + number))
        await world.pass_time(0.02)
    heard = world.gateways["gw-c"].heard()
    assert heard
    assert all(frame in [word(n) for n in range(50)] for frame in heard)
    assert not world.gateways["gw-b"].ptt(), "his own carrier is up: he would not hear it"
    world.gateways["gw-a"].carrier(False)
    await world.pass_time(0.1)
    assert world.core.groups["valley"].machine.holder == "gw-b/r1"


async def test_a_conversation_is_recorded_from_its_first_to_its_last_over(world):
    await over(world, "gw-a", 10)
    assert world.tapes.running == {"group:valley": ("gw-a/r1", "gw-b/r1", "gw-c/r1")}
    await over(world, "gw-b", 10)
    await world.pass_time(3.0)
    assert world.tapes.ended == ["group:valley"]


async def test_the_journal_tells_who_had_the_floor(world):
    await over(world, "gw-a", 10)
    floors = [payload for kind, _, payload in world.ledger.entries if kind == "group.floor"]
    assert [(f["holder"], f["why"]) for f in floors] == [("gw-a/r1", "taken"), (None, "released")]
    kinds = world.ledger.kinds()
    for fact in ("LineOpened", "LineClosed", "TransmitStarted", "TransmitEnded"):
        assert f"fact.{fact}" in kinds


async def test_link_lost_in_mid_speech_unkeys_at_once_and_comes_back_by_itself(world):
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 20)
    assert world.gateways["gw-b"].ptt()
    world.broker.cut("gw-b")
    await world.pass_time(0.1)
    assert not world.gateways["gw-b"].ptt()
    assert world.gateways["gw-c"].ptt()
    world.broker.mend("gw-b")
    await world.pass_time(2.0)
    assert world.gateways["gw-b"].ptt(), "late entry"


async def test_a_dead_centre_unkeys_everybody_within_the_lease(world):
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 20)
    for task in world.tasks:
        if "World" not in repr(task) and task.get_coro().__qualname__ == "Runner.run":
            runner = task.get_coro().cr_frame.f_locals["self"]
            if runner.name.startswith(("group-", "gateway-")):
                task.cancel()
    await world.pass_time(LEASE_MS / 1000 + 0.1)
    assert not world.gateways["gw-b"].ptt()
    assert not world.gateways["gw-c"].ptt()


async def test_the_talkers_gateway_lost_releases_the_others(world):
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 20)
    world.broker.cut("gw-a")
    await world.pass_time(2.0)
    assert not world.gateways["gw-b"].ptt()
    assert world.core.groups["valley"].machine.holder is None


async def test_a_frozen_voice_process_is_a_lost_voice(world):
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 20)
    world.gateways["gw-b"].engine.freeze()
    await world.pass_time(2.0)
    assert not world.gateways["gw-b"].ptt()
    assert world.gateways["gw-c"].ptt()


async def test_a_voice_node_that_dies_or_freezes_in_mid_speech_releases_everybody(world):
    for trouble in (world.node_engine.freeze, lambda: world.core_place.cut(NODE_PEER)):
        world.gateways["gw-a"].carrier(True)
        await say(world, "gw-a", 20)
        assert world.gateways["gw-b"].ptt()
        trouble()
        await world.pass_time(2.0)
        assert not world.gateways["gw-b"].ptt()
        assert world.core.groups["valley"].machine.holder is None
        world.node_engine.thaw()
        world.core_place.mend(NODE_PEER)
        world.gateways["gw-a"].carrier(False)
        await world.pass_time(3.0)


async def test_a_leg_that_falls_is_dialled_again(world):
    leg = world.node.legs["gw-b/r1"]
    world.node_engine.drop_leg(leg)
    await world.pass_time(2.0)
    assert "gw-b/r1" in world.node.legs
    await over(world, "gw-a", 20)
    assert world.gateways["gw-b"].heard() == [word(number) for number in range(20)]


async def test_who_talks_too_long_is_cut_off_for_the_others(world):
    world.gateways["gw-a"].carrier(True)
    await world.pass_time(20.5)
    assert not world.gateways["gw-b"].ptt()
    assert world.core.groups["valley"].machine.holder is None
