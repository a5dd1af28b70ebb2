"""Patches of the voice rack: lines of this gateway joined with each other, card to card, while it works alone.

A member of a patch does not hear its leg, so that nothing is heard twice; what it says still goes there. It performs
orders; who talks and who listens is decided by the gateway process.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from link.contract.patch_orders import SetPatch
from link.voice.port import VoiceEngine, VoiceError

if TYPE_CHECKING:
    from firmware.voice.rack import Channel

log = logging.getLogger(__name__)

Routes = dict[tuple[str, str], None]
"""Talker and listener of every connection, in the order in which they were ordered."""


class Patches:
    """Every patch over the channels of one rack."""

    def __init__(self, engine: VoiceEngine, channels: "Mapping[str, Channel]") -> None:
        self._engine = engine
        self._channels = channels
        self._patches: dict[str, SetPatch] = {}

    @property
    def members(self) -> frozenset[str]:
        """Lines that a patch holds."""
        return frozenset(line for patch in self._patches.values() for line in patch.members)

    def awaited(self, line: str) -> bool:
        """Whoever speaks on this line is about to be joined: his first words wait for it."""
        return line in self.members and not any(line in patch.talkers for patch in self._patches.values())

    async def set(self, order: SetPatch) -> None:
        """Make it so; what the patch held before and does not hold now is parted."""
        before, held = self._routes(), self.members
        if order.members:
            self._patches[order.patch] = order
        else:
            self._patches.pop(order.patch, None)
        await self._follow(before, held)
        for line in order.talkers:
            if line in self._channels:
                self._channels[line].uplink.go_on()

    async def clear(self) -> None:
        """Nobody orders any more: no patch is left."""
        before, held = self._routes(), self.members
        self._patches.clear()
        await self._follow(before, held)

    def _routes(self) -> Routes:
        return {
            (talker, listener): None
            for patch in self._patches.values()
            for talker in patch.talkers
            for listener in patch.listeners
            if talker != listener and {talker, listener} <= self._channels.keys()
        }

    async def _follow(self, before: Routes, held: frozenset[str]) -> None:
        """From what was joined before to what shall be joined now: first parted, then joined."""
        routes, members = self._routes(), self.members
        for talker, listener in before:
            if (talker, listener) not in routes:
                await self._engine.part(self._channels[talker].port, self._channels[listener].port)
        for line in members - held:
            await self._leg(line, heard=False)
        for talker, listener in routes:
            if (talker, listener) not in before:
                await self._engine.connect(self._channels[talker].port, self._channels[listener].port)
        for line in held - members:
            await self._leg(line, heard=True)

    async def _leg(self, line: str, heard: bool) -> None:
        channel = self._channels.get(line)
        if channel is None or channel.leg is None:
            return
        try:
            if heard:
                await self._engine.connect(channel.leg, channel.port)
            else:
                await self._engine.part(channel.leg, channel.port)
        except VoiceError as error:  # the leg has just gone; the next one is joined as it must be
            log.warning("line=%s leg heard=%s failed error=%s", line, heard, error)
