"""The facts a sound card posts. Plain data; nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SoundLost:
    """The card stopped working or never opened; it is being tried again. Posted once per outage."""

    card: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class SoundBack:
    """A lost card works again."""

    card: str


@dataclass(frozen=True, slots=True)
class PlaybackDrained:
    """Everything pushed before finish_playback() has left the card; now the transmitter may go off."""

    card: str


SoundFact = SoundLost | SoundBack | PlaybackDrained
