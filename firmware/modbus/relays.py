"""The outputs that are relays of Modbus boards: a coil is closed while the guard allows it and its lease lives.

The guard arms and makes safe (it can open every coil itself); here the lease is turned into hardware-timed pulses.
What is told of such an output is what the board reads back, not what was ordered.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from firmware.modbus.host import BusHost, Health
from hw.relay_board.events import (
    BoardFound,
    BoardLost,
    BoardUnsuited,
    MakeSafe,
    OrderRefused,
    RelayFault,
    RelayRead,
    SwitchOff,
    SwitchOn,
)
from hw.relay_board.machine import RelayBoard, RelaySettings
from link.hosting.clock import Clock
from link.hosting.runner import Runner

ADVICE = {
    "did-not-close": "check the relay board's supply; a coil is broken or the board does not obey its timed pulse",
    "dropped-early": "the relay opened within its time: check the board's supply and its wiring",
    "closed-unasked": "A RELAY IS CLOSED THAT NOBODY ORDERED: switch the amplifier off by hand, change the board",
}
OPEN = ("did-not-close", "dropped-early")
"""Faults of a relay that is open, so that there is nothing to make safe: it is told to close again."""
LOST = "check the board's power, its address, and A/B of the RS485 pair"


class Guard(Protocol):
    """The guard, as the gateway asks it."""

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        """Allow `out` for `left` seconds."""

    def safe(self, out: str) -> bool:
        """Make `out` safe."""


@dataclass
class Coil:
    """One output: its relay, whether the guard allows it, until when it is wanted, and what the board reads."""

    out: str
    board: str
    channel: int
    allowed: bool = False
    until: float = 0.0
    closed: bool = False


@dataclass
class Relays:
    """All coil outputs of a gateway. Has the guard's two orders and passes all other outputs to it untouched.

    `read`: (out, on, why) of a coil's read-back. Everything runs in the gateway's loop.
    """

    guard: Guard
    clock: Clock
    health: Health
    read: Callable[[str, bool, str], None]
    coils: dict[str, Coil] = field(default_factory=dict)
    boards: dict[str, Runner[RelayBoard]] = field(default_factory=dict)

    def add_board(self, bus: BusHost, settings: RelaySettings) -> None:
        """Host a relay board on `bus`. ValueError when the name is taken."""
        name = settings.name
        self.boards[name] = bus.attach(
            name, RelayBoard.start(settings), partial(self._perform, name), partial(self._crashed, name)
        )

    def add_coil(self, out: str, board: str, channel: int) -> None:
        """The output `out` is relay `channel` of `board`, which was added before."""
        self.coils[out] = Coil(out, board, channel)

    # -- orders --

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        """Allow `out` for `left` seconds, and close it once the guard says so."""
        coil = self.coils.get(out)
        taken = self.guard.feed(out, left, why, at_ns)
        if coil is not None and taken:
            coil.until = self.clock.now() + left
            self._hold(coil)
        return taken

    def safe(self, out: str) -> bool:
        """Make `out` safe; a coil opens even when the guard cannot be reached."""
        coil = self.coils.get(out)
        if coil is not None:
            self._open(coil)
        return self.guard.safe(out)

    def guard_says(self, out: str, on: bool, why: str) -> bool:
        """The guard allows `out`, or has made it safe. False: no coil, somebody else's."""
        coil = self.coils.get(out)
        if coil is None:
            return False
        coil.allowed = on
        if on:
            self._hold(coil)
        else:
            self._open(coil)
            coil.closed = False
            self.read(out, False, why)
        return True

    def _hold(self, coil: Coil) -> None:
        left = coil.until - self.clock.now()
        runner = self.boards[coil.board]
        left = min(left, runner.machine.settings.longest)
        if coil.allowed and left >= runner.machine.settings.unit:
            runner.inbox.post(SwitchOn(coil.channel, left))

    def _open(self, coil: Coil) -> None:
        coil.until = 0.0
        self.boards[coil.board].inbox.post(SwitchOff(coil.channel))

    # -- what the boards say --

    def _perform(self, board: str, effect: object) -> None:
        match effect:
            case RelayRead(channel=channel, closed=closed):
                for coil in self._on(board, channel):
                    self._seen(coil, closed, "read-back")
            case RelayFault(channel=channel, what=what):
                for coil in self._on(board, channel):
                    self.health(f"relay {coil.out}", what, ADVICE.get(what, ""))
                    if what in OPEN:
                        self._seen(coil, False, what)
            case MakeSafe(channel=channel, reason=reason) if reason not in OPEN:
                for coil in self._on(board, channel):
                    self.guard.safe(coil.out)
            case BoardFound():
                self.health(f"relay board {board}", "", "")
            case BoardUnsuited(advice=advice):
                self.health(f"relay board {board}", "cannot be used", advice)
            case BoardLost(why=why):
                self.health(f"relay board {board}", why, LOST)
                for coil in self._on(board, None):
                    self._seen(coil, False, why)
            case OrderRefused(channel=channel, why=why):
                for coil in self._on(board, channel):
                    self.read(coil.out, False, why)

    def _on(self, board: str, channel: int | None) -> list[Coil]:
        return [c for c in self.coils.values() if c.board == board and channel in (None, c.channel)]

    def _seen(self, coil: Coil, closed: bool, why: str) -> None:
        coil.closed = closed
        self.read(coil.out, closed, why)

    def _crashed(self, board: str) -> None:
        for coil in self._on(board, None):
            self.guard.safe(coil.out)
