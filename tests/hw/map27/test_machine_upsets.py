"""A MAP27 line and a radio in trouble: lost and broken frames, reboots, lies, warnings."""

import pytest

from hw.map27.machine import WATCH_EVERY
from hw.map27.messages import (
    Answer,
    CallArrived,
    CallConnected,
    CallEnded,
    ClearDownWarned,
    DeviceLied,
    Dial,
    HangUp,
    MessageDelivered,
    OrderRefused,
    SendStatus,
    TalkerStarted,
    TerminalLost,
    TerminalReady,
    TransmitEnded,
    TransmitGranted,
    TransmitRefused,
)
from hw.map27.network import Address, progress
from hw.map27.protocol import LinkTransfer
from tests.hw.map27.rig import Loop


def talking(loop: Loop | None = None) -> Loop:
    made = (loop or Loop()).ready()
    made.key(60.0)
    made.run(0.5)
    assert made.line.transmitting
    return made


@pytest.mark.parametrize("verb", ["lose:2", "lose_in:2", "corrupt:2", "duplicate", "split_bytes"])
@pytest.mark.parametrize("seed", range(3))
def test_frames_lost_broken_doubled_or_split_cost_time_only(verb: str, seed: int) -> None:
    loop = Loop(seed).ready()
    loop.verb(verb)
    loop.key()
    loop.run(2.0)
    assert loop.line.transmitting
    loop.verb(verb)
    loop.release()
    loop.run(1.5)
    assert not loop.radio.on_air
    assert [type(fact) for _, fact in loop.facts if isinstance(fact, TerminalLost | DeviceLied)] == []


def test_an_order_to_transmit_that_was_not_sent_yet_is_void_when_it_is_taken_back() -> None:
    loop = talking()
    loop.release()
    loop.run(0.5)
    loop.verb("lose_in:1")
    loop.tell(SendStatus("k", "0/2001", 1))  # lost: what follows waits for it
    loop.key()
    loop.run(0.1)
    loop.release()
    loop.run(2.0)
    assert [what for _, what in loop.radio.seen].count("on-air") == 1
    assert loop.told(MessageDelivered)
    assert not loop.radio.on_air


@pytest.mark.parametrize("lag", [0.0, 0.05, 0.2])
def test_a_slow_cable_costs_time_only(lag: float) -> None:
    loop = Loop(lag=lag).ready()
    for _ in range(3):
        loop.key()
        loop.run(1.5)
        assert loop.line.transmitting
        loop.release()
        loop.run(1.5)
        assert not loop.radio.on_air
    assert not loop.told(TerminalLost)
    assert loop.safe == []


def test_a_link_is_made_while_frames_are_lost() -> None:
    for verb in ("lose:3", "lose_in:3", "corrupt:3"):
        loop = Loop()
        loop.verb(verb)
        loop.plug()
        loop.run(5.0)
        assert loop.told(TerminalReady) == [TerminalReady()], verb


def test_a_radio_that_falls_silent_ends_the_over_and_is_lost() -> None:
    loop = talking()
    loop.verb("silent")
    loop.run(2 * WATCH_EVERY + 0.5)
    (ended,) = loop.told(TransmitEnded)
    assert ended.why == "the radio does not answer"
    assert loop.safe == ["the radio does not answer"]
    loop.run(10.0)
    (lost,) = loop.told(TerminalLost)
    assert "trunked mode" in lost.advice
    assert loop.radio.on_air, "nobody could tell it"
    loop.verb("speak")
    loop.run(7.0)
    assert loop.told(TerminalReady)
    assert not loop.radio.on_air
    assert loop.radio.call is None


def test_a_reboot_ends_all_and_is_recovered_from() -> None:
    loop = talking()
    loop.verb("reboot")
    loop.run(10.0)
    assert len(loop.told(TransmitEnded)) == len(loop.told(CallEnded)) == 1
    assert loop.told(TerminalReady)
    loop.key()
    loop.run(0.5)
    assert loop.line.transmitting


