"""Wires the keeper of the desired document to disk, link and bus, and performs what it wants done.

Documents are kept and files fetched beside the loop; what is in force goes to whoever `hear`s it.
"""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from firmware.config import GatewayLinkSettings
from firmware.desired.machine import Desire
from firmware.desired.messages import (
    Believe,
    ConfigurationCame,
    ConfigurationMissing,
    DiskRead,
    Fetch,
    Held,
    Keep,
    Kept,
    LinkWanted,
    NotKept,
    ProfileTold,
    Tell,
)
from firmware.desired.shelf import read_configuration
from firmware.effects import Record, TellHealth
from firmware.events import ConfigurationChanged, ProfileChosen
from firmware.switchboard import Switchboard
from link.contract.documents import LinkSettings, Reported, encode_document
from link.contract.envelope import EnvelopeError
from link.contract.profile import PROFILES, LinkProfile
from link.contract.topics import Row, Topics
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

DISK_EVERY = 60.0
Fetching = Callable[[str, int], Awaitable[bytes]]
"""The octets of a file by hash and size; OSError when it cannot be had."""


class Shelf(Protocol):
    """Where the document lies; see firmware.desired.shelf. Called in threads."""

    def load(self) -> tuple[Held | None, str]:
        """What was kept, and what was wrong with it."""

    def keep(self, held: Held) -> None:
        """Put it on disk. OSError, EnvelopeError."""


class DesiredHost:
    """`begin` before the bus starts, then serve `runners`. `hear` takes ConfigurationChanged, BlobsWanted and the
    LinkSettings in force."""

    def __init__(
        self,
        board: Switchboard,
        clock: Clock,
        shelf: Shelf,
        fetch: Fetching,
        link: GatewayLinkSettings,
        state: Path,
        hear: Callable[[object], None] = lambda event: None,
    ) -> None:
        self._board, self._clock, self._shelf, self._fetch = board, clock, shelf, fetch
        self._link, self._state, self._hear = link, state, hear
        self._newest: Held | None = None
        self._to_keep = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.runner: Runner[Desire] = Runner(
            "desired",
            Desire(board.authority.trust),
            self.perform,
            clock,
            recover=lambda: self.runner.machine.started_over(),
        )
        board.desired = self.runner.inbox.post

    async def begin(self) -> None:
        """Read what was kept; it is in force at once, and so are the settings of the link."""
        self._use_link(None)
        held, ill = await asyncio.to_thread(self._shelf.load)
        self.runner.machine = Desire.of(self._board.authority.trust, held, ill)
        for effect in self.runner.machine.begun():
            self.perform(effect)

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves it."""
        return [self.runner.run, self._keep, self._watch_disk]

    def perform(self, effect: object) -> None:
        """Effects of the keeper of the document."""
        match effect:
            case Keep(held=held):
                self._newest = held
                self._to_keep.set()
            case Fetch(sha=sha, size=size):
                task = asyncio.get_running_loop().create_task(self._fetch_configuration(sha, size))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case Believe(trust=trust):
                self._board.authority.believe(trust)
            case LinkWanted(link=link):
                self._use_link(link)
            case Tell(report=report):
                self._publish(report)
            case Record(fact=fact):
                self._board.record(fact)
            case TellHealth(subject=subject, what=what, advice=advice):
                self._board.tell_health(subject, what, advice)
            case _:
                if isinstance(effect, ConfigurationChanged):
                    self._board.uplink.inbox.post(effect)
                self._hear(effect)

    def _publish(self, report: Reported) -> None:
        row, me = Row.REPORTED, self._board.uplink.machine.identity
        topic = Topics(me.realm).of(row, me.gateway)
        self._board.bus.publish(topic, encode_document(report), qos=row.qos, retain=row.retain)

    def _use_link(self, wanted: LinkSettings | None) -> None:
        """What the centre says of the link goes before the settings here; from the next connection on."""
        profile = profile_of(self._link, wanted)
        self._board.uplink.inbox.post(ProfileChosen(profile))
        self._board.outbox.runner.inbox.post(ProfileChosen(profile))
        self.runner.inbox.post(ProfileTold(profile.name))
        spread = self._link.spread if wanted is None else wanted.spread
        self._board.bus.retune(keepalive=profile.keepalive, spread=spread)
        share = (wanted or LinkSettings()).file_share
        self._hear(LinkSettings(profile=profile.name, rate=profile.rate, spread=spread, file_share=share))

    async def _keep(self) -> None:
        while True:
            await self._to_keep.wait()
            self._to_keep.clear()
            if self._newest is None:
                continue
            try:
                await asyncio.to_thread(self._shelf.keep, self._newest)
                self.runner.inbox.post(Kept())
            except (OSError, EnvelopeError) as error:
                log.error("desired rev=%d not kept: %s", self._newest.document.rev, error)
                self.runner.inbox.post(NotKept(str(error)[:150]))

    async def _fetch_configuration(self, sha: str, size: int) -> None:
        try:
            configuration = read_configuration(await self._fetch(sha, size))
        except (OSError, EnvelopeError) as error:
            self.runner.inbox.post(ConfigurationMissing(sha, str(error)[:150]))
        else:
            self.runner.inbox.post(ConfigurationCame(sha, configuration))

    async def _watch_disk(self) -> None:
        while True:
            free = await asyncio.to_thread(_free, self._state)
            self.runner.inbox.post(DiskRead(free))
            await self._clock.sleep_until(self._clock.now() + DISK_EVERY)


def profile_of(here: GatewayLinkSettings, wanted: LinkSettings | None) -> LinkProfile:
    """The profile in force: the centre's word goes before the settings of the gateway."""
    name = (wanted.profile if wanted else None) or here.profile
    rate = (wanted.rate if wanted else None) or here.rate
    return PROFILES[name] if rate is None else replace(PROFILES[name], rate=rate)


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
