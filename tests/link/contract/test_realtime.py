"""Realtime lanes: reports as they were, and no frame that is old, repeated or forged ever passes the gate."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.facts import LineReport, RealtimeReport
from link.contract.realtime import (
    KEEP_EVERY,
    LEASE_MS,
    REPEAT_EVERY,
    TRUE_FOR,
    Keep,
    TalkFrame,
    TalkGate,
    Up,
    decode_report,
    encode_frame,
    encode_report,
)

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LINES = st.from_regex(r"[a-z0-9-]{1,24}", fullmatch=True)
REPORTS = st.builds(
    RealtimeReport,
    n=st.integers(0, 2**40),
    mono_ms=st.integers(0, 2**45),
    lines=st.lists(
        st.builds(
            LineReport,
            line=LINES,
            carrier=st.booleans(),
            ptt=st.booleans(),
            leg=st.booleans(),
            talker=st.none() | WORDS,
        ),
        max_size=8,
    ).map(tuple),
)
KEEPS = st.lists(st.builds(Keep, line=LINES, lease_ms=st.integers(1, 5000), talker=WORDS), max_size=4).map(
    tuple
)
UPS = st.lists(st.builds(Up, line=LINES), max_size=4).map(tuple)
NUMBERS = st.integers(1, 2**40)
FRAMES = st.builds(TalkFrame, seq=NUMBERS, heard=st.just(0) | NUMBERS, keep=KEEPS, up=UPS)


def refused(gate: TalkGate, payload: bytes) -> str:
    with pytest.raises(EnvelopeError) as caught:
        gate.accept(payload)
    return caught.value.reason


@given(REPORTS)
def test_a_report_comes_back_as_it_went_out(report):
    assert decode_report(encode_report(report)) == report


@given(REPORTS)
def test_a_sealed_report_is_believed_by_one_of_its_keys_only(report):
    payload = encode_report(report, KEY)
    assert decode_report(payload, (OTHER, KEY)) == report
    for keys, reason in (((OTHER,), "forged"), ((), "forged")):
        with pytest.raises(EnvelopeError, match=f"^{reason}"):
            decode_report(payload, keys)
    with pytest.raises(EnvelopeError, match="^unsealed"):
        decode_report(encode_report(report), (KEY,))


def test_what_was_said_down_is_no_report_and_a_changed_octet_is_seen():
    down = encode_frame(TalkFrame(seq=7, keep=(), up=(Up(line="r1"),)), KEY)
    with pytest.raises(EnvelopeError, match="^forged"):
        decode_report(down, (KEY,))
    line = LineReport(line="r1", carrier=True, ptt=False, leg=True)
    sealed = encode_report(RealtimeReport(n=1, mono_ms=2, lines=(line,)), KEY)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(EnvelopeError):
            decode_report(bytes(changed), (KEY,))


def test_a_field_of_a_newer_gateway_is_ignored():
    payload = pack([1, 2, [["r1", 1, 0, 1, None, "new"]], "new"])
    line = LineReport(line="r1", carrier=True, ptt=False, leg=True)
    assert decode_report(payload) == RealtimeReport(n=1, mono_ms=2, lines=(line,))


@pytest.mark.parametrize(
    "value",
    [
        {},
        [1, 2],
        [1, 2, 3],
        [1, 2, [["r1", 1, 0]]],
        [1, 2, [5]],
        [-1, 2, []],
        [1, 2, [["R 1", 1, 0, 1]]],
        [1, 2, [["r1", "perhaps", 0, 1]]],
        [1, 2, [["r1", 1, 0, 1]] * 65],
        [None, None, []],
    ],
)
def test_bad_reports_are_refused(value):
    with pytest.raises(EnvelopeError, match="^invalid"):
        decode_report(pack(value))


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(payload):
    for decode in (decode_report, TalkGate(KEY).accept):
        with pytest.raises(EnvelopeError):
            decode(payload)


@given(FRAMES)
def test_a_genuine_frame_passes_once(frame):
    payload = encode_frame(frame, KEY)
    gate, read = TalkGate(KEY).accept(payload)
    assert (read, gate.seen) == (frame, frame.seq)
    assert refused(gate, payload) == "replayed"


@given(FRAMES)
def test_a_frame_of_another_session_is_forged(frame):
    assert refused(TalkGate(KEY), encode_frame(frame, OTHER)) == "forged"


@given(FRAMES, st.data())
def test_no_changed_byte_passes(frame, data):
    payload = encode_frame(frame, KEY)
    at = data.draw(st.integers(0, len(payload) - 1))
    flipped = payload[at] ^ data.draw(st.integers(1, 255))
    assert refused(TalkGate(KEY), payload[:at] + bytes([flipped]) + payload[at + 1 :])


@given(FRAMES, st.integers(0, 15))
def test_a_shortened_code_does_not_pass(frame, length):
    body, mac = unpack(encode_frame(frame, KEY))
    assert refused(TalkGate(KEY), pack([body, mac[:length]])) == "forged"


COMING = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["genuine", "forged", "rubbish"])), max_size=40
)


@given(COMING)
def test_in_any_interleaving_only_new_genuine_frames_pass_and_in_order(coming):
    gate, passed = TalkGate(KEY), []
    for seq, kind in coming:
        payload = encode_frame(TalkFrame(seq=seq, up=(Up(line="r1"),)), OTHER if kind == "forged" else KEY)
        payload = payload[:-1] if kind == "rubbish" else payload
        before = gate
        try:
            gate, frame = gate.accept(payload)
        except EnvelopeError as error:
            assert gate is before
            assert kind != "genuine" or error.reason == "replayed"
            assert kind != "genuine" or seq <= gate.seen
        else:
            assert kind == "genuine"
            passed.append(frame.seq)
    assert passed == sorted(set(passed))
    genuine = [seq for seq, kind in coming if kind == "genuine"]
    best, expected = 0, []
    for seq in genuine:
        if seq > best:
            best = seq
            expected.append(seq)
    assert passed == expected


@pytest.mark.parametrize(
    "body",
    [
        {},
        [1, []],
        [1, 5, []],
        [1, [], 5],
        [1, [5], []],
        [1, [["r1", 1500]], []],
        [1, [["r1", 0, ""]], []],
        [1, [["r1", 5001, ""]], []],
        [0, [], []],
        [1, [["R1", 1500, ""]], []],
        [1, [], ["R1"]],
        [1, [], [["r1"]]],
        [1, [["r1", 1500, ""]] * 65, []],
    ],
)
def test_a_signed_frame_that_is_malformed_moves_nothing(body):
    packed = pack(body)
    mac = hmac.new(KEY, packed, hashlib.sha256).digest()[:16]
    assert refused(TalkGate(KEY), pack([packed, mac])) == "invalid"


def test_the_key_is_not_shown():
    assert KEY.hex() not in repr(TalkGate(KEY))
    assert str(KEY) not in repr(TalkGate(KEY))


def test_a_lease_outlives_two_lost_frames_and_belief_two_lost_reports():
    assert LEASE_MS / 1000 > 3 * KEEP_EVERY
    assert TRUE_FOR >= 3 * REPEAT_EVERY
    assert LEASE_MS / 1000 <= 2.0, "PTT is off 2 s after the loss of whatever keyed it"
