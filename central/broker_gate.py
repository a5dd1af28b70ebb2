"""Tries the broker's access rules by delivery before core uses it: as a stranger with a certificate, and without one.

Rights are shown by what arrives, never by what the broker grants: SUBACK says "granted" for what the rules forbid.
A message that must arrive is sent behind those that must not, so nothing waits for a silence. An open broker lets
every gateway command every other: core stays away from it, says so and tries again.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from central.config import ProbeSettings
from link.bus.broker_access import BrokerAccess
from link.bus.broker_file import CENTRE
from link.bus.broker_settings import BrokerSettings
from link.bus.port import Bus, BusDown, BusUp, Message
from link.bus.tls import TlsFiles
from link.contract.topics import ROOT
from link.hosting.clock import Clock
from link.hosting.tls_settings import TlsSettings

log = logging.getLogger(__name__)

PROBE = "probe"
"""Common name of the certificate that plays the stranger; no gateway may be called so."""
NOBODY = "no-gateway"
UNNAMED = "trial-without-certificate"
ANSWER = 5.0
"""Seconds in which the broker must let in, and deliver."""
AGAIN = 10.0


@dataclass(frozen=True)
class Verdict:
    """`open`: what a stranger can do, in words; `untried`: why that could not be found out."""

    open: tuple[str, ...] = ()
    untried: str = ""

    @property
    def text(self) -> str:
        """For people; empty when all is well."""
        if self.open:
            return f"the broker is open: {'; '.join(self.open)}; check its configuration and access rules"
        return f"the broker's access rules are not tried yet: {self.untried}" if self.untried else ""


@dataclass
class _Caller:
    """One short connection and what came on it."""

    bus: Bus
    facts: list[object] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, *subscriptions: str) -> Self:
        loop = asyncio.get_running_loop()
        await self.bus.start(lambda fact: loop.call_soon_threadsafe(self._hear, fact), subscriptions)
        return self

    def _hear(self, fact: object) -> None:
        self.facts.append(fact)
        self.news.set()

    async def until(self, done: Callable[[], bool]) -> bool:
        """Whether it came within ANSWER seconds."""
        try:
            async with asyncio.timeout(ANSWER):
                while not done():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return True

    async def let_in(self) -> bool:
        """Whether the broker let us in, or said no, or nothing."""
        await self.until(lambda: self.up or bool(self.down))
        return self.up

    @property
    def up(self) -> bool:
        return any(isinstance(fact, BusUp) for fact in self.facts)

    @property
    def down(self) -> str:
        """Why it went down for the first time."""
        return next((fact.reason for fact in self.facts if isinstance(fact, BusDown)), "")

    def got(self, topic: str) -> bool:
        return any(isinstance(fact, Message) and fact.topic == topic for fact in self.facts)

    def carrying(self, mark: bytes) -> list[str]:
        found = (fact for fact in self.facts if isinstance(fact, Message) and fact.payload == mark)
        return [fact.topic for fact in found]


@dataclass
class BrokerGate:
    """`passed` returns once the broker has been found shut. `told` hears each new verdict, `trouble` keeps it."""

    access: BrokerAccess
    tls: TlsSettings
    probe: ProbeSettings
    realm: str
    make: Callable[[BrokerSettings], Bus]
    clock: Clock
    told: Callable[[Verdict], object]
    trouble: str = ""

    async def passed(self) -> None:
        """Try until the broker is shut. BusError: our own files cannot be used."""
        verdict, said = await self.look(), ""
        while verdict.text:
            if verdict.text != said:
                log.error("%s", verdict.text)
                self.trouble = said = verdict.text
                self.told(verdict)
            await self.clock.sleep_until(self.clock.now() + AGAIN)
            verdict = await self.look()
        self.trouble = ""
        self.told(verdict)

    async def look(self) -> Verdict:
        """One trial over connections of its own."""
        as_centre = self.access.settings(CENTRE, self.tls)
        files = TlsFiles(self.tls.ca, self.probe.certificate, self.probe.key, self.tls.crl)
        centre = _Caller(self.make(as_centre))
        stranger = _Caller(self.make(replace(as_centre, tls=files)))  # by the centre's client id
        bare = replace(files, certificate=None, key=None)
        unnamed = _Caller(self.make(replace(as_centre, tls=bare, client_id=UNNAMED)))
        try:
            if not await (await centre.start(f"{ROOT}/#")).let_in():
                return Verdict(untried=centre.down or f"no answer from {self.access.host}:{self.access.port}")
            if not await (await stranger.start(f"{ROOT}/#")).let_in():
                return Verdict(
                    untried=f"the certificate of {PROBE} is not let in: {stranger.down or 'no answer'}"
                )
            return await self._try(centre, stranger, unnamed)
        finally:
            for caller in (unnamed, stranger, centre):
                await caller.bus.stop()

    async def _try(self, centre: _Caller, stranger: _Caller, unnamed: _Caller) -> Verdict:
        base = f"{ROOT}/{self.realm}"
        theirs, ours = secrets.token_bytes(16), secrets.token_bytes(16)
        down, up = f"{base}/dn/{PROBE}/selftest", f"{base}/up/{PROBE}/selftest"
        others = [f"{base}/{way}/{NOBODY}/selftest" for way in ("up", "dn")]
        for topic in (*others, down):
            centre.bus.publish(topic, ours)
        for topic in (*others, f"{base}/up/{CENTRE}/selftest", f"{base}/bc/selftest", up):
            stranger.bus.publish(topic, theirs)
        arrived = await stranger.until(lambda: stranger.got(down)) and await centre.until(
            lambda: centre.got(up)
        )
        found = [f"{PROBE} hears {topic}" for topic in self._overheard(stranger)]
        found += [f"{PROBE} may say {topic}" for topic in centre.carrying(theirs) if topic != up]
        if centre.down:
            found.append(f"{PROBE} takes the session of {CENTRE} by its client id")
        if await (await unnamed.start()).let_in():
            found.append("who has no certificate is let in")
        if found:
            return Verdict(open=tuple(sorted(found)))
        return Verdict(untried="" if arrived else f"what {PROBE} and {CENTRE} may say did not arrive, either")

    def _overheard(self, stranger: _Caller) -> set[str]:
        """What came to the stranger and is no business of his: a test's message, or a real one."""
        own = tuple(f"{ROOT}/{self.realm}/{part}" for part in (f"dn/{PROBE}/", "bc/", f"up/{PROBE}/live"))
        heard = {fact.topic for fact in stranger.facts if isinstance(fact, Message)}
        return {topic for topic in heard if not topic.startswith(own)}
