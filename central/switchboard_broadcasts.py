"""The switchboard's side of broadcasts: their orders to gateways, their entries, their recordings. Decides nothing."""

from collections.abc import Callable
from functools import partial

from central.broadcasts import messages as warn
from central.broadcasts.machine import Broadcast
from central.figures import SOUND, Figures
from central.fleet.machine import Gateway
from central.ports import Tapes
from link.hosting.clock import Clock
from link.hosting.runner import Runner


class BroadcastEffects:
    """Part of the switchboard, which gives the names below."""

    clock: Clock
    figures: Figures
    tapes: Tapes
    gateways: dict[str, Runner[Gateway]]
    broadcasts: dict[str, Runner[Broadcast]]
    changed: Callable[[str, str], None]
    after_journal: Callable[[Callable[[], object]], None]
    journal: Callable[[str, str, dict[str, object]], None]
    command: Callable[..., str]

    def perform_broadcast(self, effect: object) -> None:
        """Effects of one broadcast. Its orders leave when what stands before them is in the journal."""
        match effect:
            case warn.Deliver():
                self.figures.begin(SOUND, f"{effect.gateway}/{effect.order.play}", self.clock.now())
                self.after_journal(partial(self._deliver, effect))
            case warn.Cancel():  # a stop waits for nothing
                self._send(effect)
            case warn.Keep(kind=kind, broadcast=broadcast, payload=payload):
                self.journal(kind, broadcast, payload)
            case warn.RecordFrom(broadcast=broadcast, legs=legs, channel=channel):
                heard = tuple(line for line in legs if self._wants_leg(line))
                self.tapes.broadcast(broadcast, heard, channel, on=True)
            case warn.RecordEnd(broadcast=broadcast):
                self.tapes.broadcast(broadcast, (), "live", on=False)
            case warn.Changed(broadcast=broadcast):
                self.changed("broadcast", broadcast)

    def _wants_leg(self, name: str) -> bool:
        """Whether the voice node may ever hear this line."""
        gateway, _, line = name.partition("/")
        runner = self.gateways.get(gateway)
        known = runner.machine.lines.get(line) if runner is not None else None
        return known is None or known.wants_leg

    def _deliver(self, effect: warn.Deliver) -> None:
        """The journal holds the order; send it, unless it was stopped or ran out of time meanwhile."""
        runner = self.broadcasts.get(effect.broadcast)
        if runner is None or runner.machine.stopped_by is not None:
            return
        if self.clock.now() < runner.machine.not_after:
            self._send(effect)

    def _send(self, effect: warn.Deliver | warn.Cancel) -> None:
        limits: dict[str, object] = {"id": effect.id, "ch": effect.channel, "ref": effect.broadcast}
        limits |= {"doc": effect.doc, "nonce": effect.nonce}
        if effect.doc:
            limits["auth"] = effect.broadcast
        self.command(effect.gateway, effect.order, effect.ttl, **limits)
