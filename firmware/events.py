"""What happens on a gateway and concerns more than one of its machines. Plain frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LinkChanged:
    """The link to the centre came up or went down."""

    up: bool


@dataclass(frozen=True)
class VoiceChanged:
    """The voice process of this gateway lives or not."""

    up: bool


@dataclass(frozen=True)
class OutputRead:
    """The guard's read-back of an output: a transmitter's PTT or an amplifier's relay."""

    on: bool
    why: str = ""
