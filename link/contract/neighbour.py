"""What neighbours on one machine say to each other: gateway and its voice, core and its voice nodes.

The same rule as on the bus: facts up, orders down, nobody waits for a reply. Two conversations, each a closed
family; what is not in the family is refused at the door.
"""

from typing import Literal

from pydantic import Field

from link.contract.call_talk import CALLS
from link.contract.ids import LineId, Short, Text, Token
from link.contract.patch_orders import SetPatch
from link.contract.recording_orders import RECORDING
from link.contract.tape_orders import MOST_LEGS as MOST_LEGS
from link.contract.tape_orders import RecordingBegan as RecordingBegan
from link.contract.tape_orders import RecordingClosed as RecordingClosed
from link.contract.tape_orders import SetRecordingLegs as SetRecordingLegs
from link.contract.tape_orders import StartRecording as StartRecording
from link.contract.tape_orders import StopRecording as StopRecording
from link.contract.wire import Tagged, Wire

BEAT_EVERY = 0.5
"""Seconds between beats of a voice process; each beat went through its audio engine's own thread."""
BEAT_LOST = 1.5
"""Seconds without a beat after which a voice process counts as dead."""


def _zero(value: int) -> bool:
    """A field added later is left out while it says nothing: the bytes stay what older versions write."""
    return value == 0


class VoiceBeat(Wire):
    """The voice process lives; `lag_ms` is the round trip through the engine's thread."""

    lag_ms: float


class Bye(Wire):
    """The sender ends in good order."""


# ---- gateway -> gateway voice ------------------------------------------------------------------------------


class ConnectLeg(Wire):
    """Dial the leg of a line; a standing leg of that line is hung up first."""

    line: LineId
    uri: Short
    token: Token


class OpenUplink(Wire):
    """Let the line's sound go to its leg, from what was captured at `since_ns` (CLOCK_MONOTONIC) on.

    `tail_cut_ms`: so much before the carrier's end is noise (the squelch tail). It is never sent; for that the
    sound goes out later by this and a little more.
    """

    line: LineId
    since_ns: int
    tail_cut_ms: int = Field(default=0, ge=0, le=500, exclude_if=_zero)


class CloseUplink(Wire):
    """The talk spurt ended: send what is still buffered, then cut the line's sound off its leg.

    `at_ns`: when the carrier ended (CLOCK_MONOTONIC), for the tail cut; 0 = now.
    """

    line: LineId
    at_ns: int = Field(default=0, ge=0, exclude_if=_zero)


class HoldDownlink(Wire):
    """The transmitter is asked for, but its grant is not here: speech waits until OpenDownlink.

    At most 5 s of speech wait; then the oldest is lost and counted. A FinishDownlink while it waits is kept:
    after the OpenDownlink what waits is played, then comes DownlinkDrained. Another HoldDownlink takes the
    finish back.
    """

    line: LineId


class OpenDownlink(Wire):
    """Transmit: let the leg's sound go to the line after `lead_ms`; what arrives before waits."""

    line: LineId
    lead_ms: int = Field(ge=0, le=2000)


class FinishDownlink(Wire):
    """No more speech will come: play what waits, then report DownlinkDrained."""

    line: LineId


class CutDownlink(Wire):
    """Stop transmitting at once and forget what waits."""

    line: LineId


class StartClip(Wire):
    """Play a file to the line's sound card (and to its leg, for the recording)."""

    play: Short
    line: LineId
    path: Text
    gain_db: float = 0.0


class CutClip(Wire):
    """Stop a playing file at once."""

    play: Short


class SetClipGain(Wire):
    """From now on play a file at this gain."""

    play: Short
    gain_db: float


class SoundTone(Wire):
    """Let the line's card sound a short signal of ours: a chime, or a word to the talker."""

    line: LineId
    tone: Literal["chime", "refused", "queued", "timeout", "go-ahead"]


class GatherProof(Wire):
    """Begin to gather proof of sound for `play`; at its end (with `judge`) say SoundJudged."""

    play: Short
    line: LineId
    judge: bool = False


class RelaySeen(Wire):
    """The read-back of the amplifier's relay, and its current in ampere if a sensor tells it: more proof."""

    line: LineId
    on: bool
    ampere: float | None = None


