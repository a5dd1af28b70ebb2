"""What waits at a gateway is caught up, between real processes; and what one event's way onto the disk takes."""

import contextlib
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware.outbox.entries import Entry, Stored
from firmware.outbox.store import EventFile
from firmware.outbox.writer import OutboxWriter
from firmware.stamp import Stamp
from link.bus.broker_file import CENTRE, write_broker
from link.contract.batch import body_of
from link.contract.facts import LineClosed, LineOpened, TransmitEnded, TransmitStarted
from link.contract.wire import Wire
from scripts.figures import broker_trip
from scripts.figures.figure import Budget, Figure, Load
from scripts.town.ports import free_tcp_port

EVENTS = 100_000
GATEWAY = "gw-bench"
CAUGHT_UP = Budget(most=10.0)
PATIENCE = 120.0
SAMPLES = 200
ROOT = Path(__file__).parents[2]

_CENTRAL = """
state = "central"
run = "run"
plain = true
api = {{ tokens = "tokens.toml", port = 0 }}
broker = {{ port = {port}, password = "{password}", first_retry = 0.1, longest_retry = 0.1 }}
gateway = [{{ id = "{gateway}" }}]
"""
_TOKENS = '[[gateway]]\nname = "{gateway}"\ntoken = "{token}"\n'
_GATEWAY = """
gateway = "{gateway}"
plain = true
board = "board.toml"
state = "gateway"
run = "run"
clock = {{ assume_right = true }}
link = {{ spread = 0.0, profile = "broad" }}
broker = {{ port = {port}, username = "{gateway}", password = "{password}", first_retry = 0.1, longest_retry = 0.1 }}
"""
_BOARD = '[board]\nname = "{gateway}"\nkind = "bench"\nsocket = "nowhere.sock"\n'


class LinkNotMeasured(OSError):
    """A process ended, or did not come to its end in time; its log is named."""


def measure() -> list[Figure]:
    """The figures. LinkNotMeasured."""
    with tempfile.TemporaryDirectory(prefix="spw-link-") as folder, Load() as load:
        caught = _caught_up(Path(folder))
        stored = _stored(Path(folder))
        trips = broker_trip.measure(Path(folder))
    seconds, gateway, core = caught
    note = f"{EVENTS} events wait while the broker is away; from its start until the last is acknowledged"
    cpu = "processor time for all of them"
    both = load.both
    return [
        Figure("backlog caught up", "s", (seconds,), CAUGHT_UP, both, note),
        Figure("backlog, events a second", "1/s", (EVENTS / seconds,), Budget(), both, note),
        Figure("backlog, gateway", "s", (gateway,), Budget(), both, cpu),
        Figure("backlog, core", "s", (core,), Budget(), both, cpu),
        Figure(
            "event told → on the disk", "ms", stored, Budget(), both, "group commit, FULL sync, each alone"
        ),
        *trips,
    ]


def _caught_up(folder: Path) -> tuple[float, float, float]:
    """Seconds, and the processor seconds of gateway and core."""
    port, password = free_tcp_port(), secrets.token_hex(12)
    broker = write_broker(folder / "broker", port, {CENTRE: password, GATEWAY: password})
    known = {"port": port, "password": password, "gateway": GATEWAY, "token": secrets.token_hex(16)}
    for name, text in (("central", _CENTRAL), ("tokens", _TOKENS), ("gateway", _GATEWAY), ("board", _BOARD)):
        path = folder / f"{name}.toml"
        path.write_text(text.format(**known), encoding="utf-8")
        path.chmod(0o600)
    outbox = folder / "gateway" / "outbox.db"
    _prefill(outbox)
    python = (sys.executable, "-m")
    config = ("--config", str(folder / "central.toml"))
    with contextlib.ExitStack() as stack:
        core = stack.enter_context(_program(folder, "core", *python, "central", "core", *config))
        config = ("--config", str(folder / "gateway.toml"))
        gateway = stack.enter_context(_program(folder, "gateway", *python, "firmware", "run", *config))
        _await(folder, (core, gateway), lambda: " ready" in (folder / "gateway.log").read_text(), "start")
        time.sleep(2.0)  # the core is up, too
        before = (_cpu(gateway), _cpu(core))
        began = time.monotonic()
        stack.enter_context(_program(folder, "mosquitto", "mosquitto", "-c", str(broker)))
        with contextlib.closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=10)) as file:
            asked = "select exists(select 1 from outbox where epoch = 1)"
            _await(folder, (core, gateway), lambda: file.execute(asked).fetchone() == (0,), "backlog")
        seconds = time.monotonic() - began
        _verify(folder / "central" / "spillway.db")
        return seconds, _cpu(gateway) - before[0], _cpu(core) - before[1]


def _verify(database: Path) -> None:
    """The centre has each of them. LinkNotMeasured."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as centre:
        (taken,) = centre.execute("select count(*) from events where epoch = 1").fetchone()
    if taken != EVENTS:
        raise LinkNotMeasured(f"the centre has {taken} of {EVENTS} events")


def _prefill(outbox: Path) -> None:
    """An outbox as a gateway leaves it that was alone for long; all of it is of epoch 1."""
    file = EventFile(outbox)
    file.begin({"alm": 2, "evt": 1})
    kinds: tuple[Callable[[int], Wire], ...] = (
        lambda n: LineOpened(line="r1", talker=str(2001 + n % 60)),
        lambda n: LineClosed(line="r1", seconds=n % 29 + n % 1000 / 1000),
        lambda n: TransmitStarted(line="r2", why="talker gw-a/r1"),
        lambda n: TransmitEnded(line="r2", seconds=n % 31 + n % 1000 / 1000, why="released"),
    )
    wall = int(time.time() * 1000) - EVENTS * 100
    for first in range(1, EVENTS + 1, 5_000):
        file.add(
            [
                Entry("evt", 1, n, 2, "b.1", wall + n * 100, n * 100, "ntp", body_of(kinds[n % 4](n)))
                for n in range(first, min(first + 5_000, EVENTS + 1))
            ]
        )
    file.close()


def _stored(folder: Path) -> tuple[float, ...]:
    """Milliseconds from `append` until the event is on the disk, one after the other."""
    writer, done = OutboxWriter(folder / "alone.db", "b.1"), threading.Event()
    writer.start(lambda fact: done.set() if isinstance(fact, Stored) else None)
    took = []
    for n in range(SAMPLES):
        done.clear()
        began = time.monotonic()
        writer.append(LineClosed(line="r1", seconds=n), Stamp(n, n, "ntp"))
        if not done.wait(PATIENCE):
            raise LinkNotMeasured("the outbox did not store an event")
        took.append((time.monotonic() - began) * 1000)
    writer.stop()
    return tuple(took)


@contextlib.contextmanager
def _program(folder: Path, name: str, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process from its start to its end; what it says goes to NAME.log."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(
    folder: Path, all_run: tuple["subprocess.Popen[bytes]", ...], done: Callable[[], bool], what: str
) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        ended = [process for process in all_run if process.poll() is not None]
        if ended or time.monotonic() > until:
            said = "".join((folder / f"{name}.log").read_text()[-800:] for name in ("core", "gateway"))
            why = "a process ended" if ended else f"it took more than {PATIENCE:g} s"
            raise LinkNotMeasured(f"the {what} of the link's figures: {why}; the processes said:\n{said}")
        time.sleep(0.02)


def _cpu(process: "subprocess.Popen[bytes]") -> float:
    """Seconds of processor time it has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
