"""Keeps the roll-outs: hosts their machines, on disk before a document changes, and says what job a gateway has.

What a gateway reports of its job comes with its reported document; the job goes with its desired one. A turn of a
machine counts when the store has it: so a core that is killed at any moment takes up where it was, and a document
never asks for what nobody remembers.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType

from pydantic import Field

from central.fleet.rollout import ENDS, LeaveOut, Offer, Rolled, Rollout, Said, SaidAll, Withdraw
from central.ports import Ledger
from central.store.database import StoreError
from central.store.rollouts import MemberRow, RolloutRow, RolloutStore
from link.contract.firmware_job import FirmwareJob, FirmwareReport, HealthGate, Hour, same
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.machine import Tick

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at what is due."""
STORE_AGAIN = 5.0
MOST_RING = 9
"""The number of a ring in a job; a fleet of many neighbours has more of them."""
AT_ONCE = 200
"""Reports of one turn, and gateways that are told of between two looks at what cannot wait."""
NAMED = 20
"""Gateways that an entry of the journal names."""


class Terms(Wire):
    """What all jobs of a roll-out ask; see FirmwareJob. `url`: where the bundle is fetched."""

    url: str
    window: tuple[Hour, Hour] = (0, 0)
    not_before: int = Field(default=0, ge=0)
    max_down_h: float = 72.0
    gate: HealthGate = HealthGate()
    force: bool = False


@dataclass
class Kept:
    """A roll-out as it stands: what it is, its machine, and what each of its gateways told last."""

    row: RolloutRow
    machine: Rollout
    terms: Terms
    told: dict[str, MemberRow] = field(default_factory=dict)

    def job(self, gateway: str) -> FirmwareJob:
        """The job of one gateway of it."""
        row, terms = self.row, self.terms
        return FirmwareJob(
            job=row.id,
            ver=row.version,
            sha=row.sha,
            size=row.size,
            ring=min(MOST_RING, self.machine.ring_of[gateway]),
            **{name: getattr(terms, name) for name in Terms.model_fields},
        )


