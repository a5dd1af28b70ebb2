"""Wires the desk of the check: the pinned root, a seed for nonces, the store, and who hears of it."""

import asyncio
import secrets

from firmware.authority.desk import AuthorityDesk
from firmware.authority.trust import Trust
from firmware.authority.writer import AuthorityWriter
from firmware.config import GatewaySettings
from firmware.switchboard import Switchboard
from link.hosting.clock import Clock
from link.sealing.signing import verify


def authority_desk(settings: GatewaySettings, writer: AuthorityWriter) -> AuthorityDesk:
    """The desk of a gateway with these settings, before it holds a key ring."""
    root = bytes.fromhex(settings.authority.root)
    trust = Trust(settings.gateway, settings.plain, root, verify)
    return AuthorityDesk.of(trust, secrets.token_bytes(16), writer)


def wire_authority(switchboard: Switchboard, clock: Clock) -> None:
    """The desk hears of its machine, the clocks and health here; what lifts the clock comes from the build."""
    desk = switchboard.authority
    desk.post = switchboard.uplink.inbox.post
    desk.tell_health = switchboard.tell_health
    desk.warrants = switchboard.island.post
    desk.floor = lambda: switchboard.uplink.machine.check.floor
    desk.clocks = lambda: (clock.wall(), clock.now(), switchboard.quality() in ("ntp", "rtc"))


async def open_authority(switchboard: Switchboard, writer: AuthorityWriter) -> None:
    """What was accepted in earlier starts is known before the link comes up."""
    desk = switchboard.authority
    desk.loaded(await asyncio.to_thread(writer.start, desk.from_store))
