"""The centre in a fresh Debian 12: installed, every step done as it is told, all four programs up as their accounts."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from images.central.environment import BUILDERS, find_wheel, pins_of
from images.central.host import Refused
from tests.images.central.fill_suite import filled_is_runnable

ROOT = Path(__file__).resolve().parents[3]
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
CACHE = Path(os.environ.get("SPILLWAY_CACHE") or Path.home() / ".cache" / "spillway")

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.geteuid() != 0, reason="a fresh system is made and entered by root"),
    pytest.mark.skipif(
        shutil.which("mmdebstrap") is None, reason="mmdebstrap is missing: install its package"
    ),
    pytest.mark.skipif(
        not SOURCES.exists(), reason="this machine has no Debian sources of its own to install from"
    ),
]


def run(*words: str | Path, **more: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return str(done.stdout)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A minimal Debian with this tree in /src and all Python packages in /wheels; its network is for Debian's only."""
    try:
        wheel = find_wheel(None, ROOT, CACHE, os.uname().machine)
    except Refused as error:
        pytest.skip(str(error))
    system = tmp_path / "system"
    run("mmdebstrap", "--variant=minbase", "--include=python3,ca-certificates", "bookworm", system, SOURCES)
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (system / "src" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, system / "src" / name)
    wheels, builders = system / "wheels", tmp_path / "builders.txt"
    builders.write_text(pins_of((ROOT / "requirements/dev.txt").read_text(), BUILDERS))
    for pins in (ROOT / "requirements/central.txt", builders):
        words = (
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "-r",
            pins,
            "-d",
            wheels,
        )
        run(sys.executable, *words)
    shutil.copy(wheel, wheels)
    shutil.copy("/etc/resolv.conf", system / "etc/resolv.conf")
    for each in Path("/etc/apt/apt.conf.d").glob("*"):  # how this machine reaches its mirror
        shutil.copy(each, system / "etc/apt/apt.conf.d")
    return system


def test_a_fresh_host_becomes_a_centre_by_doing_what_is_told(fresh: Path) -> None:
    inside = (
        f"mount -t proc proc {fresh}/proc && mount --rbind /dev {fresh}/dev && exec chroot {fresh} env -i "
    )
    inside += "PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root python3 /src/tests/images/central/host_trial.py"
    told = json.loads(run("unshare", "-m", "sh", "-ec", inside).splitlines()[-1])
    release = next((fresh / "opt/spillway/releases").iterdir())
    filled_is_runnable(release, Path("/opt/spillway/releases") / release.name)
    services = ("spillway-broker", "spillway-core", "spillway-voice", "spillway-front")
    assert told["seen"] == dict.fromkeys(services, True), told["logs"]
    assert told["codes"] == dict.fromkeys(services, 0), told["logs"]
    assert told["whose"] == {name: name.replace("front", "core") for name in services}
    assert told["sockets"] == {"api.sock": "0o600", "core-voice.sock": "0o660"}
    assert told["joined"], "the voice node did not reach core through the socket of their group"
    assert told["reload"] == 0 and told["keys_closed"]
    assert "1. start, and invite the first person" in told["left"] and "2." not in told["left"]
