"""What screens, scripts and the API are shown: frozen read models with the meaning and unit of every field.

Built by core from its machines, sent as JSON, printed by the command line, documented in docs/cli.md. Stable:
fields are only ever added. Nothing here decides anything or reads anything.

Times called `…_wall` are Unix seconds on the centre's clock; all other times are durations in seconds.
"""

from typing import Literal

from pydantic import Field

from central.backup_models import BackupView
from central.desired_models import ReportedView
from central.group_models import GroupView as GroupView
from central.group_models import LineName as LineName
from central.group_models import MemberView as MemberView
from central.link_models import LinkView
from central.notice_models import NoticeView
from central.recording_models import RecordingStatusView
from central.view import View as View
from link.contract.facts import LineKind
from link.contract.orders import Channel

ProofVerdict = Literal["played", "partly", "silent", "unknown"]
BroadcastState = Literal["waiting", "sending", "playing", "done", "partly", "failed", "stopped", "expired"]
TargetState = Literal[
    "waiting", "ordered", "accepted", "playing", "played", "stopped", "failed", "pre-empted", "refused",
    "unknown", "undelivered",
]  # fmt: skip


class HealthView(View):
    """One thing on a gateway that is well or ill."""

    subject: str = Field(description="What it is about", examples=["card pa1"])
    ok: bool = Field(description="Whether it is well", examples=[False])
    what: str = Field(default="", description="What is wrong", examples=["the sound card is gone"])
    advice: str = Field(default="", description="What a technician should do", examples=["plug it in again"])


class LineView(View):
    """One line of a gateway: a radio, telephone or loudspeaker, as the centre believes it to be."""

    line: LineName = Field(description="Full name, `gateway/line`", examples=["gw-north/r1"])
    kind: LineKind = Field(description="What it is", examples=["radio"])
    label: str = Field(default="", description="Name for people", examples=["North repeater"])
    geo: bool = Field(
        default=False,
        description="Over a geostationary satellite: heard half a second late",
        examples=[False],
    )
    group: str | None = Field(default=None, description="Talk group it is a member of", examples=["valley"])
    zones: tuple[str, ...] = Field(default=(), description="Broadcast zones it is in", examples=[["north"]])
    online: bool = Field(description="The control link of its gateway stands", examples=[True])
    carrier: bool = Field(description="Somebody is heard on it (squelch is open)", examples=[False])
    ptt: bool = Field(
        description="Its transmitter or amplifier is on, read back from the guard", examples=[True]
    )
    leg: bool = Field(description="Its voice leg stands at both ends", examples=[True])
    talker: str = Field(default="", description="Who is heard, when the radio tells", examples=["Boat 3"])
    talker_id: str = Field(default="", description="What his network calls him", examples=["2001"])
    playing: str | None = Field(
        default=None, description="Id of the broadcast that sounds on it", examples=["b-7k2m"]
    )


class GatewayView(View):
    """One gateway as seen from the centre."""

    gateway: str = Field(description="Gateway id", examples=["gw-north"])
    online: bool = Field(description="Its control session stands", examples=[True])
    state: Literal["online", "late", "offline"] = Field(
        default="offline",
        description="online, late (not heard for 2.5 heartbeats) or offline (death, or 4 heartbeats)",
        examples=["online"],
    )
    firmware: str = Field(default="", description="Version it runs", examples=["0.1.0"])
    changed_wall: float | None = Field(
        default=None, description="When it came or went, Unix seconds", examples=[1700000000.0]
    )
    heard_wall: float | None = Field(
        default=None, description="When it was last heard, Unix seconds", examples=[1700000100.5]
    )
    reported: ReportedView = Field(default=ReportedView(), description="What it has taken in")
    health: tuple[HealthView, ...] = Field(default=(), description="What its own checks say")
    lines: tuple[LineView, ...] = Field(default=(), description="Its lines")
    link: LinkView | None = Field(default=None, description="How its events reach the centre")


