"""Who may make a siren sound, on a whole secured town: real keys, real broker, the bench's loudspeaker is the judge."""

import json
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.town.plan import GatewayPlan, Loudspeaker, TownPlan, ZonePlan
from tests.system.town_fixture import LiveTown, living, until, write_speech
from tests.system.town_signing import spillway, warn

HORN = "gw-dam/pa1"


def one_horn() -> TownPlan:
    """One loudspeaker."""
    gateway = GatewayPlan("gw-dam", "Dam", loudspeakers=(Loudspeaker("pa1", relay_pin=23, warm_up_ms=100),))
    return TownPlan((gateway,), (), (ZonePlan("dam", "Dam", (HORN,)),))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("town"), one_horn()) as made:
        folder = tmp_path_factory.mktemp("clip")
        wav = write_speech(folder, "dam").read_bytes()
        assert made.api.post("/clips", params={"name": "warning"}, content=wav, timeout=60).is_success
        yield made


def said(done: Any) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def amplifier(town: LiveTown, since_ns: int) -> list[int]:
    """What the amplifier's relay did."""
    return [level for _, level in town.edges(HORN, since_ns, "relay")]


def over(town: LiveTown, id: str) -> dict[str, Any]:
    until(lambda: town.get(f"/broadcasts/{id}")["over"], 30, "the end of the broadcast")
    until(lambda: not town.level(HORN, "relay"), 10, "silence")
    return dict(town.get(f"/broadcasts/{id}"))


@pytest.mark.timeout(120)
def test_a_live_warning_sounds_when_two_different_persons_have_signed(town: LiveTown) -> None:
    since = time.monotonic_ns()
    asked = said(spillway(town, "broadcast", "dam", "--clip", "warning", "--channel", "live", "--json"))
    assert asked["state"] == "waiting"
    again = spillway(town, "broadcast", "approve", asked["id"], "--json")
    assert again.returncode != 0 and "different person" in again.stderr
    assert amplifier(town, since) == [], "one person alone"
    said(spillway(town, "broadcast", "approve", asked["id"], "--as", "li", "--json"))
    assert over(town, asked["id"])["state"] == "done"
    assert amplifier(town, since) == [1, 0]


@pytest.mark.timeout(120)
def test_a_drill_takes_one_signature_and_a_request_without_any_sounds_nothing(town: LiveTown) -> None:
    since = time.monotonic_ns()
    asked = town.api.post("/broadcasts", json={"zones": ["dam"], "clip": "warning", "channel": "drill"})
    assert asked.is_success, asked.text
    drill = warn(town, "dam", "--clip", "warning", "--channel", "drill")
    assert over(town, drill["id"])["state"] == "done"
    assert amplifier(town, since) == [1, 0], "the unsigned one never sounds"
    assert town.get(f"/broadcasts/{asked.json()['id']}")["state"] == "waiting"


@pytest.mark.timeout(120)
def test_what_was_signed_stops_by_one_persons_signature(town: LiveTown) -> None:
    since = time.monotonic_ns()
    asked = said(spillway(town, "broadcast", "dam", "--clip", "warning", "--channel", "live", "--json"))
    said(spillway(town, "broadcast", "approve", asked["id"], "--as", "li", "--json"))
    town.wait_edge(HORN, 1, since, 10, "relay")
    said(spillway(town, "broadcast", "stop", asked["id"], "--json"))
    assert over(town, asked["id"])["state"] == "stopped"
    assert amplifier(town, since) == [1, 0]


@pytest.mark.timeout(120)
def test_core_does_not_start_with_a_persons_key_in_its_store(town: LiveTown) -> None:
    theirs = town.town.folder / "keys" / "wang-live.key"
    copy = town.town.places.state / "central" / "found.key"
    past = len(town.log("core"))
    shutil.copy(theirs, copy)
    try:
        starts = town.starts("core")
        town.kill("core")
        town.wait_said("core", "found.key", 20, past)
    finally:
        copy.unlink()
    town.wait_restarted("core", starts)
    until(lambda: town.get("/status")["bus"], 30, "core at work again")
