"""Whether a signature of a person counts, in words for him when it does not.

The ring says whose keys there are; what the centre knows beside it only takes away: a key revoked a minute ago, a
person who has left. Gateways follow with the next ring.
"""

from collections.abc import Callable
from dataclasses import dataclass

from link.contract.authority import Authority
from link.contract.keyring import KeyEntry, KeyRing
from link.contract.orders import Channel
from link.contract.signed import Purpose, Signature, to_sign
from link.sealing.signing import verify

USES: dict[Channel, str] = {"live": "live", "drill": "drill", "test": "drill"}
"""Channel to the use of the keys that sign authorities for it."""


@dataclass(frozen=True)
class Counting:
    """`revoked(kid)`: the centre counts it no more; `active(holder)`: he has not left."""

    ring: KeyRing
    revoked: Callable[[str], bool] = lambda kid: False
    active: Callable[[str], bool] = lambda holder: True

    def objection(self, by: str, signature: Signature, purpose: Purpose, raw: bytes, at: float) -> str:
        """Why `by` has not signed `raw` with this; empty when he has. `at`: Unix seconds."""
        key, why = self._key(signature.kid, at)
        if key is None:
            return why
        if key.holder != by:
            return f"key {signature.kid} is {key.holder}'s, and {by} asks; sign with a key of your own"
        if not self.active(key.holder):
            return f"{key.holder} is no longer among the active people"
        if not verify(key.public, to_sign(purpose, raw), signature.sig):
            return f"the signature of key {signature.kid} does not fit these bytes; sign what is shown"
        return ""

    def authority(self, by: str, signature: Signature, raw: bytes, authority: Authority, at: float) -> str:
        """The same for an authority: by a key for its channel, within its time."""
        wrong = self.use(signature.kid, (USES[authority.ch],), at)
        if wrong:
            return f"{wrong}: {authority.ch} is signed by a key for {USES[authority.ch]}"
        if at > authority.not_after:
            return "its time is over; ask again"
        return self.objection(by, signature, "sw-auth-v1", raw, at)

    def stop(self, by: str, signature: Signature, raw: bytes, channel: Channel, at: float) -> str:
        """The same for a stop: live keys stop everything, drill keys drills and tests."""
        uses = ("live",) if channel == "live" else ("live", "drill")
        wrong = self.use(signature.kid, uses, at)
        if wrong:
            return f"{wrong}: {channel} is stopped by a key for {' or '.join(uses)}"
        return self.objection(by, signature, "sw-stop-v1", raw, at)

    def use(self, kid: str, uses: tuple[str, ...], at: float) -> str:
        """Why this key is for none of these uses; empty when it is, or is not known at all."""
        key, _ = self._key(kid, at)
        return "" if key is None or key.use in uses else f"key {kid} is for {key.use}"

    def _key(self, kid: str, at: float) -> tuple[KeyEntry | None, str]:
        if self.revoked(kid) or kid in self.ring.revoked:
            return None, f"key {kid} is revoked; use another"
        key = self.ring.find(kid, at)
        if key is not None:
            return key, ""
        if self.ring.find(kid, None) is not None:
            return None, f"key {kid} does not count at this time; make a new one: spillway key new"
        return None, f"key {kid} is not in the key ring; register it: spillway key register"
