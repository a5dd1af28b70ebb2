"""One unit of the town's stand-in for systemd: a process that is started, watched, restarted and stopped.

As with systemd's Type=notify, Restart=always, WatchdogSec= and ExecStopPost=. It knows nothing of what the
process does.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from link.hosting.backoff import Backoff
from scripts.town.child import Child, how_it_ended
from scripts.town.notify_socket import NotifySocket
from scripts.town.ports import HOST

log = logging.getLogger(__name__)

State = Literal["down", "starting", "ready", "stopping", "resting"]

RESTART_FIRST = 0.2
RESTART_MOST = 5.0
WELL_AFTER = 10.0
"""Seconds after which a unit that ended counts as having been well: it is restarted quickly again."""
POST_LIMIT = 10.0
PROBE_EVERY = 0.05
TAIL = 20_000


class UnitFailed(RuntimeError):
    """A unit does not come up; the text holds the end of its log."""


@dataclass(frozen=True)
class UnitSpec:
    """What is run and how it is watched. Times in seconds.

    `port` 0: the process says READY=1 itself; else it is ready when this TCP port answers. `watchdog` None:
    not watched. `post` is run after every end of the process, however it ended, before it is started again.
    `bereaved`: what it gets when the town is killed; a process with children of its own has to end them then.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    run: Path
    folder: Path
    port: int = 0
    watchdog: float | None = None
    post: tuple[str, ...] = ()
    start_limit: float = 30.0
    stop_limit: float = 5.0
    environment: dict[str, str] = field(default_factory=dict)
    bereaved: signal.Signals = signal.SIGKILL


