"""How a gateway stands: one page of facts with the reason behind each, kept in a small file for `gateway status`.

The file lies with the sockets, in memory where the system has it so; a reader sees a whole page or none.
"""

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import TypeAdapter

from firmware.uplink.machine import Uplink
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
SAY_EVERY = 10.0
"""Seconds between pages when nothing has changed: an older one is of a gateway that does not run."""
PAGE = "status.json"

_PLAIN: TypeAdapter[object] = TypeAdapter(object)
Parts = Mapping[str, Callable[[], object]]
"""Name of a part to what it says of itself: a dataclass, a model or a mapping."""


def link_view(uplink: Uplink) -> dict[str, object]:
    """What people are told of the link: session, profile, talk path, what the centre says of itself, what is ill."""
    ill = [f"{fact.subject}: {fact.what}" for fact in uplink.health.values() if not fact.ok]
    centre = uplink.centre[1] if uplink.centre is not None else None
    talk = uplink.talk.gate is not None
    return {"up": uplink.up, "profile": uplink.profile.name, "talk": talk, "centre": centre, "ill": ill}


class Standing:
    """`parts` are asked on the loop and must answer at once."""

    def __init__(self, folder: Path, clock: Clock, parts: Parts) -> None:
        self._file = folder / PAGE
        self._clock = clock
        self._parts = parts
        self._said: dict[str, object] = {}
        self._said_at = 0.0

    def page(self) -> dict[str, object]:
        """What every part says, as plain values."""
        said = {name: ask() for name, ask in self._parts.items()}
        return {name: _PLAIN.dump_python(value, mode="json", warnings=False) for name, value in said.items()}

    async def run(self) -> None:
        """Keep the file until cancelled; then it is removed. A disk that refuses is logged once."""
        told = False
        try:
            while True:
                page, now = self.page(), self._clock.now()
                if page != self._said or now >= self._said_at + SAY_EVERY:
                    self._said, self._said_at = page, now
                    try:
                        await asyncio.to_thread(self._write, page)
                        told = False
                    except OSError as error:
                        if not told:
                            log.error("status=%s cannot be written: %s", self._file, error)
                        told = True
                await self._clock.sleep_until(now + LOOK_EVERY)
        finally:
            self._file.unlink(missing_ok=True)

    def _write(self, page: dict[str, object]) -> None:
        new = self._file.with_suffix(".new")
        head = {"pid": os.getpid(), "at": self._clock.wall(), "now": self._clock.now()}
        new.write_text(json.dumps({**head, "parts": page}, ensure_ascii=False), encoding="utf-8")
        new.replace(self._file)
