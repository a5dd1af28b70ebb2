"""The update machine over a computer with two slots: every way that a job can go, and every cut in between."""

import pytest

from firmware.effects import TellHealth
from firmware.update import messages as say
from firmware.update.machine import REBOOT_AGAIN
from firmware.update.trial import STEADY
from tests.firmware.update.computer import NOON, Computer, around, job

WELL = around()


def offered(**fields: object) -> Computer:
    computer = Computer()
    computer.see(WELL)
    computer.want(job(**fields))
    return computer


def test_a_job_goes_all_the_way_and_is_good_only_after_the_mark():
    computer = offered()
    computer.wait(STEADY / 2)
    assert (computer.booted, computer.phase) == ("rootfs.1", "testing")
    computer.wait(STEADY)
    assert (computer.phase, computer.note.good, computer.left["rootfs.1"]) == ("good", "rootfs.1", 3)
    assert computer.phases() == ["streaming", "installed", "rebooting", "testing", "good"]
    good = next(
        n
        for n, each in enumerate(computer.done)
        if getattr(getattr(each, "report", None), "phase", 0) == "good"
    )
    assert any(isinstance(each, say.MarkGood) for each in computer.done[good - 3 : good])


def test_a_job_is_offered_until_rauc_and_the_checks_have_spoken():
    computer = Computer(refuse={say.AskSlots: None})
    computer.want(job())
    assert computer.phase == "offered" and not computer.count(say.Fetch)
    computer.post(say.SlotsRead("rootfs.0"))
    assert computer.phase == "offered" and not computer.count(say.Fetch)
    computer.see(WELL)
    assert computer.count(say.Fetch) == 1


def test_a_slot_that_was_good_is_marked_at_once_without_a_gate():
    computer = Computer()
    assert computer.count(say.MarkGood) == 1 and computer.left["rootfs.0"] == 3
    first = Computer(note=say.Note())
    assert first.count(say.MarkGood) == 1 and first.note.good == "rootfs.0"


def test_a_mark_that_fails_is_tried_again_within_30_s_and_told():
    computer = Computer(refuse={say.MarkGood: say.NotMarked("no service")})
    computer.wait(30)
    assert computer.count(say.MarkGood) >= 3
    health = [each for each in computer.done if isinstance(each, TellHealth)]
    assert len(health) == 1 and "no service" in health[0].what
    computer.refuse.clear()
    computer.wait(10)
    assert computer.machine.marked and computer.done[-1] == TellHealth("update", "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"ver": "0.9"}, "older than 1.0"),
        ({"ver": "1.0"}, "already runs here"),
        ({"ver": "1"}, "already runs here"),
        ({"url": "ftp://x/y"}, "bad address"),
        ({"url": "https://user@x/y"}, "bad address"),
        ({"url": "http://x/y"}, "over https:// only"),
        ({"size": 10_001}, "too large"),
        ({"gate": {"need": ("battery",)}}, "its gate needs battery"),
    ],
)
def test_what_is_refused_is_refused_in_words_and_not_begun(fields, why):
    computer = offered(**fields)
    assert computer.phase == "failed" and why in computer.report.why
    assert not computer.count(say.Fetch) and computer.note.step == "failed"
    computer.wait(100)
    computer.start_process()
    assert computer.phase == "failed" and not computer.count(say.Fetch)


def test_a_forced_job_may_go_back():
    computer = Computer(bundle="0.9")
    computer.see(WELL)
    computer.want(job(ver="0.9", force=True))
    computer.wait(2 * STEADY)
    assert (computer.phase, computer.slots[computer.booted]) == ("good", "0.9")


@pytest.mark.parametrize(
    ("effect", "answer", "why"),
    [
        (say.Fetch, say.FetchFailed("its hash is not the one that was ordered", True), "hash"),
        (say.Inspect, say.Refused("/held/bundle", "signed by another key"), "another key"),
        (say.Inspect, say.Inspected("/held/bundle", "3.0"), "the bundle holds 3.0"),
        (say.Install, say.Refused("/held/bundle", "bundle payload is corrupted"), "corrupted"),
    ],
)
def test_a_bad_bundle_fails_the_job_for_good_and_the_running_slot_stays(effect, answer, why):
    computer = Computer(refuse={effect: answer})
    computer.see(WELL)
    computer.want(job())
    computer.wait(1000)
    assert computer.phase == "failed" and why in computer.report.why
    assert (computer.booted, computer.count(effect), computer.count(say.Clear)) == ("rootfs.0", 1, 1)
    computer.refuse.clear()
    computer.want(job(job="j2"))
    computer.wait(2 * STEADY)
    assert computer.phase == "good"


def test_a_fetch_that_breaks_off_is_gone_on_with_ever_more_seldom_until_its_time_is_over():
    computer = Computer(refuse={say.Fetch: say.FetchFailed("the centre answered 502")})
    computer.see(WELL)
    computer.want(job(max_down_h=2))
    assert (computer.phase, computer.report.why) == ("streaming", "the centre answered 502")
    computer.wait(600)
    assert 4 <= computer.count(say.Fetch) <= 6
    computer.wait(2 * 3600)
    assert (
        computer.phase == "failed"
        and "not fetched within 2 h: the centre answered 502" in computer.report.why
    )


def test_a_fetch_without_an_end_is_halted_when_its_time_is_over():
    computer = Computer(refuse={say.Fetch: None})
    computer.see(WELL)
    computer.want(job(max_down_h=1))
    computer.post(say.Fetching(500))
    assert (computer.phase, computer.report.pct) == ("streaming", 50)
    computer.wait(3601)
    assert computer.count(say.Halt) == 1
    computer.post(say.FetchFailed(""))
    assert computer.phase == "failed"


