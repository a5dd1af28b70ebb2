"""The stand-in for systemd with real child processes: restart, watchdog, order, nothing left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from scripts.town.supervisor import Supervisor
from scripts.town.unit import Unit, UnitFailed, UnitSpec

CHILD = str(Path(__file__).with_name("unit_child.py"))
ROOT = Path(__file__).parents[2]
PATIENCE = 10.0


class Shop:
    """Makes units in one folder and ends them all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[Unit] = []

    def unit(self, name: str, *words: str, **more: object) -> Unit:
        argv = (sys.executable, "-I", "-S", CHILD, str(self.folder), name, *words)
        spec = UnitSpec(name, argv, self.folder / f"{name}.log", self.folder, self.folder, **more)  # type: ignore[arg-type]
        self.made.append(Unit(spec))
        return self.made[-1]

    @property
    def story(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "story").read_text().splitlines()
        return []


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    made = Shop(tmp_path)
    yield made
    await asyncio.gather(*(unit.stop() for unit in made.made))
    assert not [path for path in tmp_path.iterdir() if path.is_socket()]


async def until(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"did not come: {what}"
        await asyncio.sleep(0.01)


def lives(pid: int) -> bool:
    """A process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_killed_unit_is_started_again_soon(shop: Shop) -> None:
    unit = shop.unit("a")
    unit.start()
    await unit.ready()
    first = unit.pid
    unit.kill()
    began = time.monotonic()
    await until(lambda: unit.restarts == 1 and unit.state == "ready", "a restart")
    assert unit.pid != first
    assert 0.1 <= time.monotonic() - began < 2.0
    assert unit.last_end == "killed by SIGKILL"


async def test_a_stopped_process_is_killed_by_the_watchdog(shop: Shop) -> None:
    unit = shop.unit("a", "feed", watchdog=0.5)
    unit.start()
    await unit.ready()
    await asyncio.sleep(1.0)
    assert unit.restarts == 0, "it was fed"
    first = unit.pid
    assert first is not None
    unit.kill(signal.SIGSTOP)
    began = time.monotonic()
    await until(lambda: not lives(first), "the end of the stopped process")
    assert 0.3 < time.monotonic() - began < 2.0
    await until(lambda: unit.restarts == 1 and unit.state == "ready", "a restart")
    assert "gave no sign of life for 0.5 s: killed" in unit.log_tail()


async def test_a_process_that_never_gets_ready_is_killed_and_named(shop: Shop) -> None:
    unit = shop.unit("a", "dumb", start_limit=0.3)
    unit.start()
    with pytest.raises(UnitFailed, match=r"a does not start: killed by SIGKILL(?s:.)*not ready for 0.3 s"):
        await unit.ready(most_starts=2)


async def test_a_process_that_dies_at_once_is_named_with_its_last_words(shop: Shop) -> None:
    unit = shop.unit("a", "die")
    unit.start()
    with pytest.raises(UnitFailed, match=r"ended with code 3(?s:.)*something is wrong here"):
        await unit.ready(most_starts=2)
    assert unit.starts == 2


async def test_restarts_come_ever_slower(shop: Shop) -> None:
    unit = shop.unit("a", "die")
    unit.start()
    await asyncio.sleep(3.0)
    assert 3 <= unit.starts <= 7, "0.2, 0.4, 0.8, 1.6 s of rest, each at least half of it"


async def test_a_program_that_does_not_exist_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Unit(UnitSpec("x", ("/nowhere/x",), shop.folder / "x.log", shop.folder, shop.folder))
    shop.made.append(unit)
    unit.start()
    with pytest.raises(UnitFailed, match="/nowhere/x"):
        await unit.ready(most_starts=1)


async def test_a_deaf_process_and_all_it_started_are_killed(shop: Shop) -> None:
    unit = shop.unit("a", "deaf", "brood", stop_limit=0.3)
    unit.start()
    await unit.ready()
    pid, young = unit.pid, int((shop.folder / "a.brood").read_text())
    assert pid is not None
    assert lives(young)
    await unit.stop()
    assert not lives(pid)
    await until(lambda: not lives(young), "the end of what it started")
    assert "a term" in shop.story
    assert unit.restarts == 0


async def test_what_a_killed_process_started_ends_too(shop: Shop) -> None:
    unit = shop.unit("a", "brood")
    unit.start()
    await unit.ready()
    young = int((shop.folder / "a.brood").read_text())
    unit.kill()
    await until(lambda: not lives(young), "the end of what it started")


async def test_a_stopped_process_can_be_ended_in_order(shop: Shop) -> None:
    unit = shop.unit("a")
    unit.start()
    await unit.ready()
    unit.kill(signal.SIGSTOP)
    await unit.stop()
    assert unit.last_end == "ended with code 0"
    assert shop.story == ["a start", "a term"]


async def test_the_command_after_its_end_runs_before_the_next_start(shop: Shop) -> None:
    after = (sys.executable, "-c", f"open({str(shop.folder / 'story')!r}, 'a').write('after\\n')")
    unit = shop.unit("a", post=after)
    unit.start()
    await unit.ready()
    unit.kill()
    await until(lambda: unit.restarts == 1 and unit.state == "ready", "a restart")
    await unit.stop()
    assert shop.story == ["a start", "after", "a start", "a term", "after"]


async def test_stages_start_in_order_and_stop_in_reverse(shop: Shop) -> None:
    stages = [[shop.unit("broker")], [shop.unit("core-1"), shop.unit("core-2")], [shop.unit("gateway")]]
    supervisor = Supervisor(stages)
    await supervisor.start()
    assert list(supervisor.units) == ["broker", "core-1", "core-2", "gateway"]
    await supervisor.stop()
    told = [line.split() for line in shop.story]
    assert [name.split("-")[0] for name, what in told if what == "start"] == [
        "broker",
        "core",
        "core",
        "gateway",
    ]
    assert [name.split("-")[0] for name, what in told if what == "term"] == [
        "gateway",
        "core",
        "core",
        "broker",
    ]


async def test_a_stage_that_fails_stops_the_start(shop: Shop) -> None:
    late = shop.unit("late")
    supervisor = Supervisor([[shop.unit("early")], [shop.unit("bad", "die")], [late]])
    with pytest.raises(UnitFailed, match="bad does not start"):
        await supervisor.start()
    await supervisor.stop()
    assert late.starts == 0
    assert shop.story[-1] == "early term"


async def test_the_last_runs_log_is_kept_beside_the_new_one(shop: Shop) -> None:
    (shop.folder / "a.log").write_text("yesterday\n")
    supervisor = Supervisor([[shop.unit("a")]])
    await supervisor.start()
    await supervisor.stop()
    assert (shop.folder / "a.log.1").read_text() == "yesterday\n"
    assert "a says hello" in (shop.folder / "a.log").read_text()


SUPERVISED = """
import asyncio, sys
from pathlib import Path
from scripts.town.supervisor import Supervisor
from scripts.town.unit import Unit, UnitSpec
folder, child = Path(sys.argv[1]), sys.argv[2]
def unit(name, *words):
    argv = (sys.executable, "-I", "-S", child, str(folder), name, *words)
    return Unit(UnitSpec(name, argv, folder / f"{name}.log", folder, folder))
async def main():
    supervisor = Supervisor([[unit("a", "deaf")], [unit("b", "deaf")]])
    await supervisor.start()
    print(*(each.pid for each in supervisor.units.values()), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_kill_9_of_the_supervisor_leaves_no_child(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", SUPERVISED, str(tmp_path), CHILD]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, text=True) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(word) for word in (await asyncio.to_thread(supervisor.stdout.readline)).split()]
        assert len(pids) == 2
        assert all(lives(pid) for pid in pids)
        os.kill(pids[0], signal.SIGSTOP)
        supervisor.kill()
    try:
        await until(lambda: not any(lives(pid) for pid in pids), "the end of the children")
    finally:
        for pid in filter(lives, pids):
            os.kill(pid, signal.SIGKILL)
