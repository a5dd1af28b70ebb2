"""A desk for tests of the API and the command line: a small town whose broadcasts are real machines."""

import hashlib
import time
import wave
from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI

from central.api.app import make_app
from central.api.changes import Announcer, BroadcastNow, GroupNow
from central.api.desk import DeskError
from central.api.enrolment_desk import EnrolmentDesk
from central.api.key_requests import SignatureShown, StopShown
from central.api.proofs_desk import ProofsDesk
from central.api.recording_desk import RecordingDesk, RecordingSearch
from central.api.requests import BroadcastRequest, GroupChange
from central.api.tokens import TokenFile, Tokens
from central.api.upload_desk import UploadDesk
from central.authority.counting import Counting
from central.authority.making import broadcast_authority
from central.broadcasts.asked import Asked, Clip
from central.broadcasts.machine import Broadcast
from central.broadcasts.messages import Approve, ClipTold, Stop
from central.broadcasts.view import view
from central.incoming import Incoming
from central.journal_models import EntryView, VerdictView
from central.key_book import KeyBook
from central.key_desk import CoreKeyDesk
from central.people.places import Places
from central.readmodels import (
    BroadcastView,
    ClipView,
    FigureView,
    GatewayView,
    GroupView,
    HealthView,
    LineView,
    MemberView,
    NodeView,
    TownView,
    ZoneView,
)
from central.recording_models import RecordingView
from central.store.uploads import Uploads
from link.contract import facts
from link.contract.authority import decode_authority
from link.contract.signed import Signature
from link.hosting.clock import HandClock
from link.hosting.machine import Tick
from tests.central.api.fake_calls import FakeCalls
from tests.central.api.fake_enrolment import FakeEnrolment
from tests.central.api.fake_events import LINK, FakeEventsDesk
from tests.central.api.fake_field import FakeField
from tests.central.api.fake_patches import FakePatches
from tests.central.api.fake_phones import fake_phones
from tests.central.api.fake_proofs import FakeProofs
from tests.central.api.fake_updates import fake_updates
from tests.central.key_rig import DAM, MemoryKeyStore
from tests.central.people.bench import AREAS, Bench, everything
from tests.flows.doors import FakeLedger

WANG, LI, GATEWAY = "wang-token-0123456789", "li-token-0123456789ab", "gateway-token-0123456789"
PEOPLE = f"""
[[person]]
name = "wang"
token = "{WANG}"
[[person]]
name = "li"
token = "{LI}"
"""
WALL = 1_700_000_000.0
ZONES = {"north": ("gw-north/pa1",), "south": ("gw-south/pa1",), "all": ("gw-north/pa1", "gw-south/pa1")}


def tokens() -> Tokens:
    return Tokens(TokenFile.model_validate({"gateway": [{"name": "gw-north", "token": GATEWAY}]}))


def app_of(desk: "FakeDesk") -> FastAPI:
    """The application over this desk and its people."""
    return make_app(desk, desk.bench.book, tokens())


def write_wav(path: Path, seconds: float = 1.0) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\x00\x01" * int(16000 * seconds))
    return path


