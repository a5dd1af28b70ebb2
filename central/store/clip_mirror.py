"""Keeps a second copy of the clips: files that never change, named by their content. Never deletes one.

A restored centre without its clips could not warn.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from link.hosting.durable import sync_folder

_CHUNK = 1024 * 1024
_CLIP = re.compile(r"([0-9a-f]{64})\.wav")


class DamagedClip(Exception):
    """A clip is not what its name says."""


def names_in(folder: Path) -> dict[str, int]:
    """The clips in a folder with their sizes; none if it is not there. OSError."""
    if not folder.is_dir():
        return {}
    return {each.name: each.stat().st_size for each in folder.iterdir() if _CLIP.fullmatch(each.name)}


def mirrored(source: Path, target: Path) -> Iterator[str]:
    """Copy what `target` lacks, a chunk at each step. OSError; DamagedClip at the end, when all others are there."""
    target.mkdir(0o700, exist_ok=True)
    held = names_in(target)
    damaged = []
    for name, size in sorted(names_in(source).items()):
        if held.get(name) == size:
            continue
        try:
            yield from _copied(source / name, target / name)
        except DamagedClip as error:
            damaged.append(str(error))
    if damaged:
        raise DamagedClip(damaged[0])


def _copied(source: Path, target: Path) -> Iterator[str]:
    part = target.with_suffix(".part")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file, part.open("wb") as copy:
            while data := file.read(_CHUNK):
                digest.update(data)
                copy.write(data)
                yield target.name
            copy.flush()
            os.fsync(copy.fileno())
        if digest.hexdigest() != target.stem:
            raise DamagedClip(f"{source} is not what its name says")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def verified(folder: Path) -> list[str]:
    """The clips in a folder whose content is not what their name says. OSError."""
    return [name for name in sorted(names_in(folder)) if _sha256(folder / name) != name[:64]]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()
