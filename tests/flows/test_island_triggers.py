"""A gateway alone sounds a held clip for what its contact and level say: once, bounded, stoppable, over restarts."""

import pytest

from tests.flows.lakes import SECONDS, Lake


@pytest.fixture
async def lake(tmp_path):
    world = await Lake(tmp_path).start()
    yield world
    await world.stop()


async def rise(lake: Lake, seconds: float = SECONDS + 3.0) -> None:
    """The gate is open and the water too high."""
    lake.wire("gate", True)
    lake.dam.registers[0] = 1260
    await lake.pass_time(seconds)


async def sounds(lake: Lake) -> None:
    """As above, until the amplifier is on."""
    await rise(lake, 0.1)
    for _ in range(100):
        if lake.gateway.ptt("pa1.amp"):
            return
        await lake.pass_time(0.1)
    raise AssertionError("nothing sounds")


async def fall(lake: Lake) -> None:
    lake.wire("gate", False)
    await lake.pass_time(1.0)


def fired(lake: Lake) -> list[str]:
    """What was started, by its name; looked up where it was told first."""
    found = lake.desk.state().last_fired
    return [] if found is None else [found.play]


async def test_the_clip_sounds_whole_once_and_what_was_true_is_told(lake):
    words = lake.hold_clip()
    await lake.cut()
    await rise(lake, 30.0)
    assert lake.gateway.heard("pa1") == words
    assert not lake.gateway.ptt("pa1.amp")
    await lake.mend()
    told = lake.island_facts("TriggerFired")
    assert [(fact["play"], fact["lines"]) for fact in told] == [("island-dam-1", ["pa1"])]
    assert told[0]["because"] == "dam 12.6, above 12.55; gate active"
    played = [fact for fact in lake.island_facts("ClipFinished") if fact["result"] == "played"]
    assert [fact["play"] for fact in played] == ["island-dam-1.pa1"]


async def test_while_the_centre_leads_no_trigger_sounds(lake):
    lake.hold_clip()
    await rise(lake)
    assert lake.gateway.heard("pa1") == []
    assert fired(lake) == []


async def test_what_was_true_before_the_link_fell_sounds_when_nobody_else_can_warn(lake):
    words = lake.hold_clip()
    await rise(lake)
    await lake.cut(SECONDS + 4.0)
    assert lake.gateway.heard("pa1") == words
    await lake.mend()
    await lake.cut(SECONDS + 4.0)
    assert lake.gateway.heard("pa1") == words, "it was answered"


async def test_one_condition_is_not_enough(lake):
    lake.hold_clip()
    await lake.cut()
    lake.dam.registers[0] = 1260
    await lake.pass_time(5.0)
    assert lake.gateway.heard("pa1") == []


async def test_a_clip_that_is_not_here_is_told_and_nothing_is_counted(lake):
    await lake.cut()
    await rise(lake)
    assert lake.desk.state().triggers[0].state == "true, held: clip missing"
    await lake.mend()
    assert [fact["why"] for fact in lake.island_facts("TriggerHeld")] == ["clip missing"]
    words = lake.hold_clip()
    await lake.cut(SECONDS + 4.0)
    assert lake.gateway.heard("pa1") == words, "it has come meanwhile"


async def test_the_stop_contact_ends_what_sounds_and_holds_what_would(lake):
    words = lake.hold_clip()
    await lake.cut()
    await sounds(lake)
    await lake.pass_time(0.5)
    lake.wire("stop", True)
    await lake.pass_time(1.0)
    heard = lake.gateway.heard("pa1")
    assert 0 < len(heard) < len(words)
    assert not lake.gateway.ptt("pa1.amp")
    await fall(lake)
    await rise(lake)
    assert lake.gateway.heard("pa1") == heard
    lake.wire("stop", False)
    await lake.pass_time(5.0)
    assert lake.gateway.heard("pa1") == heard, "what was true while it was stopped is not made up for"


async def test_no_more_often_than_its_limit(lake):
    words = lake.hold_clip()
    await lake.cut()
    for _ in range(4):
        await rise(lake)
        await fall(lake)
    assert lake.gateway.heard("pa1") == [*words, *words]
    assert lake.desk.state().triggers[0].fired == 2


async def test_a_restart_does_not_sound_again_what_was_answered(lake, tmp_path):
    words = lake.hold_clip()
    await lake.cut()
    await rise(lake)
    assert lake.gateway.heard("pa1") == words
    await lake.stop()
    after = Lake(tmp_path)
    after.hold_clip()
    after.dam.registers[0] = 1260
    after.gate = True
    await after.start()
    await after.cut()
    await rise(after)
    assert after.gateway.heard("pa1") == []
    after.gate = False
    await fall(after)
    await rise(after)
    assert after.gateway.heard("pa1") == words, "the second of two"
    await fall(after)
    await rise(after)
    assert after.gateway.heard("pa1") == words, "the first counts on"
    assert fired(after) == ["island-dam-2"]
    await after.stop()


async def test_the_link_comes_back_in_mid_clip_and_it_sounds_to_its_end(lake):
    words = lake.hold_clip()
    await lake.cut()
    await sounds(lake)
    await lake.mend(SECONDS + 3.0)
    assert not lake.desk.state().on
    assert lake.gateway.heard("pa1") == words


async def test_a_level_that_is_not_read_any_more_is_not_believed(lake):
    lake.hold_clip()
    lake.dam.registers[0] = 1260
    await lake.pass_time(5.0)
    await lake.cut()
    lake.dam.trouble.silent = True
    await lake.pass_time(70.0)
    await rise(lake)
    assert lake.gateway.heard("pa1") == []
    assert lake.desk.state().triggers[0].state == "not known"


async def test_a_disk_that_is_full_is_told_and_the_warning_goes_out(lake, monkeypatch):
    words = lake.hold_clip()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lake.desk.fires, "save", full)
    await lake.cut()
    await rise(lake)
    assert lake.gateway.heard("pa1") == words
    await lake.mend()
    assert "No space left" in lake.ill()["triggers"]
