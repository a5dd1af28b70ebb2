"""link.hosting.toml_places: lines are found again, words are guessed; neither ever raises."""

from hypothesis import given
from hypothesis import strategies as st

from link.hosting.toml_places import did_you_mean, find_line

TEXT = """\
# first
[board]
name = "a"

[[ card ]]
name = "x"   # comment
[[card]]
"name" = "y"
"""


def test_lines_are_found() -> None:
    assert find_line(TEXT, "board", None, "name") == 3
    assert find_line(TEXT, "card", 0, "name") == 6
    assert find_line(TEXT, "card", 1, "name") == 8
    assert find_line(TEXT, "card", 1, "driver") == 7
    assert find_line(TEXT, "card", 2, "name") is None
    assert find_line(TEXT, "output", 0) is None


@given(st.text(), st.text(max_size=5), st.none() | st.integers(0, 3), st.none() | st.text(max_size=5))
def test_any_text_is_harmless(text: str, table: str, index: int | None, key: str | None) -> None:
    line = find_line(text, table, index, key)
    assert line is None or 1 <= line <= len(text.splitlines())


def test_only_close_words_are_suggested() -> None:
    assert did_you_mean("longset", ["longest", "pin"]) == ", did you mean 'longest'?"
    assert did_you_mean("zebra", ["longest", "pin"]) == ""
