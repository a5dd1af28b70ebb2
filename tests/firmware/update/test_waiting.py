"""The slot of a gateway that waits for its certificate."""

import asyncio

import pytest

from firmware.update.waiting import AGAIN, mark_meanwhile
from link.hosting.clock import HandClock
from tests.firmware.update.fake_rauc import FakeRauc


@pytest.mark.parametrize("good", ["", "rootfs.0"])
async def test_a_slot_that_is_new_or_was_good_gets_its_tries_back(good):
    rauc = FakeRauc()
    await mark_meanwhile(rauc, good, HandClock())
    assert rauc.good == {"rootfs.0"}


async def test_a_slot_on_trial_is_left_to_the_bootloader():
    rauc = FakeRauc()
    await mark_meanwhile(rauc, "rootfs.1", HandClock())
    assert rauc.good == set()


async def test_a_rauc_that_does_not_answer_yet_is_asked_again():
    rauc, clock = FakeRauc(), HandClock()
    rauc.down = True
    waiting = asyncio.ensure_future(mark_meanwhile(rauc, "", clock))
    await clock.advance(AGAIN / 2)
    rauc.down = False
    assert not waiting.done() and rauc.good == set()
    await clock.advance(AGAIN)
    assert waiting.done() and rauc.good == {"rootfs.0"}
