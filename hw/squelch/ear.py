"""One line's ear: gives each captured frame to what the line wants (VOX or syllabic squelch, DTMF) and posts what
they find. It runs on the card's reader thread, so it is quick, never waits and never raises. Deaf while the line
itself speaks, so that its own echo and the squelch pop after it open nothing. What follows is the line's to say.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from hw.squelch.dtmf import DtmfDecoder
from hw.squelch.facts import Digit, SquelchChange
from hw.squelch.pcm import FRAME_NS
from hw.squelch.syllabic import SyllabicSettings, SyllabicSquelch
from hw.squelch.vox import Vox, VoxSettings

log = logging.getLogger(__name__)

HOLE_NS = 500_000_000
"""After so long without a frame what was heard before counts no more."""
KEPT = 75
"""Times of frames kept, more than any squelch looks back."""
Heard = SquelchChange | Digit


@dataclass(frozen=True)
class EarSettings:
    """What a line wants. ValueError from the parts when a setting is out of range."""

    squelch: Literal["none", "vox", "syllabic"] = "none"
    dtmf: bool = False
    vox: VoxSettings = field(default_factory=VoxSettings)
    syllabic: SyllabicSettings = field(default_factory=SyllabicSettings)


class Ear:
    """`frame` is the listener of a card's Capture; `sink` gets each change and digit, on the reader's thread.

    deaf_until() and lost() may be called from any thread: they only leave a note for the next frame. A card that is
    gone brings no frame, so whoever learns of it (SoundLost) closes the line and calls lost(). ValueError if
    something is wanted at a rate that it cannot listen at (8, 16, 32, 48 kHz can).
    """

    def __init__(self, rate_hz: int, settings: EarSettings, sink: Callable[[Heard], object]) -> None:
        self.failures = 0
        self._sink = sink
        self._squelch: Vox | SyllabicSquelch | None = None
        if settings.squelch == "vox":
            self._squelch = Vox(settings.vox)
        elif settings.squelch == "syllabic":
            self._squelch = SyllabicSquelch(rate_hz, settings.syllabic)
        self._dtmf = DtmfDecoder(rate_hz) if settings.dtmf else None
        self._deaf_until_ns = 0
        self._lost = False
        self._last_ns: int | None = None
        self._times: deque[int] = deque(maxlen=KEPT)

    @property
    def on(self) -> bool:
        """Whether the squelch stands open. False without one."""
        return self._squelch is not None and self._squelch.on

    def deaf_until(self, until_ns: int) -> None:
        """Nothing captured before until_ns (monotonic) opens; what is open closes. The last call counts: one far
        ahead when the line is keyed, one shortly ahead when it is unkeyed."""
        self._deaf_until_ns = until_ns

    def lost(self) -> None:
        """The card is gone: what comes next is heard afresh, and what stood open closes then."""
        self._lost = True

    def frame(self, pcm: bytes, at_ns: int) -> None:
        """Reader thread: s16le mono, normally 20 ms, complete at at_ns (monotonic)."""
        try:
            self._hear(pcm, at_ns)
        except Exception:
            # The reader of the card must go on whatever a detector does.
            self.failures += 1
            if self.failures == 1:
                log.exception("ear=failed advice='this line hears nobody by sound; report this'")

    def _hear(self, pcm: bytes, at_ns: int) -> None:
        last_ns, self._last_ns = self._last_ns, at_ns
        self._times.append(at_ns)
        if self._lost or (last_ns is not None and not 0 <= at_ns - last_ns <= HOLE_NS):
            self._forget(at_ns)
        deaf_until_ns = self._deaf_until_ns
        if at_ns - FRAME_NS < deaf_until_ns:
            self._be_deaf(at_ns)
            return
        if self._squelch is not None:
            for change in self._squelch.frame(pcm, at_ns):
                # No opening reaches back into the line's own transmission.
                since_ns = (
                    max(self._came(change.since_ns, at_ns), deaf_until_ns) if change.on else change.since_ns
                )
                self._sink(SquelchChange(change.on, since_ns))
        if self._dtmf is not None:
            for digit in self._dtmf.frame(pcm, at_ns):
                self._sink(digit)

    def _came(self, since_ns: int, at_ns: int) -> int:
        """When the frame came that a squelch counted back to: it counts frames as 20 ms each, but after a stall many
        come at once, and what the card keeps is known by when it came."""
        back = -(-(at_ns - since_ns) // FRAME_NS)
        return min(since_ns, self._times[max(0, len(self._times) - 1 - back)])

    def _be_deaf(self, at_ns: int) -> None:
        if self._dtmf is not None:
            self._dtmf.reset()
        if self._squelch is not None:
            for change in self._squelch.deaf(at_ns):
                self._sink(change)

    def _forget(self, at_ns: int) -> None:
        self._lost = False
        self._times.clear()
        self._times.append(at_ns)
        if self._dtmf is not None:
            self._dtmf.reset()
        if self._squelch is not None:
            for change in self._squelch.reset(at_ns):
                self._sink(change)
