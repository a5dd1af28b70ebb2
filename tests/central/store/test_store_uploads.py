"""Parts that grow and whole files: offsets, quota, hash, expiry, and what a restart finds."""

import os
from pathlib import Path

import pytest

from central.store.uploads import EXPIRE_AFTER, PARTS_MOST, UploadRefused, Uploads, sync_folder
from tests.firmware.files.web import sha_of

DATA = bytes(range(256)) * 4
SHA = sha_of(DATA)


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path, quota=5000, largest=2000)


def grow(uploads: Uploads, data: bytes, sha: str = SHA, gateway: str = "gw-a") -> None:
    part = uploads.begin(gateway, sha, len(DATA))
    with part.path.open("ab") as file:
        file.write(data)


def refused(uploads: Uploads, *what: object) -> int:
    with pytest.raises(UploadRefused) as caught:
        uploads.begin(*what)
    return caught.value.status


def test_a_part_is_found_again_after_a_restart_with_its_offset(uploads: Uploads, tmp_path: Path):
    grow(uploads, DATA[:300])
    again = Uploads(tmp_path, quota=5000, largest=2000)
    part = again.part_of("gw-a", SHA)
    assert (part.offset, part.length) == (300, len(DATA))
    assert again.part_of("gw-b", SHA) is None
    assert again.settle(part).offset == 300


def test_only_what_has_its_hash_becomes_whole(uploads: Uploads):
    grow(uploads, DATA[:-1] + b"x")
    with pytest.raises(UploadRefused) as caught:
        uploads.finish(uploads.part_of("gw-a", SHA))
    assert caught.value.status == 460
    assert uploads.part_of("gw-a", SHA) is None and uploads.size_of(SHA) is None
    grow(uploads, DATA)
    assert uploads.finish(uploads.part_of("gw-a", SHA)).read_bytes() == DATA
    assert (uploads.size_of(SHA), uploads.whole_ones()) == (len(DATA), (SHA,))
    uploads.remove(SHA)
    assert uploads.whole_ones() == ()


def test_limits(uploads: Uploads):
    assert refused(uploads, "gw-a", SHA, 2001) == 413
    grow(uploads, b"")
    assert refused(uploads, "gw-a", SHA, 999) == 409
    for number in range(3):
        uploads.begin("gw-a", sha_of(bytes([number])), 1200)
    assert uploads.taken() == len(DATA) + 3600
    assert refused(uploads, "gw-a", "f" * 64, 500) == 507  # 4624 announced, though nothing of it has come yet


def test_one_gateway_cannot_begin_without_end(uploads: Uploads):
    for number in range(PARTS_MOST):
        uploads.begin("gw-a", sha_of(bytes([number])), 1)
    assert refused(uploads, "gw-a", "f" * 64, 1) == 507
    uploads.begin("gw-b", "f" * 64, 1)


def test_what_nobody_goes_on_with_is_thrown_away(uploads: Uploads):
    grow(uploads, DATA[:10])
    grow(uploads, DATA[:10], sha="e" * 64)
    old = uploads.part_of("gw-a", SHA)
    os.utime(old.path, (1000.0, 1000.0))
    assert uploads.expire(1000.0 + EXPIRE_AFTER) == ()
    assert uploads.expire(1001.0 + EXPIRE_AFTER) == (SHA,)
    assert uploads.part_of("gw-a", "e" * 64) is not None


def test_a_folder_can_be_made_safe(tmp_path: Path):
    assert sync_folder(tmp_path) is None
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")
