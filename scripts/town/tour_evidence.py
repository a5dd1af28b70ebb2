"""What a tour collected: who said what and when, and what each bench device emitted meanwhile.

Frozen data for the checks. Times called `…_ns` are CLOCK_MONOTONIC, shared with the bench.
"""

from dataclasses import dataclass, field
from pathlib import Path

from scripts.town.listening import Heard, Samples, find, sounding

Edge = tuple[int, str, int]
"""When (ns), what (ptt, carrier, relay, cos, collision), level."""


@dataclass(frozen=True)
class Said:
    """Somebody with a handset spoke on the frequency of a radio."""

    device: str
    sound: Samples
    carrier_on_ns: int
    audio_start_ns: int
    carrier_off_ns: int
    wall: float
    """Unix time of the carrier's rise."""

    @property
    def seconds(self) -> float:
        """How long the carrier stood."""
        return (self.carrier_off_ns - self.carrier_on_ns) / 1e9


@dataclass(frozen=True)
class Emitted:
    """What one device emitted from start to stop."""

    device: str
    wav: Path
    sound: Samples
    start_ns: int
    stop_ns: int
    levels: dict[str, int]
    edges: tuple[Edge, ...]

    def times(self, what: str, value: int) -> list[int]:
        """When (ns) this went to this level."""
        return [at for at, name, level in self.edges if (name, level) == (what, value)]

    def was_on(self, what: str) -> bool:
        """It was on at the start, or went on."""
        return bool(self.levels.get(what, 0) or self.times(what, 1))

    def ns(self, seconds: float) -> int:
        """A moment of the recording on the common clock."""
        return self.start_ns + int(seconds * 1e9)

    @property
    def sounding_ns(self) -> tuple[int, int] | None:
        """When the first and the last sound was emitted."""
        span = sounding(self.sound)
        return (self.ns(span[0]), self.ns(span[1])) if span else None


@dataclass(frozen=True)
class Scene:
    """One scene: what was said, what all devices emitted. `find` is worked out once for each pair."""

    said: tuple[Said, ...]
    emitted: dict[str, Emitted]
    _found: dict[tuple[str, int], Heard] = field(default_factory=dict, repr=False, compare=False)

    def heard(self, device: str, sound: Samples) -> Heard:
        """What became of `sound` in what `device` emitted."""
        key = (device, id(sound))
        if key not in self._found:
            self._found[key] = find(sound, self.emitted[device].sound)
        return self._found[key]

    def radios(self, but: tuple[str, ...] = ()) -> list[str]:
        """The radios, without these."""
        return [name for name, each in self.emitted.items() if "ptt" in each.levels and name not in but]

    def loudspeakers(self) -> list[str]:
        """The loudspeakers."""
        return [name for name, each in self.emitted.items() if "relay" in each.levels]


@dataclass(frozen=True)
class Warned:
    """One broadcast that was asked for, and the sound that its clip is."""

    id: str
    text: str
    language: str
    sound: Samples
    asked_ns: int
    approved_ns: int
    """When it might sound: the second person's yes, or the request where none is needed."""
    over_ns: int


@dataclass(frozen=True)
class Warning:
    """Broadcasts into one zone while radios talk."""

    scene: Scene
    warnings: tuple[Warned, ...]
    zone: tuple[str, ...]


@dataclass(frozen=True)
class Freeze:
    """A gateway process that stood still while its radios transmitted."""

    scene: Scene
    after: Scene
    gateway: str
    frozen_ns: int
    thawed_ns: int


@dataclass(frozen=True)
class Recorded:
    """One recording as the centre gives it out. `sound` is None when its file cannot be had or played."""

    id: str
    kind: str
    what: str
    state: str
    path: str
    sound: Samples | None
    reference: Samples
    hash_ok: bool


@dataclass(frozen=True)
class Records:
    """What the centre kept of the tour."""

    recordings: tuple[Recorded, ...]
    journal_ok: bool
    journal_entries: int
    journal_reason: str
