"""The voice port: what both ends may ask of a voice engine, and the facts it answers with.

Everybody outside the engine holds plain integers (`PortId`), never an object of the media library.
This file imports no vendor library and does no I/O; `pjsua_engine` is the door, `fake` the stand-in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PortId = int
"""A leg, frame port, player or recorder of one engine. Opaque; never reused in a process."""

FRAME_MS = 20
TOKEN_HEADER = "X-Spillway-Token"


class VoiceError(Exception):
    """An order could not be carried out. The text says what, where and what to do."""


def frame_bytes(rate_hz: int) -> int:
    """Bytes of one 20 ms frame of mono s16le at `rate_hz` (640 at 16 kHz)."""
    return rate_hz * FRAME_MS // 1000 * 2


@dataclass(frozen=True, slots=True)
class VoiceTls:
    """The PEM files of SIP over mutual TLS 1.3, as in a `[tls]` table. `crl` is looked at whenever it changes."""

    ca: Path
    certificate: Path
    key: Path
    crl: Path | None = None


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How one engine is set up.

    `sip_port` 0 lets the system choose; the real one is in `VoiceLimits`. A leg takes two of the
    `rtp_ports` UDP ports from `rtp_port` upwards; engines on one machine must not overlap. `rate_hz` is
    the bridge rate; it should be the rate of the first codec. `codecs` are offered in this order and no
    others. A leg from which no packet came for `media_timeout` seconds is hung up (an idle leg carries
    one every 2 s); 0 switches this off. With `tls` SIP is spoken over mutual TLS only and all sound of tokens' legs is
    SRTP; without it nothing is encrypted and nobody is known. `edges` are the addresses from which telephone calls
    are taken without a token (see `call_port`).
    """

    bind_host: str = "127.0.0.1"
    sip_port: int = 0
    rtp_port: int = 4000
    rtp_ports: int = 1000
    rate_hz: int = 16000
    codecs: tuple[str, ...] = ("G722/16000", "PCMA/8000")
    max_calls: int = 64
    media_ports: int = 256
    user_agent: str = "spillway"
    media_timeout: float = 10.0
    tls: VoiceTls | None = None
    edges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceLimits:
    """What the engine really has: calls, bridge ports, library version, SIP port on `bind_host`."""

    calls: int
    ports: int
    version: str
    sip_port: int


@dataclass(frozen=True, slots=True)
class LegStats:
    """Counters of one leg since its media started. `rx_lost` is lost on the way, `rx_discarded` came too
    late or was dropped by the jitter buffer. `jitter_ms` is the mean, `rtt_ms` 0 until RTCP gave one."""

    rx_packets: int
    tx_packets: int
    rx_lost: int
    rx_discarded: int
    jitter_ms: float
    rtt_ms: float


@dataclass(frozen=True, slots=True)
class LegUp:
    """The leg is answered and its sound flows. `codec` as in `VoiceSettings.codecs`."""

    leg: PortId
    token: str
    codec: str


