"""When a gateway's talk path is to be opened: at once, again while it does not answer, and before its key grows old."""

from dataclasses import dataclass, replace

from central.fleet.messages import TalkOffer

RENEWED = 840.0
"""Seconds after which a session gets another talk-path key; the contract gives a key 15 minutes."""
AGAIN, MOST = 10.0, 80.0
"""Seconds after which an order that was not answered is given again, doubling up to the second figure: without it the
gateway can key nothing until its key is renewed."""


@dataclass(frozen=True)
class TalkPath:
    """`at`: when a key was last given (monotonic s), `pause`: how long an answer is waited for; None: it has come."""

    offer: TalkOffer = TalkOffer()
    at: float | None = None
    pause: float | None = None

    @property
    def due(self) -> float | None:
        """When a key is to be given again. One that was told in the clear does not grow old."""
        if self.at is None:
            return None
        if self.pause is not None:
            return self.at + self.pause
        return self.at + RENEWED if self.offer.talk else None

    def opened(self, now: float) -> "TalkPath":
        """A key is given now."""
        pause = AGAIN if self.pause is None else min(MOST, 2 * self.pause)
        return replace(self, at=now, pause=pause)

    def answered(self) -> "TalkPath":
        """The gateway has the key."""
        return replace(self, pause=None)
