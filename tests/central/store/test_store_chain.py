import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.store.chain import GENESIS, add, canonical, entry_hash, follows, payload_hash, to_ranges

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_canonical_json_is_one_spelling_and_loses_nothing(payload: dict[str, object]) -> None:
    text = canonical(payload)
    assert json.loads(text) == payload
    assert canonical(dict(reversed(payload.items()))) == text


def test_canonical_json_keeps_hanzi_readable_and_survives_half_a_surrogate() -> None:
    assert canonical({"text": "泄洪"}) == '{"text":"泄洪"}'
    assert canonical({"text": "\ud800"}).encode() == b'{"text":"\\ud800"}'


@pytest.mark.parametrize("payload", [{"x": float("nan")}, {"x": object()}, {"x": b"raw"}])
def test_what_json_cannot_carry_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(payload)


def test_the_borders_between_columns_are_part_of_the_hash() -> None:
    assert entry_hash(1, 2, "ab", "c", "d", "e") != entry_hash(1, 2, "a", "bc", "d", "e")
    assert payload_hash(b"salt", "{}") != payload_hash(b"pepper", "{}")


def test_a_link_follows_only_its_own_forerunner() -> None:
    first = add(0, GENESIS, 10, "k", "s", payload_hash(b"", "{}"))
    second = add(first.seq, first.hash, 11, "k", "s", payload_hash(b"", "{}"))
    assert follows(first, 0, GENESIS) == "" == follows(second, 1, first.hash)
    assert "missing" in follows(second, 0, GENESIS)
    assert "does not continue" in follows(second, 1, GENESIS)


@given(st.sets(st.integers(0, 60)))
def test_ranges_hold_exactly_the_numbers_they_were_made_of(numbers: set[int]) -> None:
    ranges = to_ranges(sorted(numbers))
    assert {n for first, last in ranges for n in range(first, last + 1)} == numbers
    assert all(b[0] > a[1] + 1 for a, b in zip(ranges, ranges[1:], strict=False))
