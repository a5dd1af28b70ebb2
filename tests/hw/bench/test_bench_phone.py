"""hw.bench.phone: what the simulated phone says, its verbs for trouble, and that no bytes upset it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.bench.phone import SLOTS, BenchPhone
from hw.bench.phone_trouble import PhoneTrouble
from hw.bench.trouble import TroubleError
from hw.phone.lines import Clip, Direct, Echo, Failed, Line, Listed, Ok, Prompt, Result, Ring, SentRef, Stored
from hw.phone.pdu import Submit, decode, encode_submit
from hw.phone.protocol import Splitter


class Terminal:
    """Somebody at the phone's serial line, with a clock."""

    def __init__(self, phone: BenchPhone | None = None) -> None:
        self.phone = phone or BenchPhone()
        self.now = 0.0
        self._splitter = Splitter()
        self.say("ATE0")

    def say(self, text: str, wait: float = 0.0) -> list[Line]:
        self.phone.feed(text.encode() + b"\r", self.now)
        return self.wait(wait)

    def wait(self, seconds: float) -> list[Line]:
        self.now += seconds
        return self._splitter.feed(self.phone.output(self.now))


def test_echo_until_it_is_told_not_to():
    phone = BenchPhone()
    phone.feed(b"AT\r", 0.0)
    assert Splitter().feed(phone.output(0.0)) == [Echo("AT"), Ok()]
    assert Terminal().say("AT") == [Ok()]


def test_unknown_commands_and_pins():
    assert Terminal().say("AT+NONSENSE") == [Failed("CME", 4)]
    locked = Terminal(BenchPhone(pin="1234"))
    assert locked.say("AT+CSQ") == [Failed("CME", 11)]
    assert locked.say('AT+CPIN="1111"') == [Failed("CME", 16)]
    assert locked.say('AT+CPIN="1234"') == [Ok()]


def test_a_call_goes_its_way():
    at = Terminal()
    assert at.say("ATD139;") == [Ok()]
    assert at.say("AT+CLCC") == [Listed(1, False, 2, number="139"), Ok()]
    at.wait(1.0)
    assert at.say("AT+CLCC")[0] == Listed(1, False, 3, number="139")
    at.wait(1.0)
    assert at.say("AT+CLCC")[0] == Listed(1, False, 0, number="139")
    at.phone.perform("hang_up", at.now)
    assert at.wait(0.0) == [Result("NO CARRIER")]


def test_ringing_with_and_without_a_number():
    at = Terminal()
    at.phone.perform("ring:139", at.now)
    assert at.wait(0.0) == [Ring()]
    at.say("AT+CLIP=1")
    assert at.wait(3.0) == [Ring(), Clip("139")]
    at.phone.perform("no_clip", at.now)
    assert at.wait(3.0) == [Ring()]
    at.phone.perform("give_up", at.now)
    assert at.wait(9.0) == [] and at.say("ATA") == [Result("NO CARRIER")]


def test_messages():
    at = Terminal()
    at.phone.perform("text:139:水位", at.now)
    (read, _) = at.say("AT+CMGR=1")
    assert isinstance(read, Stored) and decode(read.pdu).text == "水位"
    assert at.say("AT+CMGD=1") == [Ok()] and at.say("AT+CMGR=1") == [Failed("CMS", 321)]
    pdu, length = encode_submit(Submit("139", "水位", report=True))
    assert at.say(f"AT+CMGS={length}") == [Prompt()]
    at.phone.feed(pdu.encode() + b"\x1a", at.now)
    assert at.wait(0.0) == [SentRef(1), Ok()] and at.phone.sent == [Submit("139", "水位", report=True)]
    (report,) = at.wait(2.0)
    assert isinstance(report, Direct) and decode(report.pdu).ref == 1


def test_a_wrong_length_is_refused_and_escape_breaks_off():
    at = Terminal()
    pdu, length = encode_submit(Submit("139", "a"))
    at.say(f"AT+CMGS={length + 1}")
    at.phone.feed(pdu.encode() + b"\x1a", at.now)
    assert at.wait(0.0) == [Failed("CMS", 304)]
    at.say(f"AT+CMGS={length}")
    at.phone.feed(b"00\x1b", at.now)
    assert at.wait(0.0) == [Ok()] and at.phone.sent == []


def test_a_full_storage_holds_messages_back():
    at = Terminal()
    for _ in range(SLOTS + 2):
        at.phone.perform("text:139:a", at.now)
    assert len(at.phone.store) == SLOTS
    at.say("AT+CMGD=1")
    assert len(at.phone.store) == SLOTS and len(at.phone._queue) == 1


def test_trouble_and_its_end():
    at = Terminal()
    for verb in ("late:2.5", "no_prompt", "sms_error:322", "silent"):
        at.phone.perform(verb, at.now)
    assert at.phone.trouble == PhoneTrouble(late=2.5, no_prompt=True, sms_error=322, silent=True)
    assert at.say("AT", 5.0) == []
    at.phone.perform("normal", at.now)
    assert at.say("AT") == [Ok()]


@pytest.mark.parametrize("verb", ["lat:3", "late:x", "late:.", "creg:9", "far_end:sings", "reboot:soon", ""])
def test_an_unknown_verb_is_answered_with_a_near_one(verb):
    with pytest.raises(TroubleError, match="phone"):
        BenchPhone().perform(verb, 0.0)


def test_a_restart_forgets_all_but_the_sim():
    at = Terminal()
    at.phone.perform("text:139:a", at.now)
    at.say("ATD1;")
    at.phone.perform("reboot:5", at.now)
    assert at.say("AT") == [] and at.phone.calls == [] and at.phone.store
    at.wait(6.0)
    assert at.say("AT") == [Echo("AT"), Ok()]


@settings(deadline=None)
@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([b"ATD1;\r", b"AT+CMGS=9\r", b"\x1a", b"ATA\r"]), max_size=20
    )
)
def test_no_bytes_upset_it(pieces):
    phone = BenchPhone()
    for now, data in enumerate(pieces):
        phone.feed(data, float(now))
        assert isinstance(phone.output(float(now)), bytes) and len(phone._buffer) <= 1000
