"""hw.phone.machine when the phone, its SIM, its storage or its cable fails; and whatever lines it may send."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.bench.phone import BenchPhone
from hw.bench.phone_trouble import PhoneTrouble
from hw.phone import lines
from hw.phone.answers import LIST_REFUSALS
from hw.phone.facts import (
    Answer,
    CallAnswered,
    CallEnded,
    Dial,
    HangUp,
    PhoneLost,
    PhoneReady,
    PinTried,
    SendText,
    SendTones,
    SimTrouble,
    StorageChanged,
    TextArrived,
    TextDelivered,
    TextFailed,
    TextKept,
    TextSent,
    TextUnreadable,
)
from hw.phone.machine import Phone
from hw.phone.orders import obey
from hw.phone.pdu import Deliver, Part
from hw.phone.profile import load_profile
from hw.phone.protocol import Splitter
from hw.phone.wishes import next_wish
from hw.terminal import PortDown, PortUp, Write
from link.hosting.machine import Tick

from .rig import Rig

AT = "2026-11-22T12:00:00+08:00"
LONG = "水库水位超过警戒线，请下游群众立即撤离。😀" * 12


def ready(**trouble: object) -> Rig:
    rig = Rig(BenchPhone(PhoneTrouble(**trouble))).plug(60)
    assert rig.told(PhoneReady)
    rig.clear()
    return rig


# ---- texts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["水位超警", "level [3] €", "", LONG, "a" * 400])
@pytest.mark.parametrize("seed", [1, 2])
def test_texts_both_ways(text, seed):
    rig = Rig(seed=seed).plug()
    rig.order(SendText("t", "+8613800138000", text))
    rig.verb(f"text:+8613900139000:{text}")
    rig.run(30)
    assert "".join(each.text for each in rig.bench.sent) == text
    assert rig.told(TextSent)[0].id == "t" and rig.told(TextDelivered) == [TextDelivered("t")]
    assert [(each.sender, each.text, each.missing) for each in rig.told(TextArrived)] == [
        ("+8613900139000", text, ())
    ]
    assert rig.bench.store == {}


def test_nothing_is_deleted_until_it_is_kept_even_over_a_restart_of_ours():
    rig = ready()
    rig.keeps = False
    rig.verb(f"text:139:{LONG}")
    rig.run(40)
    assert len(rig.told(TextArrived)) == 1 and len(rig.bench.store) == 4
    again = Rig(rig.bench).plug()
    assert again.told(TextArrived) == rig.told(TextArrived) and again.bench.store == {}


def test_a_storm_of_fifty_messages_is_read_and_none_is_lost():
    rig = ready()
    for number in range(50):
        rig.bench.arrives(Deliver("139", AT, f"no. {number}"), rig.now)
    rig.run(120)
    assert {each.text for each in rig.told(TextArrived)} == {f"no. {number}" for number in range(50)}
    assert rig.bench.store == {}


def test_a_storage_full_of_torn_messages_is_emptied():
    rig = ready()
    for number in range(40):
        rig.bench.arrives(Deliver("139", AT, "x", Part(number, 2, 1)), rig.now)
    rig.run(2000)
    assert [fact for fact in rig.told(StorageChanged) if fact.full]
    assert len(rig.told(TextArrived)) >= 10 and all(each.missing == (2,) for each in rig.told(TextArrived))
    assert len(rig.bench.store) < 30 and rig.bench._queue == []


def test_what_is_no_message_does_not_fill_the_storage():
    rig = ready()
    rig.bench.arrives("00" * 12, rig.now)
    rig.run(5)
    (fact,) = rig.told(TextUnreadable)
    rig.order(TextKept(fact.key))
    rig.run(5)
    assert rig.bench.store == {}


def test_memory_full_is_named_and_tells_when_it_is_over():
    rig = ready(memory_full=True)
    rig.verb("text:139:a")
    rig.run(40)
    assert rig.phone.storage.full and not rig.told(TextArrived)
    rig.verb("normal")
    rig.run(40)
    assert [each.text for each in rig.told(TextArrived)] == ["a"] and not rig.phone.storage.full


@pytest.mark.parametrize(("error", "tries"), [(322, 1), (304, 1), (331, 4), (500, 4)])
def test_sending_is_refused(error, tries):
    rig = ready(sms_error=error)
    rig.order(SendText("t", "139", "a"))
    rig.run(120)
    (fact,) = rig.told(TextFailed)
    assert fact.sure and str(error) in fact.why
    assert sum(text.startswith("AT+CMGS") for text in rig.bench.commands) == tries


def test_no_prompt():
    rig = ready(no_prompt=True)
    rig.order(SendText("t", "139", "a"))
    rig.run(15)
    rig.verb("normal")
    rig.run(60)
    assert rig.told(TextSent) and len(rig.bench.sent) == 1


def test_a_text_whose_answer_never_comes_is_in_doubt_and_not_sent_twice():
    rig = ready(no_sms_answer=True)
    rig.order(SendText("t", "139", "a"))
    rig.run(300)
    assert [each.sure for each in rig.told(TextFailed)] == [False] and len(rig.bench.sent) == 1
    assert rig.phone.state == "idle"


def test_a_text_waits_while_there_is_a_call():
    rig = ready()
    rig.order(Dial("139"))
    rig.run(5)
    rig.order(SendText("t", "139", "a"))
    rig.run(20)
    assert rig.bench.sent == []
    rig.order(HangUp())
    rig.run(5)
    assert rig.told(TextSent)


# ---- the phone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [{"late": 3.0}, {"echo_stuck": True}, {"urc_inside": True}, {"signal_late": 20.0}]
)
def test_what_a_phone_may_do_without_being_lost(trouble):
    rig = Rig(BenchPhone(PhoneTrouble(**trouble))).plug(120)
    rig.order(Dial("139"))
    rig.run(40)
    rig.order(HangUp())
    rig.run(60)
    assert len(rig.told(PhoneReady)) == 1 and not rig.told(PhoneLost) and rig.told(CallAnswered)
    assert [each.why for each in rig.told(CallEnded)] == ["hung up"]


@pytest.mark.parametrize("seconds", [0, 3, 30])
def test_a_restart_in_mid_call(seconds):
    rig = ready()
    rig.order(Dial("139"))
    rig.run(5)
    rig.verb(f"reboot:{seconds}")
    rig.run(seconds + 20)
    assert len(rig.safe) == 1 and rig.told(PhoneLost)
    (end,) = rig.told(CallEnded)
    assert end.why.startswith("lost: ") and rig.told(PhoneReady)
    assert rig.log.index(end) > 0 and rig.phone.state == "idle" and "AT+CLIP=1" in rig.bench._settings


def test_a_restart_during_the_set_up_begins_it_again():
    rig = Rig()
    rig.bench.perform("late:0.2", 0.0)
    rig.plug(2)
    rig.verb("reboot")
    rig.run(7)  # sooner than the lost command's time-out
    assert len(rig.told(PhoneReady)) == 1 and not rig.told(PhoneLost)
    assert "AT+CLIP=1" in rig.bench._settings and not rig.bench._echo


@pytest.mark.parametrize(("wait", "restarts"), [(1, 0), (30, 1)])
def test_a_sim_that_is_ready_unasked_long_after_the_start_means_a_restart(wait, restarts):
    rig = Rig().plug(wait)
    rig.order(lines.PinState("READY"))
    rig.run(20)
    assert len(rig.told(PhoneLost)) == restarts and rig.phone.state == "idle"


def test_a_restart_without_a_word_shows_by_its_echo():
    rig = ready()
    rig.bench._reboot()
    rig.run(40)
    assert [each.reason for each in rig.told(PhoneLost)] == ["the phone has restarted"]
    assert rig.told(PhoneReady) and not rig.safe


def test_a_phone_that_falls_silent_in_mid_call_and_comes_back():
    rig = ready()
    rig.order(Dial("139"))
    rig.run(5)
    rig.verb("silent")
    rig.run(25)
    assert len(rig.safe) == 1 and rig.phone.state == "silent" and len(rig.told(PhoneLost)) == 1
    rig.verb("normal")
    rig.run(30)
    assert rig.told(PhoneReady) and rig.phone.state == "idle" and rig.bench.calls == []


def test_the_cable_is_pulled_in_mid_call():
    rig = ready()
    rig.order(Dial("139"))
    rig.run(5)
    rig.unplug()
    assert len(rig.safe) == 1 and rig.told(CallEnded)[0].why == "lost: port: cable pulled"
    rig.clear()
    rig.bench.feed(b"garbage\x00", rig.now)
    rig.plug(20)
    assert rig.told(PhoneReady) and rig.bench.calls == []  # the call that still stood was nobody's any more


def test_a_restart_while_a_text_is_out_leaves_it_in_doubt():
    rig = ready(late=3.0)
    rig.order(SendText("t", "139", "a"))
    rig.run(4)
    assert rig.phone.dialogue.body_sent
    rig.unplug()
    (fact,) = rig.told(TextFailed)
    assert not fact.sure


def test_the_pin_is_entered_once():
    rig = Rig(BenchPhone(pin="1234"), pin="1234").plug()
    assert rig.told(PinTried) and rig.told(PhoneReady)
    wrong = Rig(BenchPhone(pin="1234"), pin="9999").plug(300)
    assert sum("CPIN=" in text for text in wrong.bench.commands) == 1 and not wrong.told(PhoneReady)
    assert wrong.told(SimTrouble)[0].what == "PIN refused" and wrong.phone.state == "SIM trouble"
    wrong.verb("reboot")
    wrong.run(60)
    assert sum("CPIN=" in text for text in wrong.bench.commands) == 1
    none = Rig(BenchPhone(pin="1234")).plug(60)
    assert none.told(SimTrouble) == [SimTrouble("SIM PIN required", none.told(SimTrouble)[0].advice)]


def test_no_answer_at_all_is_told_once():
    rig = Rig(BenchPhone(PhoneTrouble(silent=True))).plug(600)
    assert len(rig.told(PhoneLost)) == 1 and "baud" in rig.told(PhoneLost)[0].advice
    assert 50 < len(rig.log) < 200


# ---- anything ----------------------------------------------------------------------------------------------

numbers = st.integers(0, 99)
said = st.one_of(
    st.sampled_from(
        [lines.Ok(), lines.Failed(), lines.Prompt(), lines.Ring(), lines.Echo("AT"), lines.Other("RDY")]
    ),
    st.builds(lines.Failed, st.sampled_from(["CME", "CMS"]), st.integers(0, 600)),
    st.builds(lines.Result, st.sampled_from(["NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"])),
    st.builds(lines.Clip, st.text(max_size=20)),
    st.builds(lines.Waiting, st.text(max_size=20)),
    st.builds(lines.Listed, numbers, st.booleans(), st.integers(0, 5)),
    st.builds(lines.Registration, numbers),
    st.builds(lines.Signal, numbers),
    st.builds(lines.Bars, numbers),
    st.builds(lines.PinState, st.sampled_from(["READY", "SIM PIN", "SIM PUK", "PH-NET PIN", ""])),
    st.builds(lines.Arrived, st.sampled_from(["SM", "ME"]), st.integers(0, 999_999_999)),
    st.builds(lines.Stored, st.none() | numbers, numbers, st.text(max_size=20)),
    st.builds(lines.Direct, st.binary(max_size=60).map(bytes.hex)),
    st.builds(lines.SentRef, st.integers(0, 300)),
    st.builds(lines.Storage, numbers, numbers),
)
orders = st.one_of(
    st.builds(Dial, st.from_regex(r"\+?[0-9]{1,12}", fullmatch=True) | st.text(max_size=9)),
    st.sampled_from([Answer(), HangUp(), SendTones("1"), PortUp(), PortUp(), PortDown("x"), TextKept("k")]),
    st.builds(SendText, st.text(max_size=3), st.just("139"), st.text(max_size=200)),
)
thuraya = load_profile("thuraya")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(said | orders | st.just(Tick()), st.floats(0, 40)), max_size=60))
def test_whatever_is_said_and_ordered_nothing_raises_grows_or_is_sent_twice_at_a_time(walk):
    phone, now = Phone(thuraya, "1234").handle(PortUp(), 0.0)[0], 0.0
    for event, wait in walk:
        now += wait
        flight = phone.dialogue.flight
        phone, effects = phone.handle(event, now)
        written = [each.data for each in effects if isinstance(each, Write)]
        commands = [data for data in written if data.endswith(b"\r") and data not in (b"\r", b"AT\r")]
        assert len(commands) <= 1
        if commands and flight is not None:
            assert phone.dialogue.flight is not flight
        assert not any(thuraya.forbids(data.decode("ascii", "replace")) for data in written)
        assert len(phone.dialogue.queue) <= 128 and len(phone.unread) <= 64 and phone.state
        assert phone.port or not written
    assert phone.deadline is None or phone.deadline >= 0


@given(st.binary(max_size=400))
def test_a_babbler_at_the_port(data):
    splitter, phone = Splitter(), Phone(load_profile("generic")).handle(PortUp(), 0.0)[0]
    for line in splitter.feed(data):
        phone, effects = phone.handle(line, 1.0)
        assert all(isinstance(each.data, bytes) for each in effects if isinstance(each, Write))
    assert phone.state in ("setting up", "SIM trouble")


def test_parts_of_the_machine_stand_by_themselves():
    phone = Phone(load_profile("generic"))
    assert obey(phone, Dial("1"), 0.0)[1] and LIST_REFUSALS == 3
    assert next_wish(phone, 0.0) is not None
