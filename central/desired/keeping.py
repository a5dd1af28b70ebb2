"""Keeps every gateway's desired document right and at the broker: made, stored, then published.

Made anew when groups, clips or loudspeakers have changed; stored before it is published, so that a revision never
stands for two contents; published at every connection, at every birth and at each change, as the window allows.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

from central.config import CentralSettings, GatewayEntry
from central.desired.centre_state import CentreStanding
from central.desired.content import ClipKnown, Standings, Town, content_for, zones_by_gateway
from central.desired.revisions import Standing, kept
from central.store.database import StoreError
from central.store.desired import DesiredRow, DesiredStore
from central.switchboard import Switchboard
from link.contract.documents import Reported
from link.contract.envelope import EnvelopeError
from link.contract.facts import Birth
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.contract.topics import Row
from link.floor.messages import GroupSettings
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

SETTLE = 0.2
"""Seconds between two makings: an operator who moves five lines makes one document."""
AGAIN = 0.05
"""Seconds after which what the window did not take is offered again."""
STORE_AGAIN = 2.0
"""Seconds after which a store that did not take a document is asked again."""


class DesiredKeeping:
    """Tell it with `changed`, `connected` and `told`; `runners` serve it.

    `clips()` gives the clips that may be named; `seal()` the centre's public key as hex (empty: none yet) and
    `wanted(gateway)` the recordings asked for; `ingest_ok()` whether events are taken in; `folder` holds the files
    that go with large documents.
    """

    def __init__(
        self,
        settings: CentralSettings,
        board: Switchboard,
        store: DesiredStore,
        clips: Callable[[], Awaitable[tuple[ClipKnown, ...]]],
        folder: Path,
        clock: Clock,
        seal: Callable[[], str] = lambda: "",
        wanted: Callable[[str], tuple[str, ...]] = lambda gateway: (),
        ingest_ok: Callable[[], bool] = lambda: True,
    ) -> None:
        self.standing: dict[str, Standing] = {}
        self._settings, self._board, self._store, self._clock = settings, board, store, clock
        self._clips, self._folder, self._seal, self._wanted = clips, folder, seal, wanted
        self.sign: Callable[[bytes], bytes] = lambda payload: payload
        self.ring: Callable[[], bytes] = lambda: b""
        self.standings: Standings = lambda gateway, trigger: (b"", "")
        self.job: Callable[[str], FirmwareJob | None] = lambda gateway: None
        self.heard: Callable[[str, FirmwareReport], None] = lambda gateway, report: None
        self.centre = CentreStanding(board.bus, board.topics, clock, ingest_ok)
        self._seen: dict[str, int] = {}
        self._births: dict[str, str] = {}
        self._known: dict[tuple[str, str], object] = {}
        self._pending: dict[str, None] = {}
        self._entries = {entry.id: entry for entry in settings.gateway}
        self._due: dict[str, GatewayEntry] = {}
        self._in_zones = frozenset(zones_by_gateway(settings.zone))
        self._news, self._to_send = asyncio.Event(), asyncio.Event()
        self._failed: set[str] = set()

    # -- what happens --

    def changed(self, kind: str, name: str) -> None:
        """Something of the town has changed; documents follow groups, clips and what lines a gateway has."""
        now: object = None
        if kind == "group" and name in self._board.table.own:
            now = self._groups_of(name)
        elif kind == "gateway" and name in self._board.gateways:
            now = self._speaks(name)
        elif kind not in ("clip", "seal", "wanted", "ring", "standing", "firmware"):
            return
        if now is None or self._known.get((kind, name)) != now:
            self._known[kind, name] = now
            one = kind in ("gateway", "wanted", "firmware") and name in self._entries
            self._due |= {name: self._entries[name]} if one else self._entries
            self._news.set()

    def connected(self, session: str) -> None:
        """The broker may have forgotten everything: say it all again."""
        self.centre.connected(session)
        self._pending = dict.fromkeys(self.standing)
        self._to_send.set()

    def told(self, gateway: str, fact: object) -> None:
        """At a birth its document is said again; what has seen more than this centre knows gets a higher revision."""
        if isinstance(fact, Birth):
            if (
                self._births.get(gateway) != fact.sid
            ):  # said again because of a late will: it has the document
                self._say(gateway)
            self._births[gateway] = fact.sid
        elif isinstance(fact, Reported):
            self._seen[gateway] = fact.rev_seen
            standing = self.standing.get(gateway)
            if standing is not None and fact.rev_seen > standing.rev:
                self._due[gateway] = self._entries[gateway]
                self._news.set()
            if fact.fw is not None:
                self.heard(gateway, fact.fw)
            self._board.changed("gateway", gateway)

    def _say(self, gateway: str) -> None:
        if gateway in self.standing:
            self._pending[gateway] = None
            self._to_send.set()

    def path_of(self, sha: str) -> Path | None:
        """The file with this hash, if it belongs to a document."""
        return self._folder / f"{sha}.cfg" if sha in {each.sha for each in self._filed()} else None

    def standing_of(self, gateway: str) -> tuple[int, tuple[str, ...]]:
        """The revision of its document (0: none yet), and what could not stand in it."""
        standing = self.standing.get(gateway, Standing())
        return standing.rev, standing.left_out

    # -- serving --

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves the documents and the state of the centre."""
        return [self.run, self.publish_pending, self.centre.run]

    async def resume(self) -> None:
        """Take up what the store has, and make what is due now. StoreError."""
        for row in await self._store.all():
            if row.gateway in self._board.gateways:
                self.standing[row.gateway] = kept(row.rev, row.document)
        self._due |= self._entries
        await self.refresh()

    async def run(self) -> None:
        """Make documents anew when something has changed, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            whole = await self.refresh()
            await self._clock.sleep_until(self._clock.now() + (SETTLE if whole else STORE_AGAIN))
            if not whole:
                self._news.set()

    async def publish_pending(self) -> None:
        """Hand to the broker's door what is due, until cancelled."""
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            while self._pending and self._board.bus_up:
                gateway = next(iter(self._pending))
                if self._publish(gateway):
                    self._pending.pop(gateway, None)
                    await asyncio.sleep(0)
                else:
                    await self._clock.sleep_until(self._clock.now() + AGAIN)

    async def refresh(self) -> bool:
        """Make the documents that are due; False when some of them still are, for the store did not take them."""
        try:
            clips = {clip.name: clip for clip in await self._clips()}
        except StoreError as error:
            log.error("desired documents wait: %s", error)
            return False
        due, self._due, whole = self._due, {}, True
        groups = tuple(self._board.table.own.values())  # patches are the centre's
        town = Town(self._settings, groups, clips, self.ring(), self.standings, self.job)
        for entry in due.values():
            await asyncio.sleep(0)  # a fleet's documents are made between what cannot wait
            old = self.standing.get(entry.id, Standing())
            speaks, wanted = self._speaks(entry.id), self._wanted(entry.id)
            try:
                content = content_for(entry, town, speaks, wanted, self._seal())
                new = old.next(content, self._seen.get(entry.id, 0))
            except EnvelopeError as error:
                self._tell_left_out(entry.id, old.left_out, (f"everything new: {error}",))
                continue
            if not await self._take(entry.id, old, new):
                self._due[entry.id], whole = entry, False
        return whole

    # -- inside --

    def _groups_of(self, name: str) -> GroupSettings:
        return self._board.table.own[name]

    def _speaks(self, gateway: str) -> bool:
        """Whether it has loudspeakers: by what it said of its lines, else by the zones of the settings."""
        lines = self._board.gateways[gateway].machine.lines
        if lines:
            return any(line.kind == "loudspeaker" for line in lines.values())
        return gateway in self._in_zones

    async def _take(self, gateway: str, old: Standing, new: Standing) -> bool:
        self._tell_left_out(gateway, old.left_out, new.left_out)
        if new.rev != old.rev:
            try:
                if new.file or old.file:
                    await asyncio.to_thread(self._write_file, new, old.sha)
                await self._store.save(
                    DesiredRow(gateway, new.rev, new.payload), int(self._clock.wall() * 1000)
                )
            except (StoreError, OSError) as error:
                if gateway not in self._failed:
                    log.error("desired=%s rev=%d not stored, not published: %s", gateway, new.rev, error)
                self._failed.add(gateway)
                return False
            self._board.journal("desired.set", gateway, {"rev": new.rev, "bytes": len(new.payload)})
        elif new.file and not old.file:
            await asyncio.to_thread(self._write_file, new, "")
        self._failed.discard(gateway)
        self.standing[gateway] = new
        if new.rev != old.rev:
            self._say(gateway)
            self._board.changed("gateway", gateway)
        return True

    def _write_file(self, new: Standing, old_sha: str) -> None:
        """Lay the new file down; the one it replaces goes when no other document needs it."""
        if old_sha and old_sha != new.sha and sum(each.sha == old_sha for each in self._filed()) < 2:
            (self._folder / f"{old_sha}.cfg").unlink(missing_ok=True)
        if new.file:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f"{new.sha}.part"
            part.write_bytes(new.file)
            part.replace(self._folder / f"{new.sha}.cfg")

    def _filed(self) -> list[Standing]:
        return [each for each in list(self.standing.values()) if each.file]

    def _tell_left_out(self, gateway: str, before: tuple[str, ...], now: tuple[str, ...]) -> None:
        for what in now:
            if what not in before:
                log.warning("desired=%s left_out=%s", gateway, what)
                self._board.journal("desired.left-out", gateway, {"what": what})

    def _publish(self, gateway: str) -> bool:
        row = Row.DESIRED
        topic = self._board.topics.of(row, gateway)
        payload = self.sign(self.standing[gateway].payload)
        return self._board.bus.publish(topic, payload, qos=row.qos, retain=row.retain)
