"""Writes an image to a card, or to a file that plays one, with progress; then reads it back and compares.

What is compared comes from the card: the kernel is told to forget what it has cached of it. A card that was pulled out
in the middle says so, and is no gateway: write it again.
"""

import errno
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

BLOCK = 4 << 20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
SYNC_EVERY = 32 << 20
"""Octets between two waits for the card: progress that runs ahead of it is a lie."""
GPT_AT, GPT_MAGIC = 512, b"EFI PART"
Told = Callable[[str, int, int], None]
"""`told(what, done, total)`: octets; total 0 when it is not known."""


class WriteError(Exception):
    """The card is not written; the text says what, where and what to do."""


def write_image(image: Path, to: Path, room: int, told: Told = lambda what, done, total: None) -> str:
    """Write and verify; the SHA-256 of what was written. `room`: octets there. WriteError."""
    total = image_size(image)
    if total > room:
        raise WriteError(
            f"{to} is too small: the image needs {total / 1e9:.1f} GB, it has {room / 1e9:.1f} GB; take a larger card"
        )
    digest, done = hashlib.sha256(), 0
    try:
        with _unpacked(image) as source, _opened(to) as card:
            unsynced = 0
            while block := source.read(BLOCK):
                if not done and block[GPT_AT : GPT_AT + len(GPT_MAGIC)] != GPT_MAGIC:
                    raise WriteError(f"{image} is no gateway image: it has no GPT partition table")
                _write_all(card, block)
                digest.update(block)
                done += len(block)
                unsynced += len(block)
                if unsynced >= SYNC_EVERY:
                    os.fsync(card)
                    unsynced = 0
                told("writing", done, total)
            os.fsync(card)
    except OSError as error:
        raise WriteError(_why(to, error, done)) from error
    if done != total:
        raise WriteError(f"{image} is damaged: it ends after {done} of {total} octets; fetch it again")
    _verify(to, done, digest.hexdigest(), told)
    return digest.hexdigest()


def image_size(image: Path) -> int:
    """Octets of the image, unpacked. WriteError."""
    try:
        with image.open("rb") as file:
            packed = file.read(4) == ZSTD_MAGIC
        if not packed:
            return image.stat().st_size
        listed = subprocess.run(
            ("zstd", "-l", "-v", str(image)), capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise WriteError(f"{image} cannot be read: {error}") from None
    for line in listed.stdout.splitlines():
        if line.startswith("Decompressed Size:"):
            return int(line[line.rindex("(") + 1 :].split()[0])
    raise WriteError(f"{image} does not say how large it is unpacked; unpack it first: zstd -d {image}")


def _verify(to: Path, total: int, digest: str, told: Told) -> None:
    found, done = hashlib.sha256(), 0
    try:
        handle = os.open(to, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            while done < total and (block := os.read(handle, min(BLOCK, total - done))):
                found.update(block)
                done += len(block)
                told("verifying", done, total)
        finally:
            os.close(handle)
    except OSError as error:
        raise WriteError(_why(to, error, done)) from error
    if found.hexdigest() != digest:
        raise WriteError(f"{to} does not hold what was written: the card is bad or a fake; take another one")


@contextmanager
def _unpacked(image: Path) -> Iterator[IO[bytes]]:
    with image.open("rb") as file:
        packed = file.read(4) == ZSTD_MAGIC
        file.seek(0)
        if not packed:
            yield file
            return
        with subprocess.Popen(("zstd", "-dcq", str(image)), stdout=subprocess.PIPE) as unpacking:
            assert unpacking.stdout is not None
            try:
                yield unpacking.stdout
            finally:
                unpacking.stdout.close()
        if unpacking.returncode:
            raise WriteError(f"{image} is damaged: zstd cannot unpack it; fetch it again")


@contextmanager
def _opened(to: Path) -> Iterator[int]:
    """A device for ourselves alone: one that is mounted, or held by another program, is not opened."""
    exclusive = os.O_EXCL if to.is_block_device() else os.O_CREAT
    handle = os.open(to, os.O_WRONLY | os.O_CLOEXEC | exclusive, 0o644)
    try:
        yield handle
    finally:
        os.close(handle)


def _write_all(handle: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(handle, view) :]


def _why(to: Path, error: OSError, done: int) -> str:
    told = {
        errno.EACCES: "writing to a disk takes root: sudo",
        errno.EBUSY: "another program has it, or it is mounted",
        errno.ENOSPC: "it is full",
        errno.EIO: "it was pulled out or is broken",
        errno.ENODEV: "it was pulled out",
        errno.ENXIO: "it was pulled out",
    }
    why = told.get(error.errno or 0, error.strerror or str(error))
    return f"{to}: {why}, after {done / 1e6:.0f} MB; what is on it is no gateway, write it again"
