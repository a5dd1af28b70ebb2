"""What a fake engine keeps of its legs, frame ports, players and recorders."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from link.voice.port import FrameSink, FrameSource, Moment, PortId

if TYPE_CHECKING:
    from link.voice.fake import FakeEngine


@dataclass(slots=True)
class FakeLeg:
    """One end of a call. `heard` is what the other end sent at the last tick, None when it was idle."""

    token: str
    other: "FakeEngine | None" = None
    other_port: PortId = 0
    heard: bytes | None = None
    coming: bytes | None = None
    rx_packets: int = 0
    tx_packets: int = 0


@dataclass(slots=True)
class FakeFrames:
    """A frame port."""

    source: FrameSource
    sink: FrameSink
    rate_hz: int


@dataclass(slots=True)
class FakePlayer:
    """A player and the frame it is at."""

    frames: list[bytes]
    loop: bool
    at: int = 0


@dataclass(slots=True)
class FakeRecorder:
    """A recorder: its file is written when it is closed."""

    path: Path
    began: Moment
    sound: bytearray = field(default_factory=bytearray)
