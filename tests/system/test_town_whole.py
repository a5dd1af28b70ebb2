"""The whole town as people start it: up, talking, repaired after a kill, gone without a trace."""

import asyncio
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hw.bench.client import ask
from scripts.town.ready import NotReady
from scripts.town.stages import TownError
from scripts.town.town import Town

ROOT = Path(__file__).parents[2]
START_LIMIT = 60.0


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="town-test-"))
    yield made
    left = belonging(made)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(made)
    assert not left, "processes of the town remained"


class Run:
    """`python -m scripts.town` in a folder, its lines read as they come."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.out = folder / f"said-{len(list(folder.glob('said-*')))}.txt"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.town", "--dir", str(folder / "town"), *words],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def note(self) -> dict[str, str]:
        told: dict[str, str] = json.loads((self.folder / "town" / "town.json").read_text())
        return told

    def said(self) -> str:
        return self.out.read_text()

    def until(self, text: str, limit: float = 15.0) -> None:
        self.wait(lambda: text in self.said(), limit, f"{text!r} was not said:\n{self.said()}")

    def wait(self, done: Callable[[], bool], limit: float, what: str) -> None:
        end = time.monotonic() + limit
        while not done():
            assert time.monotonic() < end, what
            assert self.process.poll() is None or done(), f"ended early:\n{self.said()}"
            time.sleep(0.05)

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)


def belonging(folder: Path) -> list[int]:
    """Processes whose command line or environment names the folder or the sockets of its town."""
    marks = [str(folder).encode()]
    with contextlib.suppress(OSError, ValueError, KeyError):
        marks.append(json.loads((folder / "town" / "town.json").read_text())["run"].encode())
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and int(place.name) != os.getpid():
            with contextlib.suppress(OSError):
                told = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
                if any(mark in told for mark in marks):
                    found.append(int(place.name))
    return found


def tone(path: Path, seconds: float) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(b"\x00\x20\x00\xe0" * int(8000 * seconds))
    return path


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rsplit(":", 1)[1]))) == 0


def test_a_town_talks_heals_and_goes_without_a_trace(folder: Path) -> None:
    run = Run(folder)
    run.until("ready; API https://", START_LIMIT)
    note = run.note
    assert listens(note["api"])
    ask(Path(note["bench"]), "speak", device="gw-north/r1", wav=tone(folder / "tone.wav", 1.0), wait_s=10)
    run.until("group valley talking floor gw-north/r1")
    for line in ("gw-south/r1", "gw-south/r2", "gw-dam/r1"):
        run.until(f"{line} ptt on")
        run.until(f"{line} ptt off")

    second = Run(folder, "--api-port", "0")
    assert second.process.wait(20) == 2
    assert f"runs in {(folder / 'town').resolve()} already (process {run.process.pid})" in second.said()

    core = next(pid for pid in belonging(folder) if b"core" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(core, signal.SIGKILL)
    run.until("process core killed by SIGKILL: started again (1)")
    run.until("the centre does not answer")
    run.wait(lambda: run.said().count("the centre answers") == 2, 20, "core did not come back")
    assert run.end() == 0
    assert belonging(folder) == []
    assert not Path(note["run"]).exists()
    assert not (folder / "town" / "town.json").exists()
    assert not listens(note["api"])
    assert "PLAIN" not in run.said()
    sockets = [path for path in (folder / "town").rglob("*") if path.is_socket()]
    assert sockets == []


def test_a_killed_town_leaves_nothing_running_and_the_next_one_clears_up(folder: Path) -> None:
    run = Run(folder)
    run.until("ready; API", START_LIMIT)
    left, api = Path(run.note["run"]), run.note["api"]
    assert listens(api)
    assert len(belonging(folder)) > 13
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    end = time.monotonic() + 5.0
    while (belonging(folder) or listens(api)) and time.monotonic() < end:
        time.sleep(0.05)
    assert belonging(folder) == []
    assert not listens(api), "the front's workers show neither folder nor town in their names"
    assert left.exists()
    town = Town.create(folder / "town")
    assert not left.exists()
    asyncio.run(town.stop())
    assert not town.places.run.exists()


def test_a_terminal_gets_a_live_table_and_sees_in_red_that_a_town_is_plain(folder: Path) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 140, 0, 0))
    argv = [sys.executable, "-m", "scripts.town", "--plain", "--dir", str(folder / "town")]
    with subprocess.Popen(argv, cwd=ROOT, stdout=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        seen = b""
        end = time.monotonic() + START_LIMIT
        wanted = (b"gw-dam-voice", b"valley", b" idle", b"\x1b[31mPLAIN: nothing is signed or encrypted")
        while not all(each in seen for each in wanted):
            assert time.monotonic() < end, seen.decode(errors="replace")[-2000:]
            if select.select([ours], [], [], 1.0)[0]:
                seen += os.read(ours, 65536)
        assert b"http://127.0.0.1:" in seen
        os.close(ours)  # the terminal window is closed
        process.send_signal(signal.SIGHUP)
        assert process.wait(40) == 0
    assert belonging(folder) == []


def test_a_port_in_use_is_named(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = Run(folder, "--api-port", str(port))
        assert run.process.wait(30) == 2
    assert f"port {port} for the API cannot be used (Address already in use)" in run.said()
    assert "--api-port" in run.said()


def test_ctrl_c_during_the_start_ends_in_order(folder: Path) -> None:
    run = Run(folder)
    run.wait(lambda: (folder / "town" / "logs" / "core.log").exists(), START_LIMIT, "core was not started")
    place = Path(run.note["run"])
    assert run.end() == 0
    assert belonging(folder) == []
    assert not place.exists()


async def test_a_folder_is_held_until_the_town_is_stopped(folder: Path) -> None:
    town = Town.create(folder)
    with pytest.raises(TownError, match=f"already .process {os.getpid()}.: stop it, or choose another"):
        Town.create(folder)
    with pytest.raises(NotReady, match="process mosquitto is down"):
        await town.wait_ready(0.1)
    await town.stop()
    await town.stop()
    assert not town.places.run.exists()
    await Town.create(folder).stop()
    assert [path for path in town.folder.rglob("*") if path.is_socket()] == []


async def test_a_unit_that_cannot_start_is_named_and_nothing_stays(folder: Path) -> None:
    wrap = {"core": [sys.executable, "-c", "import sys; sys.exit('no disk today')"]}
    town = Town.create(folder, wrap=wrap)
    with pytest.raises(RuntimeError, match=r"core does not start: ended with code 1(?s:.)*no disk today"):
        async with town:
            pass
    assert belonging(folder) == [os.getpid()] or belonging(folder) == []
    assert not town.places.run.exists()
