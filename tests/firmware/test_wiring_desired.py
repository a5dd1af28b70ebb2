"""The keeper of the desired document at its doors: link settings reach uplink and bus, the disk may fail."""

import asyncio
from collections.abc import Callable

import pytest

from central.ports import NoDocuments
from firmware.config import GatewayLinkSettings
from firmware.desired.messages import Held
from firmware.wiring_desired import DISK_EVERY, profile_of
from link.bus.port import Message
from link.contract import documents as doc
from link.contract.envelope import unpack
from link.contract.profile import PROFILES
from link.contract.topics import Row, Topics
from tests.flows.gateway import FakeGateway
from tests.flows.world import World

TOPICS = Topics("main")


@pytest.fixture
async def world():
    started = await World().start()
    started.core.documents = NoDocuments()  # the tests' own documents stand alone
    yield started
    await started.stop()


def document(rev: int, **link: object) -> doc.Desired:
    return doc.Desired(rev=rev, cfg=doc.Configuration(), link=doc.LinkSettings(**link))


def bring(world: World, wanted: doc.Desired) -> None:
    world.broker.inject(Message(TOPICS.of(Row.DESIRED, "gw-a"), doc.encode_document(wanted)))


@pytest.mark.parametrize(
    ("here", "wanted", "name", "rate"),
    [
        ({}, None, "4g", PROFILES["4g"].rate),
        ({"profile": "thin", "rate": 700}, None, "thin", 700),
        ({"profile": "thin"}, {}, "thin", PROFILES["thin"].rate),
        ({"profile": "thin", "rate": 700}, {"profile": "broad"}, "broad", 700),
        ({"rate": 700}, {"rate": 900}, "4g", 900),
    ],
)
def test_the_word_of_the_centre_goes_before_the_settings_here(here, wanted, name, rate):
    profile = profile_of(GatewayLinkSettings(**here), None if wanted is None else doc.LinkSettings(**wanted))
    assert (profile.name, profile.rate) == (name, rate)


async def test_link_settings_are_used_from_the_next_connection_on(world: World):
    gateway = world.gateways["gw-a"]
    assert gateway.bus.tuned == (PROFILES["broad"].keepalive, 30.0)
    bring(world, document(40, profile="thin", spread=3))
    await world.pass_time(0.2)
    assert gateway.bus.tuned == (PROFILES["thin"].keepalive, 3.0)
    assert gateway.switchboard.uplink.machine.profile.name == "broad"
    world.broker.cut("gw-a")
    await world.pass_time(0.1)
    world.broker.mend("gw-a")
    await world.pass_time(0.5)
    assert world.core.gateways["gw-a"].machine.profile == PROFILES["thin"]


async def test_what_was_kept_is_used_before_the_first_connection(world: World):
    again = FakeGateway(world, "gw-b")
    again.desired_shelf.held = Held(document(4, profile="thin", spread=1), doc.Configuration())
    await again.desired.begin()
    assert again.bus.tuned == (PROFILES["thin"].keepalive, 1.0)


async def come_true(world: World, what: Callable[[], bool]) -> None:
    """Time passes until it is so; a disk is asked in a thread of its own, which takes no time of the world."""
    async with asyncio.timeout(10):
        while not what():
            await world.pass_time(0.1)


async def test_a_disk_that_refuses_is_told_and_the_document_is_in_force_all_the_same(world: World):
    gateway = world.gateways["gw-a"]
    gateway.desired_shelf.full = True
    known = world.core.gateways["gw-a"]
    bring(world, document(40))
    await come_true(world, lambda: "desired" in known.machine.health)
    health = known.machine.health["desired"]
    assert not health.ok and "no space left" in health.what
    assert gateway.desired.runner.machine.report.rev_applied >= 40
    gateway.desired_shelf.full = False
    bring(world, document(50))
    await come_true(world, lambda: known.machine.health["desired"].ok)


async def test_a_damaged_document_is_a_line_of_health(world: World):
    again = FakeGateway(world, "gw-b")
    again.desired_shelf.ill = "the kept document was damaged"
    await again.desired.begin()
    fact = again.switchboard.uplink.inbox.get_nowait()
    while not hasattr(fact, "fact"):
        fact = again.switchboard.uplink.inbox.get_nowait()
    assert (fact.fact.subject, fact.fact.ok, bool(fact.fact.advice)) == ("desired", False, True)


async def test_a_file_that_is_no_configuration_is_reported(world: World):
    gateway, sha = world.gateways["gw-a"], "ab" * 32
    gateway.files[sha] = b"\x01\xff rubbish"
    bring(world, doc.Desired(rev=40, cfg_sha=sha, cfg_size=9))
    await world.pass_time(0.5)
    report = gateway.desired.runner.machine.report
    assert "its configuration cannot be had" in report.err and report.rev_applied < 40


async def test_the_report_is_published_retained_with_the_profile(world: World):
    await world.pass_time(1.0)
    message = world.broker.retained[TOPICS.of(Row.REPORTED, "gw-a")]
    assert unpack(message.payload)["profile"] == "broad" and DISK_EVERY >= 60
