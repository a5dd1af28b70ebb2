"""The ingest against a model that keeps everything, and against whatever bytes may come."""

import sqlite3

import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st

from central.store import intake
from central.store.arrivals import Parcel, read
from central.store.migrations import migrate
from link.contract.envelope import pack
from tests.central.store.outbox import NOW, batch, parcel


def opened(connection: sqlite3.Connection) -> sqlite_utils.Database:
    sql = sqlite_utils.Database(connection)
    migrate(sql)
    return sql


STEPS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["gw-a", "gw-b"]), st.sampled_from([(7, "evt"), (8, "evt"), (9, "alm")]),
            st.integers(1, 30), st.integers(0, 8),
        ),
        min_size=1,
        max_size=5,
    ),
    max_size=8,
)  # fmt: skip


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_any_order_of_any_batches_leaves_their_union_and_each_effect_once(steps):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    sql = opened(connection)
    held: dict[tuple[str, int, str], set[int]] = {}
    heard: list[tuple[str, int, int]] = []
    for group in steps:
        items = [
            read(parcel(first, first + more, gateway=gateway, epoch=epoch, lane=lane))
            for gateway, (epoch, lane), first, more in group
        ]
        transaction = intake.Transaction(sql, NOW)
        outcome = transaction.take(items)
        for gateway, key, first, more in group:
            held.setdefault((gateway, *key), set()).update(range(first, first + more + 1))
        heard += [(fresh.gateway, n, event.seq) for fresh in outcome.fresh for n, event in fresh.events]
        for key, standing in outcome.standings.items():
            whole = next(n for n in range(1, 99) if n not in held[key]) - 1
            assert standing.upto == whole
            assert standing.events == len(held[key])
    stored = sql.conn.execute("select gateway, epoch, lane, seq from events").fetchall()
    assert sorted(stored) == sorted((*key, seq) for key, seqs in held.items() for seq in seqs)
    assert len(heard) == len(stored) == len({n for _, n, _ in heard})
    connection.close()


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
rows = plain | st.tuples(st.integers(1, 46), plain, plain, plain, plain).map(list)
heads = st.tuples(
    st.sampled_from([1, 1, 1, 2, True, "1", None]), plain, plain, st.text(max_size=4) | plain,
    plain, plain, st.sampled_from(["ntp", "none", 3]), st.lists(rows, max_size=4) | plain,
).map(list)  # fmt: skip
sane = st.tuples(
    st.just(1), st.integers(0, 2**63 - 1), st.integers(1, 2**53), st.just("b"), st.integers(-(2**54), 2**54),
    st.integers(-(2**54), 2**54), st.sampled_from(["ntp", "none"]),
    st.lists(st.tuples(st.integers(-(2**63), 60), plain, plain, plain, plain, plain).map(list) | plain, max_size=4),
).map(list)  # fmt: skip


@given(st.lists(st.binary(max_size=60) | (heads | sane | plain).map(lambda value: pack(value)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_nothing_that_comes_passes_the_door_as_an_exception(payloads):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    sql = opened(connection)
    items = [read(Parcel("gw-a", "evt", payload, NOW)) for payload in payloads]
    transaction = intake.Transaction(sql, NOW)
    outcome = transaction.take(items)
    assert len(sql.conn.execute("select n from events").fetchall()) == sum(outcome.events.values())
    connection.close()


def test_json_with_half_a_character_is_kept_raw():
    for text in ('[1,1,1,"\\ud800",0,0,"x",[]]', '[1,1,1,"b",0,0,"x",[[99,0,0,null,"\\ud800"]]]'):
        item = read(Parcel("gw-a", "evt", text.encode(), NOW))
        connection = sqlite3.connect(":memory:", isolation_level=None)
        intake.Transaction(opened(connection), NOW).take([item])
        assert connection.execute("select count(*) from quarantine").fetchone() == (1,)
        connection.close()


def test_an_empty_batch_is_only_answered():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    item = read(Parcel("gw-a", "evt", batch(5), NOW))
    outcome = intake.Transaction(opened(connection), NOW).take([item])
    assert [standing.upto for standing in outcome.standings.values()] == [0]
    connection.close()
