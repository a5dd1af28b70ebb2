"""Read models of recordings: one of them, how they stand, holds, the chain."""

from typing import Literal

from pydantic import Field

from central.view import View

RecordingState = Literal["open", "closed", "repaired", "missing", "announced", "failed", "erased"]


class RecordingStatusView(View):
    """How the recordings of the centre stand."""

    ok: bool = Field(description="Nothing is wrong now", examples=[True])
    troubles: tuple[str, ...] = Field(
        default=(), description="What is wrong now", examples=[["the disk is full"]]
    )
    recent: tuple[str, ...] = Field(
        default=(), description="Gaps and other alarms of late, newest first", examples=[["valley: a hole"]]
    )
    disk_used_percent: float = Field(
        default=0.0, description="Of the disk of the recordings", examples=[41.5]
    )
    to_encode: int = Field(default=0, description="Closed WAVs that wait for the encoder", examples=[2])
    chain_entries: int = Field(default=0, description="Entries of the chain of recordings", examples=[120])
    chain_hash: str = Field(default="", description="Its head, SHA-256, hex", examples=["0" * 64])
    chain_signature: str = Field(default="", description="Ed25519 of the head, hex", examples=["0" * 128])
    key: str = Field(
        default="", description="Fingerprint of the key that signs", examples=["01234567 89abcdef"]
    )


class SealView(View):
    """The head of the chain of recordings, as it is signed."""

    entries: int = Field(description="How many entries", examples=[120])
    head: str = Field(description="The text that is signed", examples=["spillway recording head v1\n…"])
    signature: str = Field(description="Ed25519, hex", examples=["0" * 128])
    public_pem: str = Field(description="The public key, PEM", examples=["-----BEGIN PUBLIC KEY-----\n…"])
    fingerprint: str = Field(description="What persons compare", examples=["01234567 89abcdef"])


class SealVerdictView(View):
    """What a check of the chain of recordings, and of their files, found."""

    ok: bool = Field(description="Nothing is wrong", examples=[True])
    entries: int = Field(description="Entries found sound", examples=[120])
    files: int = Field(description="Files found as they were sealed", examples=[117])
    reason: str = Field(default="", description="What is wrong in the chain", examples=[""])
    damaged: tuple[str, ...] = Field(
        default=(), description="Recordings whose file is not what was sealed", examples=[["g-valley-1"]]
    )


class HoldView(View):
    """A legal hold: somebody wants a talk kept."""

    number: int = Field(description="Its number", examples=[3])
    recording: str = Field(description="The talk, with all its segments", examples=["g-valley-1"])
    why: str = Field(description="Why it is kept", examples=["inquiry 7"])
    placed_by: str = Field(description="Who placed it", examples=["li"])
    placed_wall: float = Field(description="When, Unix seconds", examples=[1700000000.0])
    released_by: str = Field(default="", description="Who released it", examples=["wang"])
    released_wall: float | None = Field(
        default=None, description="When, Unix seconds", examples=[1700000100.0]
    )
    released_why: str = Field(default="", description="Why", examples=["closed"])


class RecordingView(View):
    """One recording."""

    id: str = Field(description="Recording id", examples=["g-valley-20240101-101500"])
    kind: Literal["leg", "group", "broadcast", "gateway"] = Field(
        description="What was recorded; `gateway`: a line, at its gateway", examples=["group"]
    )
    subject: str = Field(description="Line, group or broadcast it belongs to", examples=["valley"])
    channel: str = Field(default="live", description="live, drill or test", examples=["live"])
    started_wall: float = Field(description="When it began, Unix seconds", examples=[1700000000.0])
    seconds: float | None = Field(
        default=None, description="Length, seconds; null while it runs", examples=[8.1]
    )
    sha: str | None = Field(
        default=None, description="SHA-256 of the file, hex; null while it runs", examples=["0" * 64]
    )
    path: str = Field(
        description="File, relative to the recordings folder", examples=["2024/01/01/g-valley-101500.wav"]
    )
    state: RecordingState = Field(
        description="open, closed, repaired (after a crash), missing, announced (still at its gateway), failed, "
        "erased",
        examples=["closed"],
    )
    gateway: str = Field(default="", description="Its gateway; empty: the centre", examples=["gw-north"])
    codec: str = Field(default="wav", description="wav, flac or opus", examples=["wav"])
    ended_wall: float | None = Field(
        default=None, description="Its end, Unix seconds", examples=[1700000008.1]
    )
    cut: bool = Field(default=False, description="It ends where power or process ended", examples=[False])
    wanted: bool = Field(default=False, description="It was asked for and is on its way", examples=[False])
    why: str = Field(default="", description="Why it is failed or missing", examples=["given up: quota"])
    talk: str = Field(
        default="", description="The recording that it is a segment of", examples=["g-valley-1"]
    )
    segment: int = Field(default=0, description="Its number there, from 1; 0: never cut", examples=[0])
    first_sample: int = Field(
        default=0, description="Its first sample, counted from the talk's", examples=[0]
    )
    samples: int | None = Field(default=None, description="How many samples", examples=[129600])
    rate_hz: int | None = Field(default=None, description="Samples a second", examples=[16000])
    epoch: str = Field(
        default="", description="Run of the voice node; ticks compare within one", examples=["0f" * 8]
    )
    tick: int | None = Field(default=None, description="Tick (20 ms) of its first sample", examples=[1000])
    mono_ns: int | None = Field(default=None, description="The same, monotonic, ns", examples=[20000000000])
    wall_ns: int | None = Field(
        default=None, description="The same, Unix, ns", examples=[1700000000000000000]
    )
    sure: bool = Field(default=False, description="That tick and not its neighbour", examples=[True])
    hole_ms: int = Field(default=0, description="Time that passed and is not in it, ms", examples=[0])
    lines: tuple[str, ...] = Field(default=(), description="Lines in it", examples=[["gw-north/r1"]])
    parties: tuple[str, ...] = Field(default=(), description="Who was heard", examples=[["Boat 3"]])
    group: str = Field(default="", description="Talk group of the conversation", examples=["valley"])
