"""The desk of the check: its store, its clock, who hears of new keys. Decides nothing.

The check itself is a part of the uplink's machine (a talk-path frame may follow its key at once); what it wants done
outside comes here, and what comes of that goes back by `post`. `offer(session)` is our half of a talk-path key.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from firmware.authority.machine import Check
from firmware.authority.messages import (
    Commit,
    KeepFloor,
    KeepResult,
    KeepRings,
    LiftClock,
    PlayEnded,
    StoreLoaded,
    TalkOffer,
    TrustChanged,
    WarrantChanged,
)
from firmware.authority.nonces import Nonces
from firmware.authority.store import Job
from firmware.authority.trust import Trust
from firmware.effects import TellHealth
from link.contract.envelope import EnvelopeError
from link.contract.facts import ClipFinished
from link.contract.wire import Wire

log = logging.getLogger(__name__)
HEALTH = "keys"


class Keeper(Protocol):
    """What the desk asks of the store; see firmware.authority.writer."""

    def ask(self, job: Job) -> None:
        """Have it written; Committed follows for a Commit."""


@dataclass
class AuthorityDesk:
    """`first`: the check as it begins. The wiring sets `post` (events for the check), the build what is beside it."""

    first: Check
    keeper: Keeper
    post: Callable[[object], object] = lambda event: None
    tell_health: Callable[[str, str, str], None] = lambda subject, what, advice: None
    lift: Callable[[float], None] = lambda wall: None
    warrants: Callable[[object], None] = lambda event: None
    clocks: Callable[[], tuple[float, float, bool]] = lambda: (0.0, 0.0, False)
    floor: Callable[[], float] = lambda: 0.0
    offer: Callable[[str], TalkOffer | None] = lambda session: None
    trust: Trust = field(init=False)

    def __post_init__(self) -> None:
        self.trust = self.first.trust

    @classmethod
    def of(cls, trust: Trust, seed: bytes, keeper: Keeper) -> "AuthorityDesk":
        """The desk of a gateway that believes `trust`; `seed`: chance, 16 octets or more."""
        return cls(Check(trust, Nonces(seed)), keeper)

    def loaded(self, loaded: StoreLoaded) -> None:
        """What the store had at the start: before the link comes up. An unreadable ring is told and not believed."""
        try:
            self.believe(self.trust.restored(loaded.chain), keep=False)
        except EnvelopeError as error:
            log.error("key ring on disk is not believed: %s", error)
            self._ring_health(f"the key ring on disk is not believed: {error}")
        self.post(loaded)

    def believe(self, trust: Trust, keep: bool = True) -> None:
        """This ring counts from now on."""
        self.trust = trust
        if keep:
            self.keeper.ask(KeepRings(trust.chain))
        self.post(TrustChanged(trust))
        self.warrant()
        self._ring_health("")

    def _ring_health(self, what: str) -> None:
        if self.trust.plain:
            return
        if not self.trust.root:
            what = "no root key is set: every order of the centre is refused"
            self.tell_health(HEALTH, what, "set [authority] root in gateway.toml, or plain = true on a bench")
        elif what or self.trust.ring is None:
            advice = (
                "the next desired document brings a key ring; until then orders of the centre are refused"
            )
            self.tell_health(HEALTH, what or "no key ring is held", advice)
        else:
            self.tell_health(HEALTH, "", "")

    def warrant(self) -> None:
        """Local triggers are judged by these keys and this clock."""
        self.warrants(self.present())

    def present(self) -> WarrantChanged:
        """The keys and the clock as they are."""
        wall, now, trusted = self.clocks()
        return WarrantChanged(self.trust, wall, now, trusted, self.floor())

    def perform(self, effect: object) -> None:
        """Effects of the check, and news of its store."""
        match effect:
            case Commit() | KeepResult() | KeepFloor():
                self.keeper.ask(effect)
            case LiftClock(wall=wall):
                self.lift(wall)
            case TellHealth(subject=subject, what=what, advice=advice):
                self.tell_health(subject, what, advice)

    def from_store(self, event: object) -> None:
        """What the writer says, on its thread."""
        if isinstance(event, TellHealth):
            self.perform(event)
        else:
            self.post(event)

    def told(self, fact: Wire) -> None:
        """A fact of this gateway: the end of a playing is the result of its command."""
        if isinstance(fact, ClipFinished):
            self.post(PlayEnded(fact.play, fact.result))


def view(check: Check) -> dict[str, object]:
    """What people are told: keys, clock, what was refused of late."""
    ring = check.trust.ring
    runner = ring is not None and any(
        key.use == "runner" and key.kid not in ring.revoked for key in ring.keys
    )
    return {
        "plain": check.trust.plain,
        "root": bool(check.trust.root),
        "rev": ring.rev if ring else 0,
        "keys": len(ring.keys) if ring else 0,
        "runner": runner,
        "nonce": not check.clock and not check.trust.plain,
        "taken": len(check.taken.rows),
        "ill": check.ill,
        "refusals": list(check.refusals),
    }
