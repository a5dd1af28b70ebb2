"""Updates in a whole gateway: what its checks say, what disturbs it, and that a job of the document gets there."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.build import GatewayBuild
from firmware.config import GatewaySettings, UpdateSettings
from firmware.events import FirmwareTold, FirmwareWanted
from firmware.update.host import FetchError
from firmware.wiring_update import NO_TABLE, BundleStore, disturbed, looks_around
from link.hosting.clock import HandClock
from tests.firmware.test_gateway_build import board_text
from tests.firmware.update.computer import job
from tests.flows.world import World


@pytest.fixture
async def world():
    started = await World().start()
    yield started
    await started.stop()


def ill(world: World, planned: bool = True) -> dict[str, str]:
    gateway = world.gateways["gw-a"]
    return dict(looks_around(gateway.switchboard, gateway.board, world.clock, lambda: planned)().ill)


async def test_a_gateway_that_is_well_passes_every_check(world: World):
    gateway = world.gateways["gw-a"]
    assert ill(world) == {"guard": "the guard has not been heard yet"}
    gateway.switchboard.tell_health("guard", "")
    await world.pass_time(0.1)
    assert ill(world) == {}
    assert ill(world, planned=False) == {"plan": "no document of the centre is in force"}
    seen = looks_around(gateway.switchboard, gateway.board, world.clock, lambda: True)()
    assert (seen.busy, seen.broker) == ("", True)
    assert seen.wall == pytest.approx(world.clock.wall() - world.clock.now(), abs=1)


@pytest.mark.parametrize(
    ("subject", "check"),
    [("guard", "guard"), ("card r1", "lines"), ("r1", "lines"), ("terminal r1", "lines")],
)
async def test_what_is_ill_fails_its_check(world: World, subject: str, check: str):
    board = world.gateways["gw-a"].switchboard
    board.tell_health("guard", "")
    board.tell_health(subject, "it is gone", "plug it in")
    board.tell_health("broker of the weather", "no matter")
    await world.pass_time(0.1)
    told = ill(world)
    assert list(told) == [check] and "it is gone" in told[check]


async def test_a_voice_process_that_is_silent_and_a_line_that_is_missing_fail(world: World):
    gateway = world.gateways["gw-a"]
    gateway.switchboard.tell_health("guard", "")
    await gateway.client.stop()
    await world.pass_time(3.0)
    del gateway.switchboard.speakers["pa1"]
    told = ill(world)
    assert told["audio"] == "the voice process does not answer" and told["lines"].startswith("pa1 missing")


async def test_the_broker_and_the_time_may_be_unknown(world: World):
    gateway = world.gateways["gw-a"]
    world.broker.cut("gw-a")
    gateway.switchboard.quality = lambda: "none"
    await world.pass_time(0.2)
    seen = looks_around(gateway.switchboard, gateway.board, world.clock, lambda: True)()
    assert (seen.broker, seen.wall) == (False, None)


async def test_a_carrier_disturbs(world: World):
    gateway = world.gateways["gw-a"]
    assert disturbed(gateway.switchboard) == ""
    gateway.carrier(on=True)
    await world.pass_time(0.2)
    assert disturbed(gateway.switchboard) == "r1 is heard"


async def test_a_patch_of_the_island_disturbs_though_nobody_talks(world: World):
    board = world.gateways["gw-a"].switchboard
    patched = SimpleNamespace(lines=frozenset({"r1"}))
    board.island.runner = SimpleNamespace(machine=SimpleNamespace(patching=patched))
    assert disturbed(board) == "lines are patched here while the centre is away"
    patched.lines = frozenset()
    assert disturbed(board) == ""


async def test_trouble_of_the_disk_is_not_the_bundles_fault():
    class Full:
        async def fetch(self, *asked: object) -> Path:
            raise OSError(28, "No space left on device")

        async def clear(self) -> None: ...

        async def close(self) -> None: ...

    with pytest.raises(FetchError, match="this gateway's disk: No space left") as caught:
        await BundleStore(Full()).fetch("https://c/f", "ab" * 32, 10, lambda octets: None)
    assert not caught.value.refused


def built(folder: Path, **more: object) -> GatewayBuild:
    (folder / "board.toml").write_text(board_text(folder, ("r1",)))
    given = {"gateway": "gw-a", "board": folder / "board.toml", "state": folder, "run": folder, "plain": True}
    return GatewayBuild(GatewaySettings.model_validate(given | more), HandClock())


async def test_a_gateway_without_the_table_refuses_a_job_in_words(tmp_path: Path):
    gateway = built(tmp_path)
    assert gateway.update is None
    gateway._in_force(FirmwareWanted(job()))
    told = gateway.desired.runner.inbox.get_nowait()
    assert isinstance(told, FirmwareTold) and (told.report.phase, told.report.why) == ("failed", NO_TABLE)
    gateway._in_force(FirmwareWanted(None))
    assert gateway.desired.runner.inbox.get_nowait() == FirmwareTold(None)


async def test_a_gateway_with_the_table_hands_its_job_on_and_shows_it(tmp_path: Path):
    gateway = built(tmp_path, update=UpdateSettings(program="/nowhere/rauc", largest_mb=1))
    gateway._in_force(FirmwareWanted(job()))
    assert gateway.update.runner.inbox.get_nowait() == FirmwareWanted(job())
    assert gateway.update.runner.machine.here.largest == 1_000_000
    assert gateway._standing().page()["update"] == {"slot": "", "marked": False, "job": None, "ill": ""}
