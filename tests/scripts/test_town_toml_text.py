"""What is written must read back the same, whatever stands in the strings."""

import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.town.toml_text import toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SCALAR = st.one_of(TEXT, st.integers(-(2**40), 2**40), st.booleans(), st.floats(-1e6, 1e6))
PLAIN = st.one_of(SCALAR, st.lists(SCALAR, max_size=3))
TABLE = st.dictionaries(st.text(min_size=1, max_size=8).filter(lambda s: s.isprintable()), PLAIN, max_size=4)
NESTED = st.one_of(PLAIN, TABLE, st.lists(TABLE, min_size=1, max_size=3))


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.sampled_from(["a", "b-c", "d e", "f.g", "名"]), NESTED, max_size=4))
def test_reads_back_the_same(values: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(values)) == values  # type: ignore[arg-type]


def test_plain_keys_stand_before_tables_and_tables_nest() -> None:
    members = [{"line": "x/y", "priority": 5}]
    values = {"group": [{"id": "g", "members": members}], "voice": {"rate_hz": 8000}, "realm": "main"}
    assert tomllib.loads(toml_text(values, "a heading\nof two lines")) == values


def test_paths_become_strings() -> None:
    assert tomllib.loads(toml_text({"state": Path("/a b/ü")})) == {"state": "/a b/ü"}
