"""`scripts/run --once` as a person starts it: an honest town passes every check, a broken one fails the run.

The town is secured, as it is by default: whatever sounds in it was signed.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.town.checks import BY_CHAPTER
from scripts.town.listening import load, sounding

ROOT = Path(__file__).parents[2]
TRIES = 2
"""A machine that is busy with other things may lose speech of its own: then the tour is played once more."""

pytestmark = pytest.mark.timeout(400)


def once(folder: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], dict]:
    """Play the tour; what it said, and its report."""
    command = [sys.executable, "-m", "scripts.town", "--once", "--dir", str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180)
    return done, json.loads((folder / "tour.json").read_text())


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    for _ in range(TRIES):
        done, report = once(folder := tmp_path_factory.mktemp("town"))
        if done.returncode == 0:
            break
    return folder, done, report


def test_an_honest_town_passes_the_whole_tour(honest):
    _, done, report = honest
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["passed"]
    assert report["failed"] == []


def test_the_town_was_secured(honest):
    folder, done, _ = honest
    assert "ready; API https://" in done.stdout
    assert "PLAIN" not in done.stdout + done.stderr
    settings = [folder / "central.toml", *folder.glob("gateway-*.toml")]
    assert len(settings) == 5 and all("\nplain = false\n" in path.read_text() for path in settings)


def test_every_check_was_judged(honest):
    _, _, report = honest
    judged = {name: [check["name"] for check in checks] for name, checks in report["checks"].items()}
    assert judged == {name: [check.name for check in checks] for name, checks in BY_CHAPTER.items()}


def test_the_report_tells_figures_and_where_everything_lies(honest):
    _, done, report = honest
    heard = [row for row in report["figures"] if row["mouth_to_ear_ms"] is not None]
    assert {row["chapter"].partition(",")[0] for row in heard} >= {"speech", "floor", "warning", "guard"}
    assert all(0 < row["mouth_to_ear_ms"] < 20_000 for row in heard)
    assert report["recordings"] in done.stdout.replace("\n", "")
    assert list(Path(report["recordings"]).rglob("*.wav"))
    emitted = Path(report["sounds"]) / "speech" / "gw-south-r1.wav"
    assert sounding(load(emitted)) is not None


def test_nothing_of_the_town_is_left(honest):
    folder, _, _ = honest
    assert not (folder / "town.json").exists()
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(folder) not in listed


@pytest.mark.long
@pytest.mark.parametrize(("name", "red"), [("swapped-zones", "right-zone"), ("tampered-journal", "journal")])
def test_a_sabotaged_run_ends_with_a_fault_and_names_the_check(tmp_path, name, red):
    done, report = once(tmp_path, "--sabotage", name)
    assert done.returncode == 1
    assert red in report["failed"]
    assert red in done.stdout


def test_an_unknown_sabotage_is_refused():
    command = [sys.executable, "-m", "scripts.town", "--once", "--sabotage", "no-such-thing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "cut-bridge" in done.stderr


def test_the_sabotages_are_listed():
    command = [sys.executable, "-m", "scripts.town", "--list-sabotage"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    for checks in BY_CHAPTER.values():
        assert all(f"({check.name})" in done.stdout for check in checks)
