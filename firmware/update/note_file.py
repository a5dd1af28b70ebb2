"""The note of the update on disk: `update.json`, whole or as it was before. Blocks: call it in a thread."""

import contextlib
from pathlib import Path

from pydantic import ValidationError

from firmware.update.messages import Note
from link.hosting.durable import write_whole

NAME = "update.json"
LARGEST = 16_000


class NoteFile:
    """One file below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def load(self) -> tuple[Note, str]:
        """The note, and what was wrong with it (empty: nothing). A damaged one is set aside: the booted slot counts
        as good then, for nothing says that it is new."""
        try:
            raw = self._path.read_bytes()
            return Note.model_validate_json(raw[:LARGEST]), ""
        except FileNotFoundError:
            return Note(), ""
        except OSError as error:
            return Note(), f"{self._path} cannot be read: {error.strerror}"
        except ValidationError:
            aside = self._path.with_suffix(".damaged")
            with contextlib.suppress(OSError):
                self._path.replace(aside)
            return Note(), f"{self._path} was damaged; set aside as {aside}"

    def keep(self, note: Note) -> None:
        """On disk when it returns. OSError."""
        write_whole(self._path, note.model_dump_json().encode())
