"""VOX: opens on level, for lines whose sound is quiet while nobody speaks (telephones, squelched receivers).

A click does not open it, for a click is shorter than the attack. On a satellite telephone the hang must bridge the
way there and back, so it is never under a second by default. It knows nothing of speech: noise opens it too.
"""

from collections import deque
from dataclasses import dataclass
from math import ceil

from hw.squelch.facts import SquelchChange
from hw.squelch.pcm import FRAME_NS, rms_dbfs

LEAD_NS = 40_000_000
"""Weak consonants before the first loud frame."""
LOOK_BACK = 10


@dataclass(frozen=True)
class VoxSettings:
    """`threshold` in dBFS (as `gateway levels` shows it: a full sine reads -3) opens, `hysteresis` dB below it
    closes; `attack` in s it must be loud to open, `hang` in s it stays open. ValueError out of range."""

    threshold: float = -35.0
    hysteresis: float = 6.0
    attack: float = 0.05
    hang: float = 1.2

    def __post_init__(self) -> None:
        ranges = {
            "threshold": (-70.0, -6.0),
            "hysteresis": (0.0, 20.0),
            "attack": (0.04, 0.5),
            "hang": (0.2, 10.0),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"VOX: {name} = {value}: give {low:g} to {high:g}")


class Vox:
    """One line's. Call frame() with what the card delivers, in order, from one thread."""

    def __init__(self, settings: VoxSettings | None = None) -> None:
        self.settings = settings or VoxSettings()
        self.on = False
        self._need = max(3, ceil(self.settings.attack * 50))
        self._hang_ns = round(self.settings.hang * 1e9)
        self._loud = 0
        self._heard_ns = 0
        self._recent: deque[bool] = deque(maxlen=max(LOOK_BACK, 2 * self._need))

    def frame(self, pcm: bytes, at_ns: int) -> tuple[SquelchChange, ...]:
        """A frame of 20 ms s16le mono, complete at at_ns; its length only tells its level. Never raises."""
        level = rms_dbfs(pcm)
        held = level >= self.settings.threshold - self.settings.hysteresis
        self._recent.append(held)
        if self.on:
            return self._while_open(held, at_ns)
        if level >= self.settings.threshold:
            self._loud += 1
        elif not held:
            self._loud = 0
        if self._loud < self._need:
            return ()
        self.on, self._heard_ns = True, at_ns
        return (SquelchChange(True, self._began(at_ns)),)

    def reset(self, at_ns: int) -> tuple[SquelchChange, ...]:
        """Forgets everything (the card was gone); closes if it was open."""
        was_on, self.on = self.on, False
        self._loud = 0
        self._recent.clear()
        return (SquelchChange(False, at_ns),) if was_on else ()

    def deaf(self, at_ns: int) -> tuple[SquelchChange, ...]:
        """In place of frame() while the line itself speaks: closes."""
        return self.reset(at_ns)

    def _while_open(self, held: bool, at_ns: int) -> tuple[SquelchChange, ...]:
        if held:
            self._heard_ns = at_ns
        elif at_ns - self._heard_ns > self._hang_ns:
            self.on, self._loud = False, 0
            return (SquelchChange(False, at_ns),)
        return ()

    def _began(self, at_ns: int) -> int:
        """Where the sound began that has opened it."""
        frames = 0
        for held in reversed(self._recent):
            if not held:
                break
            frames += 1
        return at_ns - frames * FRAME_NS - LEAD_NS
