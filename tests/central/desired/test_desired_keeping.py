"""Documents are stored before they are published, published as the window allows, and made when something changed."""

import asyncio
from pathlib import Path

import pytest

from central.desired import keeping
from central.desired.centre_state import LOOK_EVERY, SAY_EVERY, CentreStanding
from central.desired.keeping import STORE_AGAIN
from central.store.database import StoreError
from link.bus.fake import FakeBroker, FakeBus
from link.contract.documents import Reported, decode_desired, decode_state
from link.contract.topics import Row, Topics
from link.floor.messages import GroupSettings, Member
from link.hosting.clock import HandClock, settle_loop
from tests.flows.world import World

TOPICS = Topics("main")


@pytest.fixture
async def world():
    started = await World().start()
    yield started
    await started.stop()


def published(world: World, gateway: str) -> list[int]:
    topic = TOPICS.of(Row.DESIRED, gateway)
    return [decode_desired(m.payload).rev for m in world.broker.taken if m.topic == topic]


def without(world: World, *lines: str) -> None:
    old = world.core.groups["valley"].machine.settings
    members = tuple(m for m in old.members if m.line not in lines)
    world.patches.set_group(GroupSettings("valley", members, old.hang, old.timeout))


async def test_a_store_that_fails_keeps_the_document_back_and_is_asked_again(world: World, monkeypatch):
    before = published(world, "gw-b")

    async def full(row, wall_ms):
        raise StoreError("the disk is full", "free space", passing=True)

    monkeypatch.setattr(world.desired_store, "save", full)
    without(world, "gw-b/r1")
    await world.settle()
    world.changed("group", "valley")
    await world.pass_time(1.0)
    assert published(world, "gw-b") == before
    monkeypatch.undo()
    await world.pass_time(STORE_AGAIN)
    assert published(world, "gw-b")[-1] == before[-1] + 1


async def test_floor_and_carrier_changes_make_no_document(world: World, monkeypatch):
    made = []
    monkeypatch.setattr(world.desired, "refresh", lambda: made.append(1) or asyncio.sleep(0, True))
    world.gateways["gw-a"].carrier(True)
    await world.pass_time(1.0)
    world.gateways["gw-a"].carrier(False)
    for name in world.names:
        world.changed("gateway", name)
    world.changed("group", "valley")
    await world.pass_time(1.0)
    made.clear()
    world.gateways["gw-a"].carrier(True)
    world.changed("group", "valley")
    await world.pass_time(1.0)
    assert made == []


async def test_news_of_one_gateway_makes_one_document(world: World, mocker):
    """With 10,000 sites each birth had all documents made again."""
    made = mocker.spy(keeping, "content_for")
    world.changed("wanted", "gw-b")
    await world.pass_time(1.0)
    assert [call.args[0].id for call in made.call_args_list] == ["gw-b"]
    world.changed("clip", "flood")
    await world.pass_time(1.0)
    assert {call.args[0].id for call in made.call_args_list} == set(world.names)


async def test_a_full_window_holds_documents_back_and_all_come(world: World, monkeypatch):
    said = []
    publish = world.core_bus.publish

    def narrow(topic, payload, **how):
        said.append(topic)
        return len(said) > 5 and publish(topic, payload, **how)

    monkeypatch.setattr(world.core_bus, "publish", narrow)
    before = {name: len(published(world, name)) for name in world.names}
    world.desired.connected("again")
    await world.pass_time(1.0)
    assert {name: len(published(world, name)) - before[name] for name in world.names} == dict.fromkeys(
        world.names, 1
    )


async def test_a_birth_brings_the_document_again(world: World):
    before = published(world, "gw-a")
    world.broker.cut("gw-a")
    await world.pass_time(0.2)
    world.broker.mend("gw-a")
    await world.pass_time(1.0)
    assert len(published(world, "gw-a")) == len(before) + 1


async def test_absurd_reports_move_no_revision(world: World):
    world.core.from_mail("gw-a", Reported(rev_seen=2**62))
    await world.pass_time(1.0)
    assert max(published(world, "gw-a")) == 1


async def test_a_large_configuration_is_laid_down_and_the_one_it_replaces_goes(world: World, tmp_path: Path):
    world.desired._folder = tmp_path
    label = "北" * 80

    async def grown(count: int) -> None:
        members = tuple(Member(f"gw-a/x{n}", 5, label) for n in range(count))
        world.patches.set_group(GroupSettings("valley", members))
        await world.settle()
        world.changed("group", "valley")
        await world.pass_time(1.0)

    async def laid_down(other_than: Path | None) -> Path:
        """The file that a worker thread writes."""
        async with asyncio.timeout(10):
            while not (new := [each for each in tmp_path.glob("*.cfg") if each != other_than]):
                await world.pass_time(0.1)
        await world.pass_time(1.0)
        return new[0]

    await grown(63)
    first = await laid_down(None)
    assert world.desired.path_of(first.stem) == first
    assert world.desired.path_of("ab" * 32) is None
    document = decode_desired(world.broker.retained[TOPICS.of(Row.DESIRED, "gw-a")].payload)
    assert (document.cfg, document.cfg_sha, document.cfg_size) == (None, first.stem, first.stat().st_size)
    world.gateways["gw-a"].files[first.stem] = first.read_bytes()
    await world.pass_time(6.0)
    assert world.gateways["gw-a"].desired.runner.machine.report.rev_applied == document.rev
    await grown(62)
    second = await laid_down(first)
    async with asyncio.timeout(10):
        while first.exists():
            await world.pass_time(0.1)
    assert second.exists()


async def test_the_state_of_the_centre_is_said_again_in_time_and_when_the_window_was_full():
    clock, broker = HandClock(), FakeBroker()
    bus = FakeBus(broker, "svc-centre")
    centre = CentreStanding(bus, TOPICS, clock)
    task = asyncio.get_running_loop().create_task(centre.run())
    await bus.start(lambda fact: None, (), centre.will())
    centre.connected("s1")  # the door is not up yet: refused
    broker.settle()
    await settle_loop()
    await clock.advance(LOOK_EVERY, settle_loop)
    broker.settle()
    said = [decode_state(m.payload) for m in broker.taken]
    assert [(s.on, s.cid, s.ingest) for s in said] == [(True, "s1", True)]
    await clock.advance(SAY_EVERY + LOOK_EVERY, settle_loop)
    broker.settle()
    assert len(broker.taken) == 2
    assert decode_state(centre.will().payload_of("s2")).model_dump()["on"] is False
    task.cancel()
