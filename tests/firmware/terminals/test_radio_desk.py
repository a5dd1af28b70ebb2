"""RadioDesk: each fact of a trunked radio's driver has its consequence, and each order its driver's order."""

import pytest

from firmware.talk import (
    CarrierChanged,
    Cease,
    Demand,
    DeviceChanged,
    TransmitGranted,
    TransmitLost,
    TransmitQueued,
)
from firmware.terminals.messages import Health, Told, ToLine
from firmware.terminals.radio import RadioDesk, short
from firmware.terminals.rig import RigDesk
from hw.tetra import messages as tetra
from link.contract import field_facts, orders


def usable() -> RadioDesk:
    desk = RadioDesk("t1")
    desk.hear(tetra.TerminalReady(), 0)
    desk.hear(tetra.RegistrationChanged(True, "home"), 0)
    return desk


def test_a_terminal_is_usable_once_it_answers_and_is_registered():
    desk = RadioDesk("t1")
    assert ToLine(DeviceChanged(False, "starting")) in desk.hear(tetra.TerminalReady(), 0)
    assert ToLine(DeviceChanged(True)) in desk.hear(tetra.RegistrationChanged(True, "home"), 0)
    said = desk.hear(tetra.RegistrationChanged(False, "no network"), 0)
    assert ToLine(DeviceChanged(False, "no network")) in said
    assert any(isinstance(each, Health) and each.what == "no network" and each.advice for each in said)


def test_a_lost_terminal_is_ill_unusable_and_silent():
    desk = usable()
    desk.hear(tetra.TalkerStarted(1, "2001"), 5)
    said = desk.hear(tetra.TerminalLost("pulled", "check the cable"), 7)
    assert Health("terminal t1", "pulled", "check the cable") in said
    assert ToLine(DeviceChanged(False, "pulled")) in said
    assert ToLine(CarrierChanged(False, 7)) in said


@pytest.mark.parametrize(
    ("fact", "event"),
    [
        (tetra.TransmitGranted(1, 0.4), TransmitGranted()),
        (tetra.TransmitQueued(1), TransmitQueued()),
        (tetra.TransmitRefused("not granted"), TransmitLost("not granted")),
        (tetra.TransmitEnded("another talker", 2.0), TransmitLost("another talker")),
        (tetra.OrderRefused("Key", "not registered"), TransmitLost("not registered")),
        (tetra.TalkerStarted(1, "09011638300002001"), CarrierChanged(True, 9, "2001")),
    ],
)
def test_what_the_line_must_know(fact, event):
    assert usable().hear(fact, 9) == (ToLine(event),)


def test_the_carrier_falls_when_the_last_of_two_talkers_ends():
    desk = usable()
    desk.hear(tetra.TalkerStarted(1, "2001"), 1)
    desk.hear(tetra.TalkerStarted(2, "2002"), 2)
    assert desk.hear(tetra.TalkerEnded(1), 3) == ()
    assert desk.hear(tetra.TalkerEnded(2), 4) == (ToLine(CarrierChanged(False, 4)),)


@pytest.mark.parametrize(
    ("fact", "evidence"),
    [
        (tetra.DeviceLied("two callers at once", 1), {"what": "two callers at once"}),
        (tetra.GroupSelected("09011638300001000"), {"group": "1000"}),
        (tetra.CallArrived(1, "2001", "1000", True, 15, True), {"talker": "2001"}),
        (tetra.CallArrived(3, "2001", "23401", False, 0, False), {"call": 3, "number": "2001"}),
        (tetra.TextReceived("2001", "水位超警", False), {"sender": "2001", "text": "水位超警", "how": "sds"}),
        (tetra.StatusReceived("2001", 32770), {"text": "32770", "how": "status"}),
        (tetra.PositionReceived("2001", 30.25, 120.5, 20, 0), {"latitude": 30.25, "error_m": 20}),
        (tetra.MessageSent("k"), {"id": "k"}),
        (tetra.MessageFailed("k", "refused"), {"id": "k", "why": "refused"}),
        (tetra.MessageDelivered("k"), {"id": "k"}),
        (tetra.OrderRefused("Dial", "busy"), {"order": "Dial", "why": "busy"}),
    ],
)
def test_what_people_must_know(fact, evidence):
    (told,) = usable().hear(fact, 9)
    assert isinstance(told, Told) and told.fact.line == "t1"
    assert {key: getattr(told.fact, key) for key in evidence} == evidence


def test_the_field_strength_is_told_when_it_has_moved():
    desk = usable()
    assert desk.hear(tetra.SignalRead(-80), 1) == (Told(field_facts.SignalChanged(line="t1", dbm=-80)),)
    assert desk.hear(tetra.SignalRead(-83), 2) == ()
    assert desk.hear(tetra.SignalRead(-90), 3) == (Told(field_facts.SignalChanged(line="t1", dbm=-90)),)


@pytest.mark.parametrize(
    ("order", "own"),
    [
        (Demand(12.0), tetra.Key(12.0)),
        (Cease(), tetra.Release()),
        (orders.SelectTalkGroup(line="t1", group="1001"), tetra.SelectGroup("1001")),
        (orders.SendText(line="t1", id="a", to="2001", text="x"), tetra.SendText("a", "2001", "x")),
        (orders.SendStatus(line="t1", id="a", to="2001", status=3), tetra.SendStatus("a", "2001", 3)),
        (orders.DialNumber(line="t1", number="2001"), tetra.Dial("2001")),
        (orders.TuneRig(line="t1", frequency_hz=7_000_000), None),
    ],
)
def test_orders_become_the_drivers(order, own):
    assert usable().order_for(order) == own


@pytest.mark.parametrize(
    ("identity", "said"), [(None, ""), ("2001", "2001"), ("09011638300000000", "0"), ("x", "x")]
)
def test_identities_are_short(identity, said):
    assert short(identity) == said


def test_a_driver_that_starts_over_leaves_no_talker_behind():
    desk = RadioDesk("t1", up=True, registered=True)
    desk.hear(tetra.TalkerStarted(1, "2001"), 0)
    said = [each.event for each in desk.started_over(7) if isinstance(each, ToLine)]
    assert said == [DeviceChanged(False, "starting"), CarrierChanged(False, 7)]
    assert desk.hear(tetra.TalkerEnded(1), 8) == (ToLine(CarrierChanged(False, 8)),)


def test_a_rigs_driver_that_starts_over_closes_its_squelch():
    desk = RigDesk("h1", dcd=True, up=True)
    said = [each.event for each in desk.started_over(7) if isinstance(each, ToLine)]
    assert said == [DeviceChanged(False, "the rig does not answer"), CarrierChanged(False, 7)]
