"""Opens the inputs of a board that somebody hears: carriers, contacts. What cannot be had is tried again for ever."""

import asyncio
import logging
from collections.abc import Callable

from firmware.inputs.wires import Wires
from firmware.wiring_inputs import Opened, opened_here
from hw.board import Board
from hw.board_parts import PinInput
from hw.inputs.opening import OpenInput, open_input
from hw.pins import Pins, PinsUnavailable, open_pins
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

AGAIN = 5.0
"""Seconds between tries for an input that cannot be had."""


class OpenInputs:
    """`health(subject, what, advice)` hears of trouble when it begins, and with an empty `what` when it is over."""

    def __init__(
        self, board: Board, wires: Wires, clock: Clock, health: Callable[[str, str, str], None]
    ) -> None:
        self._board, self._wires, self._clock, self._health = board, wires, clock, health
        self._pins: Pins | None = None
        self._open: list[OpenInput] = []
        self._ill: set[str] = set()

    def open(self, inputs: list[Opened] | None = None) -> list[Opened]:
        """Open these, or all that somebody hears; those that cannot be had are told and returned. Blocks."""
        inputs = opened_here(self._board, self._wires) if inputs is None else inputs
        try:
            needed = any(isinstance(source, PinInput) for source in self._board.inputs)
            self._pins = self._pins or (open_pins(self._board) if needed else Pins(None))
        except PinsUnavailable as error:
            self._tell("pins", error)
            return inputs
        self._tell("pins", None)
        return [source for source in inputs if not self._open_one(self._pins, source)]

    def _open_one(self, pins: Pins, source: Opened) -> bool:
        sink = self._wires.heard(source.name)
        subject = f"input {source.name}"
        try:
            opened = open_input(source, self._board, pins, sink, lambda ill: self._tell(subject, ill))
        except PinsUnavailable as error:
            self._tell(f"pin {source.name}", error)
            return False
        self._open.append(opened)
        self._tell(f"pin {source.name}", None)
        return True

    def _tell(self, subject: str, error: PinsUnavailable | None) -> None:
        """Tell news only."""
        if error is not None and subject not in self._ill:
            self._ill.add(subject)
            log.error("pins what=%s advice=%s", error.what, error.advice)
            self._health(subject, error.what, error.advice)
        elif error is None and subject in self._ill:
            self._ill.discard(subject)
            self._health(subject, "", "")

    async def keep(self, inputs: list[Opened]) -> None:
        """Try again for these until all are open."""
        while inputs:
            await self._clock.sleep_until(self._clock.now() + AGAIN)
            inputs = await asyncio.to_thread(self.open, inputs)

    def close(self) -> None:
        """Give pins and devices back."""
        for opened in self._open:
            opened.close()
        self._open.clear()
        if self._pins is not None:
            self._pins.close()
