"""hw.rig.machine with the bench radio: tuned, read, told when somebody turns the knob, held against its PTT."""

import pytest

from hw.rig.messages import (
    DcdChanged,
    MeterRead,
    PttFault,
    PttRead,
    RigLost,
    RigReady,
    Tune,
    Tuned,
    TuneRefused,
)
from hw.rig.polling import ORDER, command, kind_of
from hw.rig.tuning import Tuning
from tests.hw.rig.loop import Loop, made

PLAN = [
    {"from_hz": 7_000_000, "to_hz": 7_200_000, "modes": ["LSB"]},
    {"from_hz": 14_000_000, "to_hz": 14_350_000, "modes": ["USB", "CW"]},
]


@pytest.fixture
def loop():
    return Loop(made(plan=PLAN)).ready()


def test_a_radio_is_found_and_where_it_stands():
    loop = Loop()
    loop.connect()
    loop.run(0.5)
    assert loop.told(RigReady) == [RigReady()]
    assert loop.told(Tuned) == [Tuned(7_100_000, "LSB", 2400)]
    assert loop.rig.hindrance == ""
    assert loop.rig.state == "listening"


def test_an_order_is_done_when_the_radio_stands_there(loop):
    loop.tell(Tune(14_200_000, "USB", 2700))
    assert loop.rig.hindrance == "the radio is being tuned"
    loop.run(0.1)
    assert loop.told(Tuned) == [Tuned(14_200_000, "USB", 2700)]
    assert (loop.radio.hz, loop.radio.mode, loop.radio.passband) == (14_200_000, "USB", 2700)
    sent = [text for _, text in loop.wrote]
    assert sent.index("+\\set_mode USB 2700") < sent.index("+\\set_freq 14200000")
    assert loop.rig.hindrance == ""


def test_the_wanted_place_is_taken_up_at_the_start_and_after_an_outage():
    loop = Loop(made(plan=PLAN), Tune(14_100_000, "CW"))
    loop.connect()
    loop.run(0.5)
    assert (loop.radio.hz, loop.radio.mode) == (14_100_000, "CW")
    loop.cut()
    loop.verb("knob:7050000:LSB")
    loop.connect()
    loop.run(0.5)
    assert (loop.radio.hz, loop.radio.mode) == (14_100_000, "CW")
    assert loop.told(Tuned)[-1] == Tuned(14_100_000, "CW", 2400)


def test_what_an_order_leaves_open_stays_as_it_is(loop):
    loop.tell(Tune(7_050_000))
    loop.run(0.1)
    assert loop.told(Tuned) == [Tuned(7_050_000, "LSB", 2400)]
    assert not loop.sent("set_mode")
    loop.tell(Tune(14_200_000))
    assert "14.200000 MHz LSB is not in the band plan" in loop.told(TuneRefused)[0].why
    loop.tell(Tune(0, ""))
    assert "neither" in loop.told(TuneRefused)[1].why


def test_an_order_off_the_plan_changes_nothing_and_says_what_is_allowed(loop):
    before = loop.rig
    loop.tell(Tune(10_000_000, "USB"))
    assert "14.000-14.350 MHz USB/CW" in loop.told(TuneRefused)[0].why
    assert loop.rig == before
    assert not loop.sent("set_")


def test_a_turned_knob_is_told_and_off_the_plan_nobody_talks(loop):
    loop.verb("knob:7060000")
    loop.run(2.5)
    assert loop.told(Tuned) == [Tuned(7_060_000, "LSB", 2400)]
    loop.verb("knob:9000000:AM")
    loop.run(2.5)
    assert loop.told(Tuned)[-1] == Tuned(9_000_000, "AM", 2400, in_plan=False)
    assert "off the band plan" in loop.rig.hindrance
    loop.key()
    assert loop.safe == ["the radio stands off the band plan"]


def test_the_knob_turned_off_the_plan_on_the_air_makes_safe(loop):
    loop.key()
    loop.verb("knob:9000000")
    loop.run(2.5)
    assert any("off the band plan" in reason for reason in loop.safe)


