"""hw.rig.machine with a rigctld or a radio in trouble: mixed-up streams, silence, a radio that is off."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.rig.machine import MUTE_AFTER
from hw.rig.messages import Keyed, MeterRead, PttFault, RigLost, RigReady, Tune, Tuned, TuneRefused
from hw.rig.protocol import Answer, Splitter
from hw.terminal import PortDown, PortUp, Write
from link.hosting.machine import Tick
from tests.hw.rig.loop import Loop, made


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("verb", ["split", "two_rprt", "garbage", "slow:1"])
def test_upset_streams_cost_no_reading_and_no_order(verb, seed):
    loop = Loop(seed=seed)
    loop.verb(verb)
    loop.connect()
    loop.run(8.0)
    assert loop.told(RigReady) == [RigReady()]
    loop.tell(Tune(14_200_000, "USB", 2700))
    loop.run(8.0)
    assert loop.told(Tuned)[-1] == Tuned(14_200_000, "USB", 2700)
    assert not loop.told(RigLost)
    assert not loop.reopened


def test_two_answers_to_one_command_are_told_apart():
    loop = Loop().ready()
    before = loop.rig.stray
    loop.verb("two_rprt")
    loop.run(10.0)
    assert loop.rig.stray > before
    assert not loop.told(RigLost)


def test_an_answer_that_comes_too_late_is_nobodys():
    loop = Loop().ready()
    loop.verb("slow:2.5")
    loop.verb("knob:7050000")
    loop.run(4.0)
    loop.verb("slow:0")
    loop.run(8.0)
    assert loop.rig.synced
    assert loop.rig.misses == 0
    assert loop.told(Tuned) == [Tuned(7_050_000, "LSB", 2400)]


def test_after_a_time_out_only_the_answer_to_another_question_is_believed():
    loop = Loop().ready()
    hear = loop.radio.hear
    loop.radio.hear = lambda number, data, now: None if b"get_freq" in data else hear(number, data, now)
    while not loop.rig.misses:
        loop.run(0.1)
    assert loop.wrote[-1][1] == "+\\get_powerstat"
    (late,) = Splitter().feed(b"get_freq:\nFrequency: 9000000\nRPRT 0\n")
    loop.tell(late)
    assert not loop.rig.synced
    loop.run(0.1)
    assert loop.rig.synced
    assert not loop.told(Tuned)


def test_silence_loses_the_radio_once_and_makes_the_connection_anew():
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    loop.verb("silent")
    start = loop.now
    loop.run(30.0)
    assert [fact.reason for fact in loop.told(RigLost)] == ["rigctld does not answer within 2 s"]
    assert loop.at(RigLost) - start <= MUTE_AFTER * 2.0 + 1.0
    assert 3 <= loop.reopened <= 5
    assert len(loop.safe) == 1, "out of sight while on the air"
    loop.verb("normal")
    loop.run(4.0)
    assert len(loop.told(RigReady)) == 1


def test_silence_is_survived_by_a_host_that_does_not_reopen():
    loop = Loop(reopens=False).ready()
    loop.verb("silent")
    loop.run(20.0)
    assert len(loop.told(RigLost)) == 1
    loop.verb("normal")
    loop.run(5.0)
    assert len(loop.told(RigReady)) == 1


def test_a_radio_that_is_switched_off_is_named_and_tuned_again_when_it_is_on():
    loop = Loop(made(), Tune(7_050_000, "LSB")).ready()
    loop.verb("off")
    loop.run(10.0)
    (lost,) = loop.told(RigLost)
    assert lost.reason == "the radio is switched off"
    assert "switch the radio on" in lost.advice
    assert loop.rig.meters == MeterRead()
    loop.verb("knob:3600000")
    loop.verb("on")
    loop.run(4.0)
    assert loop.told(RigReady) == [RigReady()]
    assert loop.radio.hz == 7_050_000


def test_a_radio_behind_a_live_rigctld_is_lost_by_its_errors():
    loop = Loop().ready()
    loop.verb("radio_gone")
    loop.run(10.0)
    (lost,) = loop.told(RigLost)
    assert lost.reason == "input/output error on the way to the radio"
    assert "cable" in lost.advice
    loop.verb("normal")
    loop.run(4.0)
    assert loop.told(RigReady) == [RigReady()]


def test_an_order_while_the_radio_is_away_is_done_when_it_is_back():
    loop = Loop()
    loop.tell(Tune(14_200_000, "USB"))
    assert not loop.facts
    loop.connect()
    loop.run(1.0)
    assert (loop.radio.hz, loop.radio.mode) == (14_200_000, "USB")
    assert loop.told(Tuned)[-1] == Tuned(14_200_000, "USB", 2400)


def test_the_newest_order_goes_before_the_place_of_the_start():
    loop = Loop(made(), Tune(7_050_000, "LSB"))
    loop.tell(Tune(14_200_000, "USB"))
    loop.connect()
    loop.run(1.0)
    assert loop.radio.hz == 14_200_000


def test_one_error_of_the_radio_is_no_loss():
    loop = Loop().ready()
    real, errors = loop.radio._do, [-6]
    loop.radio._do = lambda name, args, at: (
        (errors.pop(), []) if name == "get_freq" and errors else (real(name, args, at))
    )
    loop.run(5.0)
    assert not errors
    assert not loop.told(RigLost)


def test_an_order_that_is_cut_off_is_done_after_the_outage():
    loop = Loop().ready()
    loop.tell(Tune(14_200_000, "USB"))
    loop.cut()
    loop.connect()
    loop.run(1.0)
    assert loop.told(Tuned)[-1] == Tuned(14_200_000, "USB", 2400)


def test_an_order_that_the_radio_does_not_answer_is_given_up():
    loop = Loop().ready()
    loop.verb("slow:3")
    loop.tell(Tune(14_200_000, "USB"))
    loop.run(4.0)
    loop.verb("slow:0")
    loop.run(10.0)
    assert loop.told(Tuned)[-1] == Tuned(14_200_000, "USB", 2400), "tried again"
    loop.facts.clear()
    hear = loop.radio.hear
    loop.radio.hear = lambda n, data, now: None if b"set_freq" in data else hear(n, data, now)
    loop.tell(Tune(7_000_000, "LSB"))
    loop.run(20.0)
    assert "did not answer the order" in loop.told(TuneRefused)[0].why
    assert loop.radio.hz == 14_200_000
    assert not loop.told(RigLost)
    assert loop.rig.hindrance == ""


def test_an_order_that_the_radio_refuses_says_so():
    loop = Loop().ready()
    real = loop.radio._do
    loop.radio._do = lambda name, args, at: (-9, []) if name == "set_freq" else real(name, args, at)
    loop.tell(Tune(14_200_000, "USB"))
    loop.run(1.0)
    assert loop.told(TuneRefused)[0].why == "14.200000 MHz USB: the radio rejected the command"


def test_the_refusal_of_an_order_that_was_replaced_hurts_not_the_next():
    loop = Loop().ready()
    real = loop.radio._do
    loop.radio._do = lambda name, args, at: (-9, []) if args == ["14200000"] else real(name, args, at)
    loop.tell(Tune(14_200_000, "USB"))
    while not loop.sent("set_freq 14200000"):
        loop.run(0.001)
    loop.tell(Tune(7_050_000, "LSB"))
    loop.run(1.0)
    assert not loop.told(TuneRefused)
    assert loop.told(Tuned)[-1] == Tuned(7_050_000, "LSB", 2400)


def test_keyed_in_the_middle_of_tuning_it_is_made_safe_and_tuned_afterwards():
    loop = Loop().ready()
    loop.tell(Tune(14_200_000, "USB"))
    loop.key()
    assert loop.safe == ["the radio is being tuned"]
    loop.run(1.0)
    loop.key(False)
    loop.run(1.0)
    assert loop.told(Tuned)[-1] == Tuned(14_200_000, "USB", 2400)


def test_a_stuck_transmitter_is_no_news_after_an_outage_and_mended_when_it_is_read_off():
    loop = Loop().ready()
    loop.key()
    loop.run(0.5)
    loop.verb("stick_ptt")
    loop.key(False)
    loop.run(2.0)
    loop.cut()
    loop.connect()
    loop.run(2.0)
    loop.verb("let_go")
    loop.run(1.0)
    assert [fact.what for fact in loop.told(PttFault)] == ["stays-on", ""]


def test_a_radio_on_the_air_by_hand_is_tuned_when_it_lets_go():
    loop = Loop(made(), Tune(14_200_000, "USB"))
    loop.verb("hand_key")
    loop.connect()
    loop.run(5.0)
    assert loop.radio.hz == 7_100_000
    assert loop.rig.hindrance == "the radio is being tuned"
    loop.verb("hand_release")
    loop.run(2.0)
    assert loop.radio.hz == 14_200_000


def test_a_meter_that_the_radio_has_not_is_not_asked_again():
    loop = Loop()
    real = loop.radio._do
    missing = {"STRENGTH": -11, "SWR": -1}
    loop.radio._do = lambda name, args, at: (
        (missing[args[0]], []) if args[:1] and args[0] in missing else (real(name, args, at))
    )
    loop.ready()
    loop.run(10.0)
    loop.key()
    loop.run(10.0)
    assert len(loop.sent("STRENGTH")) == 1
    assert len(loop.sent("SWR")) == 1
    assert loop.told(MeterRead)[-1] == MeterRead(power=0.9)


def test_a_radio_that_cannot_say_where_it_stands_is_believed_to_obey():
    loop = Loop(made(), Tune(7_050_000, "LSB"))
    real = loop.radio._do
    loop.radio._do = lambda name, args, at: (
        (-11, []) if name in ("get_freq", "get_mode") else (real(name, args, at))
    )
    loop.connect()
    loop.run(1.0)
    assert loop.told(RigReady) == [RigReady()]
    assert loop.told(Tuned) == [Tuned(7_050_000, "LSB", 0)]


EVENTS = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"get_freq:\nFrequency: 7000000\nRPRT 0\n", b"get_mode:\nMode: USB\nRPRT 0\n"]),
    st.sampled_from([b"get_ptt:\nPTT: 1\nRPRT 0\n", b"get_ptt:\nRPRT -11\n", b"get_powerstat:\nRPRT 0\n"]),
    st.sampled_from([PortUp(), PortDown(), Tick(), Keyed(True), Keyed(False), "strange"]),
    st.sampled_from([Tune(14_000_000, "USB"), Tune(1, "X"), Tune(7_000_000), Tune(0)]),
    st.builds(Answer, st.text(), st.text(), st.tuples(st.text()), st.integers(-30, 30)),
)


@settings(max_examples=70)
@given(st.lists(st.tuples(EVENTS, st.floats(0, 5)), max_size=60))
def test_whatever_comes_it_lives_on_and_keeps_one_command_in_flight(events):
    loop, now = Loop(made(dcd=True)), 100.0
    rig, splitter = loop.rig, Splitter()
    for event, wait in events:
        now += wait
        for each in splitter.feed(event) if isinstance(event, bytes) else (event,):
            before = rig
            rig, effects = rig.handle(each, now)
            writes = [effect for effect in effects if isinstance(effect, Write)]
            assert len(writes) <= 1
            assert all(write.data.endswith(b"\n") and write.data.count(b"\n") == 1 for write in writes)
            assert not any(b"set_ptt" in write.data for write in writes)
            if writes and before.flight is not None and not isinstance(each, Answer | PortUp | PortDown):
                assert now >= before.sent_at + rig.profile.answer_wait
            assert rig.port or not writes
            assert rig.deadline is None or rig.port
