"""The desk's part for broadcasts: ask, sign or approve, stop. See central.api.desk.Desk."""

import asyncio
import secrets
from collections.abc import Awaitable
from typing import TypeVar

from central.api.key_requests import SignatureShown, StopShown
from central.api.refusal import DeskError
from central.api.requests import BroadcastRequest
from central.authority.counting import Counting
from central.authority.making import LARGEST_DOCUMENT, broadcast_authority
from central.broadcasting import Broadcasting, read_back
from central.broadcasts import messages as warn
from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from central.key_book import KeyBook
from central.readmodels import BroadcastView
from central.store.broadcasts import Broadcasts
from central.store.database import StoreError
from central.store.journal import JournalError
from central.studio import Studio
from central.switchboard import Switchboard
from central.views import Views
from link.contract.authority import decode_authority, decode_stop
from link.contract.envelope import EnvelopeError
from link.contract.signed import Signature, Signed, encode_signed
from link.hosting.clock import Clock

T = TypeVar("T")
SKEW = 300.0
"""Seconds by which the clock of whoever signs a stop may differ from the centre's."""


class WarningDesk:
    """The parts that broadcasts need; `book` says whose signatures count."""

    def __init__(
        self,
        board: Switchboard,
        views: Views,
        clock: Clock,
        broadcasting: Broadcasting,
        studio: Studio,
        broadcasts: Broadcasts,
        book: KeyBook,
    ) -> None:
        self._board, self._views, self._clock = board, views, clock
        self._broadcasting, self._studio = broadcasting, studio
        self._broadcasts, self._book = broadcasts, book

    @staticmethod
    async def _asked(work: Awaitable[T]) -> T:
        """The answer of the store, or what is wrong with it in the API's words."""
        try:
            return await work
        except (StoreError, JournalError) as error:
            raise DeskError(503, error.reason, error.advice) from None

    async def start_broadcast(self, request: BroadcastRequest, by: str) -> BroadcastView:
        """See Desk."""
        targets = self._targets(request.zones)
        clip = await self._asked(self._studio.clip_for(request))
        id = f"b-{secrets.token_hex(6)}"
        try:
            asked = Asked(
                id=id,
                channel=request.channel,
                clip=clip,
                targets=targets,
                by=by,
                zones=request.zones,
                priority=request.priority,
                text=request.text or "",
                window=request.window,
                authority=self._authority(id, request, clip, by),
            )
        except ValueError as error:
            raise DeskError(422, f"this cannot be asked: {error}") from None
        online = frozenset(name for name, runner in self._board.gateways.items() if runner.machine.online)
        machine = Broadcast.ask(asked, self._clock.now(), self._clock.wall(), online)
        self._broadcasting.begin(machine)
        return await self._settled_view(asked.id)

    def _authority(self, id: str, request: BroadcastRequest, clip: Clip, by: str) -> bytes:
        """What is to be signed; nothing in plain mode. ValueError."""
        if self._book.counting() is None:
            return b""
        wall, window, text = self._clock.wall(), request.window, request.text or ""
        named = (clip.sha, clip.name)
        raw = broadcast_authority(id, request.channel, named, request.zones, text, by, wall, window)
        if len(raw) > LARGEST_DOCUMENT:
            raise ValueError(
                f"{len(raw)} octets are too many to be signed; shorten the text or ask for fewer zones"
            )
        return raw

    def _targets(self, zones: tuple[str, ...]) -> tuple[str, ...]:
        known = {zone.id: zone.lines for zone in self._views.settings.zone}
        unknown = [zone for zone in zones if zone not in known]
        if unknown:
            names = ", ".join(sorted(known)) or "none"
            raise DeskError(404, f"there is no zone {unknown[0]!r}", f"zones: {names}")
        targets = tuple(dict.fromkeys(line for zone in zones for line in known[zone]))
        if not targets:
            raise DeskError(409, "there is no loudspeaker in these zones", "see: spillway status")
        return targets

    async def _settled_view(self, name: str) -> BroadcastView:
        """The broadcast after what was posted to it has been taken."""
        await asyncio.sleep(0.01)
        found = await self.broadcast(name)
        assert found is not None
        return found

    async def broadcasts(self, limit: int) -> tuple[BroadcastView, ...]:
        """See Desk."""
        rows = await self._asked(self._broadcasts.list(limit=limit))
        read = {row.id: read_back(row) for row in rows}
        stored = {name: seen for name, seen in read.items() if seen is not None}
        stored |= self._broadcasting.recent
        newest = sorted(stored.values(), key=lambda each: -each.created_wall)
        return tuple(newest[:limit])

    async def broadcast(self, id: str) -> BroadcastView | None:
        """See Desk."""
        if id in self._board.broadcasts:
            return self._views.broadcast(id)
        if id in self._broadcasting.recent:
            return self._broadcasting.recent[id]
        row = await self._asked(self._broadcasts.get(id))
        return None if row is None else read_back(row)

    async def approve(self, id: str, by: str) -> BroadcastView:
        """See Desk."""
        runner = self._board.broadcasts.get(id)
        if runner is None:
            raise await self._not_running(id)
        objection = runner.machine.objection(by, self._clock.now())
        runner.inbox.post(warn.Approve(by))
        if objection:
            raise DeskError(409, objection)
        return await self._settled_view(id)

    async def sign(self, id: str, shown: SignatureShown, by: str) -> BroadcastView:
        """See Desk."""
        runner, counting = self._board.broadcasts.get(id), self._book.counting()
        if runner is None:
            raise await self._not_running(id)
        if counting is None:
            raise DeskError(409, "nothing is signed here", "the centre runs in plain mode")
        machine, signature = runner.machine, Signature(kid=shown.kid, sig=shown.sig)
        objection = machine.objection(by, self._clock.now(), signed=True)
        objection = objection or self._objection(counting, machine, by, signature)
        if objection:
            self._board.journal(
                "broadcast.signature-refused", id, {"by": by, "kid": shown.kid, "why": objection}
            )
            raise DeskError(409, objection)
        runner.inbox.post(warn.Approve(by, signature))
        return await self._settled_view(id)

    def _objection(self, counting: Counting, machine: Broadcast, by: str, signature: Signature) -> str:
        """Why this signature, or one that was given before, does not count."""
        raw, at = machine.asked.authority, self._clock.wall()
        authority = decode_authority(raw)
        for before in machine.approvals:
            if before.signature is not None:
                fault = counting.authority(before.by, before.signature, raw, authority, at)
                if fault:
                    return f"{before.by}'s signature counts no more ({fault}); ask again"
        return counting.authority(by, signature, raw, authority, at)

    async def stop(self, id: str, by: str, shown: StopShown | None = None) -> BroadcastView:
        """See Desk."""
        runner = self._board.broadcasts.get(id)
        if runner is None:
            seen = await self.broadcast(id)
            if seen is None:
                raise await self._not_running(id)
            return seen
        runner.inbox.post(warn.Stop(by, self._stop_of(runner.machine, by, shown)))
        return await self._settled_view(id)

    def _stop_of(self, machine: Broadcast, by: str, shown: StopShown | None) -> bytes:
        """The stop as gateways want it; empty where the runner key is enough."""
        counting, channel = self._book.counting(), machine.asked.channel
        if counting is None or (shown is None and channel != "live"):
            return b""
        if shown is None and machine.settled:
            return b""  # nothing sounds any more: there is nothing to sign for
        if shown is None:
            raise DeskError(
                409, "a live broadcast is stopped by a signature", f"spillway broadcast stop {machine.id}"
            )
        raw, signature = shown.raw, Signature(kid=shown.kid, sig=shown.sig)
        try:
            word = decode_stop(raw)
        except EnvelopeError as error:
            raise DeskError(422, f"this is no stop: {error}") from None
        at = self._clock.wall()
        fault = counting.stop(by, signature, raw, channel, at)
        if (word.ref, word.ch, word.by) != (machine.id, channel, by):
            fault = f"it stops {word.ref} ({word.ch}, {word.by}), not {machine.id} ({channel}, {by})"
        elif not word.iat - SKEW <= at <= word.exp + SKEW:
            fault = "it is too old, or of a clock that is wrong; stop again"
        if fault:
            self._board.journal(
                "broadcast.signature-refused", machine.id, {"by": by, "kid": shown.kid, "why": fault}
            )
            raise DeskError(409, fault)
        return encode_signed(Signed(raw, (signature,)))

    async def _not_running(self, id: str) -> DeskError:
        if await self.broadcast(id) is None:
            return DeskError(404, f"there is no broadcast {id!r}", "see: spillway status")
        return DeskError(409, f"broadcast {id} is over")