class FakeDesk:
    """See Desk. `play_at_once` lets every ordered loudspeaker play and finish immediately."""

    def __init__(self, folder: Path, play_at_once: bool = True, result: str = "played") -> None:
        self.announcer = Announcer(limit=50)
        self.field = FakeField(self.announcer)
        self.telephony = FakeCalls()
        self.events = FakeEventsDesk()
        self.enrolment: EnrolmentDesk = FakeEnrolment()
        self.uploads = folder
        self.bench = Bench(folder)
        self.people = self.bench.desk
        self.places = Places(
            AREAS,
            {"gw-north": "north-dam", "gw-sat": "north-dam", "gw-south": "south-dam"},
            {"north": "north-dam", "south": "south-dam"},
            {"valley": "hills", "ridge": "hills"},
        )
        self.bench.person("wang", *everything(), token=WANG)
        self.bench.person("li", *everything(), token=LI)
        self.tapes: RecordingDesk = self
        self.incoming: UploadDesk = Incoming(
            Uploads(folder / "arrived", 10_000_000, 2_000_000), self.dealt_with, self.note_arrival
        )
        self.updates = fake_updates(folder)
        self.phones = fake_phones(folder)
        self.play_at_once, self.result = play_at_once, result
        self.now = 100.0
        self.machines: dict[str, Broadcast] = {}
        self.calls: list[tuple[object, ...]] = []
        self.patches = FakePatches(self.calls)
        self.proofs: ProofsDesk = FakeProofs(folder, self.calls)
        self.broken: Exception | None = None
        self.verdict = VerdictView(ok=True, entries=12)
        self.counting: Counting | None = None
        self.signed_at, self.other_zones = time.time(), ()
        self.keys = CoreKeyDesk(KeyBook(None, MemoryKeyStore(), HandClock(), FakeLedger()), (DAM,))
        self.files: dict[str, Path] = {}
        self.group = GroupView(
            group="valley",
            state="idle",
            hang=2.0,
            timeout=60.0,
            members=(
                MemberView(line="gw-north/r1", priority=5, label="North repeater", leg=True, online=True),
                MemberView(line="gw-south/r1", priority=7, talking=True),
            ),
        )

    # -- the small town --

    def view(self) -> TownView:
        if self.broken is not None:
            raise self.broken
        radio = LineView(
            line="gw-north/r1",
            kind="radio",
            group="valley",
            online=True,
            carrier=True,
            ptt=False,
            leg=True,
            talker="unit 12",
        )
        horn = LineView(
            line="gw-north/pa1",
            kind="loudspeaker",
            zones=("north", "all"),
            online=True,
            carrier=False,
            ptt=True,
            leg=True,
            playing="b-1",
        )
        ill = HealthView(subject="card pa1", ok=False, what="the card is gone", advice="plug it in")
        return TownView(
            at_wall=WALL,
            version="0.1.0",
            bus=True,
            gateways=(
                GatewayView(
                    gateway="gw-north", online=True, firmware="0.1.0", lines=(radio, horn), link=LINK
                ),
                GatewayView(gateway="gw-south", online=False, health=(ill,)),
            ),
            groups=(self.group,),
            zones=tuple(ZoneView(zone=zone, lines=lines) for zone, lines in ZONES.items()),
            broadcasts=tuple(view(machine) for machine in reversed(self.machines.values())),
            nodes=(
                NodeView(node="voice", up=True, sip="sip:127.0.0.1:5062", calls=64, legs=2, version="2.17"),
            ),
            figures=(FigureView(name="carrier to key order", count=9, p50_ms=1.2, p99_ms=3.4, max_ms=5.0),),
        )

    def counters(self) -> Mapping[str, float]:
        return {"bus_messages_total": 1200, "bus.refused": 3}

    async def set_group(self, group: str, change: GroupChange, by: str) -> GroupView:
        self.calls.append(("set_group", group, change, by))
        if group != "valley":
            raise DeskError(404, f"there is no group {group!r}", "known groups: valley")
        if change.hang is not None:
            self.group = self.group.model_copy(update={"hang": change.hang})
        self.announcer.announce(GroupNow(group=self.group))
        return self.group

    # -- broadcasts --

    async def start_broadcast(self, request: BroadcastRequest, by: str) -> BroadcastView:
        self.calls.append(("start", request, by))
        for zone in request.zones:
            if zone not in ZONES:
                raise DeskError(404, f"unknown zone {zone!r}", f"known zones: {', '.join(ZONES)}")
        lines = tuple(dict.fromkeys(line for zone in request.zones for line in ZONES[zone]))
        asked = Asked(
            id=f"b-{len(self.machines) + 1}",
            channel=request.channel,
            clip=Clip("a" * 64, 64_044, 2.0, request.clip or ""),
            targets=lines,
            by=by,
            zones=request.zones,
            priority=request.priority,
            text=request.text or "",
            window=request.window,
            authority=self._authority(f"b-{len(self.machines) + 1}", request, by),
        )
        self.machines[asked.id] = Broadcast.ask(asked, self.now, WALL, frozenset({"gw-north", "gw-south"}))
        return self.tell(asked.id, Tick())

    def _authority(self, id: str, request: BroadcastRequest, by: str) -> bytes:
        if self.counting is None:
            return b""
        named, wall = ("a" * 64, request.clip or ""), self.signed_at
        zones = self.other_zones or request.zones
        return broadcast_authority(id, request.channel, named, zones, request.text or "", by, wall, 300)

    def tell(self, id: str, event: object) -> BroadcastView:
        self.machines[id], _ = self.machines[id].handle(event, self.now)
        self.announcer.announce(BroadcastNow(broadcast=view(self.machines[id])))
        if self.play_at_once and not isinstance(event, ClipTold):
            for target in tuple(self.machines[id].targets.values()):
                if target.ordered and not target.ended:
                    fact = {"play": target.play, "line": "pa1", "result": self.result, "played": 2.0}
                    self.tell(id, ClipTold(target.gateway, facts.ClipFinished.model_validate(fact)))
        return view(self.machines[id])

    async def broadcasts(self, limit: int) -> tuple[BroadcastView, ...]:
        return self.view().broadcasts[:limit]

    async def broadcast(self, id: str) -> BroadcastView | None:
        return view(self.machines[id]) if id in self.machines else None

    def _known(self, id: str) -> Broadcast:
        if id not in self.machines:
            raise DeskError(404, f"there is no broadcast {id!r}", "see GET /broadcasts")
        return self.machines[id]

    async def approve(self, id: str, by: str) -> BroadcastView:
        objection = self._known(id).objection(by, self.now)
        if objection:
            raise DeskError(409, objection, "ask somebody else")
        return self.tell(id, Approve(by))

    async def sign(self, id: str, shown: SignatureShown, by: str) -> BroadcastView:
        if self.counting is None:
            raise DeskError(404, "nothing is signed here")
        machine, signature = self._known(id), Signature(kid=shown.kid, sig=shown.sig)
        objection = machine.objection(by, self.now, signed=True)
        if not objection:
            raw = machine.asked.authority
            objection = self.counting.authority(by, signature, raw, decode_authority(raw), self.signed_at)
        if objection:
            raise DeskError(409, objection)
        return self.tell(id, Approve(by, signature))

    async def stop(self, id: str, by: str, shown: StopShown | None = None) -> BroadcastView:
        self._known(id)
        self.calls.append(("stop", id, shown, by))
        return self.tell(id, Stop(by, b"" if shown is None else shown.raw))

    # -- clips, recordings, journal --

    async def add_clip(self, name: str | None, wav: Path, by: str) -> ClipView:
        content = wav.read_bytes()
        if not content.startswith(b"RIFF"):
            raise DeskError(422, "this is not a WAV file", "send PCM, 16 bit")
        sha = hashlib.sha256(content).hexdigest()
        kept = self.uploads / f"{sha}.wav"
        kept.write_bytes(content)
        self.files[sha] = kept
        self.calls.append(("add_clip", name, by))
        return ClipView(sha=sha, name=name or "", seconds=1.0, size=len(content), rate_hz=16000)

    async def clips(self) -> tuple[ClipView, ...]:
        return (ClipView(sha="a" * 64, name="flood-warning", seconds=2.0, size=64_044, loudness_dbfs=-18.0),)

    async def blob(self, sha: str) -> Path | None:
        return self.files.get(sha)

    async def recordings(self, search: RecordingSearch, limit: int) -> tuple[RecordingView, ...]:
        self.calls.append(("recordings", search.kind, search.subject, limit))
        self.searched = (search, limit)
        shown = await self.recording("g-valley-1")
        return (shown,) if shown else ()

    async def recording(self, id: str) -> RecordingView | None:
        if id not in ("g-valley-1", "g-lost"):
            return None
        return RecordingView(
            id=id,
            kind="group",
            subject="valley",
            started_wall=WALL,
            seconds=1.0,
            sha="c" * 64,
            path=f"{id}.wav",
            state="closed",
        )

    async def recording_audio(self, id: str) -> Path | None:
        return write_wav(self.uploads / "rec.wav") if id == "g-valley-1" else None

    async def want_recording(self, id: str, by: str) -> RecordingView:
        shown = await self.recording(id)
        if shown is None:
            raise DeskError(404, f"there is no recording {id!r}")
        self.calls.append(("want", id, by))
        return shown.model_copy(
            update={"kind": "gateway", "gateway": "gw-north", "state": "announced", "wanted": True}
        )

    async def dealt_with(self, sha: str) -> int | None:
        return None

    def note_arrival(self) -> None:
        self.calls.append(("arrived",))

    async def journal_tail(self, n: int, kind: str | None) -> tuple[EntryView, ...]:
        rows = (
            EntryView(seq=1, at_wall=WALL, kind="core.started", subject="core", payload={}, hash="1" * 64),
            EntryView(
                seq=2,
                at_wall=WALL + 1,
                kind="broadcast.asked",
                subject="b-1",
                payload={"by": "wang"},
                hash="2" * 64,
            ),
            EntryView(
                seq=3, at_wall=WALL + 2, kind="group.floor", subject="valley", payload=None, hash="3" * 64
            ),
        )
        return tuple(row for row in rows if kind in (None, row.kind))[-n:]

    async def journal_verify(self) -> VerdictView:
        return self.verdict
