"""Batches and commands: all comes back as it went out; from bytes come EnvelopeErrors, nothing else."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from link.contract import facts, orders
from link.contract.batch import (
    MOST_EVENTS,
    BatchHead,
    UnknownFact,
    command_for,
    decode_batch,
    decode_command,
    encode_batch,
    encode_command,
)
from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.signed import Signature
from tests.link.contract.typical import TYPICAL

SHA = "ab" * 32
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LINES = st.from_regex(r"[a-z0-9-]{1,24}", fullmatch=True)
SECONDS = st.floats(0, 1e6)
FACTS = st.one_of(
    st.builds(facts.LineOpened, line=LINES, talker=st.none() | WORDS),
    st.builds(facts.LineClosed, line=LINES, seconds=SECONDS),
    st.builds(facts.TransmitStarted, line=LINES, why=WORDS),
    st.builds(facts.TransmitEnded, line=LINES, seconds=SECONDS, why=WORDS),
    st.builds(facts.ClipStarted, play=WORDS, line=LINES, sha=st.just(SHA)),
    st.builds(
        facts.ClipFinished, play=WORDS, line=LINES, result=st.just("played"), played=SECONDS, why=WORDS
    ),
    st.builds(facts.HealthChanged, subject=WORDS, ok=st.booleans(), what=WORDS, advice=WORDS),
    st.builds(facts.LegChanged, line=LINES, up=st.booleans(), why=WORDS),
    st.builds(facts.MessageRefused, where=WORDS, reason=WORDS, count=st.integers(0, 10**9)),
)
TIMES = st.integers(0, 2**45)
HEAD = BatchHead(epoch=7, first_seq=5, boot="b007", t0_ms=1_700_000_000_000, mono0_ms=1000, tq="ntp")
EMPTY = [1, 7, 5, "b007", 0, 0, "none"]


def events(rows: list, first: int) -> tuple[facts.Event, ...]:
    return tuple(
        facts.Event(seq=first + offset, wall_ms=wall, mono_ms=mono, fact=fact)
        for offset, (fact, wall, mono) in enumerate(rows)
    )


@given(st.lists(st.tuples(FACTS, TIMES, TIMES), max_size=12), st.integers(1, 2**40))
def test_a_batch_comes_back_as_it_went_out(rows, first):
    head = HEAD.model_copy(update={"first_seq": first})
    sent = events(rows, first)
    batch = decode_batch(encode_batch(head, sent))
    assert (batch.head, batch.events, batch.strange) == (head, sent, ())


@given(st.lists(st.tuples(FACTS, TIMES, TIMES), min_size=2, max_size=6), st.integers(-3, 3))
def test_a_gap_in_the_numbers_is_not_sent(rows, shift):
    assume(shift)
    sent = events(rows, HEAD.first_seq)
    moved = sent[-1].model_copy(update={"seq": sent[-1].seq + shift})
    with pytest.raises(ValueError, match="does not follow"):
        encode_batch(HEAD, (*sent[:-1], moved))


def test_a_fact_of_a_newer_gateway_is_kept_raw_and_stops_nothing():
    rows = [[200, 0, 0, None, "x", 5], [1, 10, 20, None, "r1", None, "a newer field"]]
    batch = decode_batch(pack([*EMPTY, rows]))
    assert batch.strange == ((5, UnknownFact(200, ("x", 5))),)
    (event,) = batch.events
    assert event == facts.Event(seq=6, wall_ms=10, mono_ms=20, fact=facts.LineOpened(line="r1"))


def test_a_fact_of_an_older_gateway_lacks_what_it_does_not_know():
    batch = decode_batch(pack([*EMPTY, [[3, 0, 0, None, "r1"]]]))
    assert batch.events[0].fact == facts.TransmitStarted(line="r1", why="")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "invalid"),
        ([], "invalid"),
        ([*EMPTY], "invalid"),
        ([*EMPTY, 5], "invalid"),
        ([2, *EMPTY[1:], []], "version"),
        ([1, 7, 0, "b", 0, 0, "none", []], "invalid"),
        ([1, "x", 1, "b", 0, 0, "none", []], "invalid"),
        ([*EMPTY, [[1, 0, 0, None, "r1"]] * (MOST_EVENTS + 1)], "oversized"),
        ([*EMPTY, [5]], "invalid"),
        ([*EMPTY, [["1", 0, 0, None]]], "invalid"),
        ([*EMPTY, [[1, 0, 0, None, "NOT A LINE"]]], "invalid"),
        ([*EMPTY, [[1, 2.5, 0, None, "r1"]]], "invalid"),
        ([*EMPTY, [[1, 0, 2**60, None, "r1"]]], "invalid"),
    ],
)
def test_bad_batches_are_named(value, reason):
    with pytest.raises(EnvelopeError) as caught:
        decode_batch(pack(value))
    assert caught.value.reason == reason


def test_a_time_with_thousands_of_digits_is_refused_at_the_door():
    payload = ('[1,7,5,"b",%s,0,"none",[[1,1,0,null,"r1"]]]' % ("9" * 4300)).encode()
    with pytest.raises(EnvelopeError):
        json.dumps(decode_batch(payload).events[0].wall_ms)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(payload):
    for decode in (decode_batch, decode_command):
        with pytest.raises(EnvelopeError):
            decode(payload)


@given(st.data())
def test_no_mangled_batch_raises_anything_else(data):
    whole = encode_batch(HEAD, events([(facts.LineOpened(line="r1"), 5, 6)] * 3, 5))
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    try:
        batch = decode_batch(whole[:at] + bytes([byte]) + whole[at + 1 :])
    except EnvelopeError as error:
        assert error.reason
    else:
        assert len(batch.events) + len(batch.strange) <= 3


# ---- commands


ORDERS = st.one_of(
    st.builds(orders.DialLeg, line=LINES, uri=WORDS, token=st.just("abcdefgh")),
    st.builds(orders.OpenSession, sid=WORDS, key=st.just(SHA)),
    st.builds(
        orders.PlayClip,
        play=WORDS,
        line=LINES,
        sha=st.just(SHA),
        size=st.integers(44, 64_000_000),
        seconds=st.floats(0.5, 3600),
        priority=st.integers(0, 9),
        gain_db=st.floats(-40, 6),
    ),
    st.builds(orders.StopClip, play=WORDS),
)


@given(
    ORDERS,
    st.integers(0, 2**40),
    st.integers(1, 600),
    st.lists(st.binary(min_size=64, max_size=64), max_size=8),
)
def test_a_command_comes_back_as_it_went_out(order, n, ttl, signed):
    command = command_for(order, "gw-a", n, 1_700_000_000, ttl, ch="drill", ref="b-1")
    signatures = tuple(Signature(kid="0123456789abcdef", sig=sig) for sig in signed)
    decoded, carried, envelope = decode_command(encode_command(command, "core", signatures))
    assert (decoded, carried, envelope.signatures) == (command, order, signatures)
    assert envelope.raw == pack(command.model_dump(mode="python"))
    assert (command.exp - command.iat, command.id) == (ttl, f"gw-a.1700000000.{n}")


def stop(**more: object) -> bytes:
    return encode_command(command_for(orders.StopClip(play="p"), "gw-a", 1, 1_700_000_000, **more))


def with_raw(change) -> bytes:
    kid, raw, signatures = unpack(stop())
    return pack([kid, pack(change(unpack(raw))), signatures])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (pack({}), "invalid"),
        (pack(["core", "text", []]), "invalid"),
        (pack(["core", b""]), "invalid"),
        (pack(["core", b"", []]), "empty"),
        (with_raw(lambda raw: {**raw, "v": 2}), "version"),
        (with_raw(lambda raw: [raw]), "invalid"),
        (with_raw(lambda raw: {**raw, "op": "door.open"}), "unsupported"),
        (with_raw(lambda raw: {**raw, "args": {}}), "invalid"),
        (with_raw(lambda raw: {**raw, "args": 5}), "invalid"),
        (with_raw(lambda raw: {**raw, "ttl": 601}), "invalid"),
        (with_raw(lambda raw: {**raw, "ch": "shout"}), "invalid"),
        (pack([*unpack(stop())[:2], [[1]]]), "invalid"),
        (pack([*unpack(stop())[:2], [["kid", b""]] * 9]), "invalid"),
        (pack([*unpack(stop())[:2], 5]), "invalid"),
    ],
)
def test_bad_commands_are_named(payload, reason):
    with pytest.raises(EnvelopeError) as caught:
        decode_command(payload)
    assert caught.value.reason == reason


def test_a_field_of_a_newer_centre_is_ignored():
    command, order, _ = decode_command(
        with_raw(lambda raw: {**raw, "mood": "good", "args": {"play": "p", "x": 1}})
    )
    assert order == orders.StopClip(play="p")
    assert command.to == "gw-a"


def test_a_batch_of_25_typical_events_is_small():
    events = tuple(
        facts.Event(
            seq=n + 1,
            wall_ms=1_700_000_000_000 + n * 1777 + n % 13,
            mono_ms=5_000_000 + n * 1777,
            fact=TYPICAL[n % 10],
        )
        for n in range(25)
    )
    head = BatchHead(
        epoch=2**61 + 12345,
        first_seq=1,
        boot="0a1b2c3d.4e5f6071",
        t0_ms=events[0].wall_ms,
        mono0_ms=5_000_000,
        tq="ntp",
    )
    payload = len(encode_batch(head, events))
    publish = payload + len("sw/1/main/up/gw-north/evt") + 9
    print(f"bytes per event of 25: payload {payload / 25:.1f}, MQTT {publish / 25:.1f}")
    assert publish / 25 <= 20
