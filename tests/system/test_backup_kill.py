"""A centre that ships its database and is killed -9: what a restore gives."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from central.store import entries
from central.store.database import read_only
from central.store.generations import generations
from central.store.restoring import DATABASE, restore
from central.store.verify import verify_file

WRITER = [sys.executable, "-m", "tests.system.shipping_writer"]


def killed_after(root: Path, seconds: float) -> int:
    """Let it write and ship, kill -9 it; the last number of entries that its backup promised to hold."""
    with subprocess.Popen([*WRITER, str(root)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    assert child.returncode == -signal.SIGKILL, "it died by itself"
    return int((first + rest).rpartition("\n")[0].splitlines()[-1])


def test_after_kill_9_the_backup_holds_all_that_it_promised_and_verifies(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    rng = random.Random(6)
    for round_ in range(3):
        promised = killed_after(tmp_path, rng.uniform(0.05, 1.0))
        live = verify_file(tmp_path / DATABASE)
        done = restore(tmp_path / "backup", tmp_path / f"restored{round_}")
        assert done.complete, done
        assert promised <= done.entries <= live.entries
        copy, original = read_only(tmp_path / f"restored{round_}" / DATABASE), read_only(tmp_path / DATABASE)
        assert entries.link_at(copy, done.entries) == entries.link_at(original, done.entries)
        copy.close()
        original.close()
    assert generations(tmp_path / "backup")[-1].number >= 3


def test_a_centre_that_lost_its_disk_goes_on_from_the_restored_folder(tmp_path: Path) -> None:
    (tmp_path / "backup").mkdir()
    promised = killed_after(tmp_path, 0.3)
    for each in tmp_path.glob("spillway.db*"):
        each.unlink()
    done = restore(tmp_path / "backup", tmp_path / "new")
    assert done.entries >= promised
    shutil.move(tmp_path / "backup", tmp_path / "new" / "backup")
    assert killed_after(tmp_path / "new", 0.2) > done.entries
    again = restore(tmp_path / "new" / "backup", tmp_path / "newer")
    assert (again.complete, again.entries > done.entries) == (True, True), again
