"""The last desired document on disk: written whole, fsynced, renamed; a damaged one is set aside, never guessed at.

Blocks: call it in a thread, or before the loop runs.
"""

import hashlib
from pathlib import Path

from firmware.desired.messages import Held
from link.contract.documents import Configuration, decode_desired
from link.contract.envelope import Codec, EnvelopeError, pack, unpack
from link.contract.wire import validated
from link.hosting.durable import write_whole

NAME = "desired.doc"
ASIDE = "desired.damaged"
_DIGEST = 32


class DesiredShelf:
    """One file below `folder`: SHA-256 of the rest, then document and configuration as contract bytes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def load(self) -> tuple[Held | None, str]:
        """What was kept, if anything, and what was wrong with it (empty: nothing)."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None, ""
        except OSError as error:
            return None, f"{self._path} cannot be read: {error.strerror}"
        try:
            return _read(raw), ""
        except EnvelopeError as error:
            aside = self._path.with_name(ASIDE)
            try:
                self._path.replace(aside)
            except OSError as failed:
                return None, f"{self._path} is damaged ({error}) and stays there: {failed.strerror}"
            return None, f"the kept document was damaged ({error}); set aside as {aside}"

    def keep(self, held: Held) -> None:
        """Put it on disk. OSError; EnvelopeError when it is too large to be read back."""
        configuration = pack(held.configuration.model_dump(mode="python"), Codec.DEFLATED)
        body = pack([pack(held.document.model_dump(mode="python")), configuration])
        write_whole(self._path, hashlib.sha256(body).digest() + body)


def read_configuration(payload: bytes) -> Configuration:
    """The configuration of a file that a document names. EnvelopeError."""
    return validated(Configuration, unpack(payload))


def _read(raw: bytes) -> Held:
    digest, body = raw[:_DIGEST], raw[_DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        raise EnvelopeError("malformed", "its checksum is wrong")
    parts = unpack(body)
    if not (isinstance(parts, list) and len(parts) == 2 and all(isinstance(each, bytes) for each in parts)):
        raise EnvelopeError("malformed", "not a document and a configuration")
    return Held(decode_desired(parts[0]), read_configuration(parts[1]))
