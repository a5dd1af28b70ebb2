"""hw.guard.protocol: what one side encodes the other decodes; no bytes, however split, do anything else."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hw.guard.machine import LEFT_LIMIT_MS, Feed, Hello, Report, Safe
from hw.guard.protocol import (
    LINE_LIMIT,
    LineSplitter,
    Malformed,
    Turned,
    Welcome,
    decode_order,
    decode_reply,
    encode,
)

SLOW = (HealthCheck.too_slow,)  # the machine may be busy
names = st.from_regex(r"[a-z0-9._-]{1,32}", fullmatch=True)
times = st.integers(0, 2**63)
feeds = st.builds(Feed, names, st.integers(1, LEFT_LIMIT_MS), times, st.text(max_size=120))
orders = st.one_of(feeds, st.builds(Safe, names, st.none() | times), st.just(Hello()))
whys = st.sampled_from(["feed", "expired", "longest", "peer-lost", "start", "stop", "locked", "pin-failed"])
replies = st.one_of(
    st.builds(Report, names, st.booleans(), times, whys),
    st.builds(Welcome, st.integers(0, 28)),
    st.builds(Turned, st.text(max_size=120)),
)


@given(orders)
def test_orders_come_through(order: Feed | Safe | Hello) -> None:
    line = encode(order)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and len(line) <= LINE_LIMIT
    assert decode_order(line[:-1]) == order


@given(replies)
def test_replies_come_through(reply: Report | Welcome | Turned) -> None:
    assert decode_reply(encode(reply)[:-1]) == reply


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(["op", "out", "on", "left_ms", "at_ns", "why", "x"])
ops = st.sampled_from(["feed", "safe", "hello", "state", "welcome", "refused"])
objects = st.dictionaries(keys, ops | values, max_size=7).map(lambda fields: json.dumps(fields).encode())


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(st.binary(max_size=1100) | objects | st.just(b"[" * LINE_LIMIT) | st.just(b"9" * LINE_LIMIT))
def test_any_line_is_an_order_or_malformed(line: bytes) -> None:
    for decode in (decode_order, decode_reply):
        try:
            message: Any = decode(line)
        except Malformed as reason:
            assert len(str(reason)) < 80
        else:
            assert isinstance(message, (Feed, Safe, Hello, Report, Welcome, Turned))
            if isinstance(message, Feed):
                assert 0 <= message.left_ms <= LEFT_LIMIT_MS and type(message.at_ns) is int


def feed(**changed: object) -> bytes:
    fields = {"op": "feed", "out": "r1.ptt", "on": 1, "left_ms": 1500, "at_ns": 5, "why": "talk"} | changed
    return json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()


def test_the_feed_of_the_contract() -> None:
    assert decode_order(feed()) == Feed("r1.ptt", 1500, 5, "talk")
    assert decode_order(feed(why=...)) == Feed("r1.ptt", 1500, 5, "")
    assert decode_order(b'{"op":"safe","out":"r1.ptt"}') == Safe("r1.ptt", None)
    assert decode_order(b'{"op":"hello"}') == Hello()


def test_feed_with_on_0_is_a_safe_order() -> None:
    assert decode_order(feed(on=0)) == Safe("r1.ptt", 5)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff{}",
        b"[" * LINE_LIMIT,
        b"9" * LINE_LIMIT,
        b'{"op":"key"}',
        b'{"op":["feed"]}',
        b'{"op":"hello","x":1}',
        b'{"op":"safe"}',
        b'{"op":"safe","out":"a","at_ns":null}',
        feed(on=True),
        feed(on=2),
        feed(on=...),
        feed(left_ms=1.5),
        feed(left_ms=float("inf")),
        feed(left_ms=5001),
        feed(left_ms=-1),
        feed(left_ms=...),
        feed(at_ns="5"),
        feed(at_ns=2**64),
        feed(at_ns=...),
        feed(out="x" * 65),
        feed(out=3),
        feed(why="x" * 121),
        feed(extra=1),
    ],
)
def test_bad_orders_are_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        decode_order(line)


def test_what_the_other_side_would_refuse_is_not_encoded() -> None:
    for left in (0, -5, LEFT_LIMIT_MS + 1):
        with pytest.raises(ValueError, match="a lease of"):
            encode(Feed("a", left, 1))
    with pytest.raises(ValueError, match="bytes"):
        encode(Safe("x" * 2000))


def whole_lines(stream: bytes) -> tuple[list[bytes], int]:
    """The plain reading of the rule: lines that fit, and how many did not."""
    *lines, rest = stream.split(b"\n")
    return [x for x in lines if 0 < len(x) <= LINE_LIMIT], sum(len(x) > LINE_LIMIT for x in [*lines, rest])


chunks = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([b"\n", b"a\n", b"x" * (LINE_LIMIT - 1), b"x" * LINE_LIMIT, b"y" * (3 * LINE_LIMIT)]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(chunks)
def test_lines_are_the_same_however_the_bytes_are_split(parts: list[bytes]) -> None:
    splitter = LineSplitter()
    lines = [line for part in parts for line in splitter.take(part)]
    assert (lines, splitter.oversized) == whole_lines(b"".join(parts))


def test_byte_by_byte() -> None:
    splitter = LineSplitter()
    stream = feed() + b"\n" + b"z" * 2000 + b"\n" + b'{"op":"hello"}\n'
    lines = [line for i in range(len(stream)) for line in splitter.take(stream[i : i + 1])]
    assert [decode_order(line) for line in lines] == [Feed("r1.ptt", 1500, 5, "talk"), Hello()]
    assert splitter.oversized == 1


def test_an_endless_line_costs_no_memory() -> None:
    splitter = LineSplitter()
    for _ in range(1000):
        assert splitter.take(b"x" * 8192) == []
    assert splitter.oversized == 1 and len(splitter._rest) == 0


def test_a_name_in_any_script_fits_into_a_feed() -> None:
    feed = Feed("r1.ptt", 1500, 10**14, "talker " + "\U0002070e" * 200)
    decoded = decode_order(encode(feed)[:-1])
    assert isinstance(decoded, Feed)
    assert decoded.left_ms == 1500
    assert decode_order(encode(Feed("r1.ptt", 1, 1, "half a pair \ud83d"))[:-1]) == Feed(
        "r1.ptt", 1, 1, "half a pair ?"
    )