@dataclass(frozen=True, slots=True)
class LegDown:
    """The leg is gone, whoever ended it; its `PortId` is void. `code` is the SIP status (200 normal end,
    403 refused, 408 no answer or no media)."""

    leg: PortId
    token: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class LegRefused:
    """Somebody called, or opened a TLS connection, who may not. `source` is his address and, where it is known,
    the name in his certificate. At most 20 a second are posted."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """A player that does not loop handed its last frame to the bridge. It still has to be closed."""

    port: PortId


@dataclass(frozen=True, slots=True)
class Moment:
    """A tick of the bridge's clock (20 ms): its number in this engine, and when it was. `sure`: it was not its
    neighbour."""

    tick: int
    mono_ns: int
    wall_ns: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class EngineStopped:
    """The engine is gone, wanted or not; all its ports are void. The last fact it posts."""

    reason: str


FactSink = Callable[[object], object]
"""Takes one fact, from any thread, at once; what it returns is ignored (`Inbox.post` fits)."""


class FrameSource(Protocol):
    """Sound into the bridge."""

    def pop(self) -> bytes | None:
        """Exactly one 20 ms frame, or None for silence.

        Called every 20 ms from `add_frames` to `close`, connected or not, by the media clock thread: it
        must not block. What it hands out while nothing is connected is thrown away, so that a queue in
        the source is never older than itself.
        """
        ...


class FrameSink(Protocol):
    """Sound out of the bridge."""

    def push(self, frame: bytes) -> None:
        """One 20 ms frame, every 20 ms, by the media clock thread: it must not block. Silence (zeros)
        while nothing is connected."""
        ...


class VoiceEngine(Protocol):
    """One engine. All methods are called from one asyncio loop; unknown ports raise VoiceError.

    Facts go to the sink given to `start`, from any thread: the sink must be thread-safe and quick.
    """

    async def start(self, sink: FactSink) -> VoiceLimits:
        """Start the engine. VoiceError if the port is taken, a codec is missing or the limits the build
        really has are smaller than the settings ask for."""
        ...

    async def stop(self) -> None:
        """Hang up, close files, end. Returns within 3 s even when the engine is frozen; the process
        must then leave by `os._exit` (EngineStopped says "frozen")."""
        ...

    async def dial(self, uri: str, token: str) -> PortId:
        """Dial a leg, with the token in its INVITE. LegUp or LegDown follow, possibly before the return.

        With TLS the address has to end in `;transport=tls`, and its host must be a name (or address) in the
        certificate of who answers.
        """
        ...

    async def expect(self, token: str, ttl: float, peer: str = "") -> None:
        """Answer one incoming leg with this token within `ttl` s. All others get 403 and LegRefused.

        With TLS only a caller whose certificate is named `peer` may use the token.
        """
        ...

    async def hang_up(self, leg: PortId) -> None:
        """End a leg. LegDown follows."""
        ...

    async def add_frames(self, name: str, source: FrameSource, sink: FrameSink, rate_hz: int) -> PortId:
        """Add a sound card or a test port: both directions, mono, `rate_hz` (the bridge resamples)."""
        ...

    async def play(self, path: Path, loop: bool = False) -> PortId:
        """Open a WAV (PCM16 mono) for playing. It runs while something is connected to it, from its
        first sample at the first connect. PlayEnded at its end, unless looped."""
        ...

    async def record(self, path: Path) -> PortId:
        """Create a WAV (PCM16 mono, bridge rate). It writes one frame at every tick from its first to its last,
        silence where nothing is connected. The file must not exist. Complete when `close` returned."""
        ...

    async def began(self, recorder: PortId) -> Moment:
        """The tick of its file's first sample."""
        ...

    async def when(self, tick: int) -> Moment:
        """When a tick was (or will be)."""
        ...

    async def close(self, port: PortId) -> None:
        """Close a player, recorder or frame port. A port that is already closed is no error."""
        ...

    async def connect(self, source: PortId, sink: PortId, level: float = 1.0) -> None:
        """Let `sink` hear `source` from the next 20 ms tick on, at `level` (1.0 = as it is, 0 = mute).

        Idempotent; a new level replaces the old. Survives a re-INVITE; before a leg is up it is
        remembered. Ends with either port.
        """
        ...

    async def part(self, source: PortId, sink: PortId) -> None:
        """Undo `connect`. Not connected is no error, nor is a port that is gone."""
        ...

    async def set_gain(self, leg: PortId, gain: float) -> None:
        """Take what comes in on a leg into the bridge `gain` times as loud (1.0 = as it is), for all who hear it.

        Survives a re-INVITE. What would be louder than full scale is clipped. Unknown legs raise VoiceError.
        """
        ...

    async def stats(self, leg: PortId) -> LegStats:
        """Counters of a leg that is up."""
        ...

    async def alive(self) -> float:
        """Seconds for a round trip through the engine's thread. Never returns when it is frozen: use
        a time limit."""
        ...
