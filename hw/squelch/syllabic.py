"""Syllabic squelch for shortwave, where no carrier tells that somebody speaks: opens on speech in noise.

Two witnesses must agree: the level of the voice band swings as syllables do (3 to 10 times a second, over a
noise floor that is tracked slowly), and a voice-activity detector finds it speech. Hiss does not swing, a
carrier or hum has no syllables, static crashes are no speech. It decides nothing but open or closed.
"""

from array import array
from collections import deque
from dataclasses import dataclass, fields

from hw.squelch.facts import SquelchChange
from hw.squelch.pcm import FRAME_NS, Pieces, at_16_khz, band_dbfs
from hw.squelch.voice_activity import VoiceActivity

SYLLABLE = 16
"""Frames (320 ms) within which a syllable has its top and its bottom."""
BLOCK, BLOCKS = 25, 8
"""The noise floor is the lowest smoothed level of the last eight half seconds."""
QUIETEST_DBFS = -66.0
"""A floor below this counts as this: steps of a converter are no syllables."""
FRESH, SWUNG, HELD = 12, 30, 25
"""Frames after a swing in which it counts: to open early, to open when sure, to stay open."""
FLAT_DB = 1.0
"""A carrier that has just come stands flatter than this within 160 ms."""
LOOK_BACK = 50
QUIET = 0.1
"""Frames less likely to be speech than this are what the detector goes on hearing while the line is deaf."""
GAP = 30
"""A short word that the detector passed over belongs to the speech that opens within so many frames after it."""
LEAD_NS = 60_000_000
"""Weak consonants before the first sound that rises over the noise."""


@dataclass(frozen=True)
class SyllabicSettings:
    """`attack` in s that a syllable must last; `hang` in s after the last speech; `swing` in dB of a syllable
    over its surroundings; how sure (0..1) the detector must be to open within FRESH frames of a swing (`early`),
    within SWUNG (`sure`), and to stay open (`hold`). ValueError out of range."""

    attack: float = 0.06
    hang: float = 1.0
    swing: float = 3.0
    early: float = 0.15
    sure: float = 0.35
    hold: float = 0.2

    def __post_init__(self) -> None:
        ranges = {"attack": (0.04, 0.2), "hang": (0.3, 5.0), "swing": (2.0, 20.0)}
        for field in fields(self):
            low, high = ranges.get(field.name, (0.05, 0.95))
            value = getattr(self, field.name)
            if not low <= value <= high:
                raise ValueError(f"syllabic squelch: {field.name} = {value}: give {low:g} to {high:g}")


class NoiseFloor:
    """The slowly tracked level of the noise between words, in dBFS."""

    def __init__(self) -> None:
        self.dbfs = 0.0
        self._smooth: float | None = None
        self._block = 0.0
        self._left = 0
        self._unsure = 10  # frames until the smoothed level can be believed
        self._blocks: deque[float] = deque(maxlen=BLOCKS)

    def add(self, level: float) -> float:
        """One frame's level; gives the smoothed one."""
        self._smooth = level if self._smooth is None else self._smooth + 0.2 * (level - self._smooth)
        self._unsure = max(self._unsure - 1, 0)
        if self._left == 0 or self._unsure:
            self._left, self._block = BLOCK, self._smooth
        self._left -= 1
        self._block = min(self._block, self._smooth)
        self.dbfs = max(min(self._block, *self._blocks) if self._blocks else self._block, QUIETEST_DBFS)
        if self._left == 0:
            self._blocks.append(self._block)
        return self._smooth


