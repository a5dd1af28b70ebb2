"""Deleting on PUBACK loses what the broker had and the centre had not: the sabotage that the chaos run must find."""

import pytest

from firmware.outbox.board import Evidence
from link.bus.fake import FakeBus
from link.bus.window import Window
from scripts.town.sabotage_outbox import OUTBOX, delete_on_puback
from scripts.town.sabotage_patch import Switch
from tests.firmware.outbox.bench import stamp, talk
from tests.firmware.outbox.test_evidence_board import Site


@pytest.mark.parametrize("broken", [False, True])
async def test_an_event_that_the_broker_loses_is_lost_only_when_it_is_deleted_on_puback(monkeypatch, broken):
    for owner, name in (
        (FakeBus, "publish"),
        (Window, "_judge"),
        (Window, "__init__"),
        (Evidence, "__post_init__"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back at the end
    if broken:
        delete_on_puback(Switch(None), FakeBus)
    site = await Site().start()
    site.broker.drop(1, "sw/1/+/up/+/evt")
    for n in range(3):
        site.evidence.record(talk(n), stamp(n))
        await site.pass_time(1.0)
    await site.pass_time(25.0)
    assert not site.store.kept
    assert len(site.took()) == (2 if broken else 3)
    assert (talk(0) in site.took()) is not broken


def test_it_has_a_name_for_the_chaos_run():
    assert list(OUTBOX) == ["delete-on-puback"]
