"""What a person asks for when he asks for a broadcast: the clip, the loudspeakers, the limits. Pure values.

Whatever may not be asked is refused here, with words for the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from link.contract import orders
from link.contract.ids import LineRef
from link.contract.signed import Signature

LONGEST_WINDOW = 3600.0
"""Seconds within which the orders of one broadcast may go out, at most."""


@dataclass(frozen=True)
class Clip:
    """What sounds: content by hash, `size` in bytes, length in seconds."""

    sha: str
    size: int
    seconds: float
    name: str = ""


@dataclass(frozen=True)
class Approval:
    """One yes besides the asker's."""

    by: str
    at: float
    signature: Signature | None = None


@dataclass(frozen=True)
class Asked:
    """What a person asked for. `targets` are `gateway/line`; `window` is how long orders may go out, seconds.

    ValueError says what cannot be asked.
    """

    id: str
    channel: orders.Channel
    clip: Clip
    targets: tuple[str, ...]
    by: str
    zones: tuple[str, ...] = ()
    priority: int = 5
    text: str = ""
    window: float = 300.0
    gain_db: float = 0.0
    authority: bytes = field(default=b"", repr=False)
    """What persons sign (link.contract.authority); empty in plain mode."""

    def __post_init__(self) -> None:
        if not self.id or "." in self.id:
            raise ValueError(f"{self.id!r} is not a broadcast id: it must not be empty or contain a dot")
        if not self.targets:
            raise ValueError("there is no loudspeaker in these zones")
        if len(set(self.targets)) != len(self.targets):
            raise ValueError("a loudspeaker is named twice")
        if not self.by.strip():
            raise ValueError("nobody asked for it")
        if not 1.0 <= self.window <= LONGEST_WINDOW:
            raise ValueError(f"window {self.window:g} s: choose 1 to {LONGEST_WINDOW:g} s")
        for target in self.targets:
            self.order(target)

    @cached_property
    def lines_of(self) -> Mapping[str, tuple[str, ...]]:
        """Gateway to its loudspeakers among the targets."""
        found: dict[str, tuple[str, ...]] = {}
        for target in self.targets:
            gateway = target.partition("/")[0]
            found[gateway] = (*found.get(gateway, ()), target)
        return found

    def play_of(self, target: str) -> str:
        """Name of the playing on its gateway."""
        return f"{self.id}.{LineRef.parse(target).line}"

    def order(self, target: str) -> orders.PlayClip:
        """The order for one loudspeaker."""
        return orders.PlayClip(
            play=self.play_of(target),
            line=LineRef.parse(target).line,
            sha=self.clip.sha,
            size=self.clip.size,
            seconds=self.clip.seconds,
            priority=self.priority,
            gain_db=self.gain_db,
        )

    def entry(self) -> dict[str, object]:
        """What the journal keeps of it."""
        return {
            "by": self.by,
            "channel": self.channel,
            "priority": self.priority,
            "zones": list(self.zones),
            "targets": list(self.targets),
            "sha": self.clip.sha,
            "seconds": self.clip.seconds,
            "text": self.text,
            "window": self.window,
        }