def test_a_radio_that_took_the_order_and_stands_elsewhere_is_told(loop):
    loop.verb("coarse:100000")
    loop.tell(Tune(14_130_000, "USB"))
    loop.run(0.1)
    (refused,) = loop.told(TuneRefused)
    assert refused.why.endswith("stands at 14.100000 MHz USB")
    assert loop.told(Tuned) == [Tuned(14_100_000, "USB", 2400)]
    assert loop.rig.wanted is None


def test_a_radio_with_coarse_steps_within_the_profile_is_right():
    loop = Loop(made(step_hz=100)).ready()
    loop.verb("coarse:100")
    loop.tell(Tune(7_123_460, "LSB"))
    loop.run(0.1)
    assert loop.told(Tuned) == [Tuned(7_123_500, "LSB", 2400)]
    assert not loop.told(TuneRefused)


def test_on_the_air_it_is_not_tuned(loop):
    loop.key()
    loop.run(0.2)
    loop.tell(Tune(14_200_000, "USB"))
    assert "on the air" in loop.told(TuneRefused)[0].why
    assert not loop.sent("set_")


def test_the_reading_of_ptt_follows_the_order(loop):
    loop.key()
    keyed_at = loop.now
    loop.run(1.0)
    assert loop.told(PttRead) == [PttRead(True)]
    assert loop.at(PttRead) - keyed_at < 0.1
    assert loop.rig.state == "transmitting"
    loop.key(False)
    loop.run(1.0)
    assert loop.told(PttRead) == [PttRead(True), PttRead(False)]
    assert not loop.told(PttFault)
    assert not loop.safe


def test_meters_are_read_each_in_its_time(loop):
    loop.verb("strength:-12")
    loop.run(1.5)
    assert loop.told(MeterRead)[-1] == MeterRead(strength_db=-12)
    loop.key()
    loop.run(1.5)
    assert loop.told(MeterRead)[-1] == MeterRead(swr=1.3, power=0.9)
    loop.key(False)
    loop.run(1.5)
    assert loop.told(MeterRead)[-1] == MeterRead(strength_db=-12)


def test_dcd_is_asked_often_where_the_profile_says_so():
    loop = Loop(made(dcd=True)).ready()
    loop.verb("squelch:open")
    opened = loop.now
    loop.run(0.5)
    assert loop.told(DcdChanged) == [DcdChanged(True)]
    assert loop.at(DcdChanged) - opened < 0.15
    loop.key()
    loop.run(0.5)
    assert loop.told(DcdChanged) == [DcdChanged(True), DcdChanged(False)], "its own carrier is no signal"


def test_dcd_is_not_asked_otherwise(loop):
    loop.run(10.0)
    assert not loop.sent("get_dcd")


def test_a_quiet_radio_is_asked_slowly(loop):
    before = len(loop.wrote)
    loop.run(60.0)
    assert len(loop.wrote) - before <= 60 * (3 / 2.0 + 1 / 1.0) + 5


def test_a_slow_radio_starves_no_question():
    loop = Loop(made(dcd=True, dcd_every=0.02, answer_wait=5.0))
    loop.verb("slow:0.4")
    loop.connect()
    loop.run(20.0)
    loop.wrote.clear()
    loop.run(20.0)
    for word in ("get_freq", "get_mode", "get_ptt", "get_dcd", "STRENGTH"):
        assert len(loop.sent(word)) >= 3, word


def test_every_question_finds_its_way_back():
    assert [kind_of(command(kind, made())) for kind in ORDER] == list(ORDER)


def test_the_loss_of_the_port_is_told_once_and_makes_safe(loop):
    loop.key()
    loop.run(0.5)
    loop.cut("rigctld closed the connection")
    assert loop.told(RigLost)[0].reason == "rigctld closed the connection"
    assert "rigctld -m" in loop.told(RigLost)[0].advice
    assert len(loop.safe) == 1
    loop.cut("still")
    assert len(loop.told(RigLost)) == 1
    assert loop.rig.deadline is None
    assert loop.rig.hindrance == "the radio does not answer"


def test_steps_of_an_order_are_mode_frequency_and_two_readings():
    words = [type(step).__name__ for step in Tuning(Tune(7_100_000, "LSB")).all_steps]
    assert words == ["SetMode", "SetFrequency", "GetFrequency", "GetMode"]
