"""The command line against a real API server on this machine, with a fake desk behind it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner, Result

from central.api.server import ApiServer
from central.cli.__main__ import make_cli
from tests.central.api.fake_desk import PEOPLE, FakeDesk, app_of


@dataclass
class Town:
    """A running API; `desk` may be turned to trouble, `later` and `when` run a function on its loop."""

    desk: FakeDesk
    url: str
    note: Path
    loop: asyncio.AbstractEventLoop

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        self.loop.call_soon_threadsafe(self.loop.call_later, seconds, act)

    def when(self, ready: Callable[[], bool], act: Callable[[], object]) -> None:
        """Run `act` on its loop as soon as `ready()` is true there, however slow the machine is."""

        def look() -> None:
            if ready():
                act()
            else:
                self.loop.call_later(0.02, look)

        self.loop.call_soon_threadsafe(look)

    def listening(self) -> bool:
        """Somebody is connected to the live channel."""
        return self.desk.announcer.listeners > 0

    def waited_for(self) -> bool:
        """The first broadcast was asked for, and somebody follows it."""
        return "b-1" in self.desk.machines and self.listening()


@dataclass
class Served:
    """One API server for all tests of the session; each test puts its own desk behind it."""

    app: FastAPI
    url: str
    loop: asyncio.AbstractEventLoop


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    app = app_of(FakeDesk(tmp_path_factory.mktemp("desk")))
    loop = asyncio.new_event_loop()
    server = ApiServer(app)
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Served(app, server.url, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def town(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    served.app.state.desk = desk = FakeDesk(tmp_path)
    served.app.state.gate = desk.bench.book
    write_private(tmp_path / "people.toml", PEOPLE)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    note = tmp_path / "town.json"
    note.write_text(json.dumps({"api": served.url, "tokens": "people.toml", "person": "wang", "pid": 1}))
    monkeypatch.setenv("SPILLWAY_TOWN", str(note))
    return Town(desk, served.url, note, served.loop)


def write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run `spillway` with these words."""

    def running(*words: str) -> Result:
        return CliRunner().invoke(make_cli(plugins=False), list(words))

    return running
