"""Debian's ofono-phonesim on a TCP port, and a phone's driver at its other end."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hw.phone.machine import Phone
from hw.phone.profile import load_profile
from hw.phone.protocol import Splitter
from hw.terminal import MakeSafe, PortUp, Told, Write
from link.hosting.machine import Tick
from tests.system.mosquitto_fixture import free_port

ROOT = Path(__file__).parents[2]
FETCH_S = 90.0


@cache
def simulator() -> tuple[tuple[str, ...], str]:
    """(command without its port, "") or ((), why it cannot be had here)."""
    try:
        done = subprocess.run(
            [ROOT / "scripts" / "fetch_phonesim"],
            capture_output=True,
            encoding="utf-8",
            timeout=FETCH_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (), f"fetching it took longer than {FETCH_S:.0f} s"
    if done.returncode != 0:
        return (), done.stderr.strip()[-300:]
    root = Path(done.stdout.splitlines()[-1])
    loaders = sorted((root / "usr").glob("lib*/ld-linux*.so.*"))
    libraries = sorted((root / "usr" / "lib").glob("*-linux-gnu*"))
    if not loaders or not libraries:
        return (), f"{root} holds no loader and libraries"
    command = (str(loaders[0]), "--library-path", str(libraries[0]), str(root / "usr/bin/ofono-phonesim"))
    ready = subprocess.run(
        [*command, "-v"], capture_output=True, env=surroundings(root), timeout=20, check=False
    )
    return (
        (command, "") if ready.returncode == 0 else ((), f"it does not start: {ready.stderr.decode()[-300:]}")
    )


def surroundings(root: Path) -> dict[str, str]:
    """No screen, and Qt's plugins from beside it."""
    plugins = next(iter((root / "usr" / "lib").glob("*/qt5/plugins")), root)
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_PLUGIN_PATH": str(plugins)}


class Site:
    """The simulator and the driver; `order` gives the driver an event, `until` waits for what it tells."""

    def __init__(self) -> None:
        self.phone = Phone(load_profile("generic"))
        self.facts: list[object] = []
        self.safe: list[str] = []
        self.wrote: list[bytes] = []
        self.port = free_port()

    async def start(self, command: tuple[str, ...]) -> None:
        root = Path(command[-1]).parents[2]
        words = [*command, "-p", str(self.port), str(root / "usr/share/ofono-phonesim/default.xml")]
        quiet = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(
            *words, env=surroundings(root), stdout=quiet, stderr=quiet
        )
        async with asyncio.timeout(20):
            while True:
                try:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        self.order(PortUp())
        self.task = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        self.task.cancel()
        self.writer.close()
        self.process.kill()
        await self.process.wait()

    async def _serve(self) -> None:
        splitter = Splitter()
        while True:
            at = self.phone.deadline
            try:
                async with asyncio.timeout(None if at is None else max(0.0, at - time.monotonic())):
                    data = await self.reader.read(4096)
            except TimeoutError:
                self.order(Tick())
                continue
            for line in splitter.feed(data):
                self.order(line)

    def order(self, event: object) -> None:
        self.phone, effects = self.phone.handle(event, time.monotonic())
        for effect in effects:
            match effect:
                case Write(data):
                    self.wrote.append(data)
                    self.writer.write(data)
                case Told(fact):
                    self.facts.append(fact)
                case MakeSafe(reason):
                    self.safe.append(reason)

    async def until(self, seen: Callable[[], bool], seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while not seen():
                await asyncio.sleep(0.02)

    def told(self, kind: type) -> list[object]:
        return [fact for fact in self.facts if isinstance(fact, kind)]
