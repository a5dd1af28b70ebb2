"""The desk's part for updates: bundles, and the roll-outs that persons start and steer.

See central.api.updates_desk.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import TypeVar

from central.api.refusal import DeskError
from central.api.rollout_requests import RolloutRequest
from central.bundle_shelf import BundleShelf
from central.config import CentralSettings
from central.fleet.machine import Gateway
from central.fleet.rollout import ENDS, LeaveOut, PauseAll, ResumeAll, Rollout, StopAll, rings_of
from central.rollout_book import Kept, RolloutBook, Terms
from central.store.database import StoreError
from central.store.rollouts import BundleRow, RolloutRow
from central.update_models import BundleView, RolloutGatewayView, RolloutShown, RolloutState, RolloutView
from link.contract.firmware_job import HealthGate, newer, same
from link.hosting.clock import Clock
from link.hosting.runner import Runner
from link.hosting.toml_places import did_you_mean

T = TypeVar("T")

NO_ADDRESS = "it is not known where gateways fetch from: there is no [front], and no [updates] url"


class CoreUpdatesDesk:
    """Implements central.api.updates_desk.UpdatesDesk. `gateways`: the machines of the fleet, by name."""

    def __init__(
        self,
        settings: CentralSettings,
        shelf: BundleShelf,
        book: RolloutBook,
        gateways: Mapping[str, Runner[Gateway]],
        clock: Clock,
    ) -> None:
        self._settings, self._shelf, self._book = settings, shelf, book
        self._gateways, self._clock = gateways, clock
        near = ((entry.id, other) for entry in settings.gateway for other in entry.neighbours)
        self._neighbours = frozenset(near)

    # -- bundles --

    def bundles(self) -> tuple[BundleView, ...]:
        """See UpdatesDesk."""
        return tuple(_bundle(row) for row in self._shelf.rows.values())

    async def add_bundle(
        self, body: AsyncIterator[bytes], length: int | None, sha: str | None, name: str, by: str
    ) -> BundleView:
        """See UpdatesDesk."""
        return _bundle(await self._shelf.take(body, length, sha, name, by))

    async def remove_bundle(self, sha: str, by: str) -> BundleView:
        """See UpdatesDesk."""
        for kept in self._book.rollouts.values():
            asked = any(kept.machine.asks(each) for each in kept.machine.reached)
            if kept.row.sha == sha and (asked or not kept.machine.over):
                raise DeskError(
                    409, f"roll-out {kept.row.id} needs it", "stop that first, or wait for its end"
                )
        return _bundle(await self._shelf.remove(sha, by))

    # -- roll-outs --

    def rollouts(self) -> tuple[RolloutView, ...]:
        """See UpdatesDesk."""
        kept = reversed(self._book.rollouts.values())
        return tuple(RolloutView.model_validate(_head(each)) for each in kept)

    def gateways_of(self, id: str) -> tuple[str, ...]:
        """See UpdatesDesk."""
        return tuple(self._found(id).machine.ring_of)

    def rollout(self, id: str) -> RolloutShown:
        """See UpdatesDesk."""
        return self._shown(self._found(id))

    def reaches(self, asked: RolloutRequest) -> tuple[str, ...]:
        """See UpdatesDesk."""
        for each in (*asked.named, *((asked.first,) if asked.first else ())):
            if each not in self._gateways:
                hint = did_you_mean(each, self._gateways).removeprefix("; ") or "see: spillway fleet list"
                raise DeskError(404, f"there is no gateway {each!r}", hint)
        return asked.named or tuple(self._gateways)

    async def start(self, asked: RolloutRequest, by: str) -> RolloutShown:
        """See UpdatesDesk."""
        bundle = self._shelf.rows.get(asked.sha)
        if bundle is None:
            raise DeskError(404, f"there is no bundle {asked.sha[:12]}…", "see: spillway fleet bundle list")
        wanted = self.reaches(asked)
        if asked.first is not None and asked.first not in wanted:
            raise DeskError(
                409, f"{asked.first} goes first and is not among the gateways", "name it there too"
            )
        skipped = tuple(each for each in wanted if not asked.force and same(self._runs(each), bundle.version))
        chosen = tuple(each for each in wanted if each not in set(skipped))
        self._may_begin(chosen, bundle, asked.force)
        rings = self._rings(asked, chosen)
        terms = Terms(
            url=f"{self._address()}/api/v1/blob/{bundle.sha}",
            window=asked.window,
            not_before=asked.not_before,
            max_down_h=asked.max_down_h,
            gate=HealthGate(t_s=asked.gate_s),
            force=asked.force,
        )
        now_ms = round(self._clock.wall() * 1000)
        name = f"u-{secrets.token_hex(4)}"
        row = RolloutRow(name, bundle.sha, bundle.version, bundle.size, terms.model_dump_json(), by, now_ms)
        kept = await self._stored(self._book.add(row, rings, terms))
        return self._shown(kept).model_copy(update={"skipped": skipped})

    async def pause(self, id: str, by: str) -> RolloutShown:
        """See UpdatesDesk."""
        kept = self._open(id)
        if kept.machine.paused:
            raise DeskError(409, f"{id} is {kept.machine.state} already", "spillway fleet rollout resume")
        return await self._told(kept, PauseAll(by), "paused", by)

    async def resume(self, id: str, by: str) -> RolloutShown:
        """See UpdatesDesk."""
        kept = self._open(id)
        if not kept.machine.paused:
            raise DeskError(409, f"{id} is not paused: {kept.machine.state}")
        if self._shelf.path_of(kept.row.sha) is None:
            raise DeskError(
                409, f"the bundle of {id} is not here", "send it again: spillway fleet bundle add FILE"
            )
        return await self._told(kept, ResumeAll(), "resumed", by)

    async def stop(self, id: str, by: str) -> RolloutShown:
        """See UpdatesDesk."""
        return await self._told(self._open(id), StopAll(by), "stop", by)

    async def leave_out(self, id: str, gateway: str, by: str) -> RolloutShown:
        """See UpdatesDesk."""
        kept = self._open(id)
        if gateway not in kept.machine.ring_of:
            raise DeskError(404, f"{gateway!r} is not in {id}", f"see: spillway fleet rollout show {id}")
        return await self._told(kept, LeaveOut(gateway), "left-out", by, gateway=gateway)

    # -- inside --

    def _found(self, id: str) -> Kept:
        kept = self._book.rollouts.get(id)
        if kept is None:
            raise DeskError(404, f"there is no roll-out {id!r}", "see: spillway fleet rollout list")
        return kept

    def _open(self, id: str) -> Kept:
        kept = self._found(id)
        if kept.machine.over:
            advice = "start another one: spillway fleet rollout start"
            raise DeskError(409, f"{id} is over: {kept.machine.state}", advice)
        return kept

    async def _told(self, kept: Kept, event: object, kind: str, by: str, **more: object) -> RolloutShown:
        await self._stored(self._book.tell(kept, event, kind, {"by": by, **more}))
        return self._shown(kept)

    @staticmethod
    async def _stored(work: Awaitable[T]) -> T:
        try:
            return await work
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None

    def _runs(self, gateway: str) -> str:
        return self._gateways[gateway].machine.fw

    def _may_begin(self, chosen: tuple[str, ...], bundle: BundleRow, force: bool) -> None:
        """DeskError 409 in words."""
        if not chosen:
            raise DeskError(409, f"every gateway that was asked for runs {bundle.version} already")
        for each in chosen:
            runs, busy = self._runs(each), self._book.job_for(each)
            if busy is not None or self._waits(each):
                other = busy.job if busy is not None else self._waits(each)
                advice = f"wait for its end or stop it: spillway fleet rollout stop {other}"
                raise DeskError(409, f"{each} is in roll-out {other}, which is not over", advice)
            if runs and not force and newer(runs, bundle.version):
                what = f"{each} runs {runs}, which is newer than {bundle.version}"
                raise DeskError(409, what, "going back is done with --force only")

    def _waits(self, gateway: str) -> str:
        """The roll-out that still has this gateway before it."""
        for kept in self._book.rollouts.values():
            ended = kept.machine.phases.get(gateway) in ENDS or gateway in kept.machine.left_out
            if gateway in kept.machine.ring_of and not kept.machine.over and not ended:
                return kept.row.id
        return ""

    def _rings(self, asked: RolloutRequest, chosen: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        if not asked.rings:
            return rings_of(chosen, self._neighbours, asked.first or "")
        rings = (tuple(each for each in ring if each in set(chosen)) for ring in asked.rings)
        made = tuple(ring for ring in rings if ring)
        for ring in made:
            for one, other in self._neighbours:
                if one in ring and other in ring:
                    what = f"{one} and {other} are neighbours and would restart in one ring"
                    raise DeskError(409, what, "put them into two rings")
        return made

    def _address(self) -> str:
        settings, front = self._settings, self._settings.front
        if (url := self._shelf.needed().url) is not None:
            return url
        if front is not None:
            host = f"[{front.names[0]}]" if ":" in front.names[0] else front.names[0]
            return f"https://{host}:{front.port}"
        if settings.plain and settings.api.port:
            return f"http://{settings.api.host}:{settings.api.port}"
        raise DeskError(503, NO_ADDRESS, 'write url = "https://HOST:PORT" into [updates]')

    def _shown(self, kept: Kept) -> RolloutShown:
        members = tuple(self._member(kept, each) for each in kept.machine.ring_of)
        terms = kept.terms
        more = {"window": terms.window, "gate_s": terms.gate.t_s, "force": terms.force, "members": members}
        return RolloutShown.model_validate({**_head(kept), **more})

    def _member(self, kept: Kept, gateway: str) -> RolloutGatewayView:
        machine: Rollout = kept.machine
        told = kept.told.get(gateway)
        reached = machine.ring_of[gateway] < machine.offered and gateway not in machine.left_out
        phase = machine.phases.get(gateway, "offered" if reached else None)
        runner = self._gateways.get(gateway)
        reported = runner.machine.reported if runner is not None else None
        now = reported.fw if reported is not None else None
        pct, why = 0, told.why if told is not None else ""
        if now is not None and now.job == kept.row.id:
            pct, why = now.pct, now.why or why
        return RolloutGatewayView(
            gateway=gateway,
            ring=machine.ring_of[gateway] + 1,
            phase=phase,
            pct=pct,
            why=why,
            left_out=gateway in machine.left_out,
            told_wall=told.told_wall_ms / 1000 if told is not None and told.told_wall_ms else None,
        )


def _head(kept: Kept) -> dict[str, object]:
    """What is said of a roll-out without its gateways."""
    machine, row, phases = kept.machine, kept.row, kept.machine.phases
    state: RolloutState = "stopped" if machine.stopped else "done" if machine.done else "running"
    reached = machine.reached
    return {
        "id": row.id,
        "sha": row.sha,
        "version": row.version,
        "state": "paused" if machine.paused and not machine.over else state,
        "says": machine.state,
        "created_wall": row.created_wall_ms / 1000,
        "created_by": row.created_by,
        "ring": machine.offered,
        "rings": len(machine.rings),
        "next_wall": machine.deadline or None,
        "gateways": len(machine.ring_of),
        "good": sum(phase == "good" for phase in phases.values()),
        "bad": len(machine.bad),
        "under_way": sum(phases.get(each) not in ENDS for each in reached),
    }


def _bundle(row: BundleRow) -> BundleView:
    head = {"sha": row.sha, "version": row.version, "compatible": row.compatible, "size": row.size}
    more = {"name": row.name, "added_by": row.added_by, "added_wall": row.added_wall_ms / 1000}
    return BundleView.model_validate({**head, **more})
