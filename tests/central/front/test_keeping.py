"""What core does about the front's files: told at once when one is replaced, again when it could not be told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.front.errors import FrontError
from central.front.keeping import AGAIN_AFTER, LOOK_EVERY, FrontKeeping
from link.hosting.clock import HandClock


class Nginx:
    """Hears what it is told."""

    def __init__(self) -> None:
        self.told = 0
        self.runs = True
        self.bad = False

    def tell(self, folder: Path) -> None:
        if self.bad:
            raise FrontError("nginx refuses the file")
        self.told += 1


class Site:
    def __init__(self, folder: Path) -> None:
        self.crl = folder / "crl.pem"
        self.crl.write_text("first")
        self.clock, self.nginx = HandClock(), Nginx()
        files = (self.crl, folder / "none.pem")
        self.keeping = FrontKeeping(folder, files, self.clock, self.nginx.tell, lambda _: self.nginx.runs)

    def replace(self, text: str) -> None:
        """As who writes whole files: another file in its place."""
        new = self.crl.with_suffix(".new")
        new.write_text(text)
        new.replace(self.crl)

    async def look(self, seconds: float = LOOK_EVERY) -> int:
        """What was told after so many seconds more."""
        await self.settle()
        await self.clock.advance(seconds, self.settle)
        await self.settle()
        return self.nginx.told

    async def settle(self) -> None:
        """Until the work in threads is done and it waits for the clock again."""
        for _ in range(10):
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    task = asyncio.create_task(made.keeping.run())
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_running_front_is_told_once_at_first_and_then_at_each_change(site: Site) -> None:
    assert await site.look() == 1
    assert await site.look() == 1
    site.replace("second")
    assert await site.look() == 2
    assert await site.look() == 2


async def test_a_file_that_comes_or_goes_is_a_change(site: Site) -> None:
    assert await site.look() == 1
    site.crl.with_name("none.pem").write_text("there now")
    assert await site.look() == 2
    site.crl.unlink()
    assert await site.look() == 3


async def test_one_that_could_not_be_told_is_told_again_later(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    assert await site.look() == 1
    site.nginx.bad = True
    site.replace("second")
    assert await site.look() == 1 and "nginx refuses the file" in caplog.text
    site.nginx.bad = False
    assert await site.look() == 1
    assert await site.look(AGAIN_AFTER) == 2


async def test_one_that_does_not_run_is_not_told(site: Site) -> None:
    assert await site.look() == 1
    site.nginx.runs = False
    site.replace("second")
    assert await site.look() == 1
    site.nginx.runs = True  # it has read them when it started
    assert await site.look() == 1
