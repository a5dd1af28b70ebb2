"""PhoneDesk: who is put through, what is kept before it is told, and what people hear of a phone."""

import pytest

from firmware.talk import CallChanged, DeviceChanged, EndCall
from firmware.terminals.messages import Health, Keep, Remember, ToDriver, Told, ToLine
from firmware.terminals.phone import PIN_TRIED, PhoneDesk
from hw.phone import facts as phone
from link.contract import orders


def events(consequences) -> list[object]:
    return [each.event for each in consequences if isinstance(each, ToLine)]


@pytest.mark.parametrize(
    ("answer", "number", "through"),
    [
        ("nobody", "+861", False),
        ("known", "+861", True),
        ("known", "+862", False),
        ("known", "", False),
        ("everybody", "", True),
    ],
)
def test_who_is_put_through(answer, number, through):
    desk = PhoneDesk("s1", answer, ("+861",))
    said = desk.hear(phone.CallArrived(1, number), 0)
    assert (ToDriver(phone.Answer()) in said) == through
    assert (CallChanged("pending", number) in events(said)) == through


def test_a_number_that_comes_later_is_looked_at_then():
    desk = PhoneDesk("s1", "known", ("+861",))
    assert ToDriver(phone.Answer()) not in desk.hear(phone.CallArrived(1, ""), 0)
    assert ToDriver(phone.Answer()) in desk.hear(phone.CallerKnown(1, "+861"), 0)


def test_a_second_caller_is_never_put_through():
    assert PhoneDesk("s1", "everybody").hear(phone.CallArrived(2, "+861", second=True), 0) == ()


def test_a_call_from_dialling_to_its_end():
    desk = PhoneDesk("s1")
    assert events(desk.hear(phone.CallDialling(1, "+861"), 0)) == [CallChanged("pending", "+861")]
    assert events(desk.hear(phone.CallAnswered(1), 0)) == [CallChanged("up", "+861")]
    said = desk.hear(phone.CallEnded(1, "+861", False, "far end", 31.5), 0)
    assert events(said) == [CallChanged("none")]
    (told,) = [each.fact for each in said if isinstance(each, Told)]
    assert (told.why, told.seconds, told.incoming) == ("far end", 31.5, False)


def test_texts_are_kept_before_they_are_told():
    (kept,) = PhoneDesk("s1").hear(phone.TextArrived("k", "+861", "", "水位", missing=(2,)), 0)
    assert isinstance(kept, Keep) and kept.key == "k"
    assert kept.fact.text == "水位 [1 parts missing]"
    (kept,) = PhoneDesk("s1").hear(phone.TextUnreadable("k2", "00FF", "odd"), 0)
    assert isinstance(kept, Keep) and "00FF" in kept.fact.text


def test_a_pin_that_was_tried_is_remembered():
    assert PhoneDesk("s1").hear(phone.PinTried(), 0) == (Remember(PIN_TRIED),)


def test_it_is_usable_when_ready_and_in_service():
    desk = PhoneDesk("s1")
    assert events(desk.hear(phone.PhoneReady(), 0)) == [DeviceChanged(True)]
    assert events(desk.hear(phone.ServiceChanged(False, "searching"), 0)) == [
        DeviceChanged(False, "searching")
    ]
    assert events(desk.hear(phone.ServiceChanged(True, "home"), 0)) == [DeviceChanged(True)]
    assert events(desk.hear(phone.PhoneLost("silent", "switch it on"), 0)) == [DeviceChanged(False, "silent")]


@pytest.mark.parametrize(
    ("fact", "subject"),
    [
        (phone.PhoneLost("silent", "switch it on"), "phone s1"),
        (phone.SimTrouble("SIM PIN", "enter it"), "sim s1"),
        (phone.ServiceChanged(False, "denied"), "network s1"),
        (phone.StorageChanged(10, 10), "storage s1"),
        (phone.Unsupported("AT+CNMI", "ERROR", True), "texts s1"),
    ],
)
def test_trouble_is_told_with_advice(fact, subject):
    (health,) = [each for each in PhoneDesk("s1").hear(fact, 0) if isinstance(each, Health)]
    assert health.subject == subject and health.what and health.advice


def test_a_storage_that_has_room_again_is_well():
    desk = PhoneDesk("s1")
    desk.hear(phone.StorageChanged(10, 10), 0)
    assert desk.hear(phone.StorageChanged(10, 10), 0) == ()
    assert desk.hear(phone.StorageChanged(9, 10), 0) == (Health("storage s1"),)


@pytest.mark.parametrize(
    ("order", "own"),
    [
        (orders.DialNumber(line="s1", number="+861"), phone.Dial("+861")),
        (orders.AnswerCall(line="s1"), phone.Answer()),
        (orders.HangUpCall(line="s1"), phone.HangUp()),
        (EndCall("longest"), phone.HangUp()),
        (orders.SendTones(line="s1", digits="1#"), phone.SendTones("1#")),
        (orders.SendText(line="s1", id="a", to="+861", text="x"), phone.SendText("a", "+861", "x")),
        (orders.SelectTalkGroup(line="s1", group="1"), None),
    ],
)
def test_orders_become_the_drivers(order, own):
    assert PhoneDesk("s1").order_for(order) == own


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        (phone.TextSent("a", 1), "TextSent"),
        (phone.TextFailed("a", "no service"), "TextFailed"),
        (phone.TextDelivered("a"), "TextDelivered"),
        (phone.TextUndelivered("a", "expired"), "TextFailed"),
        (phone.Lied("active without a call"), "DeviceLied"),
        (phone.SignalChanged(3, -80), "SignalChanged"),
        (phone.OrderRefused("dial", "busy"), "OrderRefused"),
    ],
)
def test_what_people_must_know(fact, kind):
    (told,) = PhoneDesk("s1").hear(fact, 0)
    assert type(told.fact).__name__ == kind


@pytest.mark.parametrize("fact", [phone.CallDialling, phone.CallArrived, phone.CallerKnown])
def test_a_number_of_any_length_can_be_told(fact):
    desk = PhoneDesk("s1", "everybody", call=1)
    said = desk.hear(fact(1, "9" * 5000), 0)
    told = [each.fact for each in said if isinstance(each, Told)]
    assert len(told[0].number) <= 80
    assert all(len(each.number) <= 80 for each in events(said))
    desk.hear(phone.CallEnded(1, "9" * 5000, True, "x" * 5000, 0.0), 0)


def test_a_second_caller_who_is_turned_away_leaves_the_standing_call_alone():
    desk = PhoneDesk("s1", "everybody")
    desk.hear(phone.CallArrived(1, "+861"), 0)
    desk.hear(phone.CallAnswered(1), 0)
    assert events(desk.hear(phone.CallArrived(2, "+862", second=True), 0)) == []
    assert events(desk.hear(phone.CallerKnown(2, "+862"), 0)) == []
    assert events(desk.hear(phone.CallEnded(2, "+862", True, "line in use", 0.0), 0)) == []
    assert events(desk.hear(phone.CallEnded(1, "+861", True, "far end", 9.0), 0)) == [CallChanged("none")]


def test_a_driver_that_starts_over_leaves_no_call_behind():
    desk = PhoneDesk("s1", "everybody", up=True)
    desk.hear(phone.CallArrived(3, "+861"), 0)
    assert events(desk.started_over(0)) == [CallChanged("none"), DeviceChanged(False, "starting")]
