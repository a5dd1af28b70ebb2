"""The gateway's end of the talk path in one session: how it comes to a key, and which frames hold. Pure."""

from dataclasses import dataclass, replace

from firmware.authority.messages import TalkOffer
from link.contract.envelope import EnvelopeError
from link.contract.orders import OpenSession
from link.contract.realtime import TalkFrame, TalkGate


@dataclass(frozen=True)
class TalkEnd:
    """`offer`: our half of the key, as the birth carries it; `gate` stands once the centre has answered."""

    offer: TalkOffer | None = None
    gate: TalkGate | None = None

    def opened(self, order: OpenSession, plain: bool) -> "TalkEnd":
        """With the key of this order, also when one stands already. ValueError: it is not to be had in this way."""
        key = self._key(order, plain)
        return replace(self, gate=self.gate.renewed(key) if self.gate else TalkGate(key))

    def accept(self, payload: bytes) -> tuple["TalkEnd", TalkFrame]:
        """A genuine and new frame. EnvelopeError."""
        if self.gate is None:
            raise EnvelopeError("no-session", "no talk-path key was opened in this session")
        gate, frame = self.gate.accept(payload)
        return replace(self, gate=gate), frame

    @property
    def waits(self) -> bool:
        """No report leaves yet: the centre could not know whose it is."""
        return self.offer is not None and self.gate is None

    @property
    def seal(self) -> bytes:
        """The key that seals reports; empty in a plain town."""
        return self.gate.key if self.offer is not None and self.gate is not None else b""

    def in_birth(self) -> dict[str, bytes]:
        """Fields of the birth."""
        if self.offer is None:
            return {}
        return {"talk": self.offer.talk, "cert": self.offer.cert, "proof": self.offer.proof}

    def _key(self, order: OpenSession, plain: bool) -> bytes:
        if plain and order.key:
            return bytes.fromhex(order.key)
        if plain or self.offer is None or not order.public:
            raise ValueError("no half of a key was offered" if order.public else "a key in the clear")
        return self.offer.key_with(bytes.fromhex(order.public))
