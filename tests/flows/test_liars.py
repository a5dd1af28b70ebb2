"""Devices that lie: the line is safe, the lie stands by its name in the centre's journal, and the line works again."""

from collections.abc import AsyncIterator, Callable

import pytest

from hw.bench.map27 import Radio
from hw.bench.tetra import Terminal
from tests.flows.terminals import Valley, words
from tests.flows.test_phone import PHONE, Phone
from tests.flows.test_rig_and_map27 import MAP27, RIG, Shortwave, Station
from tests.flows.test_trunked import TETRA

CALLER = "+8613800138000"
TOWNS: dict[str, Callable[[], Valley]] = {
    "tetra": lambda: Valley(TETRA, "t1", "tetra", Terminal()),
    "phone": lambda: Valley(PHONE, "s1", "sat", Phone()),
    "map27": lambda: Valley(MAP27, "m1", "map", Radio()),
    "rig": lambda: Shortwave(RIG, "h1", "hf", Station()),
}
OUTPUT = {"tetra": "t1.tx", "phone": "s1.call", "map27": "m1.tx", "rig": "h1.ptt"}


@pytest.fixture
async def town(request: pytest.FixtureRequest) -> AsyncIterator[Valley]:
    world = TOWNS[request.param]()
    world.out = OUTPUT[request.param]
    await world.start()
    await world.pass_time({"phone": 8.0, "map27": 4.0}.get(request.param, 1.0))
    yield world
    await world.stop()


def of(family: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("town", [family], indirect=True)


def verb(town: Valley, text: str) -> None:
    device = town.device.rigctld if isinstance(town.device, Station) else town.device
    device.perform(text, town.clock.now())


def lies(town: Valley) -> list[str]:
    return [
        told["what"] for told in town.payloads("what") if "subject" not in told and told["line"] == town.name
    ]


def health(town: Valley, subject: str) -> list[tuple[bool, str]]:
    return [(told["ok"], told["what"]) for told in town.payloads("subject") if told["subject"] == subject]


async def talks_again(town: Valley) -> None:
    """What the group says goes out whole, and the line is let go of after it."""
    before = len(town.gateway.heard(town.name))
    await town.talk(40, 500)
    await town.pass_time(4.0)
    assert town.gateway.heard(town.name)[before:] == words(40, 500)
    assert not town.gateway.ptt(town.out)


@of("tetra")
async def test_tetra_a_grant_that_nobody_asked_for_is_given_back(town):
    verb(town, "lie_grant")
    assert town.device.on_air
    await town.pass_time(1.0)
    assert lies(town) == ["grant without request"]
    assert not town.device.on_air and not town.gateway.ptt(town.out)
    await talks_again(town)


@of("tetra")
async def test_tetra_two_callers_at_once_are_told_and_the_group_still_talks(town):
    verb(town, "two_callers")
    await town.pass_time(1.0)
    assert lies(town) == ["two callers at once"]
    assert not town.gateway.ptt(town.out)
    verb(town, "clear")
    await town.pass_time(1.0)
    await talks_again(town)


@of("tetra")
async def test_tetra_two_callers_in_mid_talk_end_the_transmission(town):
    gateway = town.gateways["gw-a"]
    gateway.carrier(True)
    await town.pass_time(2.0)
    assert town.device.on_air and town.gateway.ptt(town.out)
    verb(town, "two_callers")
    await town.pass_time(0.2)
    assert lies(town) == ["two callers at once"]
    assert not town.device.on_air and not town.line.on_air
    gateway.carrier(False)
    verb(town, "clear")
    await town.pass_time(3.0)
    await talks_again(town)


@of("tetra")
async def test_tetra_a_terminal_that_does_not_let_go_is_told_and_asked_until_it_does(town):
    await town.talk(30)
    verb(town, "refuse_cease")
    await town.pass_time(4.0)
    assert "cease refused" in lies(town)
    assert not town.gateway.ptt(town.out)
    verb(town, "normal")
    await town.pass_time(6.0)
    assert not town.device.on_air
    await talks_again(town)


@of("phone")
async def test_phone_a_call_that_nobody_took_is_hung_up_and_told(town):
    verb(town, "claim_active:+99123")
    await town.pass_time(35.0)
    assert len(lies(town)) == 1
    assert not town.device.calls and not town.line.call
    assert not town.gateway.ptt(town.out)
    await calls_again(town)


@of("phone")
async def test_phone_two_who_ring_at_once_are_both_let_go(town):
    verb(town, f"ring:{CALLER}")
    verb(town, "ring:+99123")
    await town.pass_time(12.0)
    assert lies(town)
    assert not town.line.call and not town.gateway.ptt(town.out)
    assert not town.device.calls
    await calls_again(town)


async def calls_again(town: Valley) -> None:
    """Who calls is put through and hears the group."""
    verb(town, "give_up")
    await town.pass_time(10.0)
    verb(town, f"ring:{CALLER}")
    await town.pass_time(6.0)
    assert town.line.call and town.gateway.ptt(town.out)
    await town.talk(40, 500)
    await town.pass_time(1.0)
    assert town.gateway.heard(town.name)[-40:] == words(40, 500)


@of("map27")
async def test_map27_a_transmitter_that_nobody_ordered_is_told_to_stop(town):
    verb(town, "lie_transmit")
    await town.pass_time(1.0)
    assert lies(town) == ["grant without request"]
    assert not town.device.on_air and not town.gateway.ptt(town.out)
    await talks_again(town)


@of("map27")
async def test_map27_two_callers_at_once_are_told_and_the_group_still_talks(town):
    verb(town, "two_callers")
    await town.pass_time(1.0)
    assert lies(town) == ["two callers at once"]
    assert not town.gateway.ptt(town.out)
    verb(town, "clear")
    await town.pass_time(2.0)
    await talks_again(town)


@of("map27")
async def test_map27_a_radio_that_does_not_stop_is_told_until_it_does(town):
    await town.talk(30)
    verb(town, "stuck")
    await town.pass_time(8.0)
    assert "cease refused" in lies(town)
    assert not town.gateway.ptt(town.out)
    verb(town, "normal")
    await town.pass_time(8.0)
    assert not town.device.on_air
    await talks_again(town)


@of("rig")
async def test_rig_a_transmitter_that_sticks_is_told_and_nobody_is_put_on_the_air(town):
    verb(town, "stick_ptt")
    await town.talk(30)
    await town.pass_time(6.0)
    assert health(town, "transmitter h1")[-1] == (False, "the transmitter does not let go")
    assert not town.gateway.ptt(town.out)
    verb(town, "normal")
    verb(town, "let_go")
    await town.pass_time(6.0)
    assert health(town, "transmitter h1")[-1][0]
    await talks_again(town)


@of("rig")
async def test_rig_a_hand_at_the_key_is_told_and_left_alone(town):
    verb(town, "hand_key")
    await town.pass_time(7.0)
    assert health(town, "transmitter h1")[-1] == (False, "the transmitter came on unasked")
    assert not town.gateway.ptt(town.out)
    verb(town, "hand_release")
    await town.pass_time(6.0)
    assert health(town, "transmitter h1")[-1][0]
    await talks_again(town)