def test_a_pulled_cable_ends_all_and_the_first_word_after_is_to_stop() -> None:
    loop = talking()
    loop.pull()
    assert loop.told(TerminalLost) == [TerminalLost("pulled", "check cable and power of the radio")]
    assert loop.safe == ["pulled"]
    loop.run(1.0)
    assert loop.radio.on_air
    said = len(loop.said())
    loop.plug()
    loop.run(1.0)
    assert not loop.radio.on_air
    assert loop.said()[said] == b"\xb2\x00"


def test_messages_out_of_count_reset_the_link() -> None:
    loop = talking()
    loop.verb("wrong_sequence")
    loop.run(2.0)
    assert [fact.reason for fact in loop.told(TerminalLost)] == ["the radio lost count of its messages"]
    assert loop.told(TransmitEnded)
    assert loop.line.ready
    assert not loop.radio.on_air


def test_a_call_cleared_while_we_talk_ends_the_over() -> None:
    loop = talking()
    loop.verb("clear")
    loop.run(0.3)
    assert [fact.why for fact in loop.told(TransmitEnded)] == ["call over: ended abnormally"]
    assert loop.told(CallEnded) == [CallEnded(1, "ended abnormally")]
    assert loop.safe
    assert loop.said()[-1] == b"\xb2\x00"


def test_a_network_that_disables_transmission_ends_the_over() -> None:
    loop = talking()
    loop.verb("disable")
    loop.run(0.3)
    (ended,) = loop.told(TransmitEnded)
    assert ended.why in ("transmission disabled", "the radio stopped transmitting")
    loop = Loop().ready()
    loop.key()
    loop.verb("disable")
    loop.run(0.05)
    assert loop.told(TransmitRefused) == [TransmitRefused("transmission disabled")]


def test_a_transmitter_that_nobody_ordered_on_is_a_lie() -> None:
    loop = Loop().ready()
    loop.run(5.0)
    loop.verb("lie_transmit")
    loop.run(0.2)
    assert loop.told(DeviceLied) == [DeviceLied("grant without request", 1)]
    assert loop.safe == ["grant without request"]
    assert not loop.radio.on_air


def test_a_transmitter_that_stays_on_is_a_lie_told_once_and_ordered_off_for_ever() -> None:
    loop = talking()
    loop.verb("stuck")
    loop.release()
    loop.run(20.0)
    assert loop.told(DeviceLied) == [DeviceLied("cease refused", 1)]
    assert loop.safe == ["cease refused"]
    assert loop.said().count(b"\xb2\x02") + loop.said().count(b"\xb2\x00") >= 5
    loop.key()
    loop.run(2.0)
    assert not loop.line.transmitting
    loop.verb("normal")
    loop.run(5.0)
    assert not loop.radio.on_air


def test_two_callers_at_once_are_a_lie() -> None:
    loop = Loop().ready()
    loop.verb("two_callers")
    loop.run(0.3)
    assert loop.told(DeviceLied) == [DeviceLied("two callers at once", 1)]
    assert [fact.calling for fact in loop.told(CallArrived)] == ["0/1001", "0/1002"]
    assert [fact.why for fact in loop.told(CallEnded)] == ["another call took its place"]


def test_a_radio_that_never_tells_its_condition_grants_nothing_unless_the_profile_says_so() -> None:
    for grant_by, granted in (("condition", 0), ("ack", 1)):
        loop = Loop(changes={"grant_by": grant_by}).ready()
        loop.verb("drop_condition")
        loop.key()
        loop.run(4.0)
        assert len(loop.told(TransmitGranted)) == granted
        loop.run(2.0)
        assert len(loop.told(TransmitRefused)) == 1 - granted
        assert loop.radio.on_air == bool(granted)


def test_a_line_with_its_own_carrier_input_tells_no_talker() -> None:
    loop = Loop(changes={"open_by": "carrier"}).ready()
    loop.verb("talk:0/2001")
    loop.run(0.2)
    assert loop.told(CallConnected)
    assert not loop.told(TalkerStarted)


