"""Desired and reported, the whole way: settings, groups and clips at the centre to what is in force at a gateway."""

import pytest

from central.desired.content import ClipKnown
from firmware.events import BlobsWanted, ConfigurationChanged, FirmwareWanted, HeldBlobs
from link.bus.port import Message
from link.contract.documents import (
    Desired,
    LinkSettings,
    decode_desired,
    decode_reported,
    decode_state,
    encode_document,
)
from link.contract.topics import Row, Topics
from link.floor.messages import GroupSettings, Member
from tests.flows.gateway import FakeGateway
from tests.flows.world import World

TOPICS = Topics("main")
SHA = "ab" * 32
TRIGGER = {
    "id": "dam",
    "gateway": "gw-a",
    "channel": "live",
    "clip": "flood",
    "lines": ["pa1"],
    "conditions": [{"kind": "contact", "source": "float"}, {"kind": "above", "source": "level", "value": 3}],
}


def desired(world: World, gateway: str = "gw-a") -> Desired:
    return decode_desired(world.broker.retained[TOPICS.of(Row.DESIRED, gateway)].payload)


def reported(world: World, gateway: str = "gw-a"):
    return decode_reported(world.broker.retained[TOPICS.of(Row.REPORTED, gateway)].payload)


def in_force(world: World, gateway: str = "gw-a"):
    kept = [each for each in world.gateways[gateway].in_force if isinstance(each, ConfigurationChanged)]
    return kept[-1].configuration


@pytest.fixture
async def town():
    started = await World(trigger=[TRIGGER]).start()
    yield started
    await started.stop()


async def test_a_gateway_gets_its_part_of_the_groups_applies_and_reports_it(town: World):
    document = desired(town)
    assert document.cfg is not None and document.cfg == in_force(town)
    (group,) = document.cfg.groups
    assert (group.group, group.timeout, [m.line for m in group.members]) == ("valley", 20, ["r1"])
    told = reported(town)
    assert (told.rev_seen, told.rev_applied, told.err) == (document.rev, document.rev, "")
    view = town.core.gateways["gw-a"].machine.reported
    assert view == told
    assert town.gateways["gw-a"].desired_shelf.held.document == document


async def test_a_trigger_waits_for_its_clip_at_the_centre_and_then_for_its_file_at_the_gateway(town: World):
    assert in_force(town).triggers == ()
    rev, left_out = town.desired.standing_of("gw-a")
    assert "trigger dam: there is no clip 'flood' yet" in left_out[0]
    assert ("desired.left-out", "gw-a") in [(kind, who) for kind, who, _ in town.ledger.entries]
    town.clips.append(ClipKnown("flood", SHA, 64_000, 2.0))
    town.changed("clip", "flood")
    await town.pass_time(2.0)
    assert town.desired.standing_of("gw-a") == (rev + 1, ())
    (trigger,) = in_force(town).triggers
    assert (trigger.trigger, trigger.sha, trigger.lines) == ("dam", SHA, ("pa1",))
    gateway = town.gateways["gw-a"]
    assert [b.sha for e in gateway.in_force if isinstance(e, BlobsWanted) for b in e.blobs] == [SHA]
    assert [t.ready for t in reported(town).triggers] == [False]
    gateway.desired.runner.inbox.post(HeldBlobs(()))
    await town.pass_time(1.2)
    assert [t.ready for t in reported(town).triggers] == [True] and reported(town).missing == ()


async def test_what_an_operator_changes_in_a_group_reaches_the_gateways_it_concerns(town: World):
    before = {name: desired(town, name).rev for name in town.names}
    new = GroupSettings("valley", (Member("gw-a/r1", 9, "Dam"), Member("gw-b/r1")), hang=3.0, timeout=20.0)
    town.patches.set_group(new)
    await town.settle()
    town.changed("group", "valley")
    await town.pass_time(1.0)
    (group,) = in_force(town).groups
    assert (group.hang, group.members[0].priority, group.members[0].label) == (3.0, 9, "Dam")
    assert in_force(town, "gw-c").groups == ()
    assert {name: desired(town, name).rev - before[name] for name in town.names} == dict.fromkeys(
        town.names, 1
    )


