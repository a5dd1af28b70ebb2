"""Start order, watchdogs and the wrapping of units, from the plan alone."""

import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.town.files import Places
from scripts.town.plan import default_plan
from scripts.town.ports import Ports
from scripts.town.stages import TownError, Wrap, stages
from scripts.town.unit import UnitSpec

PLACES = Places(Path("/town"), Path("/run/t"))
PORTS = Ports(11883, 18080, 12000)


@pytest.fixture(autouse=True)
def _mosquitto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.town.stages.shutil.which", lambda name, path: f"/usr/sbin/{name}")


PLAIN = replace(default_plan(), plain=True)


def made(wrap: Wrap | None = None) -> list[list[UnitSpec]]:
    return stages(PLAIN, PLACES, PORTS, wrap or {})


def test_guards_stand_before_gateways_and_gateways_before_their_voice() -> None:
    assert [[unit.name for unit in stage] for stage in made()] == [
        ["mosquitto", "bench"],
        ["core"],
        ["voice"],
        ["gw-north-guard", "gw-south-guard", "gw-dam-guard", "gw-lake-guard"],
        ["gw-north-gateway", "gw-south-gateway", "gw-dam-gateway", "gw-lake-gateway"],
        ["gw-north-voice", "gw-south-voice", "gw-dam-voice", "gw-lake-voice"],
    ]


def test_every_process_of_ours_is_watched_the_guard_most_closely() -> None:
    watched = {unit.name: unit.watchdog for stage in made() for unit in stage}
    assert watched.pop("mosquitto") is None
    assert {name for name, limit in watched.items() if limit == 2.0} == {
        name for name in watched if name.endswith("-guard")
    }
    assert set(watched.values()) == {2.0, 3.0}


def test_outputs_are_made_safe_after_each_end_of_a_guard() -> None:
    guard = made()[3][0]
    assert guard.argv[1:] == ("-m", "firmware", "guard", "--config", "/town/gateway-gw-north.toml")
    assert guard.post[1:] == ("-m", "hw.guard.make_safe", "--board", "/town/board-gw-north.toml")


def test_a_secured_town_has_a_front_that_is_ready_when_its_port_answers() -> None:
    secured = stages(default_plan(), PLACES, PORTS, {})
    assert [unit.name for unit in secured[2]] == ["voice", "nginx"], "kamailio where there are ports for it"
    front = secured[2][1]
    folder = "/town/state/central/front"
    assert (front.port, front.watchdog) == (18080, None)
    assert front.argv == ("/usr/sbin/nginx", "-p", folder, "-e", "stderr", "-c", f"{folder}/nginx.conf")
    left_behind = {unit.name: unit.bereaved for stage in secured for unit in stage}
    assert left_behind.pop("nginx") == signal.SIGTERM, "killed, it would leave its workers"
    assert set(left_behind.values()) == {signal.SIGKILL}


def test_a_missing_nginx_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"mosquitto": "/usr/sbin/mosquitto"}
    monkeypatch.setattr("scripts.town.stages.shutil.which", lambda name, path: found.get(name))
    assert stages(PLAIN, PLACES, PORTS, {})
    with pytest.raises(TownError, match="nginx is missing: run scripts/setup"):
        stages(default_plan(), PLACES, PORTS, {})


def test_the_broker_is_ready_when_its_port_answers() -> None:
    broker = made()[0][0]
    assert (broker.port, broker.argv) == (11883, ("/usr/sbin/mosquitto", "-c", "/town/broker/mosquitto.conf"))


def test_a_unit_can_be_run_through_another_program() -> None:
    core = made({"core": [sys.executable, "-m", "spoil", "cut"]})[1][0]
    assert core.argv == (
        *(sys.executable, "-m", "spoil", "cut"),
        *(sys.executable, "-m", "central", "core", "--config", "/town/central.toml"),
    )


def test_wrapping_a_unit_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TownError, match="there is no unit gw-west-guard"):
        made({"gw-west-guard": ["x"]})


def test_a_missing_mosquitto_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.town.stages.shutil.which", lambda name, path: None)
    with pytest.raises(TownError, match="mosquitto is missing: run scripts/setup"):
        made()
