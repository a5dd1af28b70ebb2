"""A wiring sheet as plain SVG: the pin header with the used pins coloured, beside it a box for each part.

No script, no font of its own, no time stamp: the same board always gives the same bytes.
"""

import textwrap
from xml.sax.saxutils import escape

from hw.sheet.header import GROUND, HEADER, POWER, label
from hw.sheet.shape import Section, Sheet

COLUMN = 430
COLUMNS = 3
CHARACTERS = 60
LINE = 15
HEADER_WIDTH = 620
MARGIN = 20
OUT, IN, FREE, EARTH, SUPPLY = "#d9480f", "#1971c2", "#e9ecef", "#495057", "#fab005"
_STYLE = (
    "text{font-family:sans-serif;font-size:12px;fill:#212529}"
    ".head{font-size:15px;font-weight:bold}.small{font-size:11px}.used{font-weight:bold}.warn{fill:#c92a2a}.title{font-size:20px;font-weight:bold}"
)


def as_svg(sheet: Sheet) -> str:
    """The whole sheet as an SVG document."""
    parts = [_text(MARGIN, 34, f"Wiring sheet: board {sheet.board} ({sheet.kind})", "title")]
    y = 58
    for warning in sheet.warnings:
        for row in textwrap.wrap("! " + warning, 190, subsequent_indent="   "):
            parts.append(_text(MARGIN, y, row, "warn"))
            y += LINE
    top = y + 10
    left = HEADER_WIDTH if sheet.pins else MARGIN
    parts += _header(sheet, top) if sheet.pins else []
    boxes, bottom = _boxes(sheet, left, top)
    height = max(bottom, top + 20 * 24 + 90 if sheet.pins else 0) + MARGIN
    width = left + COLUMNS * COLUMN + MARGIN
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    paper = f'<style>{_STYLE}</style><rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, paper, *parts, *boxes, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{style} text-anchor="{anchor}" xml:space="preserve">{escape(text)}</text>'


def _header(sheet: Sheet, top: float) -> list[str]:
    """The 2 × 20 pins as they are seen from above, pin 1 at the upper left."""
    found = [_text(HEADER_WIDTH / 2 - 10, top + 12, "40-pin header, from above", "head", "middle")]
    middle, first = HEADER_WIDTH / 2 - 10, top + 40
    found.append(
        f'<rect x="{middle - 28}" y="{first - 16}" width="56" height="{20 * 24 + 8}" rx="4" fill="#343a40"/>'
    )
    gpios = {pin: gpio for gpio, pin in HEADER.items()}
    for pin in range(1, 41):
        y = first + (pin - 1) // 2 * 24
        right = pin % 2 == 0
        name, way = sheet.pins.get(gpios.get(pin, -1), ("", ""))
        colour = {"out": OUT, "in": IN}.get(way, FREE)
        if not name and pin in POWER:
            colour = SUPPLY
        if not name and pin in GROUND:
            colour = EARTH
        x = middle + (13 if right else -13)
        found.append(f'<circle cx="{x}" cy="{y}" r="8" fill="{colour}" stroke="#ffffff"/>')
        words = f"{pin} {label(pin)}" if right else f"{label(pin)} {pin}"
        words = (f"{words}  {name}" if right else f"{name}  {words}") if name else words
        at, anchor = (middle + 34, "start") if right else (middle - 34, "end")
        found.append(_text(at, y + 4, words, "small used" if name else "small", anchor))
    y = first + 20 * 24 + 18
    for colour, words in ((OUT, "output"), (IN, "input"), (SUPPLY, "supply"), (EARTH, "ground")):
        found.append(f'<circle cx="{MARGIN + 8}" cy="{y}" r="6" fill="{colour}"/>')
        found.append(_text(MARGIN + 20, y + 4, words, "small"))
        y += 16
    return found


def _rows(section: Section) -> list[tuple[str, str]]:
    """(kind of line, words) of one section's box."""
    rows = [("head", section.title)]
    for entry in section.entries:
        rows += [("name", row) for row in textwrap.wrap(f"{entry.name}: {entry.place}", CHARACTERS)]
        for what, fact in entry.facts:
            wrapped = textwrap.wrap(f"{what}: {fact}", CHARACTERS - 2, subsequent_indent="  ")
            rows += [("fact", row) for row in wrapped]
    for note in section.notes:
        rows += [("note", row) for row in textwrap.wrap(f"- {note}", CHARACTERS + 2, subsequent_indent="  ")]
    return rows


def _boxes(sheet: Sheet, left: float, top: float) -> tuple[list[str], float]:
    """A box for each section, each in the column that is shortest so far; and the lowest end."""
    ends = [top] * COLUMNS
    found: list[str] = []
    for section in sheet.sections:
        column = ends.index(min(ends))
        rows = _rows(section)
        x, y = left + column * COLUMN, ends[column]
        height = len(rows) * LINE + 16
        found.append(
            f'<rect x="{x}" y="{y}" width="{COLUMN - 14}" height="{height}" rx="5" fill="#f8f9fa" stroke="#868e96"/>'
        )
        for kind, words in rows:
            y += LINE
            style = {"head": "head", "name": "", "fact": "small", "note": "small"}[kind]
            found.append(_text(x + (18 if kind == "fact" else 8), y + 3, words, style))
        ends[column] += height + 12
    return found, max(ends)