def test_a_call_to_this_unit_waits_to_be_answered() -> None:
    loop = Loop().ready()
    loop.verb("call:0/2001")
    loop.run(1.0)
    assert [fact.group for fact in loop.told(CallArrived)] == [False]
    assert not loop.told(CallConnected)
    loop.tell(Answer(1))
    loop.run(0.2)
    assert loop.told(TalkerStarted) == [TalkerStarted(1, "0/2001")]
    loop.tell(HangUp(1))
    loop.run(0.5)
    assert loop.radio.call is None
    assert loop.line.state == "idle"


def test_to_key_answers_a_call_that_waits() -> None:
    loop = Loop().ready()
    loop.verb("call:0/2001")
    loop.run(0.1)
    loop.key()
    loop.run(0.5)
    assert loop.line.transmitting


def test_one_unit_can_be_called_and_one_call_is_all_there_is() -> None:
    loop = Loop().ready()
    loop.tell(Dial("2005", emergency=True))
    loop.run(0.3)
    assert loop.told(CallConnected)
    assert loop.radio.set_ups[-1].emergency
    loop.tell(Dial("0/1"))
    assert [fact.why for fact in loop.told(OrderRefused)] == ["there is a call already"]
    loop.verb("refuse:04")
    loop.tell(HangUp(1))
    loop.run(0.3)
    loop.tell(Dial("0/1"))
    loop.run(0.3)
    assert loop.told(CallEnded)[-1].why == "out of reach or abandoned"


def test_a_dialled_call_that_nobody_takes_is_given_up() -> None:
    loop = Loop().ready()
    loop.verb("grant_ms:30000")
    loop.tell(Dial("0/2005"))
    loop.run(loop.line.profile.queue_wait + 0.5)
    loop.verb("grant_ms:0")
    assert loop.told(CallEnded) == [CallEnded(1, "no answer")]
    assert loop.radio.call is None


def test_modem_calls_are_sent_away() -> None:
    loop = Loop().ready()
    loop.radio.link.say(bytes.fromhex("A4 00 07 D1 00 10"), loop.now)
    loop.radio.hear(b"", loop.now)
    loop.collect()
    loop.run(0.2)
    assert not loop.told(CallArrived)
    assert loop.said()[-1] == bytes.fromhex("A6 00 07 D1 08")


def test_a_call_that_connects_when_nobody_wants_it_is_hung_up() -> None:
    loop = Loop().ready()
    loop.run(2.0)
    late = progress("positive", Address(0, 1000), 0)
    loop.tell(LinkTransfer(loop.line.link.expected, late))
    assert loop.line.call is None
    assert loop.said()[-1][0] == 0x86


def test_the_end_of_the_longest_call_is_told_before_it_comes() -> None:
    loop = Loop().ready()
    loop.verb("longest:28")  # 40 s
    loop.run(0.1)
    loop.key(60.0)
    loop.run(20.0)
    assert not loop.told(ClearDownWarned)
    loop.run(6.0)
    (warned,) = loop.told(ClearDownWarned)
    assert warned.left == pytest.approx(15.0, abs=0.1)
    loop.verb("warn")
    loop.run(0.1)
    assert loop.told(ClearDownWarned)[1:] == [ClearDownWarned(1, None)]


def test_the_call_of_a_radio_that_did_not_stop_is_not_believed_and_the_next_demand_sets_up_anew() -> None:
    loop = Loop().ready()
    loop.key()
    loop.run(1.0)
    loop.verb("stuck")
    loop.release()
    loop.run(8.0)
    assert loop.line.call is None
    loop.verb("normal")
    loop.run(8.0)
    asked = len(loop.radio.set_ups)
    loop.key()
    loop.run(2.0)
    assert len(loop.radio.set_ups) == asked + 1
    assert loop.line.transmitting and loop.radio.on_air
