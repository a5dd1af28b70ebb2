"""The site's folder on a card's partition `bootcfg` (FAT), by mtools: nothing is mounted, a file needs no root.

The manifest goes last and is taken away first: a card that was pulled out between them has none, and is told so.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.flashing.pins import PINS, pins_text

FOLDER = "site"
LABEL = "bootcfg"
MANIFEST = "site.json"
LIMIT = 120.0


class CardError(Exception):
    """The card has no place for a site, or it cannot be written; the text says what to do."""


def write_site(card: Path, files: Mapping[str, bytes]) -> None:
    """Replace the site on a written card or image file by these files (by name, with `site.json`). CardError."""
    at = _partition(card)
    _mtools(card, at, "mdel", f"::{FOLDER}/{MANIFEST}", may_fail=True)
    os.sync()
    _mtools(card, at, "mdeltree", f"::{FOLDER}", may_fail=True)
    folders = {FOLDER, *(f"{FOLDER}/{Path(name).parent}" for name in files if "/" in name)}
    for folder in sorted(folders):
        _mtools(card, at, "mmd", f"::{folder}")
    with tempfile.TemporaryDirectory() as place:
        pins = Path(place, PINS)
        pins.write_bytes(pins_text(files["board.toml"]))
        _mtools(card, at, "mcopy", "-o", str(pins), f"::{PINS}")
        for name in sorted(files, key=lambda name: name == MANIFEST):
            copy = Path(place, "file")
            copy.write_bytes(files[name])
            if name == MANIFEST:
                _sync(card)
            _mtools(card, at, "mcopy", "-o", str(copy), f"::{FOLDER}/{name}")
    _sync(card)


def read_site(card: Path) -> dict[str, bytes]:
    """What its manifest names, by name; empty without a manifest. Hashes are the reader's. CardError."""
    at = _partition(card)
    text = _mtools(card, at, "mtype", f"::{FOLDER}/{MANIFEST}", may_fail=True)
    if not text:
        return {}
    try:
        names = json.loads(text)["files"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {MANIFEST: text} | {name: _mtools(card, at, "mtype", f"::{FOLDER}/{name}") for name in names}


def _partition(card: Path) -> int:
    """Where the first partition begins, octets."""
    command = ("sfdisk", "--json", str(card))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise CardError(f"sfdisk cannot be run ({error}); install fdisk") from None
    if done.returncode:
        raise CardError(
            f"{card} has no partitions that can be read: write the image first (scripts/flash IMAGE)"
        )
    table = json.loads(done.stdout)["partitiontable"]
    parts = [part for part in table["partitions"] if part.get("name") == LABEL]
    if not parts:
        raise CardError(f"{card} is no gateway card: it has no partition {LABEL!r}; write the image first")
    return int(parts[0]["start"]) * int(table.get("sectorsize", 512))


def _mtools(card: Path, at: int, *words: str, may_fail: bool = False) -> bytes:
    command = (words[0], "-i", f"{card}@@{at}", *words[1:])
    own = {**os.environ, "MTOOLS_SKIP_CHECK": "1"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT, check=False, env=own, input=b"")
    except (OSError, subprocess.SubprocessError) as error:
        raise CardError(f"{words[0]} cannot be run ({error}); install mtools") from None
    if done.returncode and not may_fail:
        raise CardError(f"{card}: {done.stderr.decode(errors='replace').strip()[:200]}")
    return done.stdout if not done.returncode else b""


def _sync(card: Path) -> None:
    handle = os.open(card, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
