"""Effects of broadcasts at the centre: orders to gateways, journal, recordings. Part of the switchboard's table.

An order that sounds leaves when what stands before it is in the journal; a stop waits for nothing.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from central.broadcasts import messages as warn
from central.broadcasts.machine import Broadcast
from central.figures import SOUND, Figures
from central.fleet.machine import Gateway
from central.ports import Tapes
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.runner import Runner


class Board(Protocol):
    """What is needed of the switchboard."""

    clock: Clock
    figures: Figures
    tapes: Tapes
    gateways: dict[str, Runner[Gateway]]
    broadcasts: dict[str, Runner[Broadcast]]

    @property
    def changed(self) -> Callable[[str, str], None]:
        """Tell screens of a part, by kind and name."""

    @property
    def after_journal(self) -> Callable[[Callable[[], object]], None]:
        """Have something done once the journal holds what was told it before."""

    def command(self, gateway: str, order: Wire, ttl: int = 30, **more: object) -> str:
        """One command for a gateway; its id."""

    def journal(self, kind: str, subject: str, payload: dict[str, object]) -> None:
        """One entry for the journal."""


class BroadcastEffects:
    """Performs them on `board`."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def perform(self, effect: object) -> None:
        """One effect. Its orders leave when what stands before them is in the journal."""
        board = self._board
        match effect:
            case warn.Deliver():
                board.figures.begin(SOUND, f"{effect.gateway}/{effect.order.play}", board.clock.now())
                board.after_journal(partial(self._deliver, effect))
            case warn.Cancel():  # a stop waits for nothing
                self._send(effect)
            case warn.Keep(kind=kind, broadcast=broadcast, payload=payload):
                board.journal(kind, broadcast, payload)
            case warn.RecordFrom(broadcast=broadcast, legs=legs, channel=channel):
                heard = tuple(line for line in legs if self._wants_leg(line))
                board.tapes.broadcast(broadcast, heard, channel, on=True)
            case warn.RecordEnd(broadcast=broadcast):
                board.tapes.broadcast(broadcast, (), "live", on=False)
            case warn.Changed(broadcast=broadcast):
                board.changed("broadcast", broadcast)

    def _wants_leg(self, name: str) -> bool:
        """Whether the voice node may ever hear this line."""
        gateway, _, line = name.partition("/")
        runner = self._board.gateways.get(gateway)
        known = runner.machine.lines.get(line) if runner is not None else None
        return known is None or known.wants_leg

    def _deliver(self, effect: warn.Deliver) -> None:
        """The journal holds the order; send it, unless it was stopped or ran out of time meanwhile."""
        runner = self._board.broadcasts.get(effect.broadcast)
        if runner is None or runner.machine.stopped_by is not None:
            return
        if self._board.clock.now() < runner.machine.not_after:
            self._send(effect)

    def _send(self, effect: warn.Deliver | warn.Cancel) -> None:
        limits: dict[str, object] = {"id": effect.id, "ch": effect.channel, "ref": effect.broadcast}
        limits |= {"doc": effect.doc, "nonce": effect.nonce}
        if effect.doc:
            limits["auth"] = effect.broadcast
        self._board.command(effect.gateway, effect.order, effect.ttl, **limits)