# ---- gateway voice -> gateway ------------------------------------------------------------------------------


class LegState(Wire):
    """The leg of a line is up, or is down with the SIP status and what it means."""

    line: LineId
    up: bool
    code: int = 0
    why: Short = ""


class DownlinkDrained(Wire):
    """All speech that waited has been handed to the sound card."""

    line: LineId


class ClipProgress(Wire):
    """`seconds` of the clip have been handed to the card; sent at the first frame and twice a second."""

    play: Short
    seconds: float


class ClipDone(Wire):
    """The clip has ended or could not be played."""

    play: Short
    ok: bool
    seconds: float = 0.0
    why: Short = ""


class SquelchChanged(Wire):
    """What listens to the line's sound (VOX, syllabic squelch) opened or closed; speech began at `since_ns`."""

    line: LineId
    on: bool
    since_ns: int


class DigitHeard(Wire):
    """A DTMF digit in the line's sound."""

    line: LineId
    digit: str = Field(pattern=r"^[0-9*#A-D]$")


class SoundJudged(Wire):
    """What is proved of one playing; as SoundProved in link/contract/field_facts.py."""

    play: Short
    line: LineId
    verdict: Literal["played", "partly", "silent", "unknown"]
    why: Short = ""
    share: float | None = None
    correlation: float | None = None
    rise: float | None = None


class SoundState(Wire):
    """A sound card works or does not; `advice` is for the technician."""

    card: Short
    ok: bool
    what: Short = ""
    advice: Short = ""


class LevelReport(Wire):
    """Levels of one card over the last second, dBFS; clipped samples per second."""

    card: Short
    capture_rms: float
    capture_peak: float
    playback_rms: float
    playback_peak: float
    clipped: int = 0
    dropped_frames: int = 0


# ---- core -> voice node ------------------------------------------------------------------------------------


class ExpectLeg(Wire):
    """Answer one call that shows `token`; it is the leg of `leg` (`gateway/line`). Over TLS only that gateway's own
    certificate may come with it."""

    leg: Short
    token: Token
    ttl: float = 30.0


class SetBridge(Wire):
    """The whole truth about one group's bridge: `talkers` are heard by `listeners`, nobody else."""

    bridge: Short
    talkers: tuple[Short, ...] = Field(default=(), max_length=64)
    listeners: tuple[Short, ...] = Field(default=(), max_length=MOST_LEGS)


class Hello(Wire):
    """Say NodeReady again: core has lost sight of the node for a while."""


# ---- voice node -> core ------------------------------------------------------------------------------------


class NodeReady(Wire):
    """First words of a voice node: where it can be dialled (host:port, over TLS with `;transport=tls`), what it can
    hold and which legs stand."""

    sip: Short
    calls: int
    version: Short
    legs: tuple[Short, ...] = Field(default=(), max_length=4096)
    recordings: tuple[Short, ...] = Field(default=(), max_length=4096)


class LegAnswered(Wire):
    """The leg of `leg` stands."""

    leg: Short
    codec: Short = ""


class LegLost(Wire):
    """The leg of `leg` is gone."""

    leg: Short
    code: int = 0
    why: Short = ""


class CallRefused(Wire):
    """Somebody called without a token of his own, or showed no certificate that is believed."""

    source: Short
    why: Short


GATEWAY_VOICE = Tagged(
    (
        *(VoiceBeat, Bye, ConnectLeg, OpenUplink, CloseUplink, OpenDownlink, FinishDownlink, CutDownlink),
        *(HoldDownlink, SetPatch, SetClipGain, SoundTone, GatherProof, RelaySeen, StartClip, CutClip),
        *(LegState, DownlinkDrained, ClipProgress, ClipDone, SoundState, LevelReport, SquelchChanged),
        *(DigitHeard, SoundJudged),
        *RECORDING,
    )
)
CENTRE_VOICE = Tagged(
    (
        *(VoiceBeat, Bye, Hello, ExpectLeg, SetBridge, StartRecording, SetRecordingLegs, StopRecording),
        *(NodeReady, LegAnswered, LegLost, CallRefused, RecordingBegan, RecordingClosed),
        *CALLS,
    )
)
