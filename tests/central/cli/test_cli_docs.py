"""docs/cli.md is what the commands and read models say."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "write_cli_docs"))


def test_the_page_is_current(script: dict[str, Any]) -> None:
    page: Callable[[], str] = script["page"]
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert written == page(), "run scripts/write_cli_docs"


def test_every_field_has_a_meaning_and_every_command_an_answer(script: dict[str, Any]) -> None:
    for row in script["page"]().splitlines():
        if row.startswith("| ") and not row.startswith(("| field", "| option", "| word")):
            cells = [cell.strip() for cell in row.replace("\\|", "/").strip("|").split("|")]
            assert all(cells), row
            assert "any" not in cells[1:2], row