class RolloutBook:
    """Tell it with `heard`; ask `job_for`; persons act by `add` and `tell`; `run` serves it.

    `changed(gateway)` hears whose job is another one; `firmware(gateway)` tells the version that it runs; `held()` why
    no ring may begin now, or empty.
    """

    def __init__(
        self,
        store: RolloutStore,
        clock: Clock,
        ledger: Ledger,
        changed: Callable[[str], None],
        firmware: Callable[[str], str],
        held: Callable[[], str] = lambda: "",
    ) -> None:
        self.rollouts: dict[str, Kept] = {}
        self._store, self._clock, self._ledger = store, clock, ledger
        self._changed, self._firmware, self._held = changed, firmware, held
        self._reports: dict[tuple[str, str], FirmwareReport] = {}
        self._turning = asyncio.Lock()

    async def resume(self) -> None:
        """Take up what the store has. StoreError."""
        for row, members in await self._store.rollouts():
            self.rollouts[row.id] = _kept(row, members)

    def job_for(self, gateway: str) -> FirmwareJob | None:
        """The job that stands in the document of this gateway now."""
        for kept in reversed(self.rollouts.values()):
            if kept.machine.asks(gateway):
                return kept.job(gateway)
        return None

    def heard(self, gateway: str, report: FirmwareReport) -> None:
        """A gateway told how far its job is."""
        kept = self.rollouts.get(report.job)
        if kept is None or gateway not in kept.machine.ring_of:
            return
        if kept.machine.phases.get(gateway) != report.phase:
            self._reports[report.job, gateway] = report

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            pause = LOOK_EVERY
            try:
                await self.look()
            except StoreError as error:
                log.error("rollouts wait for the store: %s", error)
                pause = STORE_AGAIN
            await self._clock.sleep_until(self._clock.now() + pause)

    async def look(self) -> None:
        """Take in what was told, and do what is due. StoreError; nothing is lost then."""
        for kept in list(self.rollouts.values()):
            taken = AT_ONCE
            while taken == AT_ONCE:
                taken = await self._look(kept)
                await asyncio.sleep(0)  # ten thousand may have come back at once

    async def _look(self, kept: Kept) -> int:
        """One turn; how many reports it took in."""
        async with self._turning:
            of_it = ((key[1], told) for key, told in self._reports.items() if key[0] == kept.row.id)
            mine = dict(islice(of_it, AT_ONCE))
            said = tuple(self._said(kept, gateway, told) for gateway, told in mine.items())
            await self._turn(kept, (SaidAll(said),) if said else (), mine)
            for gateway, told in mine.items():
                if self._reports.get((kept.row.id, gateway)) is told:
                    del self._reports[kept.row.id, gateway]
        return len(mine)

    async def add(self, row: RolloutRow, rings: tuple[tuple[str, ...], ...], terms: Terms) -> Kept:
        """Begin a roll-out. StoreError: it has not begun."""
        members = tuple(MemberRow(each, n) for n, ring in enumerate(rings) for each in ring)
        await self._store.save(row, members)
        self.rollouts[row.id] = kept = Kept(
            row, Rollout(rings), terms, {each.gateway: each for each in members}
        )
        facts = {"version": row.version, "sha": row.sha, "gateways": len(members), "rings": len(rings)}
        self._ledger.append("rollout.started", row.id, {"by": row.created_by, **facts})
        await self.look()
        return kept

    async def tell(self, kept: Kept, event: object, kind: str, facts: dict[str, object]) -> None:
        """A person acts: in the journal, then done. StoreError: it is not."""
        async with self._turning:
            await self._turn(kept, (event,))
            self._ledger.append(f"rollout.{kind}", kept.row.id, facts)

    # -- inside --

    def _said(self, kept: Kept, gateway: str, report: FirmwareReport) -> Said:
        """Refused because it runs there already is no bad end: somebody else had brought it."""
        runs = self._firmware(gateway)
        there = bool(runs) and same(runs, kept.row.version) and not kept.terms.force
        begun = kept.machine.phases.get(gateway) not in (None, "offered", "waiting", "streaming")
        if report.phase == "failed" and there and not begun:
            return Said(gateway, "good")
        return Said(gateway, report.phase)

    async def _turn(
        self,
        kept: Kept,
        events: Iterable[object],
        reports: Mapping[str, FirmwareReport] = MappingProxyType({}),
    ) -> None:
        """One turn of the machine: stored first, then done."""
        before, now, effects = kept.machine, self._clock.wall(), list[object]()
        machine, moved = before, list(reports)
        for event in events:
            machine, more = machine.handle(event, now)
            effects += more
            moved += [event.gateway] if isinstance(event, LeaveOut) else []
        if not self._held() and machine.deadline is not None and machine.deadline <= now:
            machine, more = machine.handle(Tick(), now)
            effects += more
        if machine == before:
            return
        why = {gateway: told.why for gateway, told in reports.items()}
        rows = [self._member(kept, machine, gateway, why.get(gateway, "")) for gateway in moved]
        progress = {
            name: getattr(machine, name) for name in ("offered", "ended_at", "stopped", "paused", "done")
        }
        row = replace(kept.row, **progress)
        await self._store.save(row, rows)
        kept.row, kept.machine = row, machine
        for each in rows:
            self._told(kept, each)
        for effect in effects:
            await self._perform(kept, effect)

    def _member(self, kept: Kept, machine: Rollout, gateway: str, why: str) -> MemberRow:
        old = kept.told.get(gateway, MemberRow(gateway, machine.ring_of.get(gateway, 0)))
        phase, left_out = machine.phases.get(gateway, ""), gateway in machine.left_out
        if phase == old.phase:
            return replace(old, left_out=left_out)
        at = round(self._clock.wall() * 1000)
        return replace(old, phase=phase, why=why[:200], left_out=left_out, told_wall_ms=at)

    def _told(self, kept: Kept, row: MemberRow) -> None:
        before = kept.told.get(row.gateway)
        kept.told[row.gateway] = row
        if row.phase in ENDS and (before is None or before.phase != row.phase):
            facts = {"gateway": row.gateway, "phase": row.phase, "why": row.why}
            self._ledger.append("rollout.ended", kept.row.id, facts)
        self._changed(row.gateway)

    async def _perform(self, kept: Kept, effect: object) -> None:
        match effect:
            case Offer(gateways=gateways, ring=ring):
                await self._note(kept, "rollout.offered", gateways, {"ring": ring + 1})
            case Withdraw(gateways=gateways, why=why):
                await self._note(kept, "rollout.withdrawn", gateways, {"why": why})
            case Rolled():
                self._ledger.append("rollout.done", kept.row.id, {"good": len(kept.machine.phases)})

    async def _note(self, kept: Kept, kind: str, gateways: tuple[str, ...], facts: dict[str, object]) -> None:
        named = {"count": len(gateways), "gateways": list(gateways[:NAMED])}
        log.info("rollout=%s %s count=%d", kept.row.id, kind, len(gateways))
        self._ledger.append(kind, kept.row.id, {**facts, **named})
        for n, gateway in enumerate(gateways):
            if n % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            self._changed(gateway)


def _kept(row: RolloutRow, members: tuple[MemberRow, ...]) -> Kept:
    rings: dict[int, list[str]] = {}
    for each in members:
        rings.setdefault(each.ring, []).append(each.gateway)
    phases = {each.gateway: each.phase for each in members if each.phase}
    machine = Rollout(
        tuple(tuple(rings[n]) for n in sorted(rings)),
        row.offered,
        row.ended_at,
        phases,  # type: ignore[arg-type]
        frozenset(each.gateway for each in members if each.left_out),
        row.stopped,
        row.done,
        row.paused,
    )
    terms = Terms.model_validate_json(row.terms)
    return Kept(row, machine, terms, {each.gateway: each for each in members})
