"""The centre's key pair for what gateways seal: made at the first start, kept below `keys`, never shown or logged.

Whoever loses it loses every recording that is still sealed: it belongs into the backup. Blocks: open it before the
loop runs, or in a thread.
"""

from pathlib import Path

from link.hosting.durable import write_whole
from link.sealing.seal import SealError, make_keys, public_of

FILE = "seal.key"


class SealKeysError(Exception):
    """The key cannot be used; the text says what, where and what to do."""


class SealKeys:
    """Private and public half, hex."""

    def __init__(self, private: str) -> None:
        self.private = private
        self.public = public_of(private)

    @classmethod
    def open(cls, folder: Path) -> "SealKeys":
        """Read the pair, or make it. SealKeysError: a key that cannot be read is never replaced by a new one."""
        path = folder / FILE
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                _write(path, make_keys()[0])
            mode = path.stat().st_mode & 0o777
            if mode & 0o077:
                raise SealKeysError(f"{path}: others may read it (mode {mode:o}); chmod 600 {path}")
            return cls(path.read_text(encoding="ascii").strip())
        except (SealError, UnicodeDecodeError):
            advice = "restore it from the backup; without it sealed recordings cannot be opened"
            raise SealKeysError(f"{path}: is no key; {advice}") from None
        except OSError as error:
            raise SealKeysError(f"{path}: {error.strerror}; check owner and rights of {folder}") from None


def _write(path: Path, private: str) -> None:
    write_whole(path, f"{private}\n".encode("ascii"))
