"""The journal under kill -9, under a torn write-ahead log, and on a disk without room."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from central.store.database import Database
from central.store.journal import Journal
from central.store.verify import verify_file

WRITER = [sys.executable, "-m", "tests.system.journal_writer"]


def killed_after(path: Path, seconds: float) -> int:
    """Let the writer run, kill -9 it; the last number that a barrier promised."""
    with subprocess.Popen([*WRITER, "write", str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    assert child.returncode == -signal.SIGKILL, "it died by itself"
    whole = (first + rest).rpartition("\n")[0]
    return int(whole.splitlines()[-1])


async def test_after_kill_9_everything_promised_is_there_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    rng = random.Random(4)
    for _ in range(5):
        promised = killed_after(path, rng.uniform(0.02, 0.25))
        verdict = verify_file(path)
        assert verdict.ok, verdict
        assert verdict.entries >= promised
    facts: list[object] = []
    database = Database.open(path)
    journal = Journal(database, facts.append)
    journal.append("core.started", "core", {})
    await journal.close()
    database.close()
    assert verify_file(path).ok
    assert verify_file(path).entries == verdict.entries + 1
    assert facts == []


@pytest.mark.parametrize("kept", [0.999, 0.9, 0.5, 0.1])
def test_a_log_that_a_power_cut_tore_verifies_up_to_the_tear(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "core.db"
    promised = killed_after(path, 0.1)
    log = tmp_path / "core.db-wal"
    with log.open("r+b") as file:
        file.truncate(int(log.stat().st_size * kept))
    (tmp_path / "core.db-shm").unlink()
    Database.open(path).close()
    verdict = verify_file(path)
    assert verdict.ok, verdict
    assert verdict.entries <= promised + 7


def test_a_copy_taken_while_it_writes_verifies_too(tmp_path: Path) -> None:
    path, copy = tmp_path / "core.db", tmp_path / "copy"
    with subprocess.Popen([*WRITER, "write", str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGSTOP)
        copy.mkdir()
        for name in ("core.db", "core.db-wal"):
            shutil.copyfile(tmp_path / name, copy / name)
        child.kill()
    assert verify_file(copy / "core.db").ok


def test_a_file_system_without_room_and_then_with_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [*WRITER, "starve", str(tmp_path / "core.db")], capture_output=True, text=True, timeout=25
    )
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    assert "disk" in said["refused"]
    assert said["trouble"] == "1"
    assert said["recovered"] == "[JournalRecovered(dropped=0)]"
    assert said["entries"] == "101"
    verdict = verify_file(tmp_path / "core.db")
    assert (verdict.ok, verdict.entries) == (True, 101)
