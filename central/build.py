"""Puts the core process together: the only file that knows every part. Start-up order top to bottom."""

import asyncio
import gc
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack

from central.api.app import make_app
from central.api.machines import ByCertificate, ByToken
from central.api.server import ApiServer
from central.api.tokens import Tokens
from central.backup import Backup
from central.broadcasting import Broadcasting
from central.broker_gate import Verdict
from central.config import CentralSettings
from central.desired.content import ClipKnown
from central.desired.keeping import DesiredKeeping
from central.desk import CoreDesk, centre_version
from central.enrolment_desk import CoreEnrolmentDesk
from central.events_desk import CoreEventsDesk
from central.field_keeping import FieldKeeping
from central.front.keeping import FrontKeeping
from central.group_desk import CoreGroupDesk
from central.ingest import Ingest
from central.patch_book import PatchBook
from central.recording_desk import CoreRecordingDesk
from central.site_facts import site_facts
from central.speech.engines import build_speech
from central.store.broadcasts import Broadcasts
from central.store.clips import Clips
from central.store.database import Database
from central.store.desired import DesiredStore
from central.store.enrolment import EnrolmentStore
from central.store.events import EventStore
from central.store.field import FieldStore
from central.store.journal import Journal, JournalError, JournalRecovered
from central.store.patches import PatchStore
from central.store.quarantine import Quarantine
from central.studio import SPOKEN_NAME, Studio
from central.views import Views
from central.wiring import wire_core
from central.wiring_files import wire_files
from central.wiring_gate import wire_gate
from central.wiring_keys import Keys
from central.wiring_people import wire_people
from central.wiring_phones import Phones
from central.wiring_recordings import SealedRecordings
from central.wiring_updates import Updates
from link.bus.broker_file import CENTRE
from link.bus.paho_bus import PahoBus
from link.bus.socket_path import listen_at
from link.bus.stream import StreamServer
from link.hosting.clock import Clock, SystemClock
from link.hosting.fresh_folder import fresh_folder
from link.hosting.notify import notify
from link.hosting.portions import in_slices
from link.hosting.stall import StallWatch

log = logging.getLogger(__name__)

BEAT = 0.5
ANNOUNCE_EVERY = 0.05
ANNOUNCE_SLICE = 0.002
"""Seconds of views after which the rest of core gets its turn."""
CLOCK_SET_BACK = 3600.0
"""Seconds by which this computer's clock may have been set back since a broadcast was asked for."""
JOURNAL_PATIENCE = 1.0
"""Seconds a warning waits for the journal's disk. Then it sounds all the same: people come before paper."""


