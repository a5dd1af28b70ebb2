"""One warning on four real loudspeakers at the bench: heard, mute, dying in the middle, and one that nobody hears."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.town.plan import GatewayPlan, Loudspeaker, TownPlan, ZonePlan
from tests.system.town_fixture import PATIENCE, LiveTown, living, until, write_speech

VERDICTS = {"pa1": "played", "pa2": "silent", "pa3": "partly", "pa4": "unknown"}


def plan() -> TownPlan:
    speakers = tuple(
        Loudspeaker(name, relay_pin=17 + number, label=name, monitor=name != "pa4")
        for number, name in enumerate(VERDICTS)
    )
    lines = tuple(f"gw-dam/{name}" for name in VERDICTS)
    gateway, zone = GatewayPlan("gw-dam", "Dam", (), speakers), ZonePlan("dam", "Dam", lines)
    return TownPlan((gateway,), (), (zone,), plain=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    with living(tmp_path_factory.mktemp("proof"), plan()) as made:
        yield made


def targets(town: LiveTown, id: str) -> dict[str, Any]:
    return {each["line"].partition("/")[2]: each for each in town.get(f"/broadcasts/{id}")["targets"]}


def test_each_loudspeaker_is_told_by_what_was_heard_there(town: LiveTown, tmp_path: Path):
    wav = write_speech(tmp_path, "dam", "north")
    sent = town.api.post("/clips", params={"name": "warning"}, content=wav.read_bytes())
    assert sent.is_success, sent.text
    seconds = sent.json()["seconds"]
    town.bench("trouble", device="gw-dam/pa2", verb="mute")
    asked = town.api.post("/broadcasts", json={"zones": ["dam"], "clip": "warning", "channel": "live"})
    assert asked.is_success, asked.text
    id = asked.json()["id"]
    second = {"Authorization": f"Bearer {list(town.town.tokens.values())[1]}"}
    assert town.api.post(f"/broadcasts/{id}/approve", headers=second).is_success
    until(lambda: targets(town, id)["pa3"]["state"] == "playing", PATIENCE, "the first sound")
    time.sleep(seconds / 2)
    town.bench("trouble", device="gw-dam/pa3", verb="mute")
    until(lambda: town.get(f"/broadcasts/{id}")["over"], PATIENCE, "the end of the warning")
    until(lambda: not town.get(f"/broadcasts/{id}")["proving"], PATIENCE, "the proofs")
    found = targets(town, id)
    print({name: each["proof"] for name, each in found.items()}, seconds)
    assert {name: each["proof"]["verdict"] for name, each in found.items()} == VERDICTS, found
    assert {each["state"] for each in found.values()} == {"played"}, "the relays all closed"
    assert town.get(f"/broadcasts/{id}")["state"] == "partly"
    assert found["pa1"]["proof"]["share"] > 0.9