class Unit:
    """Start it once, `ready()` says when it is up; `stop()` ends it for good."""

    def __init__(self, spec: UnitSpec, changed: Callable[["Unit"], None] = lambda unit: None) -> None:
        self.spec = spec
        self.name = spec.name
        self.state: State = "down"
        self.starts = 0
        self.last_end = ""
        self._changed = changed
        self._child: Child | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._backoff = Backoff(first=RESTART_FIRST, factor=2.0, most=RESTART_MOST)

    @property
    def pid(self) -> int | None:
        """Its process id, None while it does not run."""
        return self._child.pid if self._child is not None else None

    @property
    def restarts(self) -> int:
        """How often it had to be started again."""
        return max(0, self.starts - 1)

    def start(self) -> None:
        """Begin to keep it running."""
        self.state = "starting"
        self._keeper = asyncio.create_task(self._keep(), name=f"unit-{self.name}")

    async def ready(self, most_starts: int = 3) -> None:
        """Wait until it is ready. UnitFailed when it has ended `most_starts` times without."""
        while self.state != "ready" and not self._hopeless(most_starts):
            await self._news.wait()
        if self.state != "ready":
            raise UnitFailed(f"{self.name} does not start: {self.last_end}\n{self.log_tail()}".rstrip())

    def _hopeless(self, most_starts: int) -> bool:
        return self.state == "down" or (self.state == "resting" and self.starts >= most_starts)

    async def stop(self) -> None:
        """SIGTERM, after `stop_limit` SIGKILL to all it started. Returns when nothing of it runs."""
        self._stopping.set()
        child, keeper = self._child, self._keeper
        if child is not None:
            self._set("stopping")
            self._disarm()
            child.send(signal.SIGTERM)
            child.send(signal.SIGCONT)  # a stopped process would not hear it
            done, _ = await asyncio.wait({child.ended}, timeout=self.spec.stop_limit)
            if not done:
                self._note(f"did not end within {self.spec.stop_limit:g} s: killed")
                child.kill()
        if keeper is not None:
            await keeper

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to its process as trouble from outside: it is restarted as after any end."""
        if self._child is None:
            raise ProcessLookupError(f"{self.name} does not run")
        self._child.send(number)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        try:
            with self.spec.log.open("rb") as text:
                text.seek(max(0, self.spec.log.stat().st_size - TAIL))
                said = text.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(f"  {self.name}: {line}" for line in said[-lines:])

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            try:
                await self._run_once()
            except OSError as error:
                self.last_end = f"cannot be started: {error}"
            self._note(self.last_end)
            if self.spec.post:
                await self._run_post()
            if self._stopping.is_set():
                break
            if loop.time() - began > WELL_AFTER:
                self._backoff.reset()
            self._set("resting")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._backoff.next())
        self._set("down")

    async def _run_once(self) -> None:
        self.starts += 1
        path = self.spec.run / f"{self.name}.{self.starts}"
        notify = NotifySocket(path, self._heard)
        prober: asyncio.Task[None] | None = None
        try:
            await self._check_port()
            with self.spec.log.open("ab") as out:
                spec, environment = self.spec, self._environment(path)
                child = Child(spec.argv, out, environment, spec.folder, spec.bereaved)
            self._child = child
            self._note(f"started as process {child.pid}, start {self.starts}")
            self._arm(self.spec.start_limit, "not ready")
            self._set("starting")
            if self.spec.port:
                prober = asyncio.create_task(self._probe())
            self.last_end = how_it_ended(await child.ended)
        finally:
            self._disarm()
            self._child = None
            if prober is not None:
                prober.cancel()
            notify.close()

    def _environment(self, notify: Path) -> dict[str, str]:
        given = {**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.environment, "NOTIFY_SOCKET": str(notify)}
        given.pop("WATCHDOG_PID", None)
        given.pop("WATCHDOG_USEC", None)
        if self.spec.watchdog is not None:
            given["WATCHDOG_USEC"] = str(int(self.spec.watchdog * 1e6))
        return given

    def _heard(self, key: str, value: str) -> None:
        if self._stopping.is_set() or self._child is None:
            return
        if key == "STOPPING":
            self._arm(self.spec.stop_limit, "did not end")
        elif self.spec.port:
            return
        elif key == "READY" and self.state == "starting":
            self._up()
        elif key == "WATCHDOG" and self.state == "ready":
            self._feed()

    def _up(self) -> None:
        self._disarm()
        self._feed()
        self._set("ready")

    def _feed(self) -> None:
        if self.spec.watchdog is not None:
            self._arm(self.spec.watchdog, "gave no sign of life")

    async def _check_port(self) -> None:
        """OSError when somebody else listens there already: the probe would take him for our process."""
        if not self.spec.port:
            return
        try:
            _, writer = await asyncio.open_connection(HOST, self.spec.port)
        except OSError:
            return
        writer.close()
        place, who = f"port {self.spec.port} on {HOST}", f"ss -ltnp 'sport = :{self.spec.port}'"
        raise OSError(f"{place} is in use: stop the other program ({who} shows it)")

    async def _probe(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, self.spec.port)
            except OSError:
                await asyncio.sleep(PROBE_EVERY)
                continue
            writer.close()
            self._up()
            return

    def _arm(self, after: float, why: str) -> None:
        self._disarm()
        self._alarm = asyncio.get_running_loop().call_later(after, self._too_late, f"{why} for {after:g} s")

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _too_late(self, why: str) -> None:
        self._note(f"{why}: killed")
        log.warning("unit=%s %s: killed", self.name, why)
        if self._child is not None:
            self._child.kill()

    async def _run_post(self) -> None:
        try:
            with self.spec.log.open("ab") as out:
                child = Child(self.spec.post, out, self._environment(Path("/dev/null")), self.spec.folder)
        except OSError as error:
            self._note(f"what comes after its end cannot be started: {error}")
            return
        done, _ = await asyncio.wait({child.ended}, timeout=POST_LIMIT)
        if not done:
            child.kill()
        code = await child.ended
        if code != 0:
            self._note(f"what comes after its end {how_it_ended(code)}")

    def _set(self, state: State) -> None:
        self.state = state
        self._changed(self)
        self._news.set()
        self._news = asyncio.Event()

    def _note(self, text: str) -> None:
        """A line of ours in the unit's log."""
        with contextlib.suppress(OSError), self.spec.log.open("a", encoding="utf-8") as out:
            out.write(f"== town: {self.name} {text}\n")