def test_a_busy_gateway_halts_the_fetch_and_is_neither_written_nor_restarted():
    computer = Computer(refuse={say.Fetch: None})
    computer.see(WELL)
    computer.want(job())
    computer.see(around(busy="r1 transmits"))
    assert computer.count(say.Halt) == 1
    computer.post(say.FetchFailed(""))
    assert (computer.phase, computer.report.why) == ("waiting", "busy: r1 transmits")
    computer.refuse.clear()
    computer.see(WELL)
    computer.wait(0.1)
    computer.wait(10)
    assert computer.booted == "rootfs.1"


def test_the_restart_waits_for_silence():
    computer = Computer(refuse={say.Install: None})
    computer.see(WELL)
    computer.want(job())
    computer.see(around(busy="pa1 plays"))
    computer.write()
    computer.post(say.Written())
    computer.wait(3600)
    assert (computer.booted, computer.phase, computer.report.why) == (
        "rootfs.0",
        "installed",
        "busy: pa1 plays",
    )
    computer.see(WELL)
    computer.wait(10)
    assert computer.booted == "rootfs.1"


def test_the_file_comes_at_any_hour_and_is_written_in_the_window():
    computer = offered(window=(2, 4))
    assert (computer.phase, computer.report.pct) == ("waiting", 100)
    assert "02 to 04 h UTC" in computer.report.why and not computer.count(say.Install)
    computer.wait(14 * 3600 - 60)
    assert not computer.count(say.Install)
    computer.wait(120)
    assert computer.count(say.Install) == 1


def test_nothing_is_fetched_before_its_time_nor_without_a_time():
    computer = Computer()
    computer.see(around(wall=None))
    computer.want(job(not_before=NOON + 600))
    assert computer.phase == "waiting" and "the time is not known" in computer.report.why
    computer.see(WELL)
    computer.wait(590)
    assert not computer.count(say.Fetch) and "not before" in computer.report.why
    computer.wait(30)
    assert computer.count(say.Fetch) == 1


def test_a_power_cut_while_the_slot_is_written_begins_once_more():
    computer = Computer(refuse={say.Install: None})
    computer.see(WELL)
    computer.want(job())
    assert computer.note.step == "installing" and computer.phase == "streaming"
    computer.refuse.clear()
    computer.power_on()
    computer.wait(2 * STEADY)
    assert computer.count(say.Install) == 2 and computer.phase == "good"


def test_a_power_cut_after_the_slot_was_written_is_a_trial_like_any_other():
    computer = Computer(refuse={say.Install: None})
    computer.see(WELL)
    computer.want(job())
    computer.write()
    computer.refuse.clear()
    computer.power_on()
    assert (computer.phase, computer.report.job) == ("testing", "j1")
    computer.wait(2 * STEADY)
    assert computer.phase == "good"


def test_a_process_that_ends_before_the_computer_orders_the_restart_again():
    computer = Computer(refuse={say.Reboot: None})
    computer.see(WELL)
    computer.want(job())
    assert computer.note.step == "rebooting"
    computer.start_process()
    assert computer.phase == "rebooting" and computer.count(say.Reboot) == 2
    assert computer.count(say.Install) == computer.count(say.Fetch) == 1
    assert "rolled_back" not in computer.phases()


def test_a_restart_that_does_not_come_is_ordered_again_and_told():
    computer = Computer(refuse={say.Reboot: None})
    computer.see(WELL)
    computer.want(job())
    computer.wait(REBOOT_AGAIN + 1)
    assert computer.count(say.Reboot) == 2
    assert any(isinstance(each, TellHealth) and "did not" in each.what for each in computer.done)


def test_nothing_is_written_that_no_note_tells_of():
    computer = Computer(refuse={say.Keep: say.NoteNotKept("no space left")})
    computer.see(WELL)
    computer.want(job())
    computer.wait(60)
    assert not computer.count(say.Install) and not computer.count(say.Reboot)
    assert computer.phase == "failed" and "no space left" in computer.report.why


def test_a_job_that_is_withdrawn_is_left_and_another_takes_its_place():
    computer = Computer(refuse={say.Fetch: None})
    computer.see(WELL)
    computer.want(job())
    computer.want(None)
    assert computer.count(say.Halt) == 1
    computer.post(say.FetchFailed(""))
    computer.wait(100)
    assert computer.machine.told is None and computer.count(say.Fetch) == 1
    computer.refuse.clear()
    computer.want(job(job="j2"))
    computer.wait(2 * STEADY)
    assert (computer.phase, computer.report.job) == ("good", "j2")


def test_an_answer_about_the_file_of_another_job_says_nothing_of_this_one():
    computer = Computer(refuse={say.Inspect: None})
    computer.see(WELL)
    computer.want(job())
    computer.want(job(job="j2", ver="3.0"))
    computer.bundle = "3.0"
    computer.refuse.clear()
    computer.post(say.Inspected("/held/bundle", "2.0"))
    computer.wait(2 * STEADY)
    assert (computer.phase, computer.report.job) == ("good", "j2")


def test_after_a_crash_the_note_is_what_counts():
    computer = offered(window=(2, 4))
    computer.machine, effects = computer.machine.started_over()
    assert effects[0] == say.Halt() and isinstance(effects[1], say.AskSlots)
    computer.post(say.SlotsRead("rootfs.0"))
    computer.see(WELL)
    assert computer.phase == "waiting" and computer.count(say.MarkGood) == 2
