"""Keys one output through the guard, for tone and ptt-test: fed only while this process lives and wants it.

Whatever ends it (done, Ctrl-C, kill -9, a hang) ends the lease: the guard lets go. It opens no output itself.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware.technician.checks.processes import ask_guard
from firmware.technician.trouble import CannotDo
from hw.board import Board
from hw.board_lines import LoudspeakerLine
from hw.board_parts import ARMED, Output
from hw.guard.client import GuardClient, GuardDown, GuardUp, OutputChanged
from hw.guard.protocol import Turned

LEASE = 0.8
FEED_EVERY = 0.2
ANSWER = 2.0
"""Seconds that guard and output may take to answer."""


@dataclass(frozen=True)
class Keyed:
    """What the guard read back, in ms: order to on, on, order to off."""

    to_on: float
    on_for: float
    to_off: float
    why_off: str


def output_of(board: Board, line_id: str) -> Output:
    """What keys a line, or powers its amplifier. CannotDo."""
    try:
        line = board.line(line_id)
    except KeyError:
        known = ", ".join(each.id for each in board.lines) or "none"
        raise CannotDo(f"there is no line {line_id!r} on board {board.name}; there is: {known}") from None
    output = board.output(line.relay if isinstance(line, LoudspeakerLine) else line.ptt)
    if output.kind in ARMED:
        raise CannotDo(
            f"line {line_id}: output {output.name!r} of kind {output.kind!r} is switched by its driver in the running "
            "gateway, not by the guard: start the gateway and key it from the console"
        )
    return output


class Key:
    """One output under our lease. Use within `connected`."""

    def __init__(self, client: GuardClient, facts: "asyncio.Queue[object]", out: str) -> None:
        self._client = client
        self._facts = facts
        self._out = out
        self._feeding: asyncio.Task[None] | None = None
        self._ordered = 0
        self._on_ns = 0

    async def on(self) -> float:
        """Key; ms until the guard read it back. CannotDo when it does not."""
        self._ordered = time.monotonic_ns()
        self._feeding = asyncio.create_task(self._feed(), name="feed")
        fact = await self._changed(True)
        self._on_ns = fact.at_ns
        return (fact.at_ns - self._ordered) / 1e6

    async def off(self) -> Keyed:
        """Let go, and wait until the guard says so."""
        await self._stop_feeding()
        ordered = time.monotonic_ns()
        self._client.safe(self._out)
        fact = await self._changed(False)
        return Keyed(
            (self._on_ns - self._ordered) / 1e6,
            (fact.at_ns - self._on_ns) / 1e6,
            (fact.at_ns - ordered) / 1e6,
            fact.why,
        )

    async def let_go(self) -> None:
        """However it ended: no feed any more, and an order off if it went on. A lock is not ours to release."""
        await self._stop_feeding()
        if self._on_ns:
            self._client.safe(self._out)

    async def _stop_feeding(self) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait([self._feeding])
            self._feeding = None

    async def _feed(self) -> None:
        while True:
            self._client.feed(self._out, LEASE, "technician")
            await asyncio.sleep(FEED_EVERY)

    async def _changed(self, on: bool) -> OutputChanged:
        """The next report that the output is `on`."""
        try:
            async with asyncio.timeout(ANSWER):
                while True:
                    match await self._facts.get():
                        case OutputChanged(out=self._out) as fact if fact.on == on:
                            return fact
                        case OutputChanged(out=self._out, why=why) if on and why in ("locked", "pin-failed"):
                            raise CannotDo(
                                f"output {self._out}: the guard refuses: {why}; see `gateway doctor`"
                            )
                        case GuardDown(reason=reason):
                            raise CannotDo(f"the guard is gone: {reason}; it has made every output safe")
        except TimeoutError:
            state = "on" if on else "off"
            text = f"output {self._out}: no read-back that it went {state} within {ANSWER:g} s; see `gateway doctor`"
            raise CannotDo(text) from None


@asynccontextmanager
async def connected(socket: Path, out: str) -> AsyncIterator[Key]:
    """A key for one output; let go and disconnected at the end, however it comes. CannotDo."""
    facts: asyncio.Queue[object] = asyncio.Queue()
    client = GuardClient(socket)
    await client.start(facts.put_nowait)
    key = Key(client, facts, out)
    try:
        await _welcome(facts, socket)
        yield key
    finally:
        await key.let_go()
        await client.stop()


async def _welcome(facts: "asyncio.Queue[object]", socket: Path) -> None:
    try:
        async with asyncio.timeout(ANSWER):
            while True:
                match await facts.get():
                    case GuardUp():
                        return
                    case GuardDown(reason=reason):
                        raise CannotDo(await asyncio.to_thread(_why, socket, reason))
    except TimeoutError:
        raise CannotDo(f"the guard at {socket} does not answer; see `gateway doctor`") from None


def _why(socket: Path, reason: str) -> str:
    """Why the guard does not take us. Being turned away, the client may have heard no more than a broken pipe."""
    with contextlib.suppress(OSError):
        for reply in ask_guard(str(socket), ANSWER / 4):
            if isinstance(reply, Turned):
                return f"{reply.why}: stop it first (systemctl stop its unit, or kill its process)"
    return f"no guard at {socket}: {reason}; start `gateway guard --config FILE`"