class CoreBuild:
    """One core process. `run` returns when cancelled."""

    def __init__(self, settings: CentralSettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._tasks: asyncio.TaskGroup | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: dict[tuple[str, str], None] = {}
        self._telling: deque[tuple[str, str]] = deque()
        self._orders: asyncio.Queue[Callable[[], object]] = asyncio.Queue()
        settings.state.mkdir(parents=True, exist_ok=True)
        settings.run.mkdir(parents=True, exist_ok=True)
        self.database = Database.open(settings.database, hold_log=settings.backup is not None)
        self.journal = Journal(self.database, self._journal_told)
        self.bus = PahoBus(settings.broker.settings(CENTRE, settings.tls))
        self.gate = wire_gate(settings, PahoBus, self.clock, self._gate_told)
        self.node = StreamServer(settings.voice_socket, "core")
        self.switchboard = wire_core(
            settings, self.clock, self.bus, self.node, self.journal, self.changed, self._orders.put_nowait
        )
        doors = (settings, self.database, self.clock)
        self.sealed = SealedRecordings(*doors, self.journal, self.switchboard, self.changed)
        self.recordings = self.sealed.recordings
        self.files = wire_files(*doors, self.changed, self._wanted_changed, self.sealed.seals)
        self.tapes = self.sealed.tapes(self.files.tapes.told)
        self.switchboard.tapes = self.tapes
        self.broadcasts = Broadcasts(self.database)
        self.clips = Clips(self.database, settings.clips)
        self.patches = PatchBook(self.switchboard, PatchStore(self.database), self.clock, self._spawn)
        self.broadcasting = Broadcasting(self.switchboard, self.broadcasts, self.clock, self._spawn)
        self.field = FieldKeeping(self.switchboard.field, FieldStore(self.database), self.clock)
        self.events = EventStore(self.database, self.journal, self.clock.wall)
        self.ingest = self._ingest()
        self.switchboard.intake = self.ingest
        self.backup = Backup(settings, self.database, centre_version(), self._backup_told)
        self.views = Views(
            settings, self.switchboard, self.clock, self.ingest.figures.view, backup=self.backup.view
        )
        self.views.recording = self.sealed.care.view
        self.views.bus_trouble = lambda: self.gate.trouble if self.gate is not None else ""
        self.switchboard.documents = self.desired = self._desired()
        journal = self.journal
        self.people = wire_people(settings, self.database, self.clock, journal, journal.write_waiting)
        active, clock, tell = self.people.book.is_active, self.clock, self.switchboard.telephones.post
        self.keys = Keys(settings, self.database, clock, journal, active, self._named_clips, self.changed)
        self.keys.sign(self.switchboard.sender, self.desired)
        self.updates = Updates(settings, self.switchboard, self.database, clock, journal, self.changed)
        self.updates.give(self.desired)
        self.phones = Phones(settings, self.database, clock, journal, active, tell)
        self.desk = self._desk()
        self.api = self._served()

    def _gate_told(self, verdict: Verdict) -> None:
        if not verdict.untried:
            self.journal.append("broker.open" if verdict.open else "broker.shut", "", {"found": verdict.open})
        self.changed("centre", "")

    async def _meet_broker(self) -> None:
        if self.gate is not None:
            await self.gate.passed()
        await self.bus.start(
            self.switchboard.mail.come, self.switchboard.topics.for_centre(), self.desired.centre.will()
        )

    def _desk(self) -> CoreDesk:
        """Where what people ask for is done."""
        desk = CoreDesk(
            self.switchboard,
            self.views,
            self.clock,
            self.journal,
            self.broadcasting,
            Studio(self.clips, build_speech(self.settings.speech)),
            self.clips,
            CoreRecordingDesk(self.recordings, self.files.tapes, self.journal),
            self.broadcasts,
            fresh_folder(self.settings.state / "uploads"),
            CoreEventsDesk(self.events, Quarantine(self.database), self.ingest),
            self.files.incoming,
            self._enrolment(),
            self.people.desk,
            self.keys.desk,
            self.updates.desk,
            CoreGroupDesk(self.switchboard, self.patches, self.clock),
            self.phones.desk,
        )
        desk.proofs = self.sealed.desk
        desk.other_blobs = lambda sha: self.desired.path_of(sha) or self.updates.path_of(sha)
        return desk

    def _served(self) -> ApiServer:
        """The API: behind the front, or in plain on a port of this machine."""
        settings = self.settings
        tokens = Tokens.load(settings.api.tokens)
        if settings.plain:
            app = make_app(
                self.desk, self.people.book, tokens, centre_version(), ByToken(tokens, self.people.book)
            )
            return ApiServer(app, settings.api.host, settings.api.port)
        machines = ByCertificate([entry.id for entry in settings.gateway])
        app = make_app(self.desk, self.people.book, tokens, centre_version(), machines)
        return ApiServer(app, door=lambda: listen_at(settings.api_socket))

    def _front(self) -> tuple[Callable[[], Coroutine[None, None, None]], ...]:
        """What keeps the front's certificates fresh, where there is one."""
        front, tls = self.settings.front, self.settings.tls
        if front is None or tls is None:
            return ()
        files = (tls.ca, front.certificate, front.key, *([tls.crl] if tls.crl is not None else []))
        return (FrontKeeping(self.settings.front_folder, files, self.clock).run,)

    def _enrolment(self) -> CoreEnrolmentDesk:
        settings = self.settings
        known = [entry.id for entry in settings.gateway]
        trusted = settings.tls.ca if settings.tls is not None else None
        told = (settings.enrolment, trusted, None, lambda ca: site_facts(settings, self.keys.book, ca))
        return CoreEnrolmentDesk(EnrolmentStore(self.database), self.journal, self.clock, known, *told)

    def _ingest(self) -> Ingest:
        board = self.switchboard
        return Ingest(
            self.events,
            self.clock,
            board.evidence.hear,
            board.acknowledge,
            board.alarm,
            changed=lambda: self.changed("centre", ""),
            moved=lambda gateway: self.changed("gateway", gateway),
            unsaved=board.evidence.unsaved,
        )

    async def _resume(self) -> None:
        """Take up what was under way, and what a core that was killed had stored and not yet acted on."""
        board = self.switchboard
        await self.people.resume()
        await self.keys.resume(board.sender)
        await self.broadcasting.resume()
        await self.field.resume()
        await self.files.tapes.resume()
        await self.sealed.care.resume()
        await self.updates.resume()
        await self.patches.resume()
        await self.phones.book.resume()
        await self.desired.resume()
        places = {name: board.field.places.get(name, 0) for name in board.gateways}
        asked = [runner.machine.created + runner.machine.epoch for runner in board.broadcasts.values()]
        since_ms = int((min(asked) - CLOCK_SET_BACK) * 1000) if asked else None
        await self.ingest.resume(places, since_ms, board.evidence.told_again)

    def _desired(self) -> DesiredKeeping:
        return DesiredKeeping(
            self.settings,
            self.switchboard,
            DesiredStore(self.database),
            self._named_clips,
            self.settings.state / "desired",
            self.clock,
            seal=lambda: self.files.seal_public,
            wanted=self.files.tapes.wanted,
            ingest_ok=lambda: self.ingest.ingest_ok,
        )

    async def _named_clips(self) -> tuple[ClipKnown, ...]:
        """Clips that gateways may hold: those that people named, not what was spoken once."""
        named = (clip for clip in await self.clips.list() if not clip.name.startswith(SPOKEN_NAME))
        return tuple(ClipKnown(clip.name, clip.sha256, clip.size, clip.seconds) for clip in named)

    def _wanted_changed(self, gateway: str) -> None:
        self.desired.changed("wanted", gateway)

    def _spawn(self, serve: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        assert self._tasks is not None
        return self._tasks.create_task(serve)

    def changed(self, kind: str, name: str) -> None:
        """Something that screens show has changed; they are told at most every ANNOUNCE_EVERY seconds."""
        if kind == "broadcast":
            self.broadcasting.changed(name)
        if kind == "gateway":
            self.views.note_presence(name)
        self.field.changed(kind, name)
        self.desired.changed(kind, name)
        if not self._news and not self._telling:
            asyncio.get_running_loop().call_later(ANNOUNCE_EVERY, self._announce)
        self._news[kind, name] = None

    def _announce(self) -> None:
        """Tell screens what has changed, a few milliseconds at a time: a whole fleet may have come back."""
        if not self._telling:
            self._telling.extend(self._news)
            self._news.clear()
        since = self.clock.now()
        while self._telling and self.clock.now() - since < ANNOUNCE_SLICE:
            kind, name = self._telling.popleft()
            if kind == "recording":
                self._spawn(self.desk.announce_recording(name))
            else:
                self.desk.changed(kind, name)
        if self._telling:
            asyncio.get_running_loop().call_soon(self._announce)
        elif self._news:
            asyncio.get_running_loop().call_later(ANNOUNCE_EVERY, self._announce)

    def _journal_told(self, fact: object) -> None:
        """Trouble with the disk; called on the store's thread."""
        self.desk.journal_ok = isinstance(fact, JournalRecovered)
        log.warning("journal=%s", fact)

    def _backup_told(self) -> None:
        """The backup is in trouble, or well again; called on its thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.changed, "centre", "")

    async def _send_orders(self) -> None:
        """Orders that cannot be taken back leave when the journal holds them."""
        while True:
            orders = [await self._orders.get()]
            while not self._orders.empty():
                orders.append(self._orders.get_nowait())
            try:
                async with asyncio.timeout(JOURNAL_PATIENCE):
                    await self.broadcasting.flush()
                    await self.journal.barrier(JOURNAL_PATIENCE)
            except (JournalError, TimeoutError) as error:
                log.error("orders=%d sent before the disk holds them: %r", len(orders), error)
            await in_slices(orders, self.clock)  # ten thousand in one go would be seconds

    async def run(self) -> None:
        """Start everything, serve until cancelled, stop everything in reverse."""
        board = self.switchboard
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            self._tasks, self._loop = group, asyncio.get_running_loop()
            stack.callback(self.backup.close)
            stack.callback(self.database.close)
            stack.callback(self.events.close)
            stack.callback(self.people.sign_in.close)
            stack.push_async_callback(self.journal.close)
            serving = (*board.runners(), board.mail.run, self.tapes.run, self._send_orders)
            serving = (*serving, self.broadcasting.save, self.field.save, *self.desired.runners())
            serving = (*serving, self.keys.book.run, self.files.tapes.run, self.files.incoming.run)
            serving = (
                *serving,
                self.people.run,
                self.updates.book.run,
                self.patches.run,
                self.sealed.care.run,
            )
            stack.push_async_callback(self.field.flush)
            serving = (*serving, *self._front())
            for serve in (*serving, StallWatch("central core").run):
                group.create_task(serve())
            self.backup.start()
            self.journal.append("core.started", "", {"plain": self.settings.plain})
            await self._resume()
            group.create_task(self.ingest.run())
            group.create_task(self.ingest.watch_gaps())
            await self.api.start()
            stack.push_async_callback(self.api.stop)
            await self.node.start(board.from_node)
            stack.push_async_callback(self.node.stop)
            stack.push_async_callback(self.bus.stop)
            group.create_task(self._meet_broker())
            gc.collect()
            gc.freeze()  # what was imported is never garbage: a full collection then takes a few milliseconds
            notify("READY=1")
            told = (len(board.gateways), len(board.groups), self.api.url)
            log.info("core ready gateways=%d groups=%d api=%s", *told)
            while True:
                notify("WATCHDOG=1")
                await asyncio.sleep(BEAT)