async def test_an_old_and_a_changed_document_are_ignored_and_said_once(town: World):
    old = desired(town)
    town.clips.append(ClipKnown("flood", SHA, 64_000, 2.0))
    town.changed("clip", "flood")
    await town.pass_time(1.5)
    document, before = desired(town), in_force(town)
    assert document.rev == old.rev + 1
    changed = document.model_copy(update={"cfg": old.cfg})
    for forged in (old, changed, old):
        town.broker.inject(Message(TOPICS.of(Row.DESIRED, "gw-a"), encode_document(forged)))
        await town.pass_time(0.1)
    await town.pass_time(1.2)
    assert in_force(town) == before and reported(town).rev_applied == document.rev
    told = [p for kind, _, p in town.ledger.entries if kind == "fact.MessageRefused"]
    assert [(p["where"], p["reason"], p["count"]) for p in told] == [
        ("desired", "old-revision", 1),
        ("desired", "old-revision", 2),
    ]


async def test_a_document_of_an_unknown_version_is_refused_and_reported(town: World):
    topic = TOPICS.of(Row.DESIRED, "gw-a")
    town.broker.inject(Message(topic, b'{"v":2,"rev":900}'))
    await town.pass_time(1.2)
    assert "Desired version 2" in reported(town).err
    assert reported(town).rev_seen == desired(town).rev
    assert "Desired version 2" in town.core.gateways["gw-a"].machine.reported.err


async def test_after_a_restart_without_the_centre_the_last_document_is_in_force(town: World):
    old = town.gateways["gw-a"]
    old.kill()
    await old.bus.stop()
    again = FakeGateway(town, "gw-a")
    again.desired_shelf.held = old.desired_shelf.held
    await again.desired.begin()
    first, *followed = again.in_force
    assert isinstance(first, LinkSettings), "its own settings of the link hold until the document is read"
    told = [each for each in followed if not isinstance(each, LinkSettings)]
    assert [type(each) for each in told] == [ConfigurationChanged, BlobsWanted, FirmwareWanted]
    assert told[0].configuration == old.desired_shelf.held.configuration


async def test_a_restored_centre_jumps_above_what_the_gateway_has_seen(town: World):
    """The store of the centre went back in time: its documents must not be ignored for ever."""
    gateway = town.gateways["gw-a"]
    later = desired(town).model_copy(update={"rev": 41})
    town.broker.inject(Message(TOPICS.of(Row.DESIRED, "gw-a"), encode_document(later)))
    await town.pass_time(2.0)
    assert desired(town).rev == 42
    assert gateway.desired.runner.machine.report.rev_applied == 42


async def test_a_broker_that_forgot_everything_has_it_all_again(town: World):
    names = [
        TOPICS.of(row, g) for row in (Row.DESIRED, Row.REPORTED, Row.LIVE, Row.STATE) for g in town.names
    ]
    wanted = {*names, TOPICS.of(Row.CENTRE)}
    assert set(town.broker.retained) == wanted
    town.broker.kill()
    await town.settle()
    town.broker.restart()
    await town.pass_time(1.5)
    assert set(town.broker.retained) == wanted


async def test_the_state_of_the_centre_follows_its_store_and_ends_with_its_connection(town: World):
    topic = TOPICS.of(Row.CENTRE)
    first = decode_state(town.broker.retained[topic].payload)
    assert first.on and first.ingest and first.t > 0
    town.takes_in = False
    await town.pass_time(0.6)
    assert not decode_state(town.broker.retained[topic].payload).ingest
    await town.pass_time(30.5)
    assert decode_state(town.broker.retained[topic].payload).t > first.t
    town.broker.cut("svc-centre")
    await town.settle()
    dead = decode_state(town.broker.retained[topic].payload)
    assert (dead.on, dead.cid) == (False, first.cid)


async def test_also_the_document_of_a_gateway_that_is_away_is_there_again(town: World):
    town.broker.cut("gw-b")
    town.broker.kill()
    await town.settle()
    town.broker.restart()
    await town.pass_time(1.0)
    assert desired(town, "gw-b").cfg is not None
