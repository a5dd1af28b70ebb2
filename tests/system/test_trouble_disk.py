"""The centre's disk is full: told with advice, and neither talk nor warning waits for it.

The state of the centre lies on a small file system that the test mounts; where the machine does not let us, the
test is skipped and says so.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.town.plan import GatewayPlan, GroupPlan, Loudspeaker, Radio, TownPlan, ZonePlan
from tests.system.small_disk import fill, small_disk
from tests.system.town_fixture import NORTH, SOUTH, LiveTown, heard, idle, living, until, write_speech
from tests.system.troubled import talk


def two_sites() -> TownPlan:
    """A radio and a loudspeaker in the north, a radio in the south."""
    radios = (Radio("r1", 150_000_000, 17, 22), Radio("r1", 151_000_000, 17, 22))
    north = GatewayPlan("gw-north", "", (radios[0],), (Loudspeaker("pa1", relay_pin=24),))
    south = GatewayPlan("gw-south", "", (radios[1],))
    groups = (GroupPlan("valley", "Valley", ((NORTH, 5), (SOUTH, 5)), hang=1.0),)
    return TownPlan((north, south), groups, (ZonePlan("north", "", ("gw-north/pa1",)),), plain=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    folder = tmp_path_factory.mktemp("disk")
    with small_disk(folder / "state" / "central"), living(folder, two_sites()) as started:
        yield started


def add_clip(town: LiveTown, wav: Path) -> None:
    answer = town.api.post(
        "/clips?name=warning", content=wav.read_bytes(), headers={"Content-Type": "audio/wav"}
    )
    assert answer.status_code == 201, answer.text


def test_a_full_disk_is_told_and_stops_neither_talk_nor_warning(town: LiveTown, tmp_path: Path) -> None:
    warning, words = write_speech(tmp_path, "south"), write_speech(tmp_path, "dam")
    add_clip(town, warning)
    until(lambda: idle(town), 5, "the end of the conversation before")
    began, past, node_past = time.time(), len(town.log("core")), len(town.log("voice"))
    with town.speaking(NORTH, warning):
        since_ns = time.monotonic_ns() - 500_000_000
        town.wait_edge(SOUTH, 1, since_ns, 5)
        time.sleep(1.5)  # some of it is on the disk
        ballast = fill(town.town.places.state / "central")
        until(lambda: not town.get("/status")["journal_ok"], 5, "a word about the journal")
        assert town.level(SOUTH) == 1, "the talk goes on"
    town.wait_said("core", "journal=trouble reason=the disk under", past=past)
    assert "advice=free space on the file system of" in town.log("core")[past:]
    town.wait_said("voice", "failed why=the disk is full: its end may be missing", past=node_past)
    talk(town, words, tmp_path / "full.wav")
    town.wait_said("voice", "16 MB are needed; make room", past=node_past)
    warn(town, warning, tmp_path / "warning.wav")
    ballast.unlink()
    until(lambda: town.get("/status")["journal_ok"], 10, "the journal's recovery")
    town.wait_said("core", "journal=recovered", past=past)
    assert town.verdict()["ok"]
    kinds = {each["kind"] for each in town.get("/journal?n=500") if each["at_wall"] >= began}
    happened = {"group.floor", "broadcast.approved", "recording.not-recorded"}
    assert happened <= kinds, "what happened meanwhile was written afterwards"
    until(lambda: settled(town, began), 10, "the list of recordings")
    states = [each["state"] for each in town.get("/recordings?limit=20") if each["started_wall"] >= began]
    assert states.count("closed") >= 2, "what had begun before is kept so far"
    assert states.count("missing") >= 2, "what could not begin stands in the list as missing"
    assert town.get(f"/broadcasts/{town.get('/broadcasts')[0]['id']}")["state"] == "done"
    talk(town, words, tmp_path / "after.wav")


def settled(town: LiveTown, began: float) -> bool:
    """Every recording since then stands in the list, and none is under way."""
    seen = [each for each in town.get("/recordings?limit=20") if each["started_wall"] >= began]
    return len(seen) >= 7 and all(each["state"] != "open" for each in seen)


def warn(town: LiveTown, warning: Path, out: Path) -> None:
    """A live warning: asked for by one person, approved by another, heard at the loudspeaker."""
    first, second = town.town.tokens.values()
    with town.listening("gw-north/pa1", out):
        asked = town.api.post(
            "/broadcasts",
            json={"zones": ["north"], "clip": "warning", "channel": "live"},
            headers={"Authorization": f"Bearer {first}"},
        )
        assert asked.status_code in (200, 201, 202), asked.text
        name = asked.json()["id"]
        path = f"/broadcasts/{name}/approve"
        approved = town.api.post(path, headers={"Authorization": f"Bearer {second}"})
        assert approved.status_code == 200, approved.text
        until(lambda: town.get(f"/broadcasts/{name}")["over"], 20, "the end of the warning")
    assert town.get(f"/broadcasts/{name}")["state"] == "done"
    found = heard(warning, out)
    assert found.contained, found
