"""The desk's part for keys and standing authorities. See central.api.keys_desk."""

from collections.abc import Awaitable, Callable

from central.api.caller import Caller
from central.api.key_requests import KeyAsked, SignatureShown
from central.api.refusal import DeskError
from central.desired.content import ClipKnown
from central.key_book import KeyBook
from central.key_models import KeyView, TriggerView
from central.standing_authorities import NO_CLIP, StandingAuthorities
from central.store.database import StoreError
from central.store.keys import KeyRow
from central.trigger_settings import TriggerSettings
from link.contract.keyring import MOST_KEYS, KeyEntry
from link.contract.signed import Signature, kid_of

LASTS = 400 * 86_400
"""Seconds for which a personal key counts."""
PERSONAL = ("live", "drill", "admin")
MOST_WAITING = 8
"""Keys of one person that nobody has approved yet."""


class CoreKeyDesk:
    """Implements central.api.keys_desk.KeysDesk."""

    def __init__(
        self,
        book: KeyBook,
        triggers: tuple[TriggerSettings, ...] = (),
        clips: Callable[[], Awaitable[tuple[ClipKnown, ...]]] | None = None,
    ) -> None:
        self.book = book
        self.standing = StandingAuthorities(book)
        self._triggers = {each.id: each for each in triggers}
        self._clips = clips

    def known(self) -> tuple[KeyView, ...]:
        """See KeysDesk."""
        ring = self.book.ring.ring.keys if self.book.ring is not None else ()
        seen = {key.kid: self._of_ring(key) for key in ring}
        seen |= {row.kid: self._of_row(row) for row in self.book.rows.values()}
        return tuple(sorted(seen.values(), key=lambda key: (key.holder, key.use, key.kid)))

    async def register(self, asked: KeyAsked, by: str) -> KeyView:
        """See KeysDesk."""
        public = bytes.fromhex(asked.public)
        kid, now = kid_of(public), self.book.clock.wall()
        if asked.use not in PERSONAL:
            raise DeskError(422, f"a key for {asked.use} is the centre's own", "choose live, drill or admin")
        if kid in self.book.rows or self._ring_key(kid) is not None:
            raise DeskError(409, f"key {kid} is known already", "see: spillway key list")
        waiting = [row for row in self.book.rows.values() if (row.holder, row.state) == (by, "pending")]
        if len(waiting) >= MOST_WAITING or len(self.book.rows) >= 16 * MOST_KEYS:
            raise DeskError(
                409, f"{len(waiting)} keys of {by} wait already", "have them approved or revoke them"
            )
        row = KeyRow(kid, public, asked.use, by, "pending", now, int(now) + LASTS, by)
        return await self._keep(row, "registered", by)

    async def approve(self, kid: str, by: str) -> KeyView:
        """See KeysDesk."""
        row = self.book.rows.get(kid)
        if row is None:
            raise DeskError(404, f"there is no key {kid!r} to approve", "see: spillway key list")
        if row.state != "pending":
            raise DeskError(409, f"key {kid} is {row.state}")
        if by == row.holder:
            raise DeskError(409, f"it is {by}'s own key; another person must approve it")
        return await self._keep(
            KeyRow(**{**vars(row), "state": "approved", "approved_by": by}), "approved", by
        )

    async def revoke(self, kid: str, why: str, by: Caller) -> KeyView:
        """See KeysDesk."""
        row = self.book.rows.get(kid) or self._row_of_ring(kid)
        if row is None:
            raise DeskError(404, f"there is no key {kid!r}", "see: spillway key list")
        if row.holder != by.name:
            by.need("people.manage")
        gone = KeyRow(**{**vars(row), "state": "revoked", "revoked_by": by.name, "why": why})
        return await self._keep(gone, "revoked", by.name)

    async def triggers(self, by: str) -> tuple[TriggerView, ...]:
        """See KeysDesk."""
        clips = await self._known_clips()
        return tuple(self.standing.view(each, clips, by) for each in self._triggers.values())

    def gateway_of(self, trigger: str) -> str:
        """See KeysDesk."""
        if trigger not in self._triggers:
            raise DeskError(404, f"there is no trigger {trigger!r}", "see: spillway trigger list")
        return self._triggers[trigger].gateway

    async def sign_trigger(self, trigger: str, shown: SignatureShown, by: str) -> TriggerView:
        """See KeysDesk."""
        self.gateway_of(trigger)
        asked, clips = self._triggers[trigger], await self._known_clips()
        if asked.clip not in clips:
            raise DeskError(404, f"trigger {trigger}: {NO_CLIP}")
        signature = Signature(kid=shown.kid, sig=shown.sig)
        objection = self.standing.objection(asked, clips[asked.clip], by, signature)
        if objection:
            raise DeskError(409, objection)
        try:
            await self.standing.add(asked, clips[asked.clip], by, signature)
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        return self.standing.view(asked, clips, by)

    async def _known_clips(self) -> dict[str, ClipKnown]:
        try:
            clips = await self._clips() if self._clips is not None else ()
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        return {clip.name: clip for clip in clips}

    async def _keep(self, row: KeyRow, what: str, by: str) -> KeyView:
        try:
            await self.book.keep(row, what, by)
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        return self._of_row(row)

    def _ring_key(self, kid: str) -> KeyEntry | None:
        return self.book.ring.ring.find(kid, None) if self.book.ring is not None else None

    def _row_of_ring(self, kid: str) -> KeyRow | None:
        key = self._ring_key(kid)
        if key is None:
            return None
        now = self.book.clock.wall()
        return KeyRow(kid, key.public, key.use, key.holder, "approved", now, key.not_after, key.holder)

    def _of_ring(self, key: KeyEntry) -> KeyView:
        gone = self.book.ring is not None and key.kid in self.book.ring.ring.revoked
        head = {"kid": key.kid, "use": key.use, "holder": key.holder, "ends_wall": key.not_after}
        return KeyView.model_validate({**head, "state": "revoked" if gone else "counts"})

    def _of_row(self, row: KeyRow) -> KeyView:
        counts = row.state == "approved" and self._ring_key(row.kid) is not None
        head = {"kid": row.kid, "use": row.use, "holder": row.holder, "ends_wall": row.ends, "why": row.why}
        named = {"approved_by": row.approved_by, "revoked_by": row.revoked_by}
        return KeyView.model_validate({**head, **named, "state": "counts" if counts else row.state})
