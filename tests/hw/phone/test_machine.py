"""hw.phone.machine and a simulated phone in a closed loop: set-up, calls of every outcome, several seeds."""

import pytest

from hw.bench.phone import BenchPhone
from hw.bench.phone_trouble import PhoneTrouble
from hw.phone.facts import (
    Answer,
    CallAlerting,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerKnown,
    Dial,
    HangUp,
    Lied,
    OrderRefused,
    PhoneReady,
    SendTones,
    ServiceChanged,
    SignalChanged,
    Unsupported,
)
from hw.phone.profile import load_profile
from hw.terminal import MakeSafe

from .rig import Rig


@pytest.fixture(params=[1, 2, 3])
def rig(request: pytest.FixtureRequest) -> Rig:
    rig = Rig(seed=request.param).plug()
    assert rig.told(PhoneReady) and rig.phone.state == "idle"
    rig.clear()
    return rig


def ended(rig: Rig) -> list[str]:
    return [fact.why for fact in rig.told(CallEnded)]


@pytest.mark.parametrize("name", ["generic", "iridium", "thuraya", "tiantong"])
def test_set_up_by_each_profile(name):
    rig = Rig(profile=load_profile(name)).plug()
    assert rig.told(PhoneReady) and rig.told(ServiceChanged) and rig.told(SignalChanged)
    assert not any(rig.phone.profile.forbids(text) for text in rig.bench.commands)
    assert rig.safe == [] and rig.told(Unsupported) == []


def test_idle_it_asks_now_and_then_and_no_more(rig):
    rig.run(300)
    assert 25 <= len(rig.bench.commands[10:]) <= 45 and rig.facts == []


def test_a_call_of_ours(rig):
    rig.order(Dial("+8613800138000"))
    rig.run(10)
    assert rig.told(CallAlerting) and rig.told(CallAnswered) == [CallAnswered(1)]
    assert "ATD+8613800138000;" in rig.bench.commands
    rig.order(SendTones("12#"))
    rig.run(5)
    assert [text for text in rig.bench.commands if "VTS" in text] == ["AT+VTS=1", "AT+VTS=2", "AT+VTS=#"]
    rig.order(HangUp())
    rig.run(5)
    (end,) = rig.told(CallEnded)
    assert end.why == "hung up" and 10 < end.seconds < 15 and rig.phone.state == "idle"


def test_iridium_dials_00_for_plus():
    rig = Rig(profile=load_profile("iridium")).plug()
    rig.order(Dial("+8613800138000"))
    rig.run(3)
    assert "ATD008613800138000;" in rig.bench.commands


@pytest.mark.parametrize(
    ("far_end", "why"), [("busy", "busy"), ("refuses", "no carrier"), ("silent", "no answer")]
)
@pytest.mark.parametrize(
    "trouble", [PhoneTrouble(), PhoneTrouble(ok_on_answer=True), PhoneTrouble(urc_inside=True)]
)
def test_the_far_end_does_not_talk(far_end, why, trouble):
    rig = Rig(BenchPhone(trouble, far_end=far_end)).plug()
    rig.order(Dial("139"))
    rig.run(120)
    assert ended(rig) == [why] and not rig.told(CallAnswered) and rig.bench.calls == []


def test_ok_only_on_answer_and_hanging_up_before():
    rig = Rig(BenchPhone(PhoneTrouble(ok_on_answer=True), far_end="silent")).plug()
    rig.order(Dial("139"))
    rig.run(10)
    rig.order(HangUp())
    rig.run(4)
    assert ended(rig) == ["hung up"] and rig.bench.calls == []
    rig.bench.far_end = "answers"
    rig.order(Dial("139"))
    rig.run(10)
    assert len(rig.told(CallAnswered)) == 1


def test_the_list_is_empty_while_a_call_is_set_up():
    rig = Rig(BenchPhone(PhoneTrouble(hidden_setup=True), far_delay=12.0)).plug()
    rig.order(Dial("139"))
    rig.run(16)
    assert ended(rig) == [] and len(rig.told(CallAnswered)) == 1


def test_a_phone_without_a_list():
    rig = Rig(BenchPhone(PhoneTrouble(no_list=True))).plug()
    rig.order(Dial("139"))
    rig.run(10)
    assert [fact.command for fact in rig.told(Unsupported)] == ["AT+CLCC"]
    rig.verb("hang_up")
    rig.run(2)
    rig.order(Dial("139"))
    rig.run(2)
    assert rig.told(CallAnswered) == [CallAnswered(2, proved=False)]
    rig.order(HangUp())
    rig.run(2)
    assert len(ended(rig)) == 2 and rig.phone.state == "idle"


def test_no_service(rig):
    rig.verb("creg:2")
    rig.run(5)
    assert (
        rig.told(ServiceChanged) == [ServiceChanged(False, "searching")] and rig.phone.state == "no service"
    )
    rig.order(Dial("139"))
    assert rig.told(OrderRefused) == [OrderRefused("dial", "no service (searching)")]
    rig.verb("creg:5")
    rig.run(5)
    assert rig.told(ServiceChanged)[1:] == [ServiceChanged(True, "roaming")]


