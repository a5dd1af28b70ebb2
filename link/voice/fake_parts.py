"""What a fake voice engine is made of: legs, frame ports, players, recorders. Plain data; decides nothing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from link.voice.pcm import write_wave
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
    telephone: bool = False
    came: bool = False
    answered: bool = False
    early: bool = False
    held: bool = False
    gain: float = 1.0


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
    """A recorder: as the real one's, its file grows behind a header that says 0 until it is closed."""

    path: Path
    began: Moment
    sound: bytearray = field(default_factory=bytearray)

    def write(self, frame: bytes) -> None:
        """One tick."""
        with self.path.open("ab") as file:
            file.write(frame if self.sound else bytes(44) + frame)
        self.sound += frame

    def close(self, rate_hz: int) -> None:
        """The whole file."""
        write_wave(self.path, bytes(self.sound), rate_hz)
