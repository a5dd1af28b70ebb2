"""RigDesk: what follows from a shortwave rig's facts, and which orders it takes."""

import pytest

from firmware.events import OutputRead
from firmware.talk import CarrierChanged, DeviceChanged
from firmware.terminals.messages import Health, Told, ToLine
from firmware.terminals.rig import RigDesk
from hw.rig import messages as rig
from link.contract import orders
from link.contract.field_facts import OrderRefused, RigTuned, SignalChanged


def test_it_is_usable_when_it_answers_and_stands_in_the_band_plan():
    desk = RigDesk("hf1")
    assert ToLine(DeviceChanged(True)) in desk.hear(rig.RigReady(), 0)
    off = desk.hear(rig.Tuned(50_500_000, "USB", 2400, in_plan=False), 0)
    assert ToLine(DeviceChanged(False, "the rig stands off the band plan")) in off
    assert any(isinstance(each, Health) and each.what and each.advice for each in off)
    back = desk.hear(rig.Tuned(7_050_000, "LSB", 2400), 0)
    assert ToLine(DeviceChanged(True)) in back and Health("plan hf1") in back
    told = RigTuned(line="hf1", frequency_hz=7_050_000, mode="LSB", passband_hz=2400)
    assert Told(told) in back


@pytest.mark.parametrize("dcd", [False, True])
def test_a_lost_rig_is_ill_and_not_usable_and_its_carrier_falls(dcd):
    desk = RigDesk("hf1", dcd)
    desk.hear(rig.RigReady(), 0)
    said = desk.hear(rig.RigLost("gone", "start rigctld"), 5)
    assert Health("rig hf1", "gone", "start rigctld") in said
    assert ToLine(DeviceChanged(False, "gone")) in said
    assert (ToLine(CarrierChanged(False, 5)) in said) == dcd


@pytest.mark.parametrize("dcd", [False, True])
def test_its_own_squelch_counts_only_when_the_board_file_says_so(dcd):
    heard = RigDesk("hf1", dcd).hear(rig.DcdChanged(True), 7)
    assert heard == ((ToLine(CarrierChanged(True, 7)),) if dcd else ())


def test_a_transmitter_that_disobeys_is_told_until_it_is_mended():
    desk = RigDesk("hf1")
    (ill,) = desk.hear(rig.PttFault("stays-on", "switch it off"), 0)
    assert isinstance(ill, Health) and "does not let go" in ill.what and ill.advice == "switch it off"
    assert desk.hear(rig.PttFault(""), 0) == (Health("transmitter hf1"),)


def test_the_field_strength_is_told_when_it_has_moved():
    desk = RigDesk("hf1")
    assert desk.hear(rig.MeterRead(10.0), 0) == (Told(SignalChanged(line="hf1", dbm=-63)),)
    assert desk.hear(rig.MeterRead(4.0), 0) == ()
    assert desk.hear(rig.MeterRead(None), 0) == ()


def test_a_refused_tuning_is_told():
    (told,) = RigDesk("hf1").hear(rig.TuneRefused("outside 2 to 30 MHz"), 0)
    assert told == Told(OrderRefused(line="hf1", order="TuneRig", why="outside 2 to 30 MHz"))


def test_orders_and_the_guards_word_become_the_drivers():
    desk = RigDesk("hf1")
    tune = orders.TuneRig(line="hf1", frequency_hz=7_000_000, mode="LSB")
    assert desk.order_for(tune) == rig.Tune(7_000_000, "LSB", 0)
    assert desk.order_for(OutputRead(True, "feed", "hf1.ptt")) == rig.Keyed(True)
    assert desk.order_for(orders.DialNumber(line="hf1", number="1")) is None