def test_no_service_as_the_network_says_it(rig):
    rig.verb("dial_error:30")
    rig.order(Dial("139"))
    rig.run(3)
    assert ended(rig) == ["no service"]
    rig.verb("dial_error:27")
    rig.order(Dial("139"))
    rig.run(3)
    assert ended(rig)[1:] == ["failed: CME 27 invalid characters in dial string"]


def test_service_that_flaps_is_told_when_it_settles(rig):
    for number in range(20):
        rig.verb(f"creg:{1 + number % 2}")
        rig.run(0.7)
    rig.run(5)
    assert rig.told(ServiceChanged) == [ServiceChanged(False, "searching")]


def test_a_caller_is_answered(rig):
    rig.verb("ring:13800138000")
    rig.run(4)
    assert rig.told(CallArrived) and (rig.told(CallerKnown) or rig.told(CallArrived)[0].number)
    assert rig.phone.calls.calls[0].number == "13800138000" and rig.phone.state == "ringing"
    rig.order(Answer())
    rig.run(8)
    assert len(rig.told(CallArrived)) == 1 and rig.told(CallAnswered) == [CallAnswered(1)]
    rig.verb("hang_up")
    rig.run(4)
    assert ended(rig) == ["far end"]


@pytest.mark.parametrize("no_list", [False, True])
def test_a_caller_gives_up(no_list):
    rig = Rig(BenchPhone(PhoneTrouble(no_clip=True, no_list=no_list))).plug()
    rig.verb("ring:139")
    rig.run(5)
    rig.verb("give_up")
    rig.run(10)
    assert ended(rig) == ["missed"] and len(rig.told(CallArrived)) == 1 and rig.phone.state == "idle"


def test_a_caller_is_refused_or_gone_at_the_answer(rig):
    rig.verb("ring:139")
    rig.run(2)
    rig.order(HangUp())
    rig.run(2)
    rig.verb("ring:139")
    rig.run(1)
    rig.verb("give_up")
    rig.order(Answer())
    rig.run(10)
    assert ended(rig) == ["refused", "caller gone"]
    rig.order(Answer())
    assert rig.told(OrderRefused) == [OrderRefused("answer", "nobody rings")]


def test_a_second_caller_is_turned_away_and_the_talk_goes_on(rig):
    rig.order(Dial("139"))
    rig.run(5)
    rig.verb("second:138")
    rig.run(5)
    assert [fact for fact in rig.told(CallArrived) if fact.second] and ended(rig) == ["line in use"]
    assert rig.phone.state == "active" and rig.safe == [] and "AT+CHLD=0" in rig.bench.commands


@pytest.mark.parametrize(
    "verbs", [("ring:1", "ring:2"), ("claim_active:1",), ("claim_active:1", "claim_active:2")]
)
def test_a_phone_that_lies_is_made_safe(rig, verbs):
    for verb in verbs:
        rig.verb(verb)
    rig.run(40)
    assert len(rig.safe) == 1 and len(rig.told(Lied)) == 1 and rig.safe[0] == rig.told(Lied)[0].what
    assert rig.bench.calls == [] and rig.phone.state == "idle" and rig.phone.lie == ""


def test_make_safe_goes_out_before_the_command_that_hangs_up(rig):
    rig.verb("claim_active:1")
    rig.verb("ring:2")
    rig.run(40)
    safe = next(n for n, each in enumerate(rig.log) if isinstance(each, MakeSafe))
    assert safe < rig.log.index(b"AT+CHUP\r")


def test_a_phone_that_does_not_hang_up_is_told_again_and_again(rig):
    rig.order(Dial("139"))
    rig.run(5)
    rig.verb("deaf_hang_up")
    rig.order(HangUp())
    rig.run(20)
    assert rig.bench.commands.count("AT+CHUP") >= 3 and rig.safe
    rig.verb("normal")
    rig.run(10)
    assert rig.bench.calls == [] and rig.phone.state == "idle"


@pytest.mark.parametrize("number", ["", "12a", "1;ATZ", "+", "1" * 41, "水", "1\r"])
def test_what_is_no_number_is_not_dialled(rig, number):
    rig.order(Dial(number))
    rig.run(1)
    assert rig.told(OrderRefused) == [OrderRefused("dial", "not a telephone number")]
    assert not any(text.startswith("ATD") for text in rig.bench.commands)


def test_one_line_one_call(rig):
    rig.order(Dial("139"))
    rig.order(Dial("138"))
    rig.order(SendTones("1"))
    assert [fact.why for fact in rig.told(OrderRefused)] == ["the line is in use", "no call is active"]
    rig.order(HangUp())
    rig.run(3)
    assert ended(rig) == ["hung up"]
