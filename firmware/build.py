"""Puts the gateway process together: the only file that knows every part. Start-up order top to bottom."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from firmware.authority.desk import view
from firmware.authority.writer import AuthorityWriter
from firmware.config import GatewaySettings
from firmware.desired.messages import ClockTold, UploadsWaiting
from firmware.desired.shelf import DesiredShelf
from firmware.enrolling import make_renewal
from firmware.events import BlobsWanted, ConfigurationChanged, FirmwareTold, FirmwareWanted, HeldBlobs
from firmware.files.held import FilesError
from firmware.island.fires import FiresFile
from firmware.open_inputs import OpenInputs
from firmware.outbox.writer import OutboxWriter
from firmware.paging.machine import ClipHeld, ClipMissing, FetchClip
from firmware.standing import Standing, link_view
from firmware.terminals.host import Port
from firmware.terminals.shelf import DiskShelf
from firmware.timekeeping.clock import KeptClock
from firmware.timekeeping.kernel import boot_id
from firmware.update.host import UpdateHost
from firmware.uplink.messages import Identity
from firmware.uplink.offer import make_offer
from firmware.wiring import describe, listens_to, wire_gateway
from firmware.wiring_authority import authority_desk, open_authority
from firmware.wiring_desired import DesiredHost
from firmware.wiring_files import wire_files
from firmware.wiring_inputs import sensor_bauds, wire_inputs
from firmware.wiring_modbus import wire_buses, wire_relays
from firmware.wiring_recording import wire_recordings
from firmware.wiring_update import hear, looks_around, wire_update
from hw.board import Board, load_board
from hw.board_parts import RigPort, SerialPort
from hw.guard.client import GuardClient, GuardDown, GuardUp, OutputChanged
from hw.rig.client import RigctldClient
from hw.uart import Uart
from link.bus.paho_bus import PahoBus
from link.bus.port import Will
from link.bus.stream import StreamServer
from link.bus.tls import tls_context
from link.contract import facts
from link.contract.documents import LinkSettings
from link.contract.envelope import pack
from link.contract.firmware_job import FirmwareReport
from link.contract.link_facts import ClockChanged
from link.contract.topics import Row, Topics
from link.hosting.clock import Clock
from link.hosting.notify import notify
from link.hosting.stall import StallWatch

log = logging.getLogger(__name__)

BEAT = 0.5


def firmware_version() -> str:
    """Version of this program."""
    try:
        return version("spillway")
    except PackageNotFoundError:
        return "0"


def open_port(
    entry: SerialPort | RigPort, baud: int, rts_cts: bool, sink: Callable[[object], object]
) -> Port:
    """A port of the board file, not yet started."""
    if isinstance(entry, RigPort):
        return RigctldClient(entry.name, sink, entry.host, entry.port, remote=entry.remote)
    return Uart(entry.name, entry.device, baud, sink, rts_cts=rts_cts)


def kept_clock(settings: GatewaySettings) -> KeptClock:
    """The clock of a gateway with these settings."""
    known = settings.clock.provisioned
    provisioned = known.timestamp() if known is not None else 0.0
    return KeptClock(settings.state / "clock.json", provisioned, settings.clock.assume_right)


class GatewayBuild:
    """One gateway process. `run` returns when cancelled; outputs are safe then."""

    def __init__(self, settings: GatewaySettings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or kept_clock(settings)
        self.board: Board = load_board(settings.board)
        self.guard = GuardClient(settings.guard_socket)
        self.neighbour = StreamServer(settings.voice_socket, "gateway")
        self.bus = self._broker()
        self.board_tasks: set[asyncio.Task[None]] = set()
        identity = Identity(
            gateway=settings.gateway,
            realm=settings.realm,
            fw=firmware_version(),
            boot=boot_id() + "." + secrets.token_hex(4),
            lines=describe(self.board, settings.labels, settings.voice.legs),
        )
        quota = settings.outbox.quota_mb * 1_000_000
        self.store = OutboxWriter(settings.state / "outbox.db", identity.boot, quota)
        self.accepted = AuthorityWriter(settings.state / "authority.db", self.clock.wall)
        self.buses = wire_buses(self.board, self.clock, self._health, sensor_bauds(self.board))
        self.relays = wire_relays(
            self.board, self.buses, self.clock, self.guard, self._health, self._read_back
        )
        self.switchboard = wire_gateway(
            self.board,
            identity,
            self.clock,
            self.bus,
            self.relays,
            self.neighbour,
            self._fetch,
            DiskShelf(settings.state / "terminals"),
            open_port,
            self.store,
            authority_desk(settings, self.accepted),
        )
        self.switchboard.authority.offer = partial(make_offer, settings.gateway, settings.tls)
        self._use_clock()
        self.files = wire_files(settings, self.switchboard, self.clock, self._held_told, self._uploads_wait)
        self.switchboard.island.clips = self.files.held
        self.switchboard.island.fires = FiresFile(settings.state / "triggers.json", self._clock_trusted)
        self.recordings = wire_recordings(
            self.switchboard, settings.gateway, identity.boot, settings.recordings, self.clock
        )
        self.recordings.kept = self.files.inbox.post
        self.wired = wire_inputs(self.board, self.switchboard, self.buses.hosts, self.clock, self.relays)
        self.inputs = OpenInputs(self.board, self.wired.wires, self.clock, self._health)
        self.desired = self._desired()
        self.update = self._update(boot_id())
        self.renewal = make_renewal(settings, self.clock)

    def _broker(self) -> PahoBus:
        given = self.settings
        floor = partial(getattr, self.clock, "floor", 0.0)
        return PahoBus(given.broker.settings(given.gateway, given.tls), partial(tls_context, floor=floor))

    def _use_clock(self) -> None:
        if isinstance(self.clock, KeptClock):
            self.switchboard.authority.lift = self.clock.told
            self.switchboard.quality = partial(getattr, self.clock, "quality")

    def _clock_trusted(self) -> bool:
        return isinstance(self.clock, KeptClock) and self.clock.trusted

    def _health(self, subject: str, what: str, advice: str) -> None:
        self.switchboard.tell_health(subject, what, advice)

    def _read_back(self, out: str, on: bool, why: str) -> None:
        """An output's read-back, of the guard or of the relay board that the output hangs on."""
        self.switchboard.from_guard(out, on, why)

    def _held_told(self, told: HeldBlobs) -> None:
        self.desired.runner.inbox.post(told)

    def _uploads_wait(self, count: int) -> None:
        self.desired.runner.inbox.post(UploadsWaiting(count))

    def _clock_news(self, fact: ClockChanged) -> None:
        self.switchboard.authority.warrant()
        self.switchboard.record(fact)
        self.desired.runner.inbox.post(ClockTold(fact.quality))

    def _standing(self) -> Standing:
        """What `gateway status` shows."""
        board, now = self.switchboard, self.clock.now
        parts: dict[str, Callable[[], object]] = {
            "gateway": lambda: {
                "gateway": self.settings.gateway,
                "fw": firmware_version(),
                "plain": self.settings.plain,
            },
            "link": lambda: link_view(board.uplink.machine),
            "island": board.island.state,
            "authority": lambda: view(board.uplink.machine.check),
            "events": lambda: board.outbox.runner.machine.view(now()),
            "desired": lambda: self.desired.runner.machine.report,
            "files": self.files.view,
            "clock": lambda: {"quality": board.quality(), "wall": self.clock.wall()},
        }
        if self.renewal is not None:
            parts["identity"] = self.renewal.view
        if self.update is not None:
            parts["update"] = self.update.view
        return Standing(self.settings.run, self.clock, parts)

    def _fetch(self, effect: FetchClip) -> None:
        task = asyncio.create_task(self._hold(effect))
        self.board_tasks.add(task)
        task.add_done_callback(self.board_tasks.discard)

    def _desired(self) -> DesiredHost:
        state = self.settings.state
        shelf, link = DesiredShelf(state), self.settings.link
        return DesiredHost(self.switchboard, self.clock, shelf, self._fetch_file, link, state, self._in_force)

    def _update(self, boot: str) -> UpdateHost | None:
        board, clock = self.switchboard, self.clock
        around = looks_around(board, self.board, clock, lambda: self.desired.runner.machine.held is not None)
        here, bucket = (firmware_version(), boot), self.files.bucket
        return wire_update(self.settings, board, clock, bucket, here, around, self._update_told)

    def _update_told(self, report: FirmwareReport | None) -> None:
        self.desired.runner.inbox.post(FirmwareTold(report))

    def _in_force(self, event: object) -> None:
        """The part of the desired document that somebody here works by."""
        match event:
            case ConfigurationChanged():
                self.switchboard.island.post(event)
                self.switchboard.recordings(event)
                self.files.inbox.post(event)
            case BlobsWanted():
                self.files.inbox.post(event)
            case FirmwareWanted():
                hear(self.update, event, self._update_told)
            case LinkSettings(profile=profile) if profile is not None:
                self.files.use_link(event, profile)

    async def _fetch_file(self, sha: str, size: int) -> bytes:
        try:
            path = await self.files.hold(sha, size)
        except FilesError as error:
            raise OSError(str(error)) from None
        return await asyncio.to_thread(path.read_bytes)

    async def _hold(self, effect: FetchClip) -> None:
        try:
            path = await self.files.hold(effect.sha, effect.size)
            event: object = ClipHeld(effect.sha, str(path))
        except (FilesError, OSError) as error:
            event = ClipMissing(effect.sha, str(error))
        for speaker in self.switchboard.speakers.values():
            speaker.inbox.post(event)

    def _from_guard(self, fact: object) -> None:
        match fact:
            case OutputChanged(out=out, on=on, why=why):
                if not self.relays.guard_says(out, on, why):
                    self._read_back(out, on, why)
            case GuardUp():
                self.switchboard.tell_health("guard", "")
            case GuardDown(reason=reason):
                for out in self.switchboard.outputs:
                    if not self.relays.guard_says(out, False, "guard-lost"):
                        self._read_back(out, False, "guard-lost")
                self.switchboard.tell_health("guard", reason, "see the journal of `gateway guard`")

    def _will(self) -> Will:
        topic = Topics(self.settings.realm).of(Row.LIVE, self.settings.gateway)
        return Will(topic, lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python")))

    async def _begin_desired(self, group: asyncio.TaskGroup) -> None:
        """The slot is marked good first: a document may be long in coming."""
        if self.update is not None:
            await self.update.begin()
            group.create_task(self.update.run())
        await self.desired.begin()
        for serve in self.desired.runners():
            group.create_task(serve())

    async def run(self) -> None:
        """Start everything, serve until cancelled, stop everything in reverse."""
        board = self.switchboard
        self.settings.run.mkdir(parents=True, exist_ok=True)
        board.island.restore()
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            for serve in (
                board.uplink.run,
                board.watch.run,
                self.files.run,
                *board.runners(),
                *self.buses.runners(),
            ):
                group.create_task(serve())
            await asyncio.to_thread(self.store.start, board.outbox.heard)
            stack.push_async_callback(asyncio.to_thread, self.store.stop)
            await self.guard.start(self._from_guard)
            stack.push_async_callback(self.guard.stop)
            await self.neighbour.start(board.from_neighbour)
            stack.push_async_callback(self.neighbour.stop)
            stack.callback(self.inputs.close)
            board.terminals.start_ports()
            stack.push_async_callback(asyncio.to_thread, board.terminals.stop_ports)
            self.buses.open_ports(open_port)
            stack.push_async_callback(asyncio.to_thread, self.buses.close_ports)
            group.create_task(self.inputs.keep(await asyncio.to_thread(self.inputs.open)))
            topics = listens_to(board.uplink.machine.identity)
            await open_authority(board, self.accepted)
            stack.push_async_callback(asyncio.to_thread, self.accepted.stop)
            await self._begin_desired(group)
            await self.bus.start(board.from_bus, topics, self._will())
            stack.push_async_callback(self.bus.stop)
            stalls = StallWatch(f"gateway {self.settings.gateway}")
            group.create_task(stalls.run())
            if isinstance(self.clock, KeptClock):
                self.desired.runner.inbox.post(ClockTold(self.clock.quality))
                group.create_task(self.clock.run(self._clock_news))
            if self.renewal is not None:
                group.create_task(self.renewal.run())
            group.create_task(self._standing().run())
            notify("READY=1")
            log.info("gateway=%s ready lines=%d", self.settings.gateway, len(self.board.lines))
            while True:
                notify("WATCHDOG=1")
                await asyncio.sleep(BEAT)
