"""The key pair with which the centre signs the head of its chain of recordings: made at the first start, below `keys`.

The private half lies in a file of mode 0600 and nowhere else; the public half beside it as PEM, to be handed out and
kept elsewhere. A file that cannot be read is never replaced by a new one. Blocks: open it before the loop runs.
"""

import base64
import hashlib
from pathlib import Path

from link.hosting.durable import write_whole
from link.sealing.signing import make_pair, public_of, sign

FILE, PUBLIC_FILE = "recording.key", "recording.pub.pem"
_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 octets of an Ed25519 public key in DER (RFC 8410)."""


class RecordingKeyError(Exception):
    """The key cannot be used; the text says what, where and what to do."""


class RecordingKey:
    """Signs octets. `public` is hex, `pem` what openssl reads, `fingerprint` what persons compare."""

    def __init__(self, private: bytes) -> None:
        self._private = private
        self.public = public_of(private).hex()

    def __repr__(self) -> str:
        return f"RecordingKey({self.fingerprint})"

    @property
    def pem(self) -> str:
        """The public half as PEM."""
        return pem_of(self.public)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public half, in groups of eight."""
        return fingerprint_of(self.public)

    def sign(self, octets: bytes) -> str:
        """The signature, hex."""
        return sign(self._private, octets).hex()

    @classmethod
    def open(cls, folder: Path) -> "RecordingKey":
        """Read the pair, or make it. RecordingKeyError."""
        path = folder / FILE
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                write_whole(path, f"{make_pair()[0].hex()}\n".encode("ascii"))
            mode = path.stat().st_mode & 0o777
            if mode & 0o077:
                raise RecordingKeyError(f"{path}: others may read it (mode {mode:o}); chmod 600 {path}")
            key = cls(bytes.fromhex(path.read_text(encoding="ascii").strip()))
            if (public := folder / PUBLIC_FILE) and _text(public) != key.pem:
                write_whole(public, key.pem.encode(), 0o644)
        except (ValueError, UnicodeDecodeError):
            advice = "restore it from the backup, or move it away to have a new one made (the chain says so)"
            raise RecordingKeyError(f"{path}: is no key; {advice}") from None
        except OSError as error:
            raise RecordingKeyError(f"{path}: {error.strerror}; check owner and rights of {folder}") from None
        return key


def pem_of(public: str) -> str:
    """A public key (hex) as PEM."""
    body = base64.b64encode(_PREFIX + bytes.fromhex(public)).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


def fingerprint_of(public: str) -> str:
    """What persons compare: SHA-256 of the 32 octets, hex in groups of eight."""
    digest = hashlib.sha256(bytes.fromhex(public)).hexdigest()
    return " ".join(digest[at : at + 8] for at in range(0, 64, 8))


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
