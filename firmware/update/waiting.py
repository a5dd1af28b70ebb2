"""The slot of a gateway that has no certificate yet: it counts as good, unless it is on trial.

Nothing of the gateway runs while a person at the centre is waited for, and the bootloader takes a try at every start:
without this a technician who starts it three times at his bench would come out in the other slot, which is empty.
"""

import logging

from firmware.update.rauc import Rauc
from link.bundles.rauc import RaucError
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

AGAIN = 5.0
"""Seconds after which RAUC is asked again."""


async def mark_meanwhile(rauc: Rauc, good: str, clock: Clock) -> None:
    """Give the booted slot its tries back; returns when it has them, or when it is on trial. Writes no note.

    `good`: the slot that was good last, empty when none ever was.
    """
    told = ""
    while True:
        try:
            slot = await rauc.booted()
            if good in ("", slot):
                await rauc.mark_good()
            return
        except RaucError as error:
            if str(error) != told:
                log.warning("slot=not marked good while this gateway waits for its certificate: %s", error)
            told = str(error)
        await clock.sleep_until(clock.now() + AGAIN)
