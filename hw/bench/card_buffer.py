"""The playback buffer of one simulated sound card: bytes in as they come, one frame out per 20 ms.

Like a card it starts sounding when a little is held, runs dry when it is not fed, and never holds more than a
bounded lag. Pure; the bench's clock calls pop().
"""

from hw.bench.gate import FRAME_BYTES

PREFILL = 2
MOST = 6


class CardBuffer:
    """Counters: dry = times the card ran out while sounding, dropped = frames lost because it was full."""

    def __init__(self, prefill: int = PREFILL, most: int = MOST) -> None:
        self.dry = 0
        self.dropped = 0
        self._prefill = prefill
        self._most = most
        self._held = bytearray()
        self._sounding = False
        self._waited = 0

    @property
    def frames(self) -> int:
        """Whole frames held."""
        return len(self._held) // FRAME_BYTES

    def feed(self, data: bytes) -> None:
        """Takes s16le bytes of any length; the oldest frames go when the buffer is full."""
        self._held += data
        over = self.frames - self._most
        if over > 0:
            del self._held[: over * FRAME_BYTES]
            self.dropped += over

    def pop(self) -> bytes | None:
        """The next frame to sound, or None while nothing sounds."""
        held = len(self._held)
        if not self._sounding:
            if held < FRAME_BYTES:
                self._waited = 0
                return None
            self._waited += 1
            if held < self._prefill * FRAME_BYTES and self._waited <= self._prefill:
                return None
            self._sounding, self._waited = True, 0
        if held < FRAME_BYTES:
            self._sounding = False
            self.dry += 1
            return None
        frame = bytes(self._held[:FRAME_BYTES])
        del self._held[:FRAME_BYTES]
        return frame

    def clear(self) -> None:
        """Forgets what is held (the card was pulled)."""
        self._held.clear()
        self._sounding = False
