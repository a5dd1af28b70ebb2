"""The board files in docs/boards are read, and between them they show every kind of part."""

from pathlib import Path

import pytest

from hw.board import KINDS, TABLES, load_board
from hw.board_lines import LINES
from hw.board_parts import INPUTS, OUTPUTS

FOLDER = Path(__file__).parents[2] / "docs" / "boards"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_a_sound_board(path):
    board = load_board(path)
    assert board.name == path.stem or path.stem.startswith(board.name)


def test_the_examples_show_every_kind_of_line_output_and_table():
    boards = [load_board(path) for path in FILES]
    assert {line.kind for board in boards for line in board.lines} == set(LINES)
    assert {output.kind for board in boards for output in board.outputs} == set(OUTPUTS)
    shown = {source.kind for board in boards for source in board.inputs}
    assert set(INPUTS) - shown <= {"modem-line", "bit"}
    named = {f"[[{table}]]" for table in TABLES if table not in ("board", *KINDS)}
    text = "".join(path.read_text() for path in FILES)
    assert [table for table in named if table not in text] == []
