"""Names: what may stand in a message as a gateway, a line, a token, and what may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from link.contract.ids import GatewayId, GroupId, LineId, LineRef, Sha256, Short, Text, Token, ZoneId

PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=24)


@given(PLAIN, PLAIN)
def test_a_line_is_written_and_read_back(gateway: str, line: str):
    ref = LineRef.parse(f"{gateway}/{line}")
    assert (ref.gateway, ref.line) == (gateway, line)
    assert LineRef.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "gw", "gw/", "/r1", "/", "gw/r1/x", "gw//r1"])
def test_what_is_no_line_is_refused_with_an_example(text: str):
    with pytest.raises(ValueError, match="write GATEWAY/LINE, for instance gw-north/r1"):
        LineRef.parse(text)


@given(st.text(max_size=12))
def test_no_text_raises_anything_else(text: str):
    try:
        ref = LineRef.parse(text)
    except ValueError:
        assert text.count("/") != 1 or text[0] == "/" or text[-1] == "/"
    else:
        assert str(ref) == text


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            GatewayId,
            ["gw1", "gw-north", "0" * 32],
            ["gw", "GW1", "gw_1", "gw/1", "x" * 33, "gw1\n", "gw+", ""],
        ),
        (LineId, ["r", "pa-1"], ["", "R1", "r1\n", "a/b", "x" * 25, "r#"]),
        (GroupId, ["g", "x" * 32], ["", "Valley", "x" * 33, "a b"]),
        (ZoneId, ["z", "x" * 32], ["", "#", "x" * 33, "北"]),
        (
            Sha256,
            ["0" * 64, "0123456789abcdef" * 4],
            ["0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"],
        ),
        (Token, ["abcdefgh", "A_-9" * 16], ["short", "x" * 65, "abcdefg!", "abcdefgh\r\n", "abcd efgh"]),
        (Short, ["", "x" * 200], ["x" * 201]),
        (Text, ["x" * 2000], ["x" * 2001]),
    ],
)
def test_shapes_of_names(kind: object, good: list[str], bad: list[str]):
    reader = TypeAdapter(kind)
    assert [reader.validate_python(text) for text in good] == good
    for text in bad:
        with pytest.raises(ValidationError):
            reader.validate_python(text)