class ClipView(View):
    """A sound that can be broadcast. Its content is known by hash; the name can be given to another one."""

    sha: str = Field(description="SHA-256 of the WAV, hex", examples=["0" * 64])
    name: str = Field(default="", description="Name; empty for an unnamed one", examples=["flood-warning-zh"])
    seconds: float = Field(description="Length, seconds", examples=[12.4])
    size: int = Field(description="Size of the file, bytes", examples=[396844])
    rate_hz: int | None = Field(default=None, description="Sample rate, Hz", examples=[16000])
    loudness_dbfs: float | None = Field(
        default=None, description="Loudness relative to full scale, dB", examples=[-18.5]
    )


class ApprovalView(View):
    """One person who said yes; the one who asked only where yes is said by signatures."""

    by: str = Field(description="Who", examples=["li"])
    at_wall: float = Field(description="When, Unix seconds", examples=[1700000005.0])
    kid: str = Field(default="", description="Key he signed with; empty in plain mode", examples=["0f" * 8])
    sig: str = Field(default="", description="His signature, base64; empty in plain mode", examples=[""])


class ProofView(View):
    """What was proved of the sound of one playing, at the loudspeaker itself."""

    verdict: ProofVerdict = Field(
        description="played, partly, silent, or unknown (nothing there can hear or measure it)",
        examples=["played"],
    )
    why: str = Field(default="", description="By what, or why not", examples=["microphone"])
    share: float | None = Field(
        default=None, description="Part of the sound that was heard, 0 to 1", examples=[0.98]
    )
    correlation: float | None = Field(
        default=None, description="How well it followed what was played, -1 to 1", examples=[0.93]
    )
    rise: float | None = Field(default=None, description="Above the quiet before it, dB", examples=[21.5])


class TargetView(View):
    """One loudspeaker of a broadcast and what is known of it."""

    line: LineName = Field(description="Full name, `gateway/line`", examples=["gw-north/pa1"])
    state: TargetState = Field(
        description="waiting (not sent) → ordered → accepted (by the gateway) → playing, then one end: "
        "played, stopped, failed, pre-empted, refused, unknown (no answer; never counted as played), "
        "undelivered",
        examples=["playing"],
    )
    play: str = Field(description="Name of this playing on its gateway", examples=["b-7k2m.pa1"])
    sends: int = Field(default=0, description="How often the order was sent", examples=[1])
    ordered_wall: float | None = Field(
        default=None, description="When the order was first sent, Unix seconds", examples=[1700000010.0]
    )
    accepted_wall: float | None = Field(
        default=None, description="When the gateway's receipt came, Unix seconds", examples=[1700000010.1]
    )
    started_wall: float | None = Field(
        default=None, description="When news of the first sound came, Unix seconds", examples=[1700000010.6]
    )
    ended_wall: float | None = Field(
        default=None, description="When it ended, Unix seconds", examples=[1700000023.0]
    )
    confirmed: bool = Field(
        default=False, description="The gateway itself said so: nothing can sound any more", examples=[True]
    )
    played: float = Field(default=0.0, description="Seconds that the sound card took", examples=[12.4])
    why: str = Field(default="", description="Why it ended like this", examples=["voice-lost"])
    late: str = Field(
        default="",
        description="What the gateway reported after the centre had given up on it",
        examples=["played"],
    )
    proof: ProofView | None = Field(
        default=None, description="Proof of sound; comes a second or two after the end"
    )


