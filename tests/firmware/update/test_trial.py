"""A new slot on trial: its gate, its end, and how the bootloader takes the old one back."""

from firmware.update import messages as say
from firmware.update.machine import STARTS_MOST, WENT_BACK
from firmware.update.trial import STEADY, Trial
from link.contract.firmware_job import HealthGate
from tests.firmware.update.computer import Computer, around, job

WELL = around()


def on_trial(seen: say.Around | None = None, **gate: object) -> Computer:
    """Installed and restarted into the new slot; there it looks like `seen`."""
    computer = Computer(refuse={say.Reboot: None})
    computer.see(WELL)
    computer.want(job(gate={"t_s": 100.0, **gate}))
    computer.wait(10)
    computer.refuse.clear()
    computer.seen = seen
    computer.power_on()
    assert computer.booted == "rootfs.1"
    return computer


def test_a_gate_that_is_not_passed_lets_the_bootloader_go_back():
    computer = on_trial(around(audio="the voice process does not answer"))
    assert computer.phase == "testing" and "audio: the voice process" in computer.report.why
    computer.wait(99)
    assert computer.boots == 2
    computer.wait(400)
    assert computer.booted == "rootfs.0" and computer.boots == 5
    assert computer.phase == "rolled_back" and "the voice process does not answer" in computer.report.why
    computer.wait(10_000)
    assert computer.boots == 5 and computer.left["rootfs.0"] == 3
    assert "good" not in computer.phases()


def test_a_slot_that_does_not_even_start_is_told_as_rolled_back():
    computer = on_trial()
    computer.left["rootfs.1"] = 0
    computer.power_on()
    assert (computer.booted, computer.phase, computer.report.why) == ("rootfs.0", "rolled_back", WENT_BACK)


def test_each_need_of_the_gate_counts_and_nothing_else():
    computer = on_trial(around(plan="no document"), need=("outbox", "lines"))
    computer.wait(STEADY + 1)
    assert computer.phase == "good"
    other = on_trial(around(lines="r1 is missing"), need=("outbox", "lines"))
    other.wait(99)
    assert other.phase == "testing"


def test_the_broker_is_waited_for_and_does_without():
    computer = on_trial(around(broker=False))
    computer.wait(95)
    assert computer.phase == "testing"
    computer.wait(10)
    assert computer.phase == "good" and computer.boots == 2
    ignored = on_trial(around(broker=False), broker="ignore")
    ignored.wait(STEADY + 1)
    assert ignored.phase == "good"


def test_a_flutter_begins_the_steady_time_anew():
    computer = on_trial(WELL)
    computer.wait(STEADY - 1)
    computer.see(around(guard="gone"))
    computer.see(WELL)
    computer.wait(STEADY - 1)
    assert computer.phase == "testing"
    computer.wait(2)
    assert computer.phase == "good"


def test_a_new_slot_that_cannot_be_marked_is_not_called_good():
    computer = on_trial(WELL)
    computer.refuse[say.MarkGood] = say.NotMarked("no service")
    computer.wait(150)
    assert computer.boots == 2 and "good" not in computer.phases()
    computer.wait(600)
    assert computer.booted == "rootfs.0"
    assert computer.phase == "rolled_back" and "no service" in computer.report.why


def test_a_process_that_starts_again_and_again_has_not_passed():
    computer = on_trial()
    for _ in range(STARTS_MOST - 1):
        computer.start_process()
        assert computer.running
    computer.start_process()
    assert not computer.running and "had to start" in computer.note.why


def test_a_slot_installed_by_hand_is_tried_as_well():
    computer = Computer()
    computer.slots["rootfs.1"], computer.order = "1.5", ("rootfs.1", "rootfs.0")
    computer.power_on()
    assert (computer.phase, computer.report.job) == ("testing", say.BY_HAND)
    computer.see(WELL)
    computer.wait(STEADY + 1)
    assert (computer.phase, computer.report.ver, computer.note.good) == ("good", "1.5", "rootfs.1")


def test_a_trial_says_when_its_verdict_may_change():
    gate = HealthGate(t_s=100.0)
    unseen = Trial(gate, since=50.0)
    assert (unseen.deadline, unseen.verdict(149.9), unseen.verdict(150.0)) == (150.0, "not yet", "failed")
    well = unseen.seen(WELL, 60.0)
    assert (well.deadline, well.verdict(69.9), well.verdict(70.0)) == (70.0, "not yet", "passed")
    unheard = unseen.seen(around(broker=False), 60.0)
    assert (unheard.deadline, unheard.verdict(149.9), unheard.verdict(150.0)) == (150.0, "not yet", "passed")
    late = unseen.seen(around(broker=False), 145.0)
    assert (late.deadline, late.verdict(150.0), late.verdict(155.0)) == (155.0, "not yet", "passed")
