"""Texts and words of terminals on the gateway's own disk, written through before anybody relies on them.

A phone may delete a text only after it lies here: its storage is small, and full it takes nothing in. Files are
append-only lines of JSON; when one has grown past LIMIT the older half is dropped, whole lines only.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

from link.contract.wire import Wire

log = logging.getLogger(__name__)

LIMIT = 4_000_000
"""Bytes of one file of texts."""


class DiskShelf:
    """Below `folder`: `texts-<line>.jsonl` and `<line>.<word>`. keep() returns at once and works in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(self, line: str, fact: Wire, done: Callable[[], None]) -> None:
        """Append the fact and call `done` when it is on the disk. Not when it cannot be written: then the phone
        keeps the text and tells it again."""
        task = asyncio.get_running_loop().create_task(self._keep(line, fact, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, line: str, fact: Wire, done: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(self.append, line, fact)
        except OSError as error:
            log.error("line=%s text not stored, left in the phone: %s", line, error)
            return
        done()

    def append(self, line: str, fact: Wire) -> None:
        """Write one fact through to the disk. OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"texts-{line}.jsonl"
        if path.exists() and path.stat().st_size > LIMIT:
            self._halve(path)
        row = json.dumps(fact.model_dump(mode="json"), ensure_ascii=False) + "\n"
        with path.open("a", encoding="utf-8") as file:
            file.write(row)
            file.flush()
            os.fsync(file.fileno())

    def _halve(self, path: Path) -> None:
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        new = path.with_suffix(".new")
        new.write_text("".join(rows[len(rows) // 2 :]), encoding="utf-8")
        new.replace(path)

    def remember(self, line: str, word: str) -> None:
        """Store a word; OSError is logged: it is written again at the next occasion."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / f"{line}.{word}").open("w") as file:
                os.fsync(file.fileno())
        except OSError as error:
            log.error("line=%s %s not stored: %s", line, word, error)

    def remembers(self, line: str, word: str) -> bool:
        """Whether the word was stored."""
        return (self._folder / f"{line}.{word}").exists()
