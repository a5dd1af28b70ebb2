"""JSON lines on a connection: split, limited, refused."""

import json
from typing import Any, cast

import pytest
from pydantic import ValidationError

from hw.bench.lines import LineProtocol, explain
from hw.bench.messages import CONTROL, MOST_LINE, OPS


class Wire:
    """Stands where an asyncio transport would."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent += [json.loads(line) for line in data.splitlines()]

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Noting(LineProtocol):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[bytes] = []
        self.transport = cast(Any, Wire())

    def line(self, line: bytes) -> None:
        self.lines.append(line)


def test_lines_are_split_wherever_the_bytes_break() -> None:
    link = Noting()
    for n in range(12):
        link.data_received(b"one\ntwo\n\n\x20\nx"[n : n + 1])
    assert link.lines == [b"one", b"two"]


@pytest.mark.parametrize("data", [b"x" * (MOST_LINE + 1), b"x" * (MOST_LINE + 1) + b"\n"])
def test_an_over_long_line_closes_the_connection(data: bytes) -> None:
    link = Noting()
    link.data_received(data)
    wire = cast(Wire, link.transport)
    assert wire.closed
    assert "longer than" in wire.sent[0]["error"]
    assert link.lines == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"op":"dance"}', "unknown or missing op; known ops: speak"),
        ('{"device":"a"}', "unknown or missing op"),
        ('{"op":"speak","device":"a"}', "wav: Field required"),
        ('{"op":"speak","device":"a","wav":"w","lead":1}', "lead: Extra inputs"),
        ("nonsense", "Invalid JSON"),
    ],
)
def test_errors_are_said_in_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CONTROL.validate_json(text)
    assert said in explain(caught.value, OPS)
