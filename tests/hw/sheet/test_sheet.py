"""The wiring sheet: one known by heart, and of any board every part with what must be built at it."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.board import Board, load_board
from hw.sheet import instruments, keying, ports
from hw.sheet.drawing import IN, OUT, as_svg
from hw.sheet.header import GROUND, HEADER, POWER, label, pull
from hw.sheet.making import make_sheet
from hw.sheet.shape import Sheet
from hw.sheet.text import WIDTH, as_text
from hw.sheet.users import users

BOARDS = sorted((Path(__file__).parents[3] / "docs" / "boards").glob("*.toml"))
GOLDEN = Path(__file__).with_name("analog-radio.txt")


def sheet_of(name: str) -> Sheet:
    return make_sheet(load_board(next(path for path in BOARDS if path.stem == name)))


def test_the_sheet_of_the_analog_radio_to_the_letter():
    assert as_text(sheet_of("analog-radio")) == GOLDEN.read_text()


def test_warnings_stand_first_and_name_what_is_required():
    text = as_text(sheet_of("analog-radio"))
    assert text.index("WARNINGS") < text.index("LINES") < text.index("OUTPUTS")
    assert "REQUIRED on site: the retriggerable PTT relay" in text
    assert "required relay:" in text and "time-out timer (TOT)" in text and "at most 75 s" in text


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_the_drawing_is_svg_with_every_word_and_always_the_same(path):
    sheet = make_sheet(load_board(path))
    drawn = as_svg(sheet)
    assert drawn == as_svg(make_sheet(load_board(path)))
    root = ElementTree.fromstring(drawn)
    words = " ".join(" ".join(node.text.split()) for node in root.iter() if node.text)
    for section in sheet.sections:
        assert section.title in words
        for entry in section.entries:
            assert f"{entry.name}: " in words
    fills = [node.get("fill") for node in root.iter() if node.tag.endswith("circle")]
    legend = 1 if sheet.pins else 0
    assert fills.count(OUT) == legend + sum(way == "out" for _, way in sheet.pins.values())
    assert fills.count(IN) == legend + sum(way == "in" for _, way in sheet.pins.values())


def test_boxes_of_the_drawing_lie_beside_each_other_on_the_paper():
    root = ElementTree.fromstring(as_svg(sheet_of("public-address")))
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = [
        [float(node.get(k)) for k in ("x", "y", "width", "height")] for node in root if node.get("rx") == "5"
    ]
    assert len(boxes) > 8
    for n, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and x + w <= width and y + h <= height
        for a, b, c, d in boxes[:n]:
            assert x + w <= a or a + c <= x or y + h <= b or b + d <= y


def test_the_header_has_forty_pins_each_once():
    assert sorted([*HEADER.values(), *POWER, *GROUND]) == list(range(1, 41))
    assert [label(1), label(6), label(11)] == ["3V3", "GND", "GPIO17"]
    assert [pull(8), pull(9)] == ["up", "down"]


def test_ports_have_the_rate_and_flow_of_their_profile_unless_the_board_says_else():
    board = load_board(next(path for path in BOARDS if path.stem == "trunked-and-shortwave"))
    pei = board.serial("pei")
    assert ports.serial_needs(board, pei)[0] == 38400
    assert ports.serial_needs(board, pei.model_copy(update={"baud": 9600, "rts_cts": True}))[:2] == (
        9600,
        "RTS/CTS",
    )
    assert "-P RIG" in ports.rigs(board).entries[0].facts[1][1]


def test_a_bypass_says_which_way_it_falls_and_a_bare_contact_is_warned_of():
    sheet = sheet_of("public-address")
    text = as_text(sheet)
    assert "FALLEN = the trunk is BYPASSED" in text
    assert any("gate-open" in warning and "cut and shorted" in warning for warning in sheet.warnings)
    board = load_board(next(path for path in BOARDS if path.stem == "public-address"))
    two = board.contacts[0].model_copy(update={"second": "mains"})
    facts = dict(instruments.contacts(board.model_copy(update={"contacts": (two,)})).entries[0].facts)
    assert "2.2 kΩ" in facts["end of line"] and "00 cut" in facts["read as"]


def test_modem_lines_and_patterns_of_sound_chips_are_warned_of():
    board = load_board(next(path for path in BOARDS if path.stem == "usb-radio"))
    found = keying.pin_warnings(board)
    assert any("RTS is raised by the kernel" in each for each in found)
    assert any("fits every sound chip" in each for each in found)
    assert users(board, "output", "r2.ptt") == "PTT of line r2"


NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9]{2,12}", fullmatch=True), min_size=13, max_size=13, unique=True)


@st.composite
def boards(draw: st.DrawFn) -> Board:
    """Any board: each kind of part there or not."""
    names = draw(NAMES)
    pins = draw(st.lists(st.integers(9, 27), min_size=2, max_size=2, unique=True))
    tables = {
        "card": [{"name": names[0], "driver": "alsa", "capture": "x", "rate_hz": 16000}],
        "serial": [{"name": names[1], "device": "/dev/tty*", "baud": draw(st.sampled_from([0, 9600]))}],
        "rig": [{"name": names[2]}],
        "bus": [{"name": names[3], "serial": names[1]}],
        "relay_board": [{"name": names[4], "bus": names[3], "address": draw(st.integers(1, 247))}],
        "output": [
            {"name": names[5], "pin": pins[0], "longest": 70.0},
            {
                "name": names[6],
                "kind": "coil",
                "board": names[4],
                "coil": draw(st.integers(0, 31)),
                "longest": 9.0,
            },
        ],
        "input": [
            {"name": names[7], "pin": pins[1], "active_high": draw(st.booleans())},
            {"name": names[8], "kind": "bit", "bus": names[3], "address": 9},
        ],
        "sensor": [{"name": names[9], "bus": names[3], "address": 3, "profile": "no-such-profile"}],
        "contact": [{"name": names[10], "input": names[7], "second": draw(st.sampled_from(["", names[8]]))}],
        "bypass": [{"name": names[11], "relay": names[5]}],
        "line": [{"id": names[12], "kind": "radio", "card": names[0], "ptt": names[5], "cos": names[7]}],
    }
    wanted = draw(st.sets(st.sampled_from(sorted(tables.keys() - {"output"}))))
    return Board.model_validate(
        {
            "board": {"name": "any", "kind": "real"},
            "output": tables["output"],
            **{k: tables[k] for k in wanted},
        }
    )


@settings(max_examples=60, deadline=None)
@given(boards())
def test_every_part_of_any_board_is_on_the_sheet_in_each_form(board):
    sheet = make_sheet(board)
    tables = (
        board.cards,
        board.serials,
        board.rigs,
        board.buses,
        board.relay_boards,
        board.outputs,
        board.inputs,
    )
    parts = [
        each.name for table in (*tables, board.sensors, board.contacts, board.bypasses) for each in table
    ]
    parts += [line.id for line in board.lines]
    text, data = as_text(sheet), json.dumps(sheet.as_data())
    named = {entry.name for section in sheet.sections for entry in section.entries}
    assert set(parts) <= named
    assert all(any(line.startswith(part) for line in text.splitlines()) for part in parts)
    assert all(f'"name": "{part}"' in data for part in parts)
    assert all(len(line) <= WIDTH or " " not in line.strip() for line in text.splitlines())