class SyllabicSquelch:
    """One line's. Call frame() with what the card delivers, in order, from one thread."""

    def __init__(self, rate_hz: int, settings: SyllabicSettings | None = None) -> None:
        self.settings = settings or SyllabicSettings()
        self.on = False
        self._rate_hz = rate_hz
        self._pieces = Pieces(rate_hz)
        self._voice = VoiceActivity()
        self._need = round(self.settings.attack * 50)
        self._hang_ns = round(self.settings.hang * 1e9)
        self._floor = NoiseFloor()
        self._quiet: deque[array[int]] = deque(maxlen=BLOCK)
        self._forget()

    def _forget(self) -> None:
        self._levels: deque[float] = deque(maxlen=LOOK_BACK)
        self._lows: deque[float] = deque(maxlen=SYLLABLE)
        self._likely: deque[float] = deque([0.0] * 4, maxlen=4)
        self._since_swing = SWUNG + 1
        self._spoken_ns = 0

    def frame(self, pcm: bytes, at_ns: int) -> tuple[SquelchChange, ...]:
        """s16le mono, normally 20 ms, complete at at_ns. Never raises for any bytes."""
        changes = []
        for samples, end_ns in self._pieces.cut(pcm, at_ns):
            change = self._step(self._look(samples), end_ns)
            if change is not None:
                changes.append(change)
        return tuple(changes)

    def reset(self, at_ns: int) -> tuple[SquelchChange, ...]:
        """Forgets all but the noise floor (the card was gone); closes if it was open."""
        was_on, self.on = self.on, False
        self._pieces.clear()
        self._voice.reset()
        self._forget()
        return (SquelchChange(False, at_ns),) if was_on else ()

    def deaf(self, at_ns: int) -> tuple[SquelchChange, ...]:
        """In place of frame() while the line itself speaks: closes, and keeps the detector warm with the last quiet
        half second, for it takes 0.7 s to find its feet after a reset and an answer may come at once."""
        was_on, self.on = self.on, False
        self._pieces.clear()
        self._forget()
        if self._quiet:
            self._quiet.rotate(-1)
            self._voice.likely(self._quiet[0])
        return (SquelchChange(False, at_ns),) if was_on else ()

    def _look(self, samples: "array[int]") -> float:
        """One frame heard by both witnesses; how likely speech is."""
        level = band_dbfs(samples, self._rate_hz)
        self._lows.append(self._floor.add(level))
        self._levels.append(level)
        self._since_swing = 0 if self._swings() else min(self._since_swing + 1, SWUNG + 1)
        sixteen = at_16_khz(samples, self._rate_hz)
        likely = self._voice.likely(sixteen)
        self._likely.append(likely)
        if likely < QUIET and self._since_swing > SWUNG:
            self._quiet.append(sixteen)
        return likely

    def _swings(self) -> bool:
        """Whether the newest frames stand over those around them, and not as flat as a carrier."""
        need, swing = self._need, self.settings.swing
        recent = list(self._levels)[-need - 2 :]
        if len(recent) < need + 2:
            return False
        over = sorted(recent)[-need]
        if over - max(min(self._lows), self._floor.dbfs) < swing:
            return False
        loud = [level for level in list(self._levels)[-8:] if level - self._floor.dbfs > swing]
        return len(loud) >= need and max(loud) - min(loud) > FLAT_DB

    def _step(self, likely: float, at_ns: int) -> SquelchChange | None:
        if self.on:
            if likely > self.settings.hold and self._since_swing <= HELD:
                self._spoken_ns = at_ns
            elif at_ns - self._spoken_ns > self._hang_ns:
                self.on = False
                return SquelchChange(False, at_ns)
            return None
        early = sum(each > self.settings.early for each in self._likely) >= 2
        sure = sum(each > self.settings.sure for each in self._likely) >= 2
        if not (early and self._since_swing <= FRESH) and not (sure and self._since_swing <= SWUNG):
            return None
        self.on = True
        self._spoken_ns = at_ns
        return SquelchChange(True, self._began(at_ns))

    def _began(self, at_ns: int) -> int:
        """Where the speech began that was noticed just now: GAP frames before it were noise. At most LOOK_BACK."""
        first = quiet = 0
        for back, level in enumerate(reversed(self._levels)):
            if level - self._floor.dbfs > self.settings.swing:
                first, quiet = back, 0
            else:
                quiet += 1
                if first and quiet > GAP:
                    break
        return at_ns - (first + 1) * FRAME_NS - LEAD_NS
