"""Door to PyNaCl (libsodium): a stream sealed to a public key; whoever wrote it cannot read it back.

    magic and version (9) | sealed box of the stream's key (80) | secretstream's header (24)
    chunk, again and again: length of the plain text (u16), the same inverted (u16), ciphertext (17 more)
    the last chunk carries the final tag; nothing follows it

Both ways are streams: memory holds one chunk. The private key and the stream's key never reach a file.
Traps: pull() returns what it was given only if the state saw every chunk before it; each of PyNaCl's errors is a
CryptoError, whatever else it is; a box that does not open tells nothing of whether key or box is wrong.
"""

from collections.abc import Iterator
from typing import BinaryIO, Literal

from nacl import bindings
from nacl.exceptions import CryptoError

MAGIC = b"SPWLSEAL"
VERSION = 1
LARGEST_CHUNK = 16_384
"""Octets of plain text in one chunk."""
LARGEST = 1 << 30
"""Octets of plain text that `unseal` gives at most, unless told otherwise."""

_HEAD = MAGIC + bytes([VERSION])
_BOX = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES + bindings.crypto_box_SEALBYTES
_HEADER = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_MORE = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
_MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_LENGTHS = 4
_KEY_HEX = 64

Reason = Literal["not-ours", "version", "key", "damaged", "too-large", "cut"]


class SealError(Exception):
    """A sealed stream cannot be opened (further). `reason` is for programs, the text for people."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class SealCut(SealError):
    """The stream ends without its final tag: the writer died. Every chunk given before is whole and genuine."""

    def __init__(self, text: str) -> None:
        super().__init__("cut", text)


def make_keys() -> tuple[str, str]:
    """A new pair, (private, public), each as 64 hex digits."""
    public, private = bindings.crypto_box_keypair()
    return private.hex(), public.hex()


def public_of(private_hex: str) -> str:
    """The public key of a private one, hex. SealError `key` when it is none."""
    return bindings.crypto_scalarmult_base(_key(private_hex)).hex()


class SealedWriter:
    """Seals to `public_hex` what is written; `file` gets only ciphertext and stays open after close().

    Each write() leaves whole chunks in `file`; making them last (flush, fsync) is the caller's. SealError `key` when
    the public key is none; OSError of the file.
    """

    def __init__(self, file: BinaryIO, public_hex: str) -> None:
        self._file = file
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        self._closed = False
        key = bindings.crypto_secretstream_xchacha20poly1305_keygen()
        try:
            box = bindings.crypto_box_seal(key, _key(public_hex))
        except CryptoError as error:
            raise SealError("key", "nothing can be sealed to this public key") from error
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        file.write(_HEAD + box + header)

    def write(self, plain: bytes) -> None:
        """Seal these octets, in as many chunks as they need. ValueError after close()."""
        for start in range(0, len(plain), LARGEST_CHUNK):
            self._push(plain[start : start + LARGEST_CHUNK], _MESSAGE)

    def close(self) -> None:
        """Write the final tag; again: nothing."""
        if not self._closed:
            self._push(b"", _FINAL)
            self._closed = True

    def _push(self, plain: bytes, tag: int) -> None:
        if self._closed:
            raise ValueError("a sealed stream takes nothing after close()")
        sealed = bindings.crypto_secretstream_xchacha20poly1305_push(self._state, plain, None, tag)
        self._file.write(_lengths(len(plain)) + sealed)


def unseal(file: BinaryIO, private_hex: str, most: int = LARGEST) -> Iterator[bytes]:
    """The plain text, chunk by chunk, each genuine and in its place.

    SealCut after the last whole chunk of a stream whose writer died; SealError for all else, with its reason:
    `not-ours`, `version`, `key` (or a damaged head: nothing tells them apart), `damaged`, `too-large` (a chunk above
    LARGEST_CHUNK, or more than `most` in all). Chunks given before an error are good. OSError of the file.
    """
    state, given = _opened(file, private_hex), 0
    while True:
        lengths = file.read(_LENGTHS)
        if len(lengths) < _LENGTHS or lengths == bytes(_LENGTHS):  # zeros: a file system after a power cut
            raise SealCut(f"ends after {given} octets without its final tag")
        length = int.from_bytes(lengths[:2], "big")
        if lengths != _lengths(length):
            raise SealError("damaged", f"the length of the chunk after {given} octets is damaged")
        if length > LARGEST_CHUNK or given + length > most:
            raise SealError("too-large", f"a chunk of {length} octets after {given} is above the limit")
        sealed = file.read(length + _MORE)
        if len(sealed) < length + _MORE:
            raise SealCut(f"ends within the chunk after {given} octets")
        try:
            plain, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, sealed)
        except CryptoError as error:
            raise SealError("damaged", f"the chunk after {given} octets is damaged") from error
        given += length
        if plain:
            yield plain
        if tag == _FINAL:
            if file.read(1):
                raise SealError("damaged", "something follows the final tag")
            return


def _opened(file: BinaryIO, private_hex: str) -> bindings.crypto_secretstream_xchacha20poly1305_state:
    private = _key(private_hex)
    head = file.read(len(_HEAD))
    if not MAGIC.startswith(head[: len(MAGIC)]):
        raise SealError("not-ours", "this is no sealed file of ours")
    if len(head) == len(_HEAD) and head != _HEAD:
        raise SealError("version", f"sealed in version {head[-1]}, known is {VERSION}: update this program")
    box, header = file.read(_BOX), file.read(_HEADER)
    if len(header) < _HEADER:
        raise SealCut("ends within its head")
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    try:
        public = bindings.crypto_scalarmult_base(private)
        key = bindings.crypto_box_seal_open(box, public, private)
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
    except CryptoError as error:
        raise SealError("key", "sealed to another key than this one, or its head is damaged") from error
    return state


def _lengths(length: int) -> bytes:
    """Told twice, so that a damaged length is no shorter file."""
    return length.to_bytes(2, "big") + (length ^ 0xFFFF).to_bytes(2, "big")


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) == _KEY_HEX else b""
    except ValueError:
        key = b""
    if len(key) * 2 != _KEY_HEX:
        raise SealError("key", f"a key is {_KEY_HEX} hex digits")
    return key