class BroadcastView(View):
    """One broadcast with the progress of every loudspeaker."""

    id: str = Field(description="Broadcast id", examples=["b-7k2m"])
    channel: Channel = Field(description="live (needs two persons), drill or test", examples=["live"])
    state: BroadcastState = Field(
        description="waiting (for a second person, or for signatures) → sending → playing, then one end: done (played "
        "everywhere, nowhere proven silent), partly, failed (nowhere), stopped, expired (not approved or "
        "not delivered in time)",
        examples=["playing"],
    )
    over: bool = Field(description="Nothing sounds any more; every target has ended", examples=[False])
    proving: bool = Field(
        default=False,
        description="Proofs of sound are still to come; they may change the state",
        examples=[False],
    )
    priority: int = Field(description="0 to 9; a higher one pre-empts on its loudspeakers", examples=[5])
    zones: tuple[str, ...] = Field(description="Zones that were asked for", examples=[["north"]])
    clip: ClipView = Field(description="What sounds")
    text: str = Field(default="", description="The text that was spoken, if any", examples=["Leave now."])
    gain_db: float = Field(default=0.0, description="Gain applied to the clip, dB", examples=[0.0])
    by: str = Field(description="Who asked for it", examples=["wang"])
    approvals: tuple[ApprovalView, ...] = Field(default=(), description="Who said yes")
    to_sign: str = Field(
        default="", description="The authority, base64: what persons sign; empty in plain mode", examples=[""]
    )
    stop_signed: str = Field(
        default="", description="The stop as it was signed, base64; empty: none was", examples=[""]
    )
    stopped_by: str | None = Field(default=None, description="Who stopped it", examples=["li"])
    created_wall: float = Field(description="When it was asked for, Unix seconds", examples=[1700000000.0])
    not_after_wall: float = Field(
        description="After this nothing is sent any more, Unix seconds", examples=[1700000300.0]
    )
    stopped_wall: float | None = Field(
        default=None, description="When it was stopped, Unix seconds", examples=[1700000012.0]
    )
    targets: tuple[TargetView, ...] = Field(description="Its loudspeakers")


class NodeView(View):
    """A voice node: the process that joins the voices."""

    node: str = Field(description="Name of the node", examples=["voice"])
    up: bool = Field(description="It answers", examples=[True])
    sip: str = Field(default="", description="Address that gateways dial", examples=["sip:127.0.0.1:5062"])
    calls: int = Field(default=0, description="Legs it can hold", examples=[64])
    legs: int = Field(default=0, description="Legs that stand", examples=[6])
    version: str = Field(default="", description="Version of its media library", examples=["2.17"])
    lag_ms: float | None = Field(
        default=None, description="Round trip through its audio engine, milliseconds", examples=[0.4]
    )


class ZoneView(View):
    """A zone: loudspeakers that are addressed together."""

    zone: str = Field(description="Zone id", examples=["north"])
    lines: tuple[LineName, ...] = Field(description="Its loudspeakers", examples=[["gw-north/pa1"]])


class FigureView(View):
    """One measured latency."""

    name: str = Field(description="What was measured", examples=["carrier to key order"])
    count: int = Field(description="How many measurements", examples=[120])
    p50_ms: float = Field(description="Median, milliseconds", examples=[1.4])
    p99_ms: float = Field(description="99th percentile, milliseconds", examples=[4.0])
    max_ms: float = Field(description="Worst, milliseconds", examples=[5.2])


class TownView(View):
    """Everything at a glance: what the centre knows at one moment."""

    at_wall: float = Field(description="When this was true, Unix seconds", examples=[1700000000.0])
    version: str = Field(default="", description="Version of the centre", examples=["0.1.0"])
    plain: bool = Field(default=False, description="Nothing is signed or encrypted", examples=[False])
    bus: bool = Field(description="The centre is connected to the broker", examples=[True])
    bus_trouble: str = Field(
        default="",
        description="Why the centre stays away from the broker",
        examples=["the broker is open: …"],
    )
    journal_ok: bool = Field(default=True, description="The journal reaches the disk", examples=[True])
    backup: BackupView | None = Field(default=None, description="The backup; null when none is configured")
    recording: RecordingStatusView | None = Field(default=None, description="How the recordings stand")
    gateways: tuple[GatewayView, ...] = Field(default=(), description="All gateways that are known")
    groups: tuple[GroupView, ...] = Field(default=(), description="All talk groups")
    zones: tuple[ZoneView, ...] = Field(default=(), description="All zones")
    broadcasts: tuple[BroadcastView, ...] = Field(
        default=(), description="Running and recent broadcasts, newest first"
    )
    nodes: tuple[NodeView, ...] = Field(default=(), description="Voice nodes")
    figures: tuple[FigureView, ...] = Field(default=(), description="Measured latencies")
    notices: tuple[NoticeView, ...] = Field(default=(), description="What people should see, newest first")
