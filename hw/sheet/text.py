"""A wiring sheet as text of at most WIDTH columns; the same board always gives the same bytes."""

import textwrap

from hw.sheet.shape import Section, Sheet

WIDTH = 100
LABEL = 16


def as_text(sheet: Sheet) -> str:
    """The whole sheet."""
    lines = [f"WIRING SHEET  board {sheet.board} ({sheet.kind})", "=" * WIDTH]
    lines += ["", "WARNINGS", "-" * 8] if sheet.warnings else []
    for warning in sheet.warnings:
        lines += _wrap("! ", warning)
    for section in sheet.sections:
        lines += _section(section)
    return "\n".join(lines) + "\n"


def _section(section: Section) -> list[str]:
    lines = ["", section.title.upper(), "-" * len(section.title)]
    for entry in section.entries:
        lines += _wrap(f"{entry.name:<{LABEL}}", entry.place)
        for label, fact in entry.facts:
            lines += _wrap(f"  {label + ':':<{LABEL}}", fact)
    for note in section.notes:
        lines += _wrap("- ", note)
    return lines


def _wrap(first: str, text: str) -> list[str]:
    rest = " " * min(len(first), LABEL + 2)
    return textwrap.wrap(
        text, WIDTH, initial_indent=first if first.endswith(" ") else first + " ", subsequent_indent=rest,
        break_long_words=False, break_on_hyphens=False,
    ) or [first.rstrip()]  # fmt: skip
