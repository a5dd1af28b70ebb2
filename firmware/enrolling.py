"""Puts enrolment before the processes of a gateway: `gateway run` enrols, `gateway voice` waits for the certificate."""

import asyncio
from contextlib import suppress
from pathlib import Path

from firmware.config import GatewayEnrolment, GatewaySettings, UpdateSettings
from firmware.enrolment.centre_door import CentreDoor
from firmware.enrolment.enroller import Enroller
from firmware.enrolment.keyring import Keyring
from firmware.enrolment.renewal import Renewal
from firmware.standing import Standing
from firmware.timekeeping.clock import KeptClock
from firmware.update.note_file import NoteFile
from firmware.update.rauc import RaucProgram
from firmware.update.waiting import mark_meanwhile
from link.hosting.clock import Clock
from link.hosting.notify import notify
from link.hosting.tls_contexts import client_context
from link.hosting.tls_settings import TlsSettings

BEAT = 0.5
LOOK_EVERY = 2.0


def keyring(settings: GatewaySettings) -> Keyring:
    """Where this gateway keeps its key."""
    return Keyring(settings.state, settings.gateway)


def make_renewal(settings: GatewaySettings, clock: Clock) -> Renewal | None:
    """Who renews the certificate; None where it did not come by enrolment."""
    table = settings.enrolment
    if table is None:
        return None
    floor = _floor(clock)
    return Renewal(keyring(settings), lambda tls: _door(table, tls, floor), clock)


async def enrolled(settings: GatewaySettings, clock: Clock) -> None:
    """Return at once where there is nothing to enrol, else when a certificate is in use. CertError: no token."""
    table = settings.enrolment
    if table is None:
        return
    ring = keyring(settings)
    if await asyncio.to_thread(ring.enrolled_with, table.token):
        return
    floor = _floor(clock)
    enroller = Enroller(ring, settings.gateway, table.token, lambda: _door(table, None, floor), clock)
    settings.run.mkdir(parents=True, exist_ok=True)
    parts = {"gateway": lambda: {"gateway": settings.gateway}, "enrolment": enroller.view}
    beside = [asyncio.create_task(Standing(settings.run, clock, parts).run()), asyncio.create_task(_beat())]
    if settings.update is not None:
        beside.append(asyncio.create_task(_mark_slot(settings.update, settings.state, clock)))
    try:
        await enroller.run()
    finally:
        for task in beside:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def certificate_there(settings: GatewaySettings, clock: Clock) -> None:
    """Return when `gateway run` has enrolled. Only who waits says that he is ready: what follows may take longer than
    a watchdog allows."""
    if settings.enrolment is None:
        return
    if await asyncio.to_thread(keyring(settings).facts) is not None:
        return
    beat = asyncio.create_task(_beat())
    try:
        while not await asyncio.to_thread(keyring(settings).facts):
            await clock.sleep_until(clock.now() + LOOK_EVERY)
    finally:
        beat.cancel()


async def _mark_slot(table: UpdateSettings, state: Path, clock: Clock) -> None:
    """Nobody else gives the bootloader's tries back before there is a certificate."""
    note, _ = await asyncio.to_thread(NoteFile(state).load)
    await mark_meanwhile(RaucProgram(table.program, table.keyring), note.good, clock)


def _floor(clock: Clock) -> KeptClock | None:
    return clock if isinstance(clock, KeptClock) else None


def _door(table: GatewayEnrolment, tls: TlsSettings | None, clock: KeptClock | None) -> CentreDoor:
    """The centre, believed by the pinned authority; `tls`: who we are, and whom we believe beside that."""
    context = client_context(tls or table.ca, (lambda: clock.floor) if clock else (lambda: 0.0))
    if tls is not None:
        context.load_verify_locations(table.ca)
    return CentreDoor(table.url, context)


async def _beat() -> None:
    """Waiting for a person is not a fault: systemd is told that all is well."""
    notify("READY=1")
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(BEAT)
