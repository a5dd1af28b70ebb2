"""Key files: one private key (Ed25519) in a small JSON file of mode 0600, encrypted by a pass-phrase.

A personal key or the root key is always encrypted (argon2id, then XSalsa20-Poly1305). A key of the centre may stand
open: the centre starts without a person, and a pass-phrase beside the key protects nothing; its file's mode does.
Nothing is ever weakened or guessed: what is damaged, too open or not ours is an error with a way out.
"""

import base64
import json
from pathlib import Path
from typing import Final, Literal

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from link.contract.keyring import KeyUse
from link.contract.signed import KEY_BYTES, kid_of
from link.hosting.durable import write_whole
from link.sealing.signing import public_of

Kind = Literal["personal", "centre", "root"]
FORMAT: Final = "spillway-key-v1"
"""Stands in each file, so that one that lies where it must not is known for what it is."""
LEAST_OPERATIONS, LEAST_MEMORY = pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE
MOST_OPERATIONS, MOST_MEMORY = 20, 1 << 30
"""What a file may ask for: a weaker one is no protection, a larger one would fill the memory."""
SHORTEST_PHRASE = 8
LARGEST = 10_000


class KeyFileError(Exception):
    """The key cannot be used; the text says what, where and what to do, and shows nothing secret."""


class KeyHead(BaseModel):
    """What a key file says of its key without a pass-phrase. `use` is `root` for a root key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["spillway-key-v1"] = FORMAT
    kind: Kind
    use: KeyUse | Literal["root"]
    holder: str = Field(min_length=1, max_length=200)
    public: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def public_octets(self) -> bytes:
        """The public half."""
        return bytes.fromhex(self.public)

    @property
    def kid(self) -> str:
        """Name of the key."""
        return kid_of(self.public_octets)


class Derivation(BaseModel):
    """How the pass-phrase becomes a key. `memory` in octets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["argon2id"] = "argon2id"
    operations: int = Field(ge=LEAST_OPERATIONS, le=MOST_OPERATIONS)
    memory: int = Field(ge=LEAST_MEMORY, le=MOST_MEMORY)
    salt: str = Field(pattern=r"^[0-9a-f]{32}$")

    def key_for(self, phrase: str) -> bytes:
        """Takes a good part of a second."""
        salt = bytes.fromhex(self.salt)
        size = SecretBox.KEY_SIZE
        return pwhash.argon2id.kdf(
            size, phrase.encode(), salt, opslimit=self.operations, memlimit=self.memory
        )


class KeyFile(KeyHead):
    """The file: with `derivation` and `sealed`, or (a key of the centre) with `private` as hex."""

    derivation: Derivation | None = None
    sealed: str = Field(default="", max_length=200, repr=False)
    private: str = Field(default="", max_length=64, repr=False)


class Key:
    """A key that can sign. Its private half is never shown."""

    def __init__(self, head: KeyHead, private: bytes) -> None:
        self.head, self.private = head, private

    def __repr__(self) -> str:
        return f"Key({self.head.kind}, {self.head.use}, {self.head.holder}, {self.head.kid})"


def make_key_file(path: Path, head: KeyHead, private: bytes, phrase: str, *, strong: bool = True) -> None:
    """Write a new file of mode 0600; an empty phrase only for a key of the centre. KeyFileError.

    `strong`: what a person's computer can bear (256 MB); else what is least.
    """
    if path.exists():
        raise KeyFileError(
            f"{path}: there is a file already; choose another place, a key is never overwritten"
        )
    values = head.model_dump()
    if phrase:
        if len(phrase) < SHORTEST_PHRASE:
            raise KeyFileError(f"the pass-phrase is too short; take {SHORTEST_PHRASE} characters or more")
        derivation = Derivation(
            operations=pwhash.argon2id.OPSLIMIT_MODERATE if strong else LEAST_OPERATIONS,
            memory=pwhash.argon2id.MEMLIMIT_MODERATE if strong else LEAST_MEMORY,
            salt=random(pwhash.argon2id.SALTBYTES).hex(),
        )
        sealed = bytes(SecretBox(derivation.key_for(phrase)).encrypt(private))
        values |= {"derivation": derivation, "sealed": base64.b64encode(sealed).decode()}
    elif head.kind == "centre":
        values["private"] = private.hex()
    else:
        raise KeyFileError(f"{path}: a {head.kind} key needs a pass-phrase")
    text = KeyFile.model_validate(values).model_dump_json(indent=2, exclude_defaults=False) + "\n"
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written: {error.strerror}") from None


def read_head(path: Path) -> KeyHead:
    """What the file says of its key, without a pass-phrase and whatever its mode. KeyFileError."""
    return _head(_read(path))


def _head(file: KeyFile) -> KeyHead:
    return KeyHead.model_validate(file.model_dump(include=set(KeyHead.model_fields)))


def open_key(path: Path, phrase: str = "", expect: Kind | None = None) -> Key:
    """The key. KeyFileError: unreadable, too open, damaged, of another kind, wrong pass-phrase."""
    _check_mode(path)
    file = _read(path)
    if expect is not None and file.kind != expect:
        raise KeyFileError(f"{path}: is a {file.kind} key, a {expect} key belongs here")
    head = _head(file)
    private = _private(path, file, phrase)
    if len(private) != KEY_BYTES or public_of(private) != head.public_octets:
        raise KeyFileError(f"{path}: is damaged: its two halves do not belong together; {_RESTORE}")
    return Key(head, private)


def read_phrase(path: Path) -> str:
    """The first line of a pass-phrase file, which nobody else may read. KeyFileError."""
    _check_mode(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise KeyFileError(f"{path}: cannot be read; check owner and rights") from None
    if not lines or not lines[0]:
        raise KeyFileError(f"{path}: holds no pass-phrase; write it into the first line")
    return lines[0]


_RESTORE = "take the copy that was put away, or make a new key"


def _check_mode(path: Path) -> None:
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise KeyFileError(
            f"{path}: cannot be read: {error.strerror}; check the path and its rights"
        ) from None
    if mode & 0o077:
        raise KeyFileError(f"{path}: others may read it (mode {mode:o}); chmod 600 {path}")


def _read(path: Path) -> KeyFile:
    try:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
    except OSError as error:
        raise KeyFileError(
            f"{path}: cannot be read: {error.strerror}; check the path and its rights"
        ) from None
    try:
        value = json.loads(octets) if len(octets) <= LARGEST else None
    except ValueError:
        value = None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise KeyFileError(f"{path}: is no key file of ours, or damaged; {_RESTORE}")
    try:
        return KeyFile.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise KeyFileError(f"{path}: is damaged at {where or 'its whole'}; {_RESTORE}") from None


def _private(path: Path, file: KeyFile, phrase: str) -> bytes:
    """The private octets as the file has them."""
    if file.derivation is None:
        if file.kind != "centre":
            raise KeyFileError(f"{path}: a {file.kind} key that is not encrypted is not used; make a new one")
        try:
            return bytes.fromhex(file.private)
        except ValueError:
            raise KeyFileError(f"{path}: is damaged; {_RESTORE}") from None
    if not phrase:
        raise KeyFileError(f"{path}: is encrypted; give its pass-phrase")
    try:
        box = SecretBox(file.derivation.key_for(phrase))
        return box.decrypt(base64.b64decode(file.sealed, validate=True))
    except (CryptoError, ValueError):
        raise KeyFileError(f"{path}: wrong pass-phrase, or the file is damaged") from None
