"""Real parts: a line that joins in mid-talk hears the rest, and is let go at the end of its patch; all equally loud."""

import subprocess
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from hw.bench.client import ask
from link.voice.loudness import TARGET_DBFS
from scripts.figures.loudness import active
from tests.system.test_radio_to_radio import RATE, SOUNDS, TRIES, find, samples
from tests.system.two_gateways import TwoGateways, running

pytestmark = pytest.mark.long  # tests/flows says the same every time
A, B = "gw-a/r1", "gw-b/r1"
JOINS_AFTER = 1.5
JOINED_WITHIN = 1.0


@pytest.fixture(scope="module")
def town():
    with running(level=True) as started:
        started.wait_legs()
        yield started


@pytest.fixture(scope="module")
def api(town: TwoGateways):
    token = {"Authorization": "Bearer not-a-secret-here"}
    with httpx.Client(base_url=f"{town.api()}/api/v1/", headers=token, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def faint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 s of a human voice, fainter than everybody shall be heard."""
    path = tmp_path_factory.mktemp("speech") / "faint.wav"
    words = [str(SOUNDS / f"{name}.wav") for name in ("Front_Center", "Rear_Left", "Side_Right")]
    loud = ["-r", str(RATE), "-c", "1", "-b", "16", str(path), "gain", "-n", "-16"]
    subprocess.run(["sox", *words, *loud], check=True)
    return path


def over(town: TwoGateways, wav: Path, out: Path, act=None, after: float = JOINS_AFTER):
    """A talks, B is listened to at the bench; `act` is done in mid-talk."""
    listening = ask(town.bench, "listen_start", device=B)["id"]
    timer = threading.Timer(after, act) if act is not None else None
    if timer is not None:
        timer.start()
    spoken = ask(town.bench, "speak", device=A, wav=wav)
    if timer is not None:
        timer.join()
    time.sleep(1.0)
    heard = ask(town.bench, "listen_stop", id=listening, wav=out)
    edges = [(edge["t_ns"] / 1e9, edge["value"]) for edge in heard["edges"] if edge["what"] == "ptt"]
    return spoken["audio_start_ns"] / 1e9, edges, samples(out)


def alone(api: httpx.Client) -> None:
    """A's group has nobody else, and no patch stands."""
    for each in api.get("patches").json():
        api.delete(f"patches/{each['patch']}")
    assert api.patch("groups/valley", json={"remove": [B]}).status_code == 200


def joined_and_left(town: TwoGateways, api: httpx.Client, faint: Path, folder: Path) -> list[str]:
    """B joins in A's first over and leaves in his second; what is wrong with what it heard."""
    alone(api)
    answers: list[httpx.Response] = []

    def join() -> None:
        answers.append(api.post("patches", json={"groups": ["valley"], "lines": [{"line": B}]}))

    began, edges, heard = over(town, faint, folder / "joined.wav", join)
    assert [each.status_code for each in answers] == [201], answers[0].text
    said, wrong = samples(faint), []
    if [value for _, value in edges] != [1, 0] or not -0.5 < edges[0][
        0
    ] - began - JOINS_AFTER < JOINED_WITHIN:
        wrong.append(f"keyed {edges} after {began}")
    rest, missed = find(said[int(2.6 * RATE) : int(3.6 * RATE)], heard)[1], find(said[:RATE], heard)[1]
    if rest < 0.8 or missed > 0.6:
        wrong.append(f"the rest is there by {rest:.2f}, what was said before by {missed:.2f}")
    patch = answers[0].json()["patch"]
    _, edges, heard = over(town, faint, folder / "left.wav", lambda: api.delete(f"patches/{patch}"), 2.5)
    first = heard[np.flatnonzero(np.abs(heard) > 200)[0] :][: int(1.5 * RATE)]
    if [value for _, value in edges] != [1, 0] or abs(active(first) - TARGET_DBFS) > 3.0:
        wrong.append(f"left: keyed {edges}, {active(first):.1f} dBFS")
    return wrong


def test_who_joins_in_mid_talk_hears_the_rest_and_all_are_equally_loud(
    town: TwoGateways, api: httpx.Client, faint: Path, tmp_path: Path
):
    assert active(samples(faint)) < TARGET_DBFS - 5
    tries = []
    for number in range(TRIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        tries.append(joined_and_left(town, api, faint, folder))
        if not tries[-1]:
            break
    assert not tries[-1], tries
    ended = [each["payload"] for each in api.get("journal", params={"n": 40, "kind": "patch.ended"}).json()]
    assert {each["by"] for each in ended} == {"wang"}


def test_a_patch_stands_again_after_core_was_killed(town: TwoGateways, api: httpx.Client):
    alone(api)
    asked = {"group": "storm", "lines": [{"line": A}, {"line": B}], "seconds": 3600}
    made = api.post("groups", json=asked).json()
    core = town.processes["core"]
    core.kill()
    core.wait()
    (town.folder / "core.log").write_text("")
    town.start("core")
    token = {"Authorization": "Bearer not-a-secret-here"}
    with httpx.Client(base_url=f"{town.api()}/api/v1/", headers=token, trust_env=False) as again:
        assert again.get("patches").json() == [made]
        assert again.get("groups/storm").json()["kind"] == "temporary"
        assert again.delete("patches/storm").json()["over"]
