"""A gateway's outbox is killed in the middle of its work: what it had said is stored is there, numbers unchanged."""

import random
import subprocess
import sys
import time
from pathlib import Path

from firmware.outbox.store import EventFile
from link.contract.batch import fact_of
from link.contract.facts import LineClosed
from link.contract.lanes import LANES

ROUNDS = 4


def killed_child(path: Path, seconds: float) -> dict[tuple[str, int], int]:
    """(lane, epoch) -> the newest number that the child had said is stored."""
    command = [sys.executable, str(Path(__file__).with_name("outbox_child.py")), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines.append(child.stdout.readline())
        child.kill()
        lines += child.stdout.readlines()
    said: dict[tuple[str, int], int] = {}
    for line in lines:
        if line.endswith("\n"):  # the last one may be torn
            lane, epoch, seq = line.split()
            said[lane, int(epoch)] = int(seq)
    return said


def stored(path: Path) -> dict[tuple[str, int], dict[int, object]]:
    """All that lies in the file: (lane, epoch) -> number -> fact."""
    file, found = EventFile(path), {}  # type: EventFile, dict[tuple[str, int], dict[int, object]]
    for lane in LANES:
        for each in file.read(lane, 0, 1_000_000):
            found.setdefault((lane, each.entry.epoch), {})[each.entry.seq] = fact_of(each.entry.body)
    file.close()
    return found


def test_what_was_said_to_be_stored_is_there_after_kill_9(tmp_path: Path) -> None:
    path, said = tmp_path / "outbox.db", {}
    for _ in range(ROUNDS):
        said |= killed_child(path, random.uniform(0.05, 0.5))
    found = stored(path)
    assert len({epoch for _, epoch in said}) == 2 * ROUNDS, "every opening has epochs of its own"
    events = 0
    for (lane, epoch), newest in said.items():
        rows = found[lane, epoch]
        first = 1 if lane == "alm" else max(1, newest - 200 + 1)
        assert set(range(first, newest + 1)) <= set(rows), (lane, epoch, newest)
        assert sorted(rows) == list(range(min(rows), max(rows) + 1)), "no hole among what is left"
        for seq, fact in rows.items():
            assert (fact.seconds if isinstance(fact, LineClosed) else int(fact.talker)) == seq  # type: ignore[attr-defined]
        events += newest
    print(f"outbox: {ROUNDS} kills, {events} events said to be stored, 0 lost")
