"""Looks for private keys that must not lie at the centre: those of persons, and the root's.

A centre that holds a person's key could warn in his name: then two signatures are worth nothing.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from link.hosting.settings import SettingsError
from link.sealing.keyfile import FORMAT, LARGEST, KeyFileError, read_head

MOST_FILES = 20_000
"""Files looked at; recordings and clips are left out by their size and folder."""
ED25519_DER = bytes.fromhex("302e020100300506032b6570")
"""How each private Ed25519 key in PKCS #8 begins; PEM has it as base64."""
_PEM = b"-----BEGIN PRIVATE KEY-----"
_PEM_HEAD = b"MC4CAQAwBQYDK2Vw"
_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"


def refuse_strangers(folders: Iterable[Path], leave_out: Iterable[Path] = ()) -> None:
    """SettingsError when a personal or root key lies below one of these folders. Blocks."""
    out = {path.resolve() for path in leave_out}
    for folder in dict.fromkeys(path.resolve() for path in folders):
        for path in _files(folder, out):
            what = _what(path)
            if what:
                advice = "the centre must not hold it: move it to its owner's computer, make him a new key, revoke it"
                raise SettingsError(f"{path}: is {what}; {advice}")


def _files(folder: Path, out: set[Path]) -> Iterable[Path]:
    seen = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) not in out]
        for name in names:
            seen += 1
            if seen > MOST_FILES:
                return
            yield Path(place, name)


def _what(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        octets = path.read_bytes()
    except OSError:
        return ""
    if FORMAT.encode() in octets:
        try:
            head = read_head(path)
        except KeyFileError:
            return "a damaged key file"
        return "" if head.kind == "centre" else f"the {head.kind} key {head.kid} of {head.holder}"
    joined = octets.replace(b"\n", b"").replace(b"\r", b"")
    if _PEM in octets and _PEM_HEAD in joined:
        return "a private Ed25519 key (PEM)"
    if octets.startswith(ED25519_DER) or _OPENSSH in octets:
        return "a private Ed25519 key"
    return ""
