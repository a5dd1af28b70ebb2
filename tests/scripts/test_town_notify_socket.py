"""Our end of the notify protocol, spoken to by the product's own notify()."""

import asyncio
from pathlib import Path

import pytest

from link.bus.port import BusError
from link.hosting.notify import notify
from scripts.town.notify_socket import NotifySocket


async def test_every_line_of_every_datagram_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    listening = NotifySocket(tmp_path / "n", lambda key, value: heard.put_nowait((key, value)))
    monkeypatch.setenv("NOTIFY_SOCKET", str(listening.path))
    assert notify("READY=1\nSTATUS=all=well")
    assert notify("WATCHDOG=1")
    told = [await heard.get() for _ in range(3)]
    listening.close()
    assert told == [("READY", "1"), ("STATUS", "all=well"), ("WATCHDOG", "1")]
    assert not listening.path.exists()
    assert not notify("WATCHDOG=1"), "nobody listens any more"


async def test_a_path_that_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(BusError, match="choose a shorter folder"):
        NotifySocket(tmp_path / ("x" * 108), lambda key, value: None)


async def test_what_a_dead_run_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "n").touch()
    NotifySocket(tmp_path / "n", lambda key, value: None).close()
