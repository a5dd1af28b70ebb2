"""Core without doors: real machines, store, desk and views; fake bus, node and speech; a hand clock."""

import asyncio
import math
import struct
from pathlib import Path

import pytest

from central.broadcasting import Broadcasting
from central.config import CentralSettings
from central.desk import CoreDesk
from central.events_desk import CoreEventsDesk
from central.group_desk import CoreGroupDesk
from central.ingest import Ingest
from central.key_book import KeyBook
from central.key_desk import CoreKeyDesk
from central.patch_book import PatchBook
from central.recording_desk import CoreRecordingDesk
from central.speech.fake import ToneSpeech
from central.store import clip_worker
from central.store.arrivals import Parcel
from central.store.broadcasts import Broadcasts
from central.store.clips import Clips
from central.store.database import Database
from central.store.events import EventStore
from central.store.journal import Journal
from central.store.keys import KeyStore
from central.store.patches import PatchStore
from central.store.quarantine import Quarantine
from central.store.recordings import Recordings
from central.studio import Studio
from central.tapes import Tapes
from central.views import Views
from central.wiring import wire_core
from central.wiring_files import wire_files
from central.wiring_people import People, wire_people
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import facts
from link.contract import neighbour as voice
from link.contract.batch import BatchHead, encode_batch
from link.contract.wire import Wire
from link.hosting.clock import HandClock, settle_loop
from tests.central.api.fake_enrolment import FakeEnrolment
from tests.central.api.fake_phones import fake_phones
from tests.central.api.fake_updates import fake_updates
from tests.central.people.bench import FastHashing

TOWN = {
    "state": "/nowhere",
    "run": "/nowhere",
    "api": {"tokens": "/nowhere"},
    "gateway": [{"id": "gw-a"}, {"id": "gw-b"}],
    "group": [
        {
            "id": "valley",
            "members": [{"line": "gw-a/r1", "label": "North", "priority": 7}, {"line": "gw-b/r1"}],
        },
        {"id": "hills", "members": []},
    ],
    "zone": [
        {"id": "north", "lines": ["gw-a/pa1"]},
        {"id": "all", "lines": ["gw-a/pa1", "gw-b/pa1"]},
        {"id": "empty", "lines": []},
    ],
    "talker": [{"id": "2001", "label": "Boat 3"}],
}
LINES = (
    facts.LineDescription(line="r1", kind="radio", label="Repeater"),
    facts.LineDescription(line="pa1", kind="loudspeaker"),
)


def tone(path: Path, seconds: float = 0.5) -> Path:
    """A WAV that sounds."""
    samples = (int(6000 * math.sin(n / 5)) for n in range(int(seconds * 16_000)))
    pcm = b"".join(struct.pack("<h", sample) for sample in samples)
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16
    )
    path.write_bytes(head + struct.pack("<4sI", b"data", len(pcm)) + pcm)
    return path


async def convert_here(module: str, request: dict[str, object], *, patience: float) -> tuple[dict, bytes]:
    """The clip worker's work without its process."""
    assert module == "central.store.clip_worker"
    answer, data = clip_worker._work(request)
    return dict(answer), data


