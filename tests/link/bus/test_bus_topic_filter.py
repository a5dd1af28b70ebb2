"""Topics and filters: the table of the MQTT 5 text, chapter 4.7, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.bus.topic_filter import check_filter, check_topic, matches


@pytest.mark.parametrize(
    ("pattern", "topic", "hit"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("a/+/c", "a/b/c", True),
        ("+", "/a", False),
        ("+/+", "/a", True),
        ("/+", "/a", True),
        ("#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("A/b", "a/b", False),
    ],
)
def test_matches(pattern: str, topic: str, hit: bool) -> None:
    assert matches(pattern, topic) is hit


@pytest.mark.parametrize("pattern", ["", "a/#/b", "a#", "#a", "a+", "+a/b", "a/b+", "a\0", "x" * 65536])
def test_bad_filters(pattern: str) -> None:
    with pytest.raises(ValueError):
        check_filter(pattern)


@pytest.mark.parametrize("pattern", ["#", "+", "a/+/b/#", "/", "$share/g/a"])
def test_good_filters(pattern: str) -> None:
    check_filter(pattern)


levels = st.lists(st.text("abc$", min_size=0, max_size=3), min_size=1, max_size=5)


@given(levels)
def test_a_topic_matches_itself_and_its_parents(given_levels: list[str]) -> None:
    topic = "/".join(["x", *given_levels])
    check_topic(topic)
    assert matches(topic, topic)
    for depth in range(len(given_levels) + 1):
        assert matches("/".join(["x", *given_levels[:depth], "#"]), topic)
    assert matches("/".join("+" for _ in ["x", *given_levels]), topic)
