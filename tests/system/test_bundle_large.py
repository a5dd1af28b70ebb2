"""A bundle of more than 200 MB through the real nginx, up by the command line and down by a gateway, in parts.

What is measured is the memory that each program has held at most: none of them may hold the bundle.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.files.bucket import Bucket
from firmware.files.bundle import BundleFetch
from firmware.files.centre_files import CentreFiles
from firmware.files.held import HeldFiles
from link.hosting.clock import SystemClock
from tests.central.api.fake_desk import PEOPLE
from tests.link.bundles.bundle_rig import make_bundle, make_signers, real
from tests.system.front_rig import Nginx, Pki

pytestmark = [real, pytest.mark.long, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
MEGA = 1_000_000
SIZE = 210 * MEGA
GROWTH = 40.0
"""MB that a program may grow by: buffers of the kernel's sockets are not among them."""


@pytest.fixture
def centre(tmp_path: Path, nginx: Nginx) -> Iterator["subprocess.Popen[bytes]"]:
    make_signers(tmp_path)
    people = tmp_path / "people.toml"
    people.touch(mode=0o600)
    people.write_text(PEOPLE)
    command = [sys.executable, "-m", "tests.system.bundle_centre", str(tmp_path), str(nginx.front.api)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    yield process
    process.terminate()
    process.wait()
    process.stdout.close()


def held(pid: int) -> float:
    """MB that a process has held at most."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmHWM:")) / 1000


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def spillway(folder: Path, nginx: Nginx, *words: str) -> tuple[int, str, float]:
    """Exit code, what it said, MB that it held at most."""
    whom = (
        "--api",
        nginx.url,
        "--ca",
        str(folder / "pki/ca/ca.pem"),
        "--token-file",
        str(folder / "people.toml"),
    )
    with (folder / "said").open("wb") as said:
        command = [sys.executable, "-m", "central.cli", *words, *whom]
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, (folder / "said").read_text(), usage.ru_maxrss / 1000


async def fetched(nginx: Nginx, pki: Pki, folder: Path, sha: str, size: int) -> tuple[Path, list[int]]:
    told: list[int] = []
    door = CentreFiles(nginx.url, "", pki.tls("gw-north"))
    fetch = BundleFetch(HeldFiles(folder, 2 * size), door, SystemClock(), Bucket(1e9))
    path = await fetch.fetch(f"{nginx.url}/api/v1/blob/{sha}", sha, size, told.append)
    await fetch.close()
    return path, told


def test_more_than_200_mb_go_up_and_down_and_nobody_holds_them(
    centre: "subprocess.Popen[bytes]",
    nginx: Nginx,
    pki: Pki,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    bundle = make_bundle(tmp_path, "gateway.raucb", "2.1.0", octets=SIZE)
    size = bundle.stat().st_size
    assert size > 200 * MEGA and nginx._process is not None
    _, _, idle = spillway(tmp_path, nginx, "fleet", "bundle", "list")
    workers = children(nginx._process.pid)
    before = {pid: held(pid) for pid in (centre.pid, *workers)}
    since = time.monotonic()
    code, said, sender = spillway(tmp_path, nginx, "fleet", "bundle", "add", str(bundle))
    up = time.monotonic() - since
    assert code == 0 and "2.1.0" in said, said
    (kept,) = (tmp_path / "shelf").iterdir()
    assert kept.stat().st_size == size
    bundle.unlink()
    since = time.monotonic()
    path, told = asyncio.run(fetched(nginx, pki, tmp_path / "held", kept.stem, size))
    down = time.monotonic() - since
    assert path.name == kept.stem and path.stat().st_size == size and len(told) > 5, (
        "in parts, its hash is right"
    )
    grown = {pid: held(pid) - before[pid] for pid in before}
    with capsys.disabled():
        mb = ", ".join(f"{each:.0f}" for each in grown.values())
        words = f"{size / MEGA:.0f} MB up in {up:.1f} s, down in {down:.1f} s"
        print(f"\n  {words}; grown by MB: centre and nginx {mb}, command line {sender - idle:.0f}", end=" ")
    assert max(grown.values()) < GROWTH and sender - idle < GROWTH