class Town:
    """Start it, then use its parts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("central.store.clips.run_aside", convert_here)
        self.folder, self.clock = folder, HandClock()
        self.database = Database.open(folder / "core.db")
        self.journal = Journal(self.database, lambda fact: None)
        self.bus = FakeBus(FakeBroker(self.clock.now), "svc-centre")
        settings = CentralSettings.model_validate(TOWN)
        doors = (self.bus, FakeStreamServer(FakePlace(), "core"), self.journal)
        self.board = board = wire_core(settings, self.clock, *doors, self.changed, lambda order: order())
        self.recordings = Recordings(self.database, folder / "recordings")
        self.events = EventStore(self.database, self.journal, self.clock.wall)
        self.ingest = Ingest(self.events, self.clock, board.evidence.hear, board.acknowledge, board.alarm)
        board.intake = self.ingest
        self.asked_gateways: list[str] = []
        values = settings.model_copy(update={"state": folder})
        self.files = wire_files(values, self.database, self.clock, self.changed, self.asked_gateways.append)
        self.gateway_tapes, self.incoming = self.files.tapes, self.files.incoming
        from_gateways = self.gateway_tapes.told
        board.tapes = Tapes(self.recordings, lambda order: None, self.clock, self.changed, from_gateways)
        self.people = self._people(values)
        self.clips = Clips(self.database, folder / "clips")
        self.store = Broadcasts(self.database)
        self.hosted = Broadcasting(self.board, self.store, self.clock, self.spawn)
        self.views = Views(settings, self.board, self.clock, self.ingest.figures.view)
        self.speech = ToneSpeech()
        self.desk = CoreDesk(
            self.board,
            self.views,
            self.clock,
            self.journal,
            self.hosted,
            Studio(self.clips, self.speech),
            self.clips,
            CoreRecordingDesk(self.recordings, self.gateway_tapes, self.journal),
            self.store,
            folder,
            CoreEventsDesk(self.events, Quarantine(self.database), self.ingest),
            self.incoming,
            FakeEnrolment(),
            self.people.desk,
            self.key_desk(settings),
            fake_updates(folder),
            self.group_desk(),
            fake_phones(folder),
        )
        self.told: dict[str, int] = {}
        self.tasks: list[asyncio.Task[None]] = []
        for serve in self.board.runners():
            self.spawn(serve())

    def _people(self, values: CentralSettings) -> People:
        journal = self.journal
        return wire_people(values, self.database, self.clock, journal, journal.write_waiting, FastHashing())

    def group_desk(self) -> CoreGroupDesk:
        self.patches = PatchBook(self.board, PatchStore(self.database), self.clock, self.spawn)
        return CoreGroupDesk(self.board, self.patches, self.clock)

    def key_desk(self, settings: CentralSettings) -> CoreKeyDesk:
        """In plain mode, until a test gives `keys` a ring."""
        self.keys = KeyBook(None, KeyStore(self.database), self.clock, self.journal)
        return CoreKeyDesk(self.keys, settings.trigger)

    def spawn(self, coroutine) -> "asyncio.Task[None]":
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return self.tasks[-1]

    def changed(self, kind: str, name: str) -> None:
        if kind == "broadcast":
            self.hosted.changed(name)
        if kind == "gateway":
            self.views.note_presence(name)

    async def born(self, gateway: str = "gw-a", lines: tuple[facts.LineDescription, ...] = LINES) -> None:
        """The gateway comes online and says what it has."""
        inbox = self.board.gateways[gateway].inbox
        inbox.post(facts.Birth(sid=f"s-{gateway}", boot="b", fw="0.1"))
        inbox.post(facts.Snapshot(sid=f"s-{gateway}", fw="0.1", lines=lines))
        await settle_loop()

    async def node(self, *legs: str) -> None:
        """The voice node is there and these legs stand."""
        self.board._from_node(voice.NodeReady(sip="node:5060", calls=64, version="fake", legs=legs))
        await settle_loop()

    async def report(self, gateway: str, n: int, **line: object) -> None:
        """The gateway reports its radio."""
        fields = {"line": "r1", "carrier": False, "ptt": False, "leg": True, **line}
        told = facts.RealtimeReport(n=n, mono_ms=1, lines=(facts.LineReport.model_validate(fields),))
        self.board.from_mail(gateway, told)
        await settle_loop()

    async def tell(self, gateway: str, *told: Wire, boot: str = "b", mono_ms: int = 1) -> None:
        """The gateway's outbox tells these facts."""
        first = self.told.get(gateway, 0) + 1
        self.told[gateway] = first + len(told) - 1
        head = BatchHead(epoch=1, first_seq=first, boot=boot, t0_ms=0, mono0_ms=0)
        wall = int(self.clock.wall() * 1000)
        rows = (
            facts.Event(seq=first + n, wall_ms=wall, mono_ms=mono_ms, fact=fact)
            for n, fact in enumerate(told)
        )
        parcel = Parcel(gateway, "evt", encode_batch(head, tuple(rows)), wall)
        self.board.from_mail(gateway, parcel)
        while self.ingest.waiting:
            await self.ingest.step()
        await settle_loop()

    async def ordered(self, op: str) -> list[dict[str, object]]:
        """The arguments of every command with this `op`, from the journal."""
        await self.journal.barrier()
        entries = [entry.payload or {} for entry in await self.journal.tail(500, "command")]
        return [entry["args"] for entry in entries if entry["op"] == op]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        while not self.board.tapes._jobs.empty():
            self.board.tapes._jobs.get_nowait().close()
        self.events.close()
        self.people.sign_in.close()
        await self.journal.close()
        self.database.close()
