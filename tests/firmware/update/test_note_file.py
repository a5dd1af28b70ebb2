"""The note of the update: read as it was kept; nothing and rubbish are no note."""

from pathlib import Path

import pytest

from firmware.update.messages import Note
from firmware.update.note_file import NAME, NoteFile
from link.contract.firmware_job import HealthGate


def test_what_is_kept_is_read_again(tmp_path: Path):
    note = Note(good="rootfs.0", job="j1", ver="2.0", step="testing", boot="b", gate=HealthGate(t_s=100))
    NoteFile(tmp_path / "state").keep(note)
    assert NoteFile(tmp_path / "state").load() == (note, "")


def test_without_a_file_there_is_no_note(tmp_path: Path):
    assert NoteFile(tmp_path).load() == (Note(), "")


@pytest.mark.parametrize("rubbish", [b"", b"{", b'{"step": "flying"}', b"\xff" * 40, b"[" * 100_000])
def test_a_damaged_note_is_set_aside_and_told(tmp_path: Path, rubbish: bytes):
    (tmp_path / NAME).write_bytes(rubbish)
    note, ill = NoteFile(tmp_path).load()
    assert note == Note() and "damaged" in ill
    assert (tmp_path / "update.damaged").read_bytes() == rubbish and not (tmp_path / NAME).exists()


def test_a_note_that_cannot_be_read_is_told_and_left(tmp_path: Path):
    (tmp_path / NAME).mkdir()
    note, ill = NoteFile(tmp_path).load()
    assert note == Note() and "cannot be read" in ill
    with pytest.raises(OSError, match="directory"):
        NoteFile(tmp_path).keep(Note(good="rootfs.0"))
