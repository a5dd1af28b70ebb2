"""Standing authorities of local triggers: what persons sign, who has signed, whether it still says what is set.

A trigger whose settings or clip change needs its signatures anew: an authority holds for exactly one content.
"""

from base64 import b64encode
from collections.abc import Mapping

from central.authority.counting import Counting
from central.authority.making import standing_authority, stands_for
from central.desired.content import ClipKnown, trigger_for
from central.key_book import KeyBook
from central.key_models import TriggerView
from central.trigger_settings import TriggerSettings
from link.contract.authority import PERSONS, Authority, decode_authority, encode_raw
from link.contract.documents import DesiredTrigger
from link.contract.envelope import EnvelopeError
from link.contract.signed import Signature, Signed, decode_signed, encode_signed

NO_CLIP = "its clip is not here yet: spillway clip add"


class StandingAuthorities:
    """In plain mode nothing is wanted and nothing lacking."""

    def __init__(self, book: KeyBook) -> None:
        self._book = book
        self._drafts: dict[str, bytes] = {}

    def document(self, gateway: str, trigger: DesiredTrigger) -> tuple[bytes, str]:
        """The authority as signed, or what is lacking in words."""
        counting = self._book.counting()
        if counting is None:
            return b"", ""
        signed = self._kept(gateway, trigger)
        names = self._names(counting, signed) if signed is not None else ()
        lacking = PERSONS[trigger.channel] - len(names)
        if signed is None or lacking > 0:
            more = f"waits for {lacking} signature{'s' if lacking > 1 else ''} more"
            return b"", f"{more}: spillway trigger sign {trigger.trigger}"
        return encode_signed(signed), ""

    def view(self, asked: TriggerSettings, clips: Mapping[str, ClipKnown], by: str) -> TriggerView:
        """A trigger of the settings; what is to be signed is made now if there is nothing yet."""
        head = {"id": asked.id, "gateway": asked.gateway, "channel": asked.channel, "clip": asked.clip}
        counting = self._book.counting()
        if asked.clip not in clips:
            return TriggerView.model_validate({**head, "state": NO_CLIP})
        trigger = trigger_for(asked, clips[asked.clip])
        if counting is None:
            return TriggerView.model_validate({**head, "state": "plain: needs no signature"})
        signed = self._kept(asked.gateway, trigger)
        names = self._names(counting, signed) if signed is not None else ()
        state = self.document(asked.gateway, trigger)[1] or "signed"
        raw = signed.raw if signed is not None else self._draft(asked, trigger, by)
        shown = {"state": state, "signed_by": names, "to_sign": b64encode(raw).decode()}
        return TriggerView.model_validate({**head, **shown})

    def objection(self, asked: TriggerSettings, clip: ClipKnown, by: str, signature: Signature) -> str:
        """Why `by` cannot sign it now; empty when he can."""
        counting, raw = self._book.counting(), self._to_sign(asked, clip, by)
        if counting is None:
            return "nothing is signed here: the centre runs in plain mode"
        signed = self._kept(asked.gateway, trigger_for(asked, clip))
        if signed is not None and by in self._names(counting, signed):
            return f"{by} has signed it already; a second, different person must sign"
        authority = decode_authority(raw)
        return counting.authority(by, signature, raw, authority, self._book.clock.wall())

    async def add(self, asked: TriggerSettings, clip: ClipKnown, by: str, signature: Signature) -> None:
        """Keep a signature that was not objected to; those that count no more go. StoreError."""
        counting, raw = self._book.counting(), self._to_sign(asked, clip, by)
        assert counting is not None
        signed = self._kept(asked.gateway, trigger_for(asked, clip)) or Signed(raw)
        kept = tuple(each for each in signed.signatures if self._name(counting, raw, each))
        await self._book.keep_standing(asked.id, encode_signed(Signed(raw, (*kept, signature))), by)

    def _to_sign(self, asked: TriggerSettings, clip: ClipKnown, by: str) -> bytes:
        trigger = trigger_for(asked, clip)
        signed = self._kept(asked.gateway, trigger)
        return signed.raw if signed is not None else self._draft(asked, trigger, by)

    def _draft(self, asked: TriggerSettings, trigger: DesiredTrigger, by: str) -> bytes:
        """One for all who look, until the content changes: two persons must sign the same octets."""
        raw = self._drafts.get(asked.id, b"")
        if not raw or not self._fits(decode_authority(raw), asked.gateway, trigger):
            made = standing_authority(asked.gateway, trigger, asked.label, by, self._book.clock.wall())
            raw = self._drafts[asked.id] = encode_raw(made)
        return raw

    def _fits(self, authority: Authority, gateway: str, trigger: DesiredTrigger) -> bool:
        return stands_for(authority, gateway, trigger, self._book.clock.wall())

    def _kept(self, gateway: str, trigger: DesiredTrigger) -> Signed | None:
        """What the store has for exactly this content."""
        document = self._book.standing.get(trigger.trigger, b"")
        try:
            signed = decode_signed(document) if document else None
            fits = signed is not None and self._fits(decode_authority(signed.raw), gateway, trigger)
        except EnvelopeError:
            return None
        return signed if fits else None

    def _names(self, counting: Counting, signed: Signed) -> tuple[str, ...]:
        """Different persons whose signatures count now."""
        names = (self._name(counting, signed.raw, each) for each in signed.signatures)
        return tuple(dict.fromkeys(name for name in names if name))

    def _name(self, counting: Counting, raw: bytes, signature: Signature) -> str:
        at = self._book.clock.wall()
        key = counting.ring.find(signature.kid, at)
        if key is None:
            return ""
        authority = decode_authority(raw)
        return "" if counting.authority(key.holder, signature, raw, authority, at) else key.holder
