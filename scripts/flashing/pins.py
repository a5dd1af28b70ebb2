"""The board's outputs for the Raspberry Pi's firmware, which sets pins long before Linux runs."""

import tempfile
from pathlib import Path

from hw.board import load_board
from hw.board_parts import PinOutput

PINS = "pins.txt"
"""Beside the firmware's own files, whose config.txt includes it; not a part of the site."""


def pins_text(board: bytes) -> bytes:
    """Its lines: each output pin of the board file at its resting level. SettingsError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "board.toml")
        path.write_bytes(board)
        outputs = [output for output in load_board(path).outputs if isinstance(output, PinOutput)]
    rows = [f"gpio={output.pin}=op,{'dh' if output.safe_level else 'dl'}\n" for output in outputs]
    return (
        "# Outputs of this site's board at their resting levels; from board.toml.\n" + "".join(rows)
    ).encode()
